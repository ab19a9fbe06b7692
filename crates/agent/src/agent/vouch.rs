//! An agent's word for others of its kind: tickets, and what they speak for.

use coin::{AuthenticityNumber, Origin, SerialNumber};
use raida::api::{Counting, Hint, KnownCoin, Ticket};
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

    /// Gives the agent's word for the coins of a ticket when agent `by` asks, and returns them with
    /// their origins: none once the ticket is too old, none that has changed since it was given, none
    /// when it was given for another. The coins stay as they are for some seconds. Who is no agent
    /// counts no origins, and hears of coins accordingly.
    ///
    /// # Errors
    ///
    /// [`Stopped`] when the ledger failed.
    pub async fn ticket_coins(
        &self,
        ticket: &Ticket,
        by: Option<usize>,
    ) -> Result<Vec<(SerialNumber, Origin)>, Stopped> {
        let coins = self.tickets().coins(ticket, by, Instant::now()).map(|(_, it)| it.to_vec());
        let coins = coins.unwrap_or_default();
        let sns: Vec<SerialNumber> = coins.iter().map(|(sn, _)| *sn).collect();
        let given = sns.into_iter().zip(self.vouch(coins, by).await?);
        Ok(given.filter_map(|(sn, origin)| Some((sn, origin?))).collect())
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
        let mut given = self.vouch(coins, by).await?.into_iter();
        let hint = |first: Option<(_, KnownCoin)>| {
            let (age, (sn, _)) = first?;
            let origin = given.next().flatten()?;
            Some(Hint::Coin { sn, origin, age })
        };
        Ok(firsts.into_iter().map(hint).map(|hint| hint.unwrap_or(Hint::Unknown)).collect())
    }

    async fn vouch(
        &self,
        coins: Vec<KnownCoin>,
        by: Option<usize>,
    ) -> Result<Vec<Option<Origin>>, Stopped> {
        if coins.is_empty() {
            return Ok(Vec::new());
        }
        let counting = if by.is_some() { Counting::Origins } else { Counting::Passes };
        let shown = self.settings.v1_exchange.shows(counting);
        self.committer.carry_out(Vouch { coins, shown, words: self.words.clone() }).await
    }
}
