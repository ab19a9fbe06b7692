//! Taking back coins that left, and yielding them: what is asked of the agents, and what is made durable
//! before. The decisions are [`coin::reclaim`].
//!
//! ```text
//!   look at all 25 ─▶ new secrets durable ─▶ pown ─┬─ 13 hold them ─▶ Default/Bank or Fracked
//!                                                  ├─ undecided ────▶ in flight, powned again at every resume
//!                                                  └─ 13 neither ───▶ yield durable ─▶ hand back ─┐
//!                                  Sent ◀── 17 neither, or a receipt that says final ◀─ at every resume
//! ```
//!
//! The journal is that of the transfer or export itself: a coin is in flight by one journal only, and what
//! was taken back is known wherever that transfer goes on. A crash at any point leads back here.

pub(crate) mod course;
pub(crate) mod departures;

use std::collections::BTreeSet;

use coin::reclaim::{Act, Departed, Look};
use coin::{Amount, Ownership, Rule, SerialNumber};
use protocol::machine::Fault;
use raida::Claim;

use self::departures::Departure;
use super::Bench;

impl Bench {
    /// Returns what is written down of the coins that left, after the newest receipt was taken in.
    pub(crate) async fn departures(&self) -> Result<Vec<Departure>, Fault> {
        self.at_wallet(|_, operation| {
            let mut coins = departures::read(operation)?;
            for coin in &mut coins {
                if let Some(grade) = coin.receipt {
                    coin.state = coin.state.receipted(grade);
                }
            }
            departures::write_down(operation, &coins)?;
            Ok(coins)
        })
        .await
    }

    /// Asks all 25 agents which of these coins they still hold as they left; changes nothing.
    pub(crate) async fn look_at(&self, coins: &[Departure]) -> Vec<Look> {
        let same = |coin: &Departure| {
            let ans = coin.stored.coin.ans.clone();
            Claim { sn: coin.sn(), pans: ans.clone(), ans }
        };
        let claims: Vec<Claim> = coins.iter().map(same).collect();
        let found =
            self.authority.find(&claims, &self.meter("asking for the coins that left")).await;
        let look = |(coin, answers): (&Departure, [coin::Answer; coin::AGENTS])| {
            let said = answers.into_iter().enumerate();
            Look::new(Rule::CLOUDCOIN, said.map(|(agent, answer)| (coin.before(agent), answer)))
        };
        coins.iter().zip(found).map(look).collect()
    }

    /// Makes new secrets for these coins durable: from here on they are being reclaimed.
    pub(crate) async fn begin_reclaim(&self, coins: BTreeSet<SerialNumber>) -> Result<(), Fault> {
        self.at_wallet(move |_, operation| departures::keep_new_secrets(operation, &coins)).await
    }

    /// Writes down that these coins are the other's.
    pub(crate) async fn call_gone(&self, coins: BTreeSet<SerialNumber>) -> Result<(), Fault> {
        self.write_down(move |coin| {
            if coins.contains(&coin.sn()) && coin.state == Departed::Away {
                coin.state = Departed::Gone;
            }
        })
        .await
    }

    /// Carries on every reclaim and every yield of this operation, as far as the agents let it, and files
    /// what is decided.
    ///
    /// # Crash safety
    /// The new secrets were durable before. What a round decided is durable before a file moves, and a
    /// yield before anything is handed back.
    pub(crate) async fn carry_on_reclaims(&self) -> Result<(), Fault> {
        let reclaiming = self.to_do(Act::Pown).await?;
        if !reclaiming.is_empty() {
            let claims = claims(&reclaiming, Direction::Home)?;
            let round = self.authority.pown(&claims, &self.meter("taking back")).await;
            self.take_rounds(&reclaiming, round.coins, Departed::powned).await?;
        }
        let yielding = self.to_do(Act::HandBack).await?;
        if !yielding.is_empty() {
            let claims = claims(&yielding, Direction::Away)?;
            let round = self.authority.pown(&claims, &self.meter("handing back")).await;
            self.take_rounds(&yielding, round.coins, Departed::handed_back).await?;
        }
        self.at_wallet(departures::file).await
    }

    async fn to_do(&self, act: Act) -> Result<Vec<Departure>, Fault> {
        let coins = self.departures().await?;
        Ok(coins.into_iter().filter(|coin| coin.state.act() == act).collect())
    }

    async fn take_rounds(
        &self,
        coins: &[Departure],
        rounds: Vec<Ownership>,
        decide: fn(Departed, &Ownership) -> Departed,
    ) -> Result<(), Fault> {
        let numbers = coins.iter().map(Departure::sn);
        let rounds: std::collections::HashMap<SerialNumber, Ownership> =
            numbers.zip(rounds).collect();
        self.write_down(move |coin| {
            if let Some(round) = rounds.get(&coin.sn()) {
                coin.state = decide(coin.state, round);
                coin.pown = round.pown_string();
            }
        })
        .await
    }

    async fn write_down(
        &self,
        mut change: impl FnMut(&mut Departure) + Send + 'static,
    ) -> Result<(), Fault> {
        self.at_wallet(move |_, operation| {
            let mut coins = departures::read(operation)?;
            coins.iter_mut().for_each(&mut change);
            departures::write_down(operation, &coins)
        })
        .await
    }
}

/// Which way a coin is powned.
#[derive(Clone, Copy)]
enum Direction {
    /// From the secrets that left to the new ones.
    Home,
    /// From the new ones back to those that left.
    Away,
}

fn claims(coins: &[Departure], direction: Direction) -> Result<Vec<Claim>, Fault> {
    let claim = |coin: &Departure| {
        let (left, new) = (coin.stored.coin.ans.clone(), coin.stored.pans.clone()?);
        let (ans, pans) = match direction {
            Direction::Home => (left, new),
            Direction::Away => (new, left),
        };
        Some(Claim { sn: coin.sn(), ans, pans })
    };
    let claims: Option<Vec<Claim>> = coins.iter().map(claim).collect();
    claims.ok_or_else(|| Fault::Disk("the journal has a reclaim without new secrets".to_owned()))
}

/// Returns what coins are worth.
pub(crate) fn sum<'c>(coins: impl Iterator<Item = &'c Departure>) -> Amount {
    Amount::try_sum(coins.map(Departure::amount)).unwrap_or(Amount::MAX)
}
