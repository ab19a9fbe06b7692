//! The limits of the agents' API and of its client: name, value, unit, reason.

use std::time::Duration;

/// Coins in one request that an agent takes. The documented limits of v1 servers lie between
/// 200 and 4,000; a larger request only makes one answer slower.
pub const REQUEST_COINS_MAX: usize = 10_000;

/// Serial numbers of each denomination that an agent offers as change, unless it is asked for
/// another number: what clients of v1 expect to choose from.
pub const OFFER_NUMBERS: usize = 20;

/// Serial numbers of each denomination that an agent offers at most: each costs it a read.
pub const OFFER_NUMBERS_MAX: usize = 1000;

/// Bytes that the numbers of the longest offer have: 8 digits and a comma each.
pub const OFFER_BYTES_MAX: usize = 9 * OFFER_NUMBERS_MAX * coin::Denomination::ALL.len();

/// Bytes in the body of a request that an agent takes: 10,000 coins in the longest of the
/// three array encodings need 161 bytes each.
pub const REQUEST_BYTES_MAX: usize = 2 * 1024 * 1024;

/// Different field names in one form; the widest known request (a super fix) has three.
pub const FORM_FIELDS_MAX: usize = 64;

/// Coins in one request to fix them: what the most eager clients of v1 send, twice.
pub const FIX_COINS_MAX: usize = 1_000;

/// Coins that this client puts into one request: what clients of v1 send and what every
/// server takes.
pub const BATCH_COINS: usize = 400;

/// Questions, and so connections, that this client has out at one agent: it works at one while the
/// other travels.
pub const QUESTIONS_OUT: usize = 2;

/// Coins of a round when they are more than are held in memory: some 4 MiB with their secrets.
pub const PART_COINS: usize = 4_000;

/// Such rounds at a time: one settles while the next begins.
pub const PARTS_OUT: usize = 2;

/// Bytes that an answer may have for each coin it is about; agents of ours need about 170.
pub const ANSWER_COIN_BYTES_MAX: usize = 1024;

/// Bytes that an answer may have beside those of its coins.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// Questions in a row that an agent may leave unanswered before a round goes on without it.
pub const SILENCES_IN_A_ROW: u32 = 6;

/// How long the agents may take to give tickets: they live for 15 s, and the agent that is to be
/// fixed needs most of that time.
pub const TICKETS_WAIT: Duration = Duration::from_secs(4);

/// First pause after a silence; doubled after each further one.
pub const PAUSE_FIRST: Duration = Duration::from_millis(200);

/// Longest pause between two questions to a silent agent.
pub const PAUSE_MAX: Duration = Duration::from_secs(10);

/// How long an idle connection to an agent is kept; agents close theirs after 30 s.
pub const IDLE_CONNECTION: Duration = Duration::from_secs(20);

/// Characters in a network id.
pub const NETWORK_ID_CHARS_MAX: usize = 64;

/// Fingerprints that an address may pin: a certificate and its successor.
pub const PINS_MAX: usize = 2;

/// TLS sessions that are remembered for each check of certificates: one for each agent, twice.
pub const TLS_SESSIONS: usize = 64;

/// Names of a certificate that are shown; it may have thousands.
pub const PRESENTED_NAMES_MAX: usize = 3;
