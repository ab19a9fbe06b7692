//! What an operator, or a test, can choose about a relay.

use std::time::Duration;

use crate::chunk::BUFFER_BYTES;
use crate::gate::GateLimits;
use crate::limits;
use crate::rewrite::LineLimits;

/// The limits and waits of one relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How much one network, and all together, may do.
    pub gate: GateLimits,
    /// Rooms at once; further ones are refused with `too_many_rooms`.
    pub rooms_max: usize,
    /// How long lines may be.
    pub lines: LineLimits,
    /// Time for the first line (`join_timeout`).
    pub join_wait: Duration,
    /// Silence after which a member of a room with a token can be replaced from its own side.
    pub silence: Duration,
    /// Silence after which a member is sent away (`idle`).
    pub idle_wait: Duration,
    /// Time in which a member has to take at least a byte of what waits for it (`slow_reader`).
    pub stall_wait: Duration,
    /// Time for the last lines to a member that is being sent away.
    pub parting_wait: Duration,
    /// Bytes a second that one member may say, 1 KiB at least; faster ones are read slower.
    pub bytes_per_second: Option<u64>,
    /// How long the rooms that are there may go on once the relay is to stop.
    pub grace: Duration,
    /// Time for all members to be told `draining` when the relay stops.
    pub drain_wait: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            gate: GateLimits {
                connections_max: limits::CONNECTIONS_MAX,
                connections_per_network_max: limits::CONNECTIONS_PER_NETWORK_MAX,
                joins_per_minute: limits::JOINS_PER_MINUTE,
                failures_per_minute: limits::FAILURES_PER_MINUTE,
            },
            rooms_max: limits::ROOMS_MAX,
            lines: LineLimits::default(),
            join_wait: limits::JOIN_WAIT,
            silence: limits::SILENCE,
            idle_wait: limits::IDLE_WAIT,
            stall_wait: limits::STALL_WAIT,
            parting_wait: limits::PARTING_WAIT,
            bytes_per_second: None,
            grace: Duration::ZERO,
            drain_wait: limits::DRAIN_WAIT,
        }
    }
}

impl Settings {
    /// Returns the most memory that all connections together can make the relay hold, in bytes, the
    /// system's own buffers aside.
    pub fn memory_bytes_max(&self) -> usize {
        let busy = BUFFER_BYTES + limits::OUTBOX_BYTES_MAX;
        self.gate.connections_max.saturating_mul(limits::IDLE_BYTES + busy)
    }

    /// Returns the memory that they take when all of them are idle, in bytes.
    pub fn idle_memory_bytes(&self) -> usize {
        self.gate.connections_max.saturating_mul(limits::IDLE_BYTES)
    }
}
