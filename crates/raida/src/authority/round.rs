//! One question about many coins, put to all agents at once and to each in batches.

use coin::AGENTS;
use futures_util::future::join_all;
use tokio::time::Instant;

use super::progress::Meter;
use super::{Authority, Progress};
use crate::api::{AboutCoin, Route};
use crate::backoff::{Backoff, Patience};
use crate::limits::BATCH_COINS;
use crate::line::{Line, Word};

/// What one agent said of each coin of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// A status word, and where the coin came from.
    Word(Word),
    /// An answer about this coin, but no word that has a meaning, or no origin.
    Nonsense,
    /// No answer.
    Nothing,
}

impl Authority {
    /// Puts one question about `coins` coins, of which `about(agent, coin)` says what stands in
    /// it. Returns the answers of agent 0 to 24, each in the order of the coins.
    pub(crate) async fn ask_all<'a>(
        &self,
        route: Route,
        coins: usize,
        about: impl Fn(usize, usize) -> AboutCoin<'a> + Sync,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Vec<Vec<Said>> {
        let round = Round {
            route,
            coins,
            about,
            meter: Meter::new(coins, progress),
            ends: Instant::now() + self.timing.round_of(coins),
        };
        let agents = self.lines.iter().enumerate();
        join_all(agents.map(|(agent, line)| round.ask(agent, line))).await
    }
}

struct Round<'p, A> {
    route: Route,
    coins: usize,
    about: A,
    meter: Meter<'p>,
    ends: Instant,
}

impl<'a, A: Fn(usize, usize) -> AboutCoin<'a> + Sync> Round<'_, A> {
    async fn ask(&self, agent: usize, line: &Line) -> Vec<Said> {
        let mut said = Vec::with_capacity(self.coins);
        let mut backoff = Backoff::until(self.ends, line.jitter());
        while said.len() < self.coins {
            let batch = said.len()..self.coins.min(said.len() + BATCH_COINS);
            let about = batch.clone().map(|coin| (self.about)(agent, coin));
            match line.ask_coins(self.route, about, self.ends).await {
                Ok(words) => {
                    backoff.answered();
                    self.meter.settled(batch.len());
                    said.extend(
                        words.into_iter().map(|word| word.map_or(Said::Nonsense, Said::Word)),
                    );
                }
                Err(_) if backoff.silent().await == Patience::AskAgain => {}
                Err(_) => break,
            }
        }
        self.meter.settled(self.coins - said.len());
        said.resize(self.coins, Said::Nothing);
        said
    }
}

/// Counts the agents that gave an answer for every coin.
pub(crate) fn answered(rounds: &[Vec<Said>]) -> u8 {
    let whole = rounds.iter().filter(|said| !said.contains(&Said::Nothing)).count();
    u8::try_from(whole.min(AGENTS)).expect("25 agents fit")
}
