//! Message 18 and the sender in doubt: are the secrets that were sent dead?
//!
//! A coin's old secret is dead at an agent that says explicitly that it holds something else. Asking
//! changes nothing: the question is "which of these two do you hold", with the old secret twice.

use coin::{Amount, Answer, Rule, SerialNumber};
use protocol::machine::{Fault, OldSecrets, Report};
use raida::Claim;

use super::{Bench, COINS, receipt};

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
        let claims: Vec<Claim> = self
            .at_wallet(move |_, operation| {
                let owned = match which {
                    Which::CalledOwned => Some(receipt::owned_by_receipt(operation)?),
                    Which::All => None,
                };
                let coins =
                    operation.kept(COINS).unwrap_or_default().into_iter().map(|stored| stored.coin);
                let asked = coins.filter(|c| owned.as_ref().is_none_or(|set| set.contains(&c.sn)));
                Ok(asked.map(|c| Claim { sn: c.sn, pans: c.ans.clone(), ans: c.ans }).collect())
            })
            .await?;
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
            dead: sum(dead.iter().map(|(claim, _)| claim.sn)),
            alive_or_unknown: sum(alive.iter().map(|(claim, _)| claim.sn)),
        };
        Ok(match which {
            Which::CalledOwned => Report::Checked(found),
            Which::All => Report::CheckedAlone(found),
        })
    }
}

fn count(answers: &[Answer; coin::AGENTS], is: impl Fn(Answer) -> bool) -> u8 {
    answers.iter().filter(|answer| is(**answer)).count() as u8
}

fn sum(numbers: impl Iterator<Item = SerialNumber>) -> Amount {
    Amount::try_sum(numbers.map(|sn| sn.denomination().amount())).unwrap_or(Amount::MAX)
}
