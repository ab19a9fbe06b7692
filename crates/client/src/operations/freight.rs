//! Bytes that travel in many frames: the batch (24) and the receipt (17), on their way in and out.

use protocol::limits::CHUNK_BYTES_MAX;
use protocol::machine::Report;
use protocol::message::{Chunk, Last, Manifest, Message};
use zeroize::Zeroizing;

/// The bytes of the peer's frames, in order.
#[derive(Default)]
pub(crate) struct Inbox {
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

impl Inbox {
    /// Takes the opened bytes of a frame; the first frame begins anew.
    pub(crate) fn take(
        &mut self,
        chunk: Chunk,
        bytes: &[u8],
        manifest: Option<&Manifest>,
    ) -> Result<(), &'static str> {
        if chunk.index == 0 {
            // Never grows afterwards, so that no copy of a secret is left behind in freed memory.
            let room = manifest
                .and_then(Manifest::coins)
                .map_or(0, |n| n as usize * coin::batch::COIN_BYTES);
            self.bytes = Zeroizing::new(Vec::with_capacity(room.min(BYTES_AHEAD_MAX)));
        }
        if self.bytes.len() + bytes.len() > BATCH_BYTES_MAX {
            return Err("the peer sends more than a batch may hold");
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

/// Bytes in the largest batch; receipts are smaller.
const BATCH_BYTES_MAX: usize = coin::limits::BATCH_COINS_MAX * coin::batch::COIN_BYTES;

/// Memory taken in advance on the word of a manifest.
const BYTES_AHEAD_MAX: usize = 64 << 20;

/// Bytes on their way to the peer, frame by frame.
pub(crate) struct Stream {
    kind: StreamKind,
    bytes: Zeroizing<Vec<u8>>,
    sent: usize,
    index: u32,
}

/// What a stream carries.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamKind {
    /// The batch (24).
    Coins,
    /// The receipt (17).
    Receipt,
}

impl Stream {
    pub(super) fn new(kind: StreamKind, bytes: Zeroizing<Vec<u8>>) -> Stream {
        Stream { kind, bytes, sent: 0, index: 0 }
    }

    /// Returns the next frame and its bytes, or `None` after the last.
    pub(crate) fn next_chunk(&mut self) -> Option<(Message, Zeroizing<Vec<u8>>)> {
        if self.sent == self.bytes.len() {
            return None;
        }
        let end = (self.sent + CHUNK_BYTES_MAX).min(self.bytes.len());
        let part = Zeroizing::new(self.bytes[self.sent..end].to_vec());
        let last = if end == self.bytes.len() { Last::Yes } else { Last::No };
        let chunk = Chunk { index: self.index, last };
        self.sent = end;
        self.index += 1;
        let message = match self.kind {
            StreamKind::Coins => Message::Coins(chunk),
            StreamKind::Receipt => Message::Receipt(chunk),
        };
        Some((message, part))
    }

    /// Returns the report for the machine once the last frame has left.
    pub(crate) fn report(&self) -> Report {
        match self.kind {
            StreamKind::Coins => Report::CoinsSent,
            StreamKind::Receipt => Report::ReceiptSent,
        }
    }

    /// Says what it is, for people.
    pub(crate) fn what(&self) -> &'static str {
        match self.kind {
            StreamKind::Coins => "sending coins",
            StreamKind::Receipt => "sending the receipt",
        }
    }

    /// Returns the bytes that have left.
    pub(crate) fn sent(&self) -> usize {
        self.sent
    }

    /// Returns the bytes in all.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Inbox, Stream, StreamKind};
    use protocol::limits::CHUNK_BYTES_MAX;
    use protocol::message::{Chunk, Last, Message};
    use zeroize::Zeroizing;

    fn check(length: usize, frames: u32) {
        let bytes: Vec<u8> = (0..length).map(|n| n as u8).collect();
        let mut stream = Stream::new(StreamKind::Coins, Zeroizing::new(bytes.clone()));
        let mut inbox = Inbox::default();
        let mut count = 0;
        while let Some((message, part)) = stream.next_chunk() {
            let Message::Coins(chunk) = message else { panic!("{message:?}") };
            assert_eq!(chunk.index, count);
            assert_eq!(chunk.last == Last::Yes, stream.sent() == length);
            assert!(part.len() <= CHUNK_BYTES_MAX);
            inbox.take(chunk, &part, None).unwrap();
            count += 1;
        }
        assert_eq!(count, frames);
        assert_eq!(*inbox.bytes, bytes);
    }

    #[test]
    fn what_goes_out_in_frames_comes_in_the_same() {
        check(1, 1);
        check(CHUNK_BYTES_MAX, 1);
        check(CHUNK_BYTES_MAX + 1, 2);
        check(3439 * coin::batch::COIN_BYTES, 43);
    }

    #[test]
    fn a_first_frame_begins_anew() {
        let mut inbox = Inbox::default();
        let first = Chunk { index: 0, last: Last::No };
        inbox.take(first, b"of a link that was cut", None).unwrap();
        inbox.take(first, b"again", None).unwrap();
        assert_eq!(*inbox.bytes, b"again");
    }
}
