//! A connection through the weather: bytes take their time, are held, break off, or come again.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::time::timeout;

use crate::chance::Chance;
use crate::weather::Weather;

/// Bytes that wait in a connection in one direction.
const WINDOW_BYTES: usize = 64 * 1024;
/// Bytes of a connection that somebody on the way remembers.
const REMEMBERED_BYTES_MAX: usize = 256 * 1024;
/// How long whoever repeats a connection listens to what is answered.
const REPEAT_LISTENS: Duration = Duration::from_secs(30);

/// Takes a stream in as a listener would.
pub(crate) trait Host: Fn(DuplexStream) -> io::Result<()> + Send + Sync + 'static {}

impl<H: Fn(DuplexStream) -> io::Result<()> + Send + Sync + 'static> Host for H {}

/// Connects to a host through the weather of a link.
pub(crate) async fn connect(
    weather: Weather,
    chance: Chance,
    host: Arc<dyn Host>,
) -> io::Result<DuplexStream> {
    weather.pass(&chance).await;
    let (ours, near) = duplex(WINDOW_BYTES);
    let (far, theirs) = duplex(WINDOW_BYTES);
    host(theirs)?;
    tokio::spawn(carry(near, far, weather, chance, host));
    Ok(ours)
}

async fn carry(
    near: DuplexStream,
    far: DuplexStream,
    weather: Weather,
    chance: Chance,
    host: Arc<dyn Host>,
) {
    let cut = weather.break_of_now();
    let repeats = weather.repeats_this();
    let (near_in, near_out) = split(near);
    let (far_in, far_out) = split(far);
    let there = there(near_in, far_out, &weather, &chance);
    let back = back(far_in, near_out, &weather, &chance);
    let both = async {
        let (mut there, mut back) = (std::pin::pin!(there), std::pin::pin!(back));
        tokio::select! {
            biased;
            // A lost answer breaks the connection.
            () = &mut back => Vec::new(),
            said = &mut there => {
                back.await;
                said
            }
        }
    };
    let said = cut.run_until_cancelled(both).await.unwrap_or_default();
    if repeats && !said.is_empty() {
        repeat(said, &chance, host.as_ref()).await;
    }
}

/// Carries what the client says, and returns it when the client has closed.
async fn there(
    mut from: ReadHalf<DuplexStream>,
    mut to: WriteHalf<DuplexStream>,
    weather: &Weather,
    chance: &Chance,
) -> Vec<u8> {
    let mut said = Vec::new();
    let mut part = vec![0; 16 * 1024];
    while let Ok(1..) = read(&mut from, &mut part, &mut said).await {
        weather.pass(chance).await;
        if to.write_all(&said[said.len() - part.len()..]).await.is_err() {
            break;
        }
        part = vec![0; 16 * 1024];
    }
    // What it said is delivered, though it has gone.
    let _ = to.shutdown().await;
    said.truncate(REMEMBERED_BYTES_MAX);
    said
}

async fn read(
    from: &mut ReadHalf<DuplexStream>,
    part: &mut Vec<u8>,
    said: &mut Vec<u8>,
) -> io::Result<usize> {
    let count = from.read(part).await?;
    part.truncate(count);
    said.extend_from_slice(part);
    Ok(count)
}

async fn back(
    mut from: ReadHalf<DuplexStream>,
    mut to: WriteHalf<DuplexStream>,
    weather: &Weather,
    chance: &Chance,
) {
    let mut part = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut part).await {
        weather.pass(chance).await;
        if weather.takes_answer() || to.write_all(&part[..count]).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

/// Says everything again, later, in a connection of its own.
async fn repeat(said: Vec<u8>, chance: &Chance, host: &dyn Host) {
    tokio::time::sleep(chance.millis(0..=60_000)).await;
    let (mut ours, theirs) = duplex(WINDOW_BYTES);
    if host(theirs).is_ok() && ours.write_all(&said).await.is_ok() {
        let mut answers = Vec::new();
        let _ = timeout(REPEAT_LISTENS, ours.read_to_end(&mut answers)).await;
    }
}
