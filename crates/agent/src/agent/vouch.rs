//! An agent's word for others of its kind: tickets, and what they speak for.

use coin::{AuthenticityNumber, SerialNumber};
use raida::api::{Hint, Ticket};
use tokio::time::Instant;

use super::{Agent, Stopped};

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

    /// Returns the coins that a ticket speaks for when agent `by` asks: none once it is too old,
    /// none that has changed since it was given, none when it was given for another.
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
        self.read(move |ledger| {
            let mut unchanged = Vec::with_capacity(coins.len());
            for (sn, an) in coins {
                if ledger.an(sn)? == Some(an) {
                    unchanged.push(sn);
                }
            }
            Ok(unchanged)
        })
        .await
    }

    /// Returns for each ticket the first coin that it was given for, under the conditions of
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
        self.read(move |ledger| {
            let hints = firsts.into_iter().map(|first| match first {
                Some((age, (sn, an))) if ledger.an(sn)?.as_ref() == Some(&an) => {
                    Ok(Hint::Coin { sn, age })
                }
                Some(_) | None => Ok(Hint::Unknown),
            });
            hints.collect()
        })
        .await
    }
}
