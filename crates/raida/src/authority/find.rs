//! Finding lost coins: which of two secrets does each agent hold?

use coin::{AGENTS, Answer};

use super::round::Said;
use super::{Authority, Claim, Progress};
use crate::api::{AboutCoin, Route, Status};
use crate::line::Word;

impl Authority {
    /// Asks all agents which of AN and PAN they hold for each coin (`fix_lost`). Changes
    /// nothing. Returns the answers of agent 0 to 24 for each coin, in the order asked; what
    /// is not said in so many words is [`Answer::Silent`].
    pub async fn find(
        &self,
        claims: &[Claim],
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Vec<[Answer; AGENTS]> {
        let about = |agent: usize, place: usize| about(&claims[place], agent);
        let said = self.ask_all(Route::FixLost, claims.len(), about, progress).await;
        let answers =
            (0..claims.len()).map(|coin| std::array::from_fn(|agent| answer(said[agent][coin])));
        answers.collect()
    }
}

pub(crate) fn about(claim: &Claim, agent: usize) -> AboutCoin<'_> {
    AboutCoin { sn: claim.sn, an: claim.ans.get(agent), pan: claim.pans.get(agent) }
}

fn answer(said: Said) -> Answer {
    match said {
        Said::Word(word) => held(word),
        Said::Nonsense | Said::Nothing => Answer::Silent,
    }
}

pub(crate) fn held(word: Word) -> Answer {
    match word.status {
        Status::An => Answer::HoldsAn(word.origin),
        Status::Pan => Answer::HoldsPan(word.origin),
        Status::Neither => Answer::Neither,
        _ => Answer::Silent,
    }
}
