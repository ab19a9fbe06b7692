//! The bounds of this crate: name, value, unit and reason of each.

/// Coins that one written `.stack` file holds at most; the standard's bound
/// for an exported stack.
pub const STACK_COINS_WRITE_MAX: usize = 3_000;

/// Coins that one `.stack` file may hold to be read. Other programs write
/// somewhat longer files than the standard allows; a file beyond this is no
/// coin file that a person made.
pub const STACK_COINS_READ_MAX: usize = 10_000;

/// Bytes that a `.stack` file may have to be read: about 3 KiB for each of
/// [`STACK_COINS_READ_MAX`] coins, which is a coin with AN and PAN and a
/// generous layout.
pub const STACK_BYTES_READ_MAX: usize = 32 << 20;

/// Notes of other programs (`aoid`) that are kept of one coin; the programs known
/// write fewer than ten.
pub const STACK_NOTES_MAX: usize = 32;

/// Coins in one batch, the bound of a transfer.
pub const BATCH_COINS_MAX: usize = 1_000_000;

/// Questions that one agent is asked about one coin in one round: three times
/// a pown, each with the question what came of it. An agent that is still
/// undecided then is asked again in a later round.
pub const QUESTIONS_PER_AGENT_MAX: u8 = 6;

/// Requests that one agent is sent about one exchange in one round. Only silence
/// and agents that are busy for some seconds need more than one.
pub const REQUESTS_PER_AGENT_MAX: u8 = 6;

/// Coins that are broken for one payment. One is enough where the pool has small
/// coins; every further one is value that counts for nothing until its exchange
/// stands.
pub const BROKEN_COINS_MAX: usize = 3;

/// Coins that one exchange of a join gives and takes at most: value that counts
/// for nothing until the exchange stands, and a tenth of what agents take in one
/// request. The longest that has to be in one is 502: two of 250 for ones.
pub const JOIN_COINS_MAX: u64 = 1_000;

/// Characters of a tag in a file name. File systems take names of 255 bytes;
/// what people and other programs write is far shorter.
pub const TAG_CHARS_MAX: usize = 32;
