//! Whether the peer is there: heartbeats said and heard, and how long its coming is waited for.
//!
//! ```text
//!   Away ──Linked──▶ Fresh ──its position──▶ Here      Parted: we do not talk to it any more
//!    ▲                 │                      │
//!    └──── Unlinked, or nothing heard for 15 s ┘
//! ```
//! The wait for the peer runs on through `Fresh`: a peer that makes handshakes and never says where
//! it stands has not come.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::waits;

/// Whether the peer is there. All times are monotonic and die with the program.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Presence {
    /// Not linked.
    Away {
        /// When the wait for it ends.
        until: Duration,
    },
    /// Linked; it has not yet said where it stands.
    Fresh {
        /// When the wait for it ends.
        until: Duration,
        /// The heartbeats.
        pulse: Pulse,
    },
    /// Linked, and both know where the other stands.
    Here(Pulse),
    /// The conversation is over in this session: nothing is said, nothing is heeded.
    Parted,
}

/// The last signs of life on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Pulse {
    heard: Duration,
    said: Duration,
}

/// What the heartbeat asks for at a tick.
pub(crate) enum Beat {
    /// Nothing.
    Rest,
    /// A heartbeat is due.
    Say,
    /// Nothing was heard for too long.
    Lost,
}

impl Presence {
    pub(crate) fn linked(&self, now: Duration, peer_wait: Duration) -> Presence {
        let pulse = Pulse { heard: now, said: now };
        match self {
            Presence::Away { until } | Presence::Fresh { until, .. } => {
                Presence::Fresh { until: *until, pulse }
            }
            Presence::Here(_) => Presence::Fresh { until: now.saturating_add(peer_wait), pulse },
            Presence::Parted => Presence::Parted,
        }
    }

    pub(crate) fn unlinked(&self, now: Duration, peer_wait: Duration) -> Presence {
        match self {
            Presence::Away { until } | Presence::Fresh { until, .. } => {
                Presence::Away { until: *until }
            }
            Presence::Here(_) => Presence::Away { until: now.saturating_add(peer_wait) },
            Presence::Parted => Presence::Parted,
        }
    }

    pub(crate) fn met(&self) -> Presence {
        match self {
            Presence::Fresh { pulse, .. } | Presence::Here(pulse) => Presence::Here(*pulse),
            Presence::Away { until } => Presence::Away { until: *until },
            Presence::Parted => Presence::Parted,
        }
    }

    pub(crate) fn heard(&mut self, now: Duration) {
        match self {
            Presence::Fresh { pulse, .. } | Presence::Here(pulse) => pulse.heard = now,
            Presence::Away { .. } | Presence::Parted => {}
        }
    }

    /// Looks at the clock; a heartbeat that is due counts as said.
    pub(crate) fn beat(&mut self, now: Duration) -> Beat {
        match self {
            Presence::Fresh { pulse, .. } | Presence::Here(pulse) => {
                if now >= pulse.heard.saturating_add(waits::PEER_LOST) {
                    return Beat::Lost;
                }
                if now < pulse.said.saturating_add(waits::HEARTBEAT) {
                    return Beat::Rest;
                }
                pulse.said = now;
                Beat::Say
            }
            Presence::Away { .. } | Presence::Parted => Beat::Rest,
        }
    }

    /// Returns whether a message would reach the link.
    pub(crate) fn is_linked(&self) -> bool {
        match self {
            Presence::Fresh { .. } | Presence::Here(_) => true,
            Presence::Away { .. } | Presence::Parted => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Beat, Presence};
    use std::time::Duration;

    const WAIT: Duration = Duration::from_secs(600);

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn a_peer_that_links_and_never_says_where_it_stands_has_not_come() {
        let mut presence = Presence::Away { until: secs(600) };
        for minute in 1..10 {
            presence = presence.linked(secs(60 * minute), WAIT);
            presence = presence.unlinked(secs(60 * minute + 30), WAIT);
        }
        assert_eq!(presence, Presence::Away { until: secs(600) });
    }

    #[test]
    fn a_peer_that_was_here_may_come_back_for_the_whole_wait() {
        let here = Presence::Away { until: secs(600) }.linked(secs(500), WAIT).met();
        assert_eq!(here.unlinked(secs(599), WAIT), Presence::Away { until: secs(1199) });
    }

    #[test]
    fn a_heartbeat_is_due_every_five_seconds_and_silence_is_a_loss_after_fifteen() {
        let mut here = Presence::Away { until: secs(600) }.linked(secs(0), WAIT).met();
        assert!(matches!(here.beat(secs(4)), Beat::Rest));
        assert!(matches!(here.beat(secs(5)), Beat::Say));
        assert!(matches!(here.beat(secs(9)), Beat::Rest));
        assert!(matches!(here.beat(secs(14)), Beat::Say));
        assert!(matches!(here.beat(secs(15)), Beat::Lost));
    }
}
