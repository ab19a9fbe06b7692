//! Pairs that connect, join, say one line and go.

use std::io::{Read, Write};
use std::ops::Range;

use anyhow::Result;

use crate::stream::Load;
use crate::subject::{Server, Subject};

/// Lets pairs come and go, one after the other.
pub(crate) fn run(subject: &dyn Subject, server: &Server, rooms: Range<u64>) -> Result<()> {
    let text = Load { rooms: 1, line: 100, window: 1 }.text();
    for room in rooms {
        let wire = subject.wire(room, &text);
        let mut pair = subject.join(server, room)?;
        pair.talker.write_all(&wire.sent)?;
        pair.listener.read_exact(&mut vec![0; wire.arrives])?;
    }
    Ok(())
}
