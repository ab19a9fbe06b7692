//! What a member said that is not with the other one yet, mostly nothing.
//!
//! The chunk that a member's bytes are read to is lent by the thread for as long as the member has
//! its turn. A short unfinished line is put aside then; with a long one, or with lines that wait,
//! the member keeps the chunk, so that not a byte of it is copied.

use std::mem;

use crate::address::Address;
use crate::chunk::Chunk;
use crate::limits::{LITTLE_BYTES_MAX, SPARE_CHUNKS_MAX};

/// The bytes of one member between two turns.
#[derive(Debug)]
pub(crate) struct Inbox {
    pub(crate) address: Address,
    held: Held,
}

#[derive(Debug)]
enum Held {
    Little(Vec<u8>),
    Chunk(Chunk),
}

/// The chunks of a thread that no member keeps.
#[derive(Debug, Default)]
pub(crate) struct Spares(Vec<Chunk>);

impl Inbox {
    /// Makes the inbox of a member with that address; `early` is what came behind its join line.
    pub(crate) fn new(address: Address, early: Vec<u8>) -> Inbox {
        Inbox { address, held: Held::Little(early) }
    }

    /// Begins a turn: returns a chunk with all that is held, to be given to [`Inbox::put_aside`]
    /// when the turn is over.
    pub(crate) fn take_up(&mut self, spares: &mut Spares) -> Chunk {
        match mem::replace(&mut self.held, Held::Little(Vec::new())) {
            Held::Chunk(chunk) => chunk,
            Held::Little(bytes) => {
                let mut chunk = spares.0.pop().unwrap_or_else(Chunk::new);
                chunk.refill(&bytes);
                // Its memory serves the next unfinished line.
                self.held = Held::Little(bytes);
                chunk
            }
        }
    }

    /// Ends a turn.
    pub(crate) fn put_aside(&mut self, chunk: Chunk, spares: &mut Spares) {
        let rest = chunk.held();
        match &mut self.held {
            Held::Little(bytes) if rest.is_empty() => {
                // An idle member holds no memory.
                if bytes.capacity() > 0 {
                    *bytes = Vec::new();
                }
            }
            Held::Little(bytes) if rest.len() <= LITTLE_BYTES_MAX => {
                bytes.clear();
                bytes.extend_from_slice(rest);
            }
            Held::Little(_) | Held::Chunk(_) => {
                self.held = Held::Chunk(chunk);
                return;
            }
        }
        if spares.0.len() < SPARE_CHUNKS_MAX {
            spares.0.push(chunk);
        }
    }
}
