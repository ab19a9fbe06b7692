//! What an operator, or a test, can choose about a relay.

use std::time::Duration;

use crate::limits;
use crate::rewrite::LineLimits;

/// The limits and waits of one relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Connections at once; further ones are refused with `too_many_connections`.
    pub connections_max: usize,
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
    /// Time for all members to be told `draining` when the relay stops.
    pub drain_wait: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            connections_max: limits::CONNECTIONS_MAX,
            rooms_max: limits::ROOMS_MAX,
            lines: LineLimits::default(),
            join_wait: limits::JOIN_WAIT,
            silence: limits::SILENCE,
            idle_wait: limits::IDLE_WAIT,
            stall_wait: limits::STALL_WAIT,
            parting_wait: limits::PARTING_WAIT,
            drain_wait: limits::DRAIN_WAIT,
        }
    }
}
