//! The health check: does each agent hold the secret that this wallet holds?

use coin::{AGENTS, Coin, Letter, Origin, PownString};

use super::round::{Said, answered};
use super::{Authority, Progress};
use crate::api::{AboutCoin, Route, Status};
use crate::line::Word;

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
    /// their letter is `n`. Agents that hold a coin of another origin than most have the letter
    /// `f`: they hold another coin. An answer that is neither pass nor fail is `e`.
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
        let pown = (0..coins.len()).map(|coin| {
            let of = |agent: usize| said[agent][coin];
            let origin = Origin::most_frequent((0..AGENTS).filter_map(|agent| passed(of(agent))));
            PownString::from_fn(|agent| letter(of(agent), origin))
        });
        Detection { pown: pown.collect(), answered: answered(&said) }
    }
}

/// Returns where the coin came from that passed.
fn passed(said: Said) -> Option<Origin> {
    match said {
        Said::Word(Word { status: Status::Pass, origin }) => Some(origin),
        Said::Word(_) | Said::Nonsense | Said::Nothing => None,
    }
}

/// Returns the letter of an agent. One that holds a coin of another origin than most that passed
/// holds another coin, whatever its secret.
fn letter(said: Said, most_frequent: Option<Origin>) -> Letter {
    match said {
        Said::Word(Word { status: Status::Pass, origin }) if Some(origin) == most_frequent => {
            Letter::Pass
        }
        Said::Word(Word { status: Status::Pass | Status::Fail, .. }) => Letter::Fail,
        Said::Word(_) | Said::Nonsense => Letter::Error,
        Said::Nothing => Letter::NoReply,
    }
}
