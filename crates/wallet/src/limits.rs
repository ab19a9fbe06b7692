//! Every bound of the wallet, in one place: name, value, unit, reason.

/// Files that are synced one by one; for more, one call for the whole file
/// system is cheaper (measured on ext4: an fsync costs about as much as a syncfs).
pub const FILES_SYNCED_SINGLY_MAX: usize = 8;

/// Bytes of one record of a journal, as JSON: what a reader has to take at once.
pub const RECORD_BYTES_MAX: usize = 1 << 20;

/// Bytes of coins, of a note or of a receipt that go into one record, before
/// JSON escapes (6 bytes for 1 at worst) and base64 make them longer.
pub const PART_BYTES_MAX: usize = 128 << 10;

/// Files named in one record: at 100 bytes each well below [`RECORD_BYTES_MAX`].
pub const FILES_PER_RECORD_MAX: usize = 1_000;

/// Serial numbers, or spans of contents, in one record: 40 bytes each at worst.
pub const NUMBERS_PER_RECORD_MAX: usize = 20_000;

/// Bytes of a label of a note or of kept coins: a word.
pub const LABEL_BYTES_MAX: usize = 64;

/// Bytes of a note: the receipt of the largest batch is one.
pub const NOTE_BYTES_MAX: usize = RECEIPT_BYTES_MAX;

/// Bytes of the text an operation is begun with, and of its summary.
pub const TEXT_BYTES_MAX: usize = 32 << 10;

/// Bytes of a journal that are read. Coins are kept in it only while four times
/// their bytes fit: what they become must be readable, too. That is about
/// [`JOURNAL_COINS_MAX`] coins with all their secrets.
pub const JOURNAL_BYTES_MAX: usize = 3 << 30;

/// Coins that one operation can keep.
pub const JOURNAL_COINS_MAX: u32 = 500_000;

/// Bytes at the start and at the end of an ended journal that are enough to
/// know what it was and how it ended.
pub const JOURNAL_ENDS_BYTES: usize = 6 * TEXT_BYTES_MAX + 1024;

/// Bytes reserved on the disk at the beginning of a journal, so that its last
/// records (verdicts, end) fit when the disk is full by then.
pub const RESERVED_BYTES: u64 = 64 << 10;

/// Bytes of a file of one coin: secrets take 2 KiB, the rest are its notes.
pub const COIN_FILE_BYTES_MAX: usize = 1 << 20;

/// Coins that a receipt lists: those of the largest batch.
pub const RECEIPT_COINS_MAX: usize = coin::limits::BATCH_COINS_MAX;

/// Bytes of a receipt: at 200 a coin and a kilobyte for the rest.
pub const RECEIPT_BYTES_MAX: usize = 200 * RECEIPT_COINS_MAX + 1024;

/// Files in one folder: all the coins there are, and as many again.
pub const FOLDER_FILES_MAX: usize = 1 << 25;

/// Names tried for a file whose name is taken.
pub const NAMES_TRIED_MAX: u32 = 10_000;

/// Readings of all folders until two in a row agree, while a writer moves coins.
pub const BALANCE_READINGS_MAX: u32 = 5;

/// Bytes read of the lock file: a process number and the name of a program.
pub const HOLDER_BYTES_MAX: usize = 256;
