//! How lines are written: strict JSON, keys in one order, the only raw `#` in `from`.
//!
//! ```text
//!   {"from":"#","Message Number":4,"Message_Details":3439,"seq":12,"ack":9,"auth":"…"}
//!   {"from":"#","Message Number":12,"Message_Details":null,"seq":20,"ack":9,"sealed":"…"}
//!   {"from":"#","Message Number":24,"Message_Details":"…","seq":31,"ack":20,"chunk":0,"last":true}
//!   {"from":"#","Message Number":1,"Message_Details":null,"handshake":"…"}
//! ```

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::line::Details;
use crate::message::{Chunk, Last, Number};

/// All keys, punctuation and numbers of a frame, without its texts: a generous guess that spares a
/// second allocation.
const AROUND_BYTES: usize = 200;

/// Where the tag or the ciphertext of a frame stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In `auth`: the tag alone, nothing is secret.
    Auth,
    /// In `sealed`: ciphertext and tag of a small secret text.
    Sealed,
    /// In `Message_Details`: ciphertext and tag of a chunk.
    Details,
}

/// A frame that was sealed, ready to be written.
pub(crate) struct SealedFrame<'a> {
    pub(crate) number: u8,
    pub(crate) details: &'a Details<'a>,
    pub(crate) seq: u64,
    pub(crate) ack: u64,
    pub(crate) chunk: Option<Chunk>,
    pub(crate) place: Place,
    /// Ciphertext and tag.
    pub(crate) body: &'a [u8],
}

impl SealedFrame<'_> {
    /// Returns the line, without its end.
    pub(crate) fn to_line(&self) -> String {
        let mut line = String::with_capacity(AROUND_BYTES + self.body.len().div_ceil(3) * 4);
        begin(&mut line, self.number);
        match (self.place, self.details) {
            (Place::Details, _) => push_base64(&mut line, self.body),
            (Place::Auth | Place::Sealed, Details::None) => line.push_str("null"),
            (Place::Auth | Place::Sealed, Details::Integer(number)) => push(&mut line, *number),
            (Place::Auth | Place::Sealed, Details::Text(text)) => push_text(&mut line, text),
        }
        line.push_str(r#","seq":"#);
        push(&mut line, self.seq);
        line.push_str(r#","ack":"#);
        push(&mut line, self.ack);
        if let Some(chunk) = self.chunk {
            line.push_str(r#","chunk":"#);
            push(&mut line, chunk.index);
            line.push_str(match chunk.last {
                Last::No => r#","last":false"#,
                Last::Yes => r#","last":true"#,
            });
        }
        match self.place {
            Place::Auth => line.push_str(r#","auth":"#),
            Place::Sealed => line.push_str(r#","sealed":"#),
            Place::Details => {}
        }
        if self.place != Place::Details {
            push_base64(&mut line, self.body);
        }
        line.push('}');
        line
    }
}

/// Returns the heartbeat that carries a message of a handshake, without its end.
pub(crate) fn handshake_line(message: &[u8]) -> String {
    let mut line = String::with_capacity(AROUND_BYTES);
    begin(&mut line, Number::Heartbeat.get());
    line.push_str(r#"null,"handshake":"#);
    push_base64(&mut line, message);
    line.push('}');
    line
}

fn begin(line: &mut String, number: u8) {
    line.push_str(r##"{"from":"#","Message Number":"##);
    push(line, number);
    line.push_str(r#","Message_Details":"#);
}

fn push(line: &mut String, number: impl std::fmt::Display) {
    write!(line, "{number}").expect("a String takes all text");
}

fn push_base64(line: &mut String, bytes: &[u8]) {
    line.push('"');
    STANDARD.encode_string(bytes, line);
    line.push('"');
}

/// Texts of the peers may hold any character; a raw `#` would be replaced by the relay.
fn push_text(line: &mut String, text: &str) {
    line.push_str(&serde_json::Value::from(text).to_string().replace('#', "\\u0023"));
}
