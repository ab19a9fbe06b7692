//! The health check: does each agent hold the secret that this wallet holds?

use coin::{Coin, Letter, PownString};

use super::round::{Said, answered};
use super::{Authority, Progress};
use crate::api::{AboutCoin, Route, Status};

/// What a health check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detection {
    /// One pown string for each coin, in the order asked.
    pub pown: Vec<PownString>,
    /// Agents, 0 to 25, that answered about every coin; 25 when none was asked about.
    pub answered: u8,
}

impl Authority {
    /// Asks all agents which of these coins they know with these secrets. Changes nothing.
    ///
    /// Silent agents are asked again for as long as [`Timing`](crate::Timing) allows; then
    /// their letter is `n`. An answer that is neither pass nor fail is `e`.
    pub async fn detect(
        &self,
        coins: &[Coin],
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Detection {
        let about = |agent: usize, place: usize| {
            let Coin { sn, ans } = &coins[place];
            AboutCoin { sn: *sn, an: ans.get(agent), pan: ans.get(agent) }
        };
        let said = self.ask_all(Route::MultiDetect, coins.len(), about, progress).await;
        let pown =
            (0..coins.len()).map(|coin| PownString::from_fn(|agent| letter(said[agent][coin])));
        Detection { pown: pown.collect(), answered: answered(&said) }
    }
}

fn letter(said: Said) -> Letter {
    match said {
        Said::Word(Status::Pass) => Letter::Pass,
        Said::Word(Status::Fail) => Letter::Fail,
        Said::Word(_) | Said::Nonsense => Letter::Error,
        Said::Nothing => Letter::NoReply,
    }
}
