//! Message 18 and the sender in doubt: are the secrets that were sent dead?
//!
//! A coin's old secret is dead at an agent that says explicitly that it holds something else. Asking
//! changes nothing: the question is "which of these two do you hold", with the old secret twice. A coin that
//! was reclaimed here is not asked for: its old secret is dead by this side's own doing. It counts as alive
//! until it is known to be the receiver's.

use std::collections::BTreeSet;

use coin::reclaim::Departed;
use coin::{Amount, Answer, Rule, SerialNumber};
use protocol::machine::{Fault, OldSecrets, Report};
use raida::Claim;

use super::{Bench, receipt};

/// Which coins are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// Those that the receipt calls owned.
    CalledOwned,
    /// All that were sent: there is no receipt.
    All,
}

impl Bench {
    /// Asks all 25 agents for the old secrets.
    ///
    /// # Errors
    /// [`Fault::TooFewAgents`] when fewer than 13 answered for any coin at all.
    pub(super) async fn check_old_secrets(&self, which: Which) -> Result<Report, Fault> {
        let owned = match which {
            Which::CalledOwned => Some(self.called_owned().await?),
            Which::All => None,
        };
        let mut coins = self.departures().await?;
        coins.retain(|coin| owned.as_ref().is_none_or(|owned| owned.contains(&coin.sn())));
        let (away, further): (Vec<_>, Vec<_>) =
            coins.into_iter().partition(|coin| coin.state == Departed::Away);
        let (gone, ours): (Vec<_>, Vec<_>) =
            further.iter().partition(|coin| coin.state == Departed::Gone);
        let claims: Vec<Claim> = away
            .into_iter()
            .map(|coin| coin.stored.coin)
            .map(|coin| Claim { sn: coin.sn, pans: coin.ans.clone(), ans: coin.ans })
            .collect();
        let answers = self.authority.find(&claims, &self.meter("asking for the old secrets")).await;
        let answered =
            answers.iter().map(|coin| count(coin, |a| a != Answer::Silent)).max().unwrap_or(0);
        if !claims.is_empty() && answered < Rule::CLOUDCOIN.own {
            return Err(Fault::TooFewAgents { answered });
        }
        let (dead, alive): (Vec<_>, Vec<_>) = claims
            .iter()
            .zip(&answers)
            .partition(|(_, coin)| count(coin, |a| a == Answer::Neither) >= Rule::CLOUDCOIN.own);
        let found = OldSecrets {
            dead: sum(dead.iter().map(|(claim, _)| claim.sn).chain(gone.iter().map(|c| c.sn()))),
            alive_or_unknown: sum(alive
                .iter()
                .map(|(claim, _)| claim.sn)
                .chain(ours.iter().map(|c| c.sn()))),
        };
        Ok(match which {
            Which::CalledOwned => Report::Checked(found),
            Which::All => Report::CheckedAlone(found),
        })
    }

    async fn called_owned(&self) -> Result<BTreeSet<SerialNumber>, Fault> {
        self.at_wallet(|_, operation| receipt::owned_by_receipt(operation)).await
    }
}

fn count(answers: &[Answer; coin::AGENTS], is: impl Fn(Answer) -> bool) -> u8 {
    answers.iter().filter(|answer| is(**answer)).count() as u8
}

fn sum(numbers: impl Iterator<Item = SerialNumber>) -> Amount {
    Amount::try_sum(numbers.map(|sn| sn.denomination().amount())).unwrap_or(Amount::MAX)
}
