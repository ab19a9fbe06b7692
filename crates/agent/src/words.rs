//! The words that an agent has given: that it holds a coin's AN, and will for some seconds.
//!
//! ```text
//! agent to be fixed:  ask ───────────── 13 words ── set       before the first word can end
//! this agent:              word ─────────────────────── ends  the coin stays as it is
//!                             pown: waits ················─── taken
//! ```
//!
//! An agent is fixed on what 13 others say. They do not answer at the same moment, and one that
//! holds its answer back could make those of the others old: meanwhile the coin might have found a
//! new owner at all of them. So a word is kept. Whoever wants the coin meanwhile waits until the
//! word ends, and comes next: before him no further word is given.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coin::SerialNumber;
use tokio::time::Instant;

use crate::limits::{TURN_WAIT, WORD_LIFE, WORDS_MAX};

/// The words of an agent, shared by the acts that give and keep them. In memory: a start forgets
/// them.
#[derive(Clone, Default)]
pub(crate) struct Words(Arc<Mutex<Given>>);

/// The words that were given.
#[derive(Default)]
pub(crate) struct Given {
    coins: HashMap<SerialNumber, Word>,
    /// From so many on it is looked for words that have ended.
    crowded: usize,
}

struct Word {
    until: Instant,
    /// Somebody waits for its end.
    is_wanted: bool,
}

impl Words {
    pub(crate) fn open(&self) -> MutexGuard<'_, Given> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Given {
    /// Gives the agent's word for a coin, unless somebody waits for it or there are too many.
    pub(crate) fn give(&mut self, sn: SerialNumber) -> bool {
        let now = Instant::now();
        if self.coins.len() >= self.crowded.clamp(WORDS_MAX / 64, WORDS_MAX) {
            self.coins.retain(|_, word| word.until + TURN_WAIT > now);
            self.crowded = 2 * self.coins.len();
        }
        match self.coins.get(&sn) {
            Some(word) if word.is_wanted && word.until + TURN_WAIT > now => return false,
            None if self.coins.len() >= WORDS_MAX => return false,
            Some(_) | None => {}
        }
        self.coins.insert(sn, Word { until: now + WORD_LIFE, is_wanted: false });
        true
    }

    /// Tells until when the agent's word for a coin stands, for somebody who waits for it.
    pub(crate) fn wait_for(&mut self, sn: SerialNumber) -> Option<Instant> {
        let word = self.coins.get_mut(&sn)?;
        if word.until <= Instant::now() {
            return None;
        }
        word.is_wanted = true;
        Some(word.until)
    }

    /// Forgets a coin that has changed.
    pub(crate) fn forget(&mut self, sn: SerialNumber) {
        self.coins.remove(&sn);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;

    const SOON: Duration = Duration::from_millis(1);

    fn sn(number: u32) -> SerialNumber {
        SerialNumber::new(number).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_word_ends_and_whoever_waited_for_it_comes_before_the_next_word() {
        let mut given = Given::default();
        assert!(given.give(sn(1)) && given.wait_for(sn(2)).is_none());
        advance(SOON).await;
        assert!(given.give(sn(1)), "the owner may ask again");
        let until = given.wait_for(sn(1)).unwrap();
        assert_eq!(until, Instant::now() + WORD_LIFE);
        assert!(!given.give(sn(1)), "somebody waits");
        advance(WORD_LIFE).await;
        assert!(given.wait_for(sn(1)).is_none() && !given.give(sn(1)), "it is his turn");
        given.forget(sn(1));
        assert!(given.give(sn(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_somebody_who_went_away() {
        let mut given = Given::default();
        assert!(given.give(sn(1)) && given.wait_for(sn(1)).is_some());
        advance(WORD_LIFE + TURN_WAIT).await;
        assert!(given.give(sn(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn there_is_a_bound_to_words_and_those_that_ended_make_room() {
        let mut given = Given::default();
        let many = u32::try_from(WORDS_MAX).unwrap();
        assert!((1..=many).all(|number| given.give(sn(number))));
        assert!(!given.give(sn(many + 1)) && given.give(sn(1)));
        advance(WORD_LIFE + TURN_WAIT).await;
        assert!(given.give(sn(many + 1)));
        assert_eq!(given.coins.len(), 1);
    }
}
