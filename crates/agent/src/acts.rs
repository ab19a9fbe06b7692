//! What may be done to single coins: taking them with their secret, and fixing them.

use std::collections::HashSet;

use coin::{AuthenticityNumber, Origin, SerialNumber};
use raida::api::CoinQuestion;
use tokio::time::Instant;

use crate::committer::Act;
use crate::exchange::catch_up::{Heard, NotMade, catch_up};
use crate::ledger::{Draft, Holding, LedgerError};
use crate::settings::Shown;
use crate::words::Words;

/// What became of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The agent holds the PAN, from now on or since an earlier request; where the coin came from.
    Pass(Origin),
    /// The agent held another secret than the AN, and still does.
    Fail,
    /// An exchange made the coin, and the caller does not count origins: nothing was changed.
    Concealed,
}

/// Replaces the AN of each coin by its PAN where the agent holds the AN. Each coin is decided by
/// itself, in the order of the proposals.
pub(crate) struct Take {
    pub(crate) coins: Vec<CoinQuestion>,
    pub(crate) shown: Shown,
    pub(crate) words: Words,
}

/// What is decided of a proposal.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decided {
    Taken(Taken),
    /// The agent has given its word that it holds the AN, and changes nothing until then.
    Later(CoinQuestion, Instant),
}

/// Gives the agent's word for coins whose ANs it holds: it changes none of them for as long as the
/// word stands. Tells for which it was given, and where they came from.
pub(crate) struct Vouch {
    pub(crate) coins: Vec<(SerialNumber, AuthenticityNumber)>,
    pub(crate) shown: Shown,
    pub(crate) words: Words,
}

/// Sets new ANs of coins, also of coins that the agent does not know; one that an exchange made comes
/// with the exchange. Each coin is decided by itself. Whoever asks for it has shown at other agents
/// that he may.
pub(crate) struct Fix {
    pub(crate) coins: Vec<Fixing>,
    /// What exchanges were that made coins which the agent does not know.
    pub(crate) heard: Heard,
    /// Until when the words of the others stand.
    pub(crate) until: Instant,
    pub(crate) words: Words,
}

/// A coin that is to be fixed.
pub(crate) struct Fixing {
    pub(crate) sn: SerialNumber,
    /// What the agent held before the others were asked. Whoever took the coin since then took it
    /// from the one who asks, and keeps it.
    pub(crate) seen: Option<Holding>,
    /// Where the coin came from that the others hold.
    pub(crate) origin: Origin,
    /// What it shall hold.
    pub(crate) pan: AuthenticityNumber,
}

/// What became of a coin that was to be fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fixed {
    /// The agent holds the new AN, from now on or since an earlier request.
    Pass,
    /// It has come to hold another since the others were asked, and still does.
    Changed,
    /// What the others said may be true no more.
    TooLate,
    /// It has given its own word for what it holds.
    Vouched,
    /// It holds a coin of the same serial number that came from elsewhere.
    OtherOrigin,
    /// An exchange made it that cannot be carried out here.
    NotMade(NotMade),
    /// It was given back here for others: fixing it would bring its value into circulation again.
    GivenBack,
}

impl Act for Take {
    type Outcome = Vec<Decided>;

    fn coins(&self) -> usize {
        self.coins.len()
    }

    fn decide(self, draft: &mut Draft<'_>) -> Result<Vec<Decided>, LedgerError> {
        let mut words = self.words.open();
        let mut decided = Vec::with_capacity(self.coins.len());
        for coin in self.coins {
            let held = draft.coin(coin.sn)?;
            let held = held.filter(|held| held.an == coin.pan || held.an == coin.an);
            decided.push(match held {
                None => Decided::Taken(Taken::Fail),
                Some(held) if !self.shown.includes(held.origin) => Decided::Taken(Taken::Concealed),
                Some(held) if held.an == coin.pan => Decided::Taken(Taken::Pass(held.origin)),
                Some(Holding { origin, .. }) => match words.wait_for(coin.sn) {
                    Some(until) => Decided::Later(coin, until),
                    None => {
                        words.forget(coin.sn);
                        draft.replace(coin.sn, Holding { an: coin.pan, origin });
                        Decided::Taken(Taken::Pass(origin))
                    }
                },
            });
        }
        Ok(decided)
    }
}

impl Act for Vouch {
    type Outcome = Vec<Option<Origin>>;

    fn coins(&self) -> usize {
        self.coins.len()
    }

    fn decide(self, draft: &mut Draft<'_>) -> Result<Vec<Option<Origin>>, LedgerError> {
        let mut words = self.words.open();
        let given = self.coins.into_iter().map(|(sn, an)| {
            let held = draft.coin(sn)?;
            let held = held.filter(|held| held.an == an && self.shown.includes(held.origin));
            Ok(held.filter(|_| words.give(sn)).map(|held| held.origin))
        });
        given.collect()
    }
}

impl Act for Fix {
    type Outcome = Vec<Fixed>;

    fn coins(&self) -> usize {
        let exchanged = self.heard.values();
        let exchanged = exchanged.map(|it| it.inputs().len() + it.outputs().len());
        self.coins.len() + exchanged.sum::<usize>()
    }

    fn decide(self, draft: &mut Draft<'_>) -> Result<Vec<Fixed>, LedgerError> {
        let mut words = self.words.open();
        let mut made_here = HashSet::new();
        let mut fixed = Vec::with_capacity(self.coins.len());
        for Fixing { sn, seen, origin, pan } in self.coins {
            let held = draft.coin(sn)?;
            let fixing = Holding { an: pan, origin };
            let is_made_here = made_here.contains(&sn);
            fixed.push(if held.as_ref() == Some(&fixing) {
                Fixed::Pass
            } else if held != seen && !is_made_here {
                Fixed::Changed
            } else if Instant::now() >= self.until {
                Fixed::TooLate
            } else if !is_made_here && words.wait_for(sn).is_some() {
                Fixed::Vouched
            } else if let Some(held) = held {
                if held.origin == origin {
                    draft.replace(sn, fixing);
                    Fixed::Pass
                } else {
                    Fixed::OtherOrigin
                }
            } else if origin == Origin::Minted {
                if draft.was_given_back(sn)? {
                    Fixed::GivenBack
                } else {
                    draft.enter(sn, fixing)?;
                    Fixed::Pass
                }
            } else {
                match catch_up(draft, (sn, origin), &self.heard, &mut words)? {
                    Ok(made) => {
                        made_here.extend(made);
                        draft.replace(sn, fixing);
                        Fixed::Pass
                    }
                    Err(not_made) => Fixed::NotMade(not_made),
                }
            });
        }
        Ok(fixed)
    }
}

#[cfg(test)]
pub(crate) mod tests;
