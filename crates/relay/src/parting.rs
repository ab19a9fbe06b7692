//! The end of a connection: what it has not taken yet, the relay's last line, and a close that does
//! not throw both away.

use std::time::Duration;

use protocol::room::{Code, Form, Notice};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use crate::limits::PARTING_BYTES_MAX;
use crate::member::Stream;

/// Writes `waiting` and the refusal, closes the sending half, and waits until the other end has
/// closed too; all that within `wait`.
///
/// Until then what comes in is read and dropped: closing with unread bytes would reset the
/// connection, and the other end might never see the last line.
pub(crate) async fn part(
    stream: &mut impl Stream,
    mut waiting: Vec<u8>,
    refusal: Option<(Code, Form)>,
    wait: Duration,
) {
    if let Some((code, form)) = refusal {
        waiting.extend_from_slice(Notice::refused(code).to_line(form).as_bytes());
        waiting.push(b'\n');
    }
    // Whether it succeeds or not, the connection is over afterwards.
    let _ = timeout(wait, async {
        stream.write_all(&waiting).await?;
        stream.shutdown().await?;
        let mut rest = stream.take(PARTING_BYTES_MAX as u64);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
    })
    .await;
}
