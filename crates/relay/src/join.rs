//! Reading the first line of a connection: it is short, it comes in time, and it enters a room.
//!
//! What cannot become a join line is refused at its first byte: a browser or a TLS client at this
//! port gets its one clear line at once.

use protocol::room::{Code, Form, JOIN_BYTES_MAX, JoinLine};
use tokio::io::{AsyncRead, AsyncReadExt};

/// A join line and what came behind it.
#[derive(Debug)]
pub(crate) struct FirstLine {
    pub(crate) join: JoinLine,
    /// Bytes that already arrived after the line.
    pub(crate) early: Vec<u8>,
}

/// Why there is no join line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoJoin {
    /// The connection was closed, or broke.
    Closed,
    /// `bad_join`, to be said in this form.
    Bad(Form),
}

impl NoJoin {
    /// Returns the code to refuse it with, where there is still somebody to tell.
    pub(crate) fn refusal(self) -> Option<(Code, Form)> {
        match self {
            NoJoin::Closed => None,
            NoJoin::Bad(form) => Some((Code::BadJoin, form)),
        }
    }
}

/// Reads until the first line is whole. The caller bounds the time.
///
/// # Errors
/// [`NoJoin`].
pub(crate) async fn read_first_line(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<FirstLine, NoJoin> {
    let mut bytes = Vec::with_capacity(JOIN_BYTES_MAX / 4);
    loop {
        let searched = bytes.len();
        let room_left = (JOIN_BYTES_MAX + b"\r\n".len() - searched) as u64;
        match (&mut *stream).take(room_left).read_buf(&mut bytes).await {
            Ok(0) | Err(_) => return Err(NoJoin::Closed),
            Ok(_) => {}
        }
        if let Some(end) = memchr::memchr(b'\n', &bytes[searched..]) {
            return split(&bytes, searched + end);
        }
        let first = bytes.trim_ascii_start().first();
        if bytes.len() > JOIN_BYTES_MAX + 1 || !matches!(first, None | Some(b'{' | b'<')) {
            return Err(NoJoin::Bad(form_of(&bytes)));
        }
    }
}

fn split(bytes: &[u8], end: usize) -> Result<FirstLine, NoJoin> {
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    match JoinLine::parse(line) {
        Ok(join) => Ok(FirstLine { join, early: bytes[end + 1..].to_vec() }),
        Err(reason) => {
            tracing::debug!(%reason, "bad first line");
            Err(NoJoin::Bad(form_of(line)))
        }
    }
}

/// Returns the form in which the one who wrote this is answered: JSON to JSON, tags to the rest.
fn form_of(line: &[u8]) -> Form {
    match line.trim_ascii_start().first() {
        Some(b'{') => Form::Json,
        Some(_) | None => Form::Tag,
    }
}
