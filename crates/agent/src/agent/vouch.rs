//! An agent's word for others of its kind: tickets, and what they speak for.

use coin::{AuthenticityNumber, Origin, SerialNumber};
use raida::api::{Hint, KnownCoin, Ticket};
use tokio::time::Instant;

use super::{Agent, Stopped};
use crate::acts::Vouch;

impl Agent {
    /// Gives a ticket for coins whose present ANs the caller has just shown to know. With `to` it
    /// is shown to no other agent than that one.
    pub fn ticket(
        &self,
        coins: Vec<(SerialNumber, AuthenticityNumber)>,
        to: Option<usize>,
    ) -> Ticket {
        self.tickets().give(self.number(), to, coins, Instant::now())
    }

    /// Gives the agent's word for the coins of a ticket when agent `by` asks, and returns them:
    /// none once the ticket is too old, none that has changed since it was given, none when it was
    /// given for another. The coins stay as they are for some seconds.
    ///
    /// # Errors
    ///
    /// [`Stopped`] when the ledger failed.
    pub async fn ticket_coins(
        &self,
        ticket: &Ticket,
        by: Option<usize>,
    ) -> Result<Vec<SerialNumber>, Stopped> {
        let coins = self.tickets().coins(ticket, by, Instant::now()).map(|(_, it)| it.to_vec());
        let coins = coins.unwrap_or_default();
        let sns: Vec<SerialNumber> = coins.iter().map(|(sn, _)| *sn).collect();
        let given = self.vouch(coins).await?;
        Ok(sns.into_iter().zip(given).filter_map(|(sn, given)| given.then_some(sn)).collect())
    }

    /// Gives the agent's word for the first coin of each ticket, under the conditions of
    /// [`Agent::ticket_coins`].
    ///
    /// # Errors
    ///
    /// [`Stopped`] when the ledger failed.
    pub async fn hints(&self, shown: &[Ticket], by: Option<usize>) -> Result<Vec<Hint>, Stopped> {
        let now = Instant::now();
        let firsts: Vec<_> = {
            let mut tickets = self.tickets();
            let first = |ticket| {
                let (age, coins) = tickets.coins(ticket, by, now)?;
                Some((age, coins.first()?.clone()))
            };
            shown.iter().map(first).collect()
        };
        let coins = firsts.iter().flatten().map(|(_, coin)| coin.clone()).collect();
        let mut given = self.vouch(coins).await?.into_iter();
        let hint = |first| match first {
            Some((age, (sn, _))) if given.next() == Some(true) => {
                Hint::Coin { sn, origin: Origin::Minted, age }
            }
            Some(_) | None => Hint::Unknown,
        };
        Ok(firsts.into_iter().map(hint).collect())
    }

    async fn vouch(&self, coins: Vec<KnownCoin>) -> Result<Vec<bool>, Stopped> {
        if coins.is_empty() {
            return Ok(Vec::new());
        }
        self.committer.carry_out(Vouch { coins, words: self.words.clone() }).await
    }
}
