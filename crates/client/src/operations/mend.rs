//! Fixing: what some agents refuse of one's own coins is mended there, round after round, until nothing
//! improves.
//!
//! ```text
//!   each round:  a new secret for each agent that refuses and has none ──▶ file, durable
//!                pown     where an agent still holds the old secret
//!                fix      at each agent that holds neither, on the tickets of 13 others
//!                find     which of the two does each agent hold now?
//!                file     all 25: Bank · 13 and more: Fracked · 13 hold neither: Counterfeit
//! ```
//!
//! # Crash safety
//! Before an agent hears of a new secret it is in the coin's file, beside the one that the agent had. So a
//! fix or pown of which nobody knows whether it was done is found out by the next question, whoever puts it:
//! another round, another operation, another program after a crash.

use std::collections::HashMap;

use coin::mending::{self, Holdings};
use coin::{AGENTS, AuthenticityNumber, Grade, Letter, Ownership, Rule};
use protocol::machine::Fault;
use raida::{Claim, Repair, Repaired};
use rand::Rng;
use zeroize::Zeroizing;

use super::Bench;
use super::fate::{Fate, Fates};
use super::look::{OnFile, Refiled, Standing};

/// Rounds over the same coins: each but the last has mended something.
const ROUNDS_MAX: usize = 4;
/// Coins that are mended at a time.
const PART_COINS: usize = 4_000;

impl Bench {
    /// Mends coins of one's own that lie in Bank or Fracked of any wallet, and files them.
    ///
    /// # Errors
    /// [`Fault::TooFewAgents`] when so few answer that nothing is known of any coin; those of the disk.
    /// What was mended until then is found again by the next question.
    pub(super) async fn mend(&self, coins: Vec<OnFile>) -> Result<Fates, Fault> {
        let mut fates = Fates::default();
        let mut coins = coins.into_iter();
        loop {
            let mut open: Vec<OnFile> = coins.by_ref().take(PART_COINS).collect();
            if open.is_empty() {
                return Ok(fates);
            }
            for _ in 0..ROUNDS_MAX {
                if open.is_empty() {
                    break;
                }
                open = self.round(open, &mut fates).await?;
            }
        }
    }

    /// Does one round and returns the coins for which another one is worth while.
    async fn round(&self, coins: Vec<OnFile>, fates: &mut Fates) -> Result<Vec<OnFile>, Fault> {
        let coins = self.propose(coins).await?;
        let mut judged = self.pown_again(coins).await?;
        if self.fix_refused(&judged).await == Acted::Yes {
            judged = self.look_again(judged).await;
        }
        let mut before = HashMap::new();
        for (standing, coin) in &judged {
            let fate = coin.fate(*standing);
            if matches!(fate, Fate::Fracked | Fate::Settling) {
                before.insert(coin.sn(), coin.was.stored.pown.passes());
            }
            fates.note(coin.sn(), fate);
        }
        let mut filed = self.refile(judged.into_iter().map(|(_, coin)| coin).collect()).await?;
        filed.retain(|coin| {
            let before = before.get(&coin.stored.coin.sn);
            before.is_some_and(|before| is_worth_a_round(coin, *before))
        });
        Ok(filed)
    }

    /// Makes a new secret durable for each agent that refuses a coin and has been proposed none.
    async fn propose(&self, coins: Vec<OnFile>) -> Result<Vec<OnFile>, Fault> {
        let proposing = coins.into_iter().map(|was| Refiled {
            now: was.stored.clone().proposing(fresh),
            to: was.place,
            was,
        });
        self.refile(proposing.collect()).await
    }

    /// Lets every agent that still holds the old secret of a coin take the new one.
    async fn pown_again(&self, coins: Vec<OnFile>) -> Result<Vec<(Standing, Refiled)>, Fault> {
        let claims: Vec<Claim> = coins.iter().map(OnFile::claim).collect();
        let round = self.authority.pown(&claims, &self.meter("fixing")).await;
        let nothing_decided = round.coins.iter().all(|coin| coin.grade() == Grade::Limbo);
        if !claims.is_empty() && round.answered < Rule::CLOUDCOIN.own && nothing_decided {
            return Err(Fault::TooFewAgents { answered: round.answered });
        }
        let judged = coins.into_iter().zip(&round.coins);
        Ok(judged.map(|(coin, round)| coin.judged(&held(round))).collect())
    }

    /// Has the agents that hold neither secret of an owned coin set the new one, one agent after the
    /// other: each change makes one more that can speak for the coin.
    async fn fix_refused(&self, coins: &[(Standing, Refiled)]) -> Acted {
        let mut acted = Acted::No;
        for agent in 0..AGENTS {
            let repairs: Vec<Repair> = coins
                .iter()
                .filter_map(|(standing, coin)| repair(*standing, coin, agent))
                .collect();
            if repairs.is_empty() {
                continue;
            }
            let repaired = self.authority.fix(agent, &repairs).await;
            if repaired.iter().any(|repaired| *repaired != Repaired::No) {
                acted = Acted::Yes;
            }
            self.screen.progress("fixing at the agents", agent as u64 + 1, AGENTS as u64);
            self.progress.notify_one();
        }
        acted
    }

    /// Asks what all agents hold after the last change: this round of answers decides.
    async fn look_again(&self, coins: Vec<(Standing, Refiled)>) -> Vec<(Standing, Refiled)> {
        let coins: Vec<OnFile> = coins.into_iter().map(|(_, coin)| coin.was).collect();
        let claims: Vec<Claim> = coins.iter().map(OnFile::claim).collect();
        let answers = self.authority.find(&claims, &self.meter("looking at what was fixed")).await;
        let judged = coins.into_iter().zip(&answers);
        judged.map(|(coin, answers)| coin.judged(&mending::holdings(answers))).collect()
    }
}

/// Whether an agent may have changed something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Acted {
    Yes,
    No,
}

fn repair(standing: Standing, Refiled { now, .. }: &Refiled, agent: usize) -> Option<Repair> {
    let refused = standing == Standing::Owned && now.pown.get(agent) == Letter::Fail;
    let pan = now.proposal(agent).filter(|_| refused)?.clone();
    Some(Repair { coin: now.coin.clone(), pan })
}

/// Another round is worth while for a coin that more agents hold than before, or that an agent refuses to
/// which no new secret was proposed yet.
fn is_worth_a_round(coin: &OnFile, passes_before: u8) -> bool {
    let pown = &coin.stored.pown;
    let needs_proposal =
        |agent| pown.get(agent) == Letter::Fail && coin.stored.proposal(agent).is_none();
    pown.passes() > passes_before || (0..AGENTS).any(needs_proposal)
}

fn held(round: &Ownership) -> Holdings {
    std::array::from_fn(|agent| round.holding(agent))
}

/// Returns a secret that nobody else knows.
fn fresh() -> AuthenticityNumber {
    let mut bytes = Zeroizing::new([0; 16]);
    rand::rng().fill_bytes(bytes.as_mut_slice());
    AuthenticityNumber::from_bytes(*bytes)
}
