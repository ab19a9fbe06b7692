//! Every bound of the relay that has nothing to do with the protocol: name, value, unit, reason.
//!
//! What a connection can make the relay hold: an unfinished line or a chunk of lines (128 KiB), and
//! one batch of lines and the notices that wait for it (up to 264 KiB). Both only while a line is
//! unfinished or a member does not read; an idle connection holds no buffer at all.

use std::time::Duration;

/// Connections at once. With the sums above this is 1.5 GiB at most, if all of them attack at once.
pub(crate) const CONNECTIONS_MAX: usize = 4_096;

/// File descriptors that are not connections: listener, standard streams, the runtime's own.
#[cfg(unix)]
pub(crate) const OTHER_DESCRIPTORS: u64 = 64;

/// Rooms at once; a room has a connection at least.
pub(crate) const ROOMS_MAX: usize = 4_096;

/// Connections beyond the limit that are told so at once; further ones are closed without a word.
pub(crate) const REFUSALS_MAX: usize = 64;

/// Connections at once from one network (an IPv4 address, an IPv6 /64): a company or a campus behind
/// one address, and yet it takes 64 such to fill a relay.
pub(crate) const CONNECTIONS_PER_NETWORK_MAX: usize = 64;

/// Joins a minute of one network, and as many at once: each of its connections may come back four
/// times.
pub(crate) const JOINS_PER_MINUTE: u32 = 256;

/// Connections a minute of one network that enter no room: people mistype, programs do not.
pub(crate) const FAILURES_PER_MINUTE: u32 = 30;

/// Networks that are remembered, some 100 bytes each.
pub(crate) const NETWORKS_MAX: usize = 65_536;

/// A member with a rate may say so much at once, counted in time.
pub(crate) const RATE_BURST: Duration = Duration::from_secs(1);

/// Watchers that are answered at once; further ones wait.
pub(crate) const WATCHERS_MAX: usize = 16;

/// Time for one question of a watcher.
pub(crate) const WATCHER_WAIT: Duration = Duration::from_secs(10);

/// What an idle connection holds, in bytes, the system's own buffers aside: its half of a room's task
/// and door, its socket's registration. Measured: 3 KiB a pair.
pub(crate) const IDLE_BYTES: usize = 1_536;

/// The first line has to be here by then: a person pastes it, a program sends it at once.
pub(crate) const JOIN_WAIT: Duration = Duration::from_secs(5);

/// A member of a room with a token that was silent for so long may be replaced from its own side:
/// three heartbeats.
pub(crate) const SILENCE: Duration = Duration::from_secs(15);

/// A member that says nothing for so long is sent away. Programs say a heartbeat every 5 s; people
/// with `nc` may think for a while.
pub(crate) const IDLE_WAIT: Duration = Duration::from_secs(600);

/// A member that takes no byte for so long while there are bytes for it is sent away. Shorter than
/// [`SILENCE`]: meanwhile the other one is not read, and must not look silent for it.
pub(crate) const STALL_WAIT: Duration = Duration::from_secs(10);

/// Time for the last lines to a member that is being sent away.
pub(crate) const PARTING_WAIT: Duration = Duration::from_secs(2);

/// Bytes that are still read, and dropped, from a member that is being sent away: closing with
/// unread bytes would reset the connection, and the last line would be lost.
pub(crate) const PARTING_BYTES_MAX: usize = 1 << 20;

/// All connections are over by then once the relay was told to stop.
pub(crate) const DRAIN_WAIT: Duration = Duration::from_secs(5);

/// Pause after the system could not give another connection (file descriptors used up).
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Connections that the system keeps until they are accepted. The usual 128 make a burst wait for
/// whole seconds.
pub(crate) const BACKLOG: u32 = 4_096;

/// A connection that carries nothing is probed after this time and then every [`PROBE_PAUSE`], so
/// that the place of a machine that is gone becomes free before [`IDLE_WAIT`].
pub(crate) const PROBE_AFTER: Duration = Duration::from_secs(60);

/// See [`PROBE_AFTER`].
pub(crate) const PROBE_PAUSE: Duration = Duration::from_secs(15);

/// Newcomers that may wait at the door of one room.
pub(crate) const KNOCKS_MAX: usize = 8;

/// Bytes read at once; measured: less costs more time per byte, more gains nothing.
pub(crate) const CHUNK_BYTES: usize = 65_536;

/// Chunks, or batches of them, that one member is heard in a row before others get their turn: some
/// hundred microseconds. With half of it bulk costs a twentieth more.
pub(crate) const CHUNKS_PER_TURN: usize = 4;

/// Bytes of an unfinished line that are copied out of the chunk when a turn ends; with more the
/// member keeps the chunk.
pub(crate) const LITTLE_BYTES_MAX: usize = 2_048;

/// Chunks that a thread keeps for the next members that need one, 128 KiB each.
pub(crate) const SPARE_CHUNKS_MAX: usize = 16;

/// Bytes of lines that are rewritten at once: the longest line as it is delivered, and the longest
/// lines that a buffer holds, with a few `#` in them. More lines wait for the next batch: a chunk
/// of nothing but `#` would grow to megabytes.
pub(crate) const BATCH_BYTES_MAX: usize = 132 * 1024;

/// Lines that are looked at one by one before others get their turn, some ten microseconds' work:
/// a chunk may have 65,536 of them.
pub(crate) const CAREFUL_LINES_MAX: u64 = 1_024;

/// Bytes of the buffer that a batch is written to.
pub(crate) const OUT_BYTES: usize = BATCH_BYTES_MAX + crate::address::PADDED_BYTES;

/// Lines of fewer bytes are copied around their `#`; of longer ones the pieces are handed over.
pub(crate) const GATHERED_BYTES_MIN: usize = 4_096;

/// `#` whose places are noted for a chunk, one in 16 bytes; with more, its lines are rewritten one by
/// one.
pub(crate) const NOTED_MARKS_MAX: usize = 4_096;

/// With more `#` than that copying is cheaper than handing over pieces.
pub(crate) const GATHERED_MARKS_MAX: usize = 16;

/// Bytes that may wait for a member, notices included; beyond, it counts as a slow reader.
pub(crate) const OUTBOX_BYTES_MAX: usize = 2 * BATCH_BYTES_MAX;
