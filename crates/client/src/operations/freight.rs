//! Bytes that travel in many frames: the batch (24) and the receipt (17), on their way in and out.

use protocol::limits::CHUNK_BYTES_MAX;
use protocol::machine::Report;
use protocol::message::{Chunk, Last, Manifest, Message};
use wallet::limits::RECEIPT_BYTES_MAX;
use zeroize::Zeroizing;

/// The bytes of the peer's frames, in order.
#[derive(Default)]
pub(crate) struct Inbox {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// That more came than was announced; the bytes are not kept then.
    pub(super) too_much: Option<TooMuch>,
}

impl Inbox {
    /// Takes the opened bytes of a frame; the first frame begins anew. `room` is how many bytes the whole
    /// text may have. Returns the frame as the machine shall hear it: one that brings too much is the last.
    pub(crate) fn take(&mut self, chunk: Chunk, bytes: &[u8], room: usize) -> Chunk {
        if chunk.index == 0 {
            // Taken at once, so that no copy of a secret is left behind in memory that was grown out of.
            let bytes = Zeroizing::new(Vec::with_capacity(room.min(BYTES_AHEAD_MAX)));
            *self = Inbox { bytes, too_much: None };
        }
        if self.too_much.is_some() || self.bytes.len() + bytes.len() > room {
            *self = Inbox { bytes: Zeroizing::default(), too_much: Some(TooMuch { room }) };
            return Chunk { last: Last::Yes, ..chunk };
        }
        self.bytes.extend_from_slice(bytes);
        chunk
    }
}

/// More bytes came than were announced. At fault: the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the peer sends more than the {room} bytes that were announced")]
pub(crate) struct TooMuch {
    room: usize,
}

/// Returns how many bytes a batch of this manifest has; none when nothing was announced.
pub(crate) fn batch_room(manifest: Option<&Manifest>) -> usize {
    let coins = manifest.and_then(Manifest::coins).unwrap_or(0);
    coins as usize * coin::batch::COIN_BYTES
}

/// Returns how many bytes a receipt about the batch of this manifest may have.
pub(crate) fn receipt_room(manifest: Option<&Manifest>) -> usize {
    let coins = manifest.and_then(Manifest::coins);
    coins.map_or(RECEIPT_BYTES_MAX, |coins| {
        coins as usize * RECEIPT_COIN_BYTES_MAX + RECEIPT_BYTES_BESIDE
    })
}

/// Bytes of a receipt for each coin, and beside them.
const RECEIPT_COIN_BYTES_MAX: usize = 200;
const RECEIPT_BYTES_BESIDE: usize = 4096;

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
    use super::{Inbox, Stream, StreamKind, batch_room};
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
            assert_eq!(inbox.take(chunk, &part, length), chunk);
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
        inbox.take(first, b"of a link that was cut", 22);
        inbox.take(first, b"again", 22);
        assert_eq!(*inbox.bytes, b"again");
    }

    #[test]
    fn more_than_was_announced_is_not_kept_and_ends_the_text() {
        let mut inbox = Inbox::default();
        let first = Chunk { index: 0, last: Last::No };
        assert_eq!(inbox.take(first, b"12345", batch_room(None)).last, Last::Yes);
        assert_eq!(inbox.take(first, b"12345", 9), first);
        assert!(inbox.too_much.is_none());
        let second = Chunk { index: 1, last: Last::No };
        assert_eq!(inbox.take(second, b"12345", 9).last, Last::Yes);
        assert!(inbox.too_much.is_some() && inbox.bytes.is_empty());
    }
}
