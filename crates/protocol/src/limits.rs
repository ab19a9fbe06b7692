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
