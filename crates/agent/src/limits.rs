//! The bounds of an agent: name, value, unit, reason. Those of a request are in
//! [`raida::limits`].

use std::time::Duration;

use raida::Timing;

/// Connections to one agent at a time; a wallet uses two. Further ones wait in the system's
/// queue.
pub const CONNECTIONS_MAX: usize = 256;

/// How long a TLS handshake may take; meanwhile it counts as a connection.
pub const HANDSHAKE_WAIT: Duration = Duration::from_secs(10);

/// Bytes of the file of a certificate, which may have some others with it, or of a key.
pub const PEM_BYTES_MAX: usize = 64 * 1024;

/// Connections to one agent at a time from one address, which may stand for a household or for all
/// wallets of one machine.
pub const CONNECTIONS_PER_ADDRESS: usize = 128;

/// Addresses of which an agent keeps account at a time: more than it has connections, so that
/// there is always one that can be forgotten.
pub const ADDRESSES_MAX: usize = 32_768;

/// Connections beyond the share of their address that are told so at a time; further ones are
/// closed without a word.
pub const REFUSALS_MAX: usize = 32;

/// How long a connection beyond the share of its address has to ask and to hear that.
pub const REFUSAL_WAIT: Duration = Duration::from_secs(2);

/// How long a connection may be idle, or take to send the head of a request.
pub const HEAD_WAIT: Duration = Duration::from_secs(30);

/// Bytes of the head of a request: a GET may carry a few hundred coins in its query.
pub const HEAD_BYTES_MAX: usize = 64 * 1024;

/// How long the body of a request may take to arrive.
pub const BODY_WAIT: Duration = Duration::from_secs(20);

/// How long a client may take to read on before its connection is given up.
pub const WRITE_WAIT: Duration = Duration::from_secs(20);

/// KiB of requests and answers in memory at a time, over all agents of a process: 32 requests
/// of the largest kind.
pub const MEMORY_KIB_MAX: usize = 64 * 1024;

/// KiB that a request takes from [`MEMORY_KIB_MAX`] to begin with.
pub const REQUEST_KIB_FIRST: usize = 16;

/// How long requests under way may take when the program stops.
pub const STOP_WAIT: Duration = Duration::from_secs(5);

/// Requests that wait for the committer of one agent; further ones wait for a place.
pub const COMMIT_QUEUE: usize = 128;

/// Coins decided in one commit; a request that alone has more makes one commit.
pub const COMMIT_COINS: usize = 10_000;

/// How long a ticket lives.
pub const TICKET_LIFE: Duration = Duration::from_secs(15);

/// Living tickets of one coin; its oldest die first. One for each agent that is to be fixed, and as
/// many for a second try.
pub const TICKETS_PER_COIN: usize = 50;

/// Coins on all living tickets of an agent; the oldest tickets die first.
pub const TICKET_COINS_MAX: usize = 20_000;

/// How long a reservation lives: time to ask 25 agents twice, and to give up one that is silent.
pub const RESERVATION_LIFE: Duration = Duration::from_secs(60);

/// Coins and serial numbers in all living reservations of an agent; further ones are refused.
pub const RESERVED_COINS_MAX: usize = 20_000;

/// How long an executed request is remembered by its hash when it has no id.
pub const HASHED_LIFE: Duration = Duration::from_secs(60 * 60);

/// Cancellations in a row that an agent takes from somebody who shows no coin: each is on its disk
/// for ever.
pub const CANCELLATIONS_MAX: u32 = 10_000;

/// After how long it takes one more.
pub const CANCEL_PAUSE: Duration = Duration::from_secs(1);

/// Serial numbers that an agent looks at for one offer: enough for the largest while seven of
/// eight of a denomination are in circulation.
pub const OFFER_STEPS_MAX: usize = 50_000;
/// Requests to fix coins under way at one agent; further ones wait for a place. Each asks up to 24
/// other agents at the same time.
pub const FIXES_AT_A_TIME: usize = 4;

/// How long the other agents may take to say what they know of the tickets of one request: a pown
/// of the same coin waits that long.
pub const FIX_WAIT: Duration = Duration::from_secs(3);

/// How long after it has asked the others an agent may still be hearing what exchanges were that it
/// has missed: it must act on their words before these end.
pub const CATCH_UP_WAIT: Duration = Duration::from_millis(3500);

/// Exchanges that an agent catches up on for one coin; who is further behind catches up on an earlier
/// coin first.
pub const CATCH_UP_LINKS_MAX: usize = 64;

/// Coins of the exchanges that an agent catches up on for one request.
pub const CATCH_UP_COINS_MAX: usize = 20_000;

/// Coins for which an agent asks at a time which exchange made them.
pub const CATCH_UP_AT_A_TIME: usize = 8;

/// Agents that are asked what an exchange was: one more than may be bad.
pub const CATCH_UP_GIVERS: usize = 5;

/// How long a request to fix coins waits for a place: clients wait for 10 s in all.
pub const FIX_PLACE_WAIT: Duration = Duration::from_secs(3);

/// How long an agent keeps its word for a coin: longer than [`FIX_WAIT`] by what the asker needs
/// to act on it.
pub const WORD_LIFE: Duration = Duration::from_secs(4);

/// How long before the first word can end an agent acts on words at the latest: clocks differ in
/// their pace.
pub const WORD_MARGIN: Duration = Duration::from_millis(100);

/// How long no word is given for a coin, for the sake of somebody who waited for the last one.
pub const TURN_WAIT: Duration = Duration::from_secs(2);

/// Coins for which an agent has given its word at a time.
pub const WORDS_MAX: usize = 100_000;

/// The waits of an agent that asks another; rounds of questions it has none.
pub const PEER_TIMING: Timing = Timing {
    connect: Duration::from_secs(3),
    request: FIX_WAIT,
    round: FIX_WAIT,
    coin: Duration::ZERO,
};

/// Bytes of the block cache of one ledger: 25 of them share a machine.
pub const LEDGER_CACHE_BYTES: u64 = 1024 * 1024;

/// Bytes that a ledger holds in memory before it writes them out as a table; its journal is
/// mostly renewed before.
pub const LEDGER_MEMTABLE_BYTES: u64 = 2 * 1024 * 1024;

/// Bytes of journal from which on a ledger is copied into a fresh store: a start reads some
/// 30 MB of journal a second on one core, and there are 25 ledgers.
pub const LEDGER_JOURNAL_BYTES: u64 = 1024 * 1024;

/// Bytes in the stores that a ledger leaves behind between two starts, about: some 2 million changes
/// of one coin at a time. From then on its journal grows, up to [`LEDGER_JOURNALS_BYTES`].
pub const LEDGER_LEFT_BEHIND_BYTES: u64 = 256 * 1024 * 1024;

/// Bytes of journals that the store keeps at most; the least that it takes.
pub const LEDGER_JOURNALS_BYTES: u64 = 64 * 1024 * 1024;

/// Files that one ledger keeps open; 25 of them share the usual limit of 1,024.
pub const LEDGER_FILES: usize = 16;

/// Threads that read and write ledgers; at least one for each agent's commits.
pub const LEDGER_THREADS: usize = 32;

/// Open files that the program asks the system for: connections of 25 agents.
pub const OPEN_FILES: u64 = 8192;

/// Milliseconds that a slow agent may be told to wait.
pub const FAULT_DELAY_MS_MAX: u32 = 600_000;

/// Changes of coins that a forgetful agent may be told to undo, and keeps in memory for that.
pub const FORGET_CHANGES_MAX: u32 = 100_000;

/// Bytes of the faults that are set in one request.
pub const FAULT_BYTES_MAX: usize = 16 * 1024;

/// How long a commit may take before the agent counts as stuck for whoever watches.
pub const COMMIT_STUCK: Duration = Duration::from_secs(10);

/// Connections of those who watch the agents; further ones wait.
pub const WATCHERS_MAX: usize = 16;

/// How long one who watches may take to ask, and to read the answer.
pub const WATCHER_WAIT: Duration = Duration::from_secs(10);

/// Coins in one mint.
pub const MINT_COINS_MAX: usize = coin::limits::BATCH_COINS_MAX;

/// Coins written to a ledger in one commit of a mint.
pub const MINT_COMMIT_COINS: usize = 10_000;

/// Bytes of an order: at most 9 digits a coin, and its head.
pub const ORDER_BYTES_MAX: u64 = 10 * MINT_COINS_MAX as u64 + 4096;

/// Bytes of a share: 32 digits a coin, and its head.
pub const SHARE_BYTES_MAX: u64 = 32 * MINT_COINS_MAX as u64 + 4096;

/// Bytes of the record of an order at one agent.
pub const RECORD_BYTES_MAX: u64 = 4096;

/// Agents that must hold a coin's secrets so that it can be owned.
pub const OWNED_FROM: usize = 13;

/// Bytes of the head of a backup: a network's id, three numbers and a time.
pub const BACKUP_HEAD_BYTES_MAX: usize = 1024;

/// Bytes of a value in a backup: a lineage of the largest exchange has 37 for each of its coins.
pub const BACKUP_VALUE_BYTES_MAX: u32 = 512 * 1024;

/// Bytes of a line on the socket in the agents' directory: a path and a word.
pub const CONTROL_LINE_BYTES_MAX: u64 = 8 * 1024;

/// How long a line on that socket may take.
pub const CONTROL_WAIT: Duration = Duration::from_secs(5);

/// How long the backup of one ledger may take: millions of coins on a slow disk.
pub const BACKUP_WAIT: Duration = Duration::from_secs(600);
