//! Every bound of the conversation: name, value, unit, reason.

/// Bytes that a line may have as it is sent, without its end.
///
/// A chunk of 32 KiB is 44 KiB of base64 and its frame some hundred bytes more; the rest is room
/// for longer lines to come.
pub const LINE_BYTES_MAX: usize = 65_536;

/// Bytes that a line may have as it is delivered, without its end: what a client has to take.
///
/// Each `#` grows to an address of up to 39 bytes; twice the line leaves that room without letting
/// a line of nothing but `#` become two megabytes.
pub const DELIVERED_BYTES_MAX: usize = 131_072;

/// Bytes of coins or receipt in one frame, before encryption.
///
/// Its base64 with all that stands around it fits [`LINE_BYTES_MAX`] with a third to spare, and
/// 3,439 coins make 43 frames.
pub const CHUNK_BYTES_MAX: usize = 32 * 1024;

/// Coins of one batch, as a manifest counts them.
pub const BATCH_COINS_MAX: u32 = coin::limits::BATCH_COINS_MAX as u32;

/// Bytes of a memo (4): a line for a person.
pub const MEMO_BYTES_MAX: usize = 256;

/// Bytes of the reason of an Abort (23): a few sentences for a person.
pub const REASON_BYTES_MAX: usize = 1024;

/// Characters of a text of the peer that are shown, counted before escaping: a terminal's screen.
pub const SHOWN_CHARS_MAX: usize = 1024;

/// Resume secrets that a receiver gives away before it is bound to one.
///
/// One is used up by each crash between the answer and the first frame; whoever has the file can
/// use them all up, and then the last one is given again.
pub const RESUME_SECRETS_MAX: usize = 8;

/// Handshakes whose answers a receiver keeps for one connection, to give the same one the same.
///
/// A sender begins one per connection of either side; more at once are the relay's invention.
pub const HANDSHAKES_KEPT_MAX: usize = 8;

/// Handshakes in a row that do not open before the person is told that the files differ.
pub const STRANGE_HANDSHAKES_MAX: u32 = 3;

/// Bytes of a connection file; a real one has about 250.
pub const CONN_FILE_BYTES_MAX: usize = 4096;
