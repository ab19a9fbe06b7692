//! Our relay under attack: what it holds in memory, and what an honest pair feels of it.
//!
//! The attackers know the address and nothing else: they open rooms, knock at the honest pair's
//! room, send lines without an end, lines of number signs, one byte at a time, and do not read.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::echo::Echo;
use crate::machine::{self, Cores};
use crate::room::{connect, contains};
use crate::subject::{Ours, Subject};

/// The room of the honest pair.
const HONEST_ROOM: u64 = 4831;
/// Attackers of each kind at once.
const OF_EACH: u64 = 2;
/// How long the pair is watched before the attack, and how often its memory is looked at.
const CALM: Duration = Duration::from_secs(3);
const LOOK: Duration = Duration::from_millis(200);
/// Between two attacks of one attacker, so that the load does not take the core from the pair.
const PAUSE: Duration = Duration::from_millis(5);
/// What an attacker waits for, when it waits.
const PATIENCE: Duration = Duration::from_millis(500);

/// One way to attack: does so once, and comes back when the relay has had enough of it.
type Attack = fn(SocketAddr, u64, &Counters) -> Result<()>;

const ATTACKS: &[(&str, Attack)] = &[
    ("knocks at the pair's room", knock),
    ("foreign rooms", foreign_room),
    ("endless lines", endless_line),
    ("lines of number signs", number_signs),
    ("one byte at a time", slow_bytes),
    ("peers that do not read", deaf_peer),
];

#[derive(Default)]
struct Counters {
    over: AtomicBool,
    attempts: AtomicU64,
    /// Strangers who got into the honest pair's room.
    admitted: AtomicU64,
}

impl Counters {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

/// Attacks a relay for so long, and prints what it did.
pub(crate) fn run(relay: &Path, time: Duration) -> Result<()> {
    machine::open_files()?;
    let subject = Ours::with_default_limits(relay);
    let cores = Cores::choose()?;
    let server = cores.on_subjects(|| subject.start(Path::new(".")))?;
    let mut honest = Echo::open(&subject, &server, HONEST_ROOM)?;
    honest.run(CALM)?;
    let (calm_median, calm_p99) = (honest.quantile(0.5), honest.quantile(0.99));
    let calm_kib = machine::resident_kib(server.process())?;
    honest.take_median();

    let counters = Arc::new(Counters::default());
    let attackers: Vec<_> = ATTACKS
        .iter()
        .flat_map(|(_, attack)| (0..OF_EACH).map(move |number| (*attack, number)))
        .map(|(attack, number)| {
            let counters = Arc::clone(&counters);
            let address = server.address;
            thread::spawn(move || {
                while !counters.is_over() {
                    counters.attempts.fetch_add(1, Ordering::Relaxed);
                    // A refusal is what an attack is meant to end with.
                    let _ = attack(address, number, &counters);
                    thread::sleep(PAUSE);
                }
            })
        })
        .collect();
    let ends = Instant::now() + time;
    let mut trips = 0;
    while Instant::now() < ends {
        trips += honest.run(LOOK)? / 2;
    }
    counters.over.store(true, Ordering::Relaxed);
    for attacker in attackers {
        let _ = attacker.join();
    }

    let (median, p99) = (honest.quantile(0.5), honest.quantile(0.99));
    let ratio = median.as_secs_f64() / calm_median.as_secs_f64();
    println!("attacked for {} s in {} ways:", time.as_secs(), ATTACKS.len());
    ATTACKS.iter().for_each(|(name, _)| println!("- {name}"));
    println!("attempts: {}", counters.attempts.load(Ordering::Relaxed));
    println!("strangers in the pair's room: {}", counters.admitted.load(Ordering::Relaxed));
    println!("round trips of the honest pair: {trips}, none lost");
    println!("median: {calm_median:?} calm, {median:?} attacked, ratio {ratio:.2}");
    println!("99th: {calm_p99:?} calm, {p99:?} attacked");
    let peak = machine::peak_kib(server.process())?;
    println!("memory: {:.1} MiB calm, {:.1} MiB at most", mib(calm_kib), mib(peak));
    Ok(())
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

/// Asks for a place in the honest pair's room.
fn knock(address: SocketAddr, _: u64, counters: &Counters) -> Result<()> {
    let mut stream = connect(address)?;
    stream.write_all(Ours::join_line(HONEST_ROOM).as_bytes())?;
    let mut answer = [0; 512];
    let length = stream.read(&mut answer)?;
    if contains(&answer[..length], b"\"members\"") {
        counters.admitted.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

fn foreign_room(address: SocketAddr, number: u64, counters: &Counters) -> Result<()> {
    let room = 1_000_000 + counters.attempts.load(Ordering::Relaxed) * OF_EACH + number;
    let mut stream = join(address, room)?;
    let _ = stream.read(&mut [0; 512])?;
    Ok(())
}

fn endless_line(address: SocketAddr, number: u64, counters: &Counters) -> Result<()> {
    let mut stream = join(address, 10 + number)?;
    while !counters.is_over() {
        stream.write_all(&[b'x'; 16 * 1024])?;
    }
    Ok(())
}

fn number_signs(address: SocketAddr, number: u64, _: &Counters) -> Result<()> {
    let (mut talker, listener) = (join(address, 100 + number)?, join(address, 100 + number)?);
    let drain = thread::spawn(move || drain(listener));
    let mut line = vec![b'#'; 8 * 1024];
    line.push(b'\n');
    let said = (0..1000).try_for_each(|_| talker.write_all(&line));
    drop(talker);
    let _ = drain.join();
    Ok(said?)
}

fn slow_bytes(address: SocketAddr, _: u64, counters: &Counters) -> Result<()> {
    let mut stream = connect(address)?;
    while !counters.is_over() {
        stream.write_all(b"{")?;
        thread::sleep(PATIENCE);
    }
    Ok(())
}

fn deaf_peer(address: SocketAddr, number: u64, counters: &Counters) -> Result<()> {
    let (mut talker, _deaf) = (join(address, 200 + number)?, join(address, 200 + number)?);
    talker.set_write_timeout(Some(PATIENCE))?;
    let mut line = vec![b'x'; 60 * 1024];
    line.push(b'\n');
    while !counters.is_over() {
        talker.write_all(&line)?;
    }
    Ok(())
}

fn join(address: SocketAddr, room: u64) -> Result<TcpStream> {
    let mut stream = connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(Ours::join_line(room).as_bytes())?;
    Ok(stream)
}

fn drain(mut stream: TcpStream) {
    let mut bytes = [0; 64 * 1024];
    while stream.read(&mut bytes).is_ok_and(|count| count > 0) {}
}
