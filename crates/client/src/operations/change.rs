//! Message 5 and `coin-wallet change`: a coin is broken, so that an amount can be paid.
//!
//! ```text
//!   exact coins? ──yes──▶ chosen
//!      │ no
//!      ▼
//!   which coin into which ─▶ all agents: is it good? ─▶ exchange ─▶ exact coins? …
//! ```

use std::collections::HashSet;

use coin::choose::{self, Counts, Swap};
use coin::{Amount, Coin, CoinName, Rule, SerialNumber};
use protocol::machine::Fault;
use raida::limits::OFFER_NUMBERS_MAX;
use wallet::WalletError;

use super::Bench;
use super::exchange::{Exchanged, Purpose};
use super::prepare::{self, BANK, FRACKED};
use crate::desk::{Work, with_causes};

/// How often another coin is tried, because the one before cannot be exchanged.
const CHOICES_MAX: usize = 8;

impl Bench {
    /// 5: chooses the coins, after breaking one where that is needed.
    ///
    /// # Errors
    /// [`Fault::NoExactCoins`]; [`Fault::ExchangeOpen`] when the exchange is not decided: nothing is paid
    /// before it is.
    pub(super) async fn make_change(&self) -> Result<(), Fault> {
        let open = self.carry_exchanges_on().await?;
        match self.choose().await {
            Err(Fault::NoExactCoins) => {}
            chosen => return chosen,
        }
        match self.break_for(self.amount).await {
            Ok(()) => self.choose().await,
            Err(Fault::NoExactCoins) if !open.is_zero() => Err(Fault::ExchangeOpen(open)),
            Err(fault) => Err(fault),
        }
    }

    /// Breaks a coin, if one has to be broken, so that the coins make an amount exactly.
    ///
    /// # Errors
    /// As [`make_change`](Bench::make_change).
    pub(super) async fn break_for(&self, amount: Amount) -> Result<(), Fault> {
        let mut left_out = HashSet::new();
        for _ in 0..CHOICES_MAX {
            let Some((swap, coins)) = self.plan_break(amount, left_out.clone()).await? else {
                return Ok(());
            };
            self.same_network().await?;
            let bad = self.refused_everywhere(&coins).await?;
            if !bad.is_empty() {
                left_out.extend(bad);
                continue;
            }
            match self.exchange(&swap, Purpose::Change, left_out.clone()).await? {
                Exchanged::Stands => return Ok(()),
                Exchanged::Pending(worth) => return Err(Fault::ExchangeOpen(worth)),
                Exchanged::NotDone => left_out.extend(coins.into_iter().map(|(name, _)| name)),
            }
        }
        Err(Fault::NoExactCoins)
    }

    /// Says which coin to break, with its file; `None` when no coin has to be.
    async fn plan_break(
        &self,
        amount: Amount,
        left_out: HashSet<CoinName>,
    ) -> Result<Option<(Swap, Vec<(CoinName, Coin)>)>, Fault> {
        let own = self.id;
        let planned = self.desk.run(move |work| {
            let (clean, refused) = prepare::free_coins(work, own, &left_out)?;
            match choose::change(amount, &numbers(&clean), &numbers(&refused), plenty()) {
                Ok(swap) if swap.give.is_empty() => Ok(Ok(None)),
                Ok(swap) => read(work, swap, &clean, &refused).map(|read| Ok(Some(read))),
                Err(_) => Ok(Err(Fault::NoExactCoins)),
            }
        });
        let planned = planned.await.map_err(|stopped| Fault::Disk(stopped.to_string()))?;
        planned.map_err(|error: WalletError| Fault::Disk(with_causes(&error)))?
    }

    /// Asks all agents for the coins; returns those that fewer than 13 hold.
    async fn refused_everywhere(&self, coins: &[(CoinName, Coin)]) -> Result<Vec<CoinName>, Fault> {
        let plain: Vec<Coin> = coins.iter().map(|(_, coin)| coin.clone()).collect();
        let detection = self.authority.detect(&plain, &self.meter("looking at the coins")).await;
        if detection.answered < Rule::CLOUDCOIN.own {
            return Err(Fault::TooFewAgents { answered: detection.answered });
        }
        let judged = coins.iter().zip(detection.pown);
        let bad = judged.filter(|(_, pown)| pown.passes() < Rule::CLOUDCOIN.own);
        Ok(bad.map(|((name, _), _)| name.clone()).collect())
    }
}

/// Returns how many new coins of each denomination are thought to be at hand: what agents offer at most. That
/// there are fewer shows when they are asked.
pub(crate) fn plenty() -> Counts {
    Counts::from_fn(|_| u32::try_from(OFFER_NUMBERS_MAX).unwrap_or(u32::MAX))
}

pub(super) fn numbers(names: &[CoinName]) -> Vec<SerialNumber> {
    names.iter().map(|name| name.sn).collect()
}

/// Reads the coins that shall be given; one whose file is damaged is an error that names it.
fn read(
    work: &Work,
    swap: Swap,
    clean: &[CoinName],
    refused: &[CoinName],
) -> Result<(Swap, Vec<(CoinName, Coin)>), WalletError> {
    let mut coins = Vec::with_capacity(swap.give.len());
    for (place, names) in [(BANK, clean), (FRACKED, refused)] {
        for name in names.iter().filter(|name| swap.give.contains(&name.sn)) {
            coins.push((name.clone(), work.wallet.read(place, name)?.coin));
        }
    }
    Ok((swap, coins))
}
