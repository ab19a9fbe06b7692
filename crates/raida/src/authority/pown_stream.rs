//! Taking ownership of any number of coins in memory that does not grow with it.
//!
//! ```text
//! claims ──▶ part of 4,000 ──▶ a round of its own ──▶ settled ──▶ claims and verdicts, in order
//!            part of 4,000 ──▶ a round of its own ┄┄▶              the next part is drawn
//! ```
//!
//! Two parts are out at a time, so that no agent idles while the last ones of a part settle. Each
//! part is a whole round with its own time, so that a slow agent can hold up the parts behind it,
//! but takes nothing from them. An agent that was given up in one part is asked once in the next
//! ones, until it answers.

use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use coin::AGENTS;
use futures_util::stream::{self, Stream, StreamExt};

use super::{Authority, Claim, PownRound};
use crate::limits::{PART_COINS, PARTS_OUT};

/// Coins that were claimed, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The claims, in the order drawn.
    pub claims: Vec<Claim>,
    /// What their round came to.
    pub round: PownRound,
}

/// Agents whose silence has used up the patience of a round.
#[derive(Default)]
pub(super) struct GivenUp([AtomicBool; AGENTS]);

impl Authority {
    /// Takes coins like [`pown`](Authority::pown), however many they are: draws claims as earlier
    /// ones settle, at most 8,000 ahead, and yields them with their verdicts in the order drawn.
    ///
    /// It goes on while it is polled, and draws nothing more when it is dropped. The PANs of a claim
    /// are durable when it is drawn; agents may hold them from then on.
    pub fn pown_all<'a, C>(&'a self, claims: C) -> impl Stream<Item = Settled> + 'a
    where
        C: IntoIterator<Item = Claim>,
        C::IntoIter: 'a,
    {
        self.pown_parts(claims.into_iter(), PART_COINS)
    }

    pub(super) fn pown_parts<'a>(
        &'a self,
        mut claims: impl Iterator<Item = Claim> + 'a,
        part_coins: usize,
    ) -> impl Stream<Item = Settled> + 'a {
        let parts = iter::from_fn(move || {
            let part: Vec<Claim> = claims.by_ref().take(part_coins).collect();
            (!part.is_empty()).then_some(part)
        });
        let given_up = Arc::new(GivenUp::default());
        let rounds = stream::iter(parts).map(move |claims| {
            let given_up = Arc::clone(&given_up);
            async move {
                let round = self.pown_round(&claims, &|_| {}, &given_up).await;
                Settled { claims, round }
            }
        });
        rounds.buffered(PARTS_OUT)
    }
}

impl GivenUp {
    pub(super) fn has(&self, agent: usize) -> bool {
        self.0[agent].load(Ordering::Relaxed)
    }

    pub(super) fn note(&self, agent: usize) {
        self.0[agent].store(true, Ordering::Relaxed);
    }

    pub(super) fn forget(&self, agent: usize) {
        self.0[agent].store(false, Ordering::Relaxed);
    }
}
