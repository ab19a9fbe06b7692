//! A coin, and a coin as a file holds it.

use crate::AGENTS;
use crate::an_set::AnSet;
use crate::denomination::Denomination;
use crate::ownership::{Holding, Ownership};
use crate::pown::PownString;
use crate::serial_number::SerialNumber;

/// The network that every coin here belongs to, `nn` in files and requests.
pub const NETWORK_NUMBER: u8 = 1;

/// A bearer coin: whoever knows its 25 secrets can take it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coin {
    /// Which coin it is, and so what it is worth.
    pub sn: SerialNumber,
    /// The secrets that its agents hold.
    pub ans: AnSet,
}

/// A coin as a file holds it, with what its owner knows about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCoin {
    /// The coin.
    pub coin: Coin,
    /// The secrets proposed to its agents, while some agent has not been seen
    /// to hold its own (`pan`). Where an agent has taken its PAN, an owned coin
    /// has the same number here and in `coin.ans`.
    pub pans: Option<AnSet>,
    /// What each agent last said (`pown`). Agents decide, never this.
    pub pown: PownString,
    /// When the coin expires unless it is used, `month-year` (`ed`).
    pub expires: Option<String>,
    /// What other programs noted, `key=value` each (`aoid`).
    pub notes: Vec<String>,
}

impl Coin {
    /// Returns what the coin is worth.
    pub fn denomination(&self) -> Denomination {
        self.sn.denomination()
    }
}

impl StoredCoin {
    /// Makes what a file holds of a coin of one's own that waits for nothing:
    /// no PANs, no date, no notes.
    pub fn new(coin: Coin, pown: PownString) -> StoredCoin {
        StoredCoin { coin, pans: None, pown, expires: None, notes: Vec::new() }
    }

    /// Makes what a file holds of `coin` after a round of questions that
    /// offered `pans`.
    ///
    /// Of an owned coin the PAN becomes the AN at each agent that holds it; the
    /// PANs stay beside while some agent is open. Of a coin in Limbo or called
    /// Counterfeit no secret is dropped: AN and PAN of all agents stay, because
    /// an agent that held the PAN may yet forget it.
    pub fn after_round(coin: Coin, pans: AnSet, round: &Ownership) -> StoredCoin {
        let mut stored = StoredCoin::new(coin, round.pown_string());
        let held = |agent: &usize| round.holding(*agent) == Holding::HoldsPan;
        if round.grade().is_owned() {
            for agent in (0..AGENTS).filter(held) {
                stored.coin.ans.set(agent, pans.get(agent).clone());
            }
        }
        stored.pans = (!(0..AGENTS).all(|agent| held(&agent))).then_some(pans);
        stored
    }
}

#[cfg(test)]
mod tests {
    use super::{Coin, StoredCoin};
    use crate::an_set::AnSet;
    use crate::authenticity_number::AuthenticityNumber;
    use crate::origin::Origin;
    use crate::ownership::{Answer, Ownership, Question, Rule};
    use crate::serial_number::SerialNumber;

    fn set_of(byte: u8) -> AnSet {
        AnSet::from_fn(|_| AuthenticityNumber::from_bytes([byte; 16]))
    }

    /// The coin (ANs 1, PANs 2) after the first `passes` agents took the PAN:
    /// the first byte of the AN and of the PAN at each agent.
    fn secrets_after(passes: usize) -> (Vec<u8>, Option<Vec<u8>>) {
        let mut round = Ownership::new(Rule::CLOUDCOIN);
        let pass = Answer::Pass(Origin::Minted);
        (0..passes).for_each(|agent| round.answered(agent, Question::Pown, pass));
        let coin = Coin { sn: SerialNumber::MIN, ans: set_of(1) };
        let stored = StoredCoin::after_round(coin, set_of(2), &round);
        assert_eq!(usize::from(stored.pown.passes()), passes);
        let first_bytes = |set: &AnSet| set.iter().map(|number| number.expose()[0]).collect();
        (first_bytes(&stored.coin.ans), stored.pans.as_ref().map(first_bytes))
    }

    #[test]
    fn a_coin_owned_at_all_agents_keeps_its_new_secrets_alone() {
        assert_eq!(secrets_after(25), (vec![2; 25], None));
    }

    #[test]
    fn a_fracked_coin_keeps_both_secrets_of_the_open_agents() {
        for passes in [13, 17, 24] {
            let ans = [vec![2; passes], vec![1; 25 - passes]].concat();
            assert_eq!(secrets_after(passes), (ans, Some(vec![2; 25])));
        }
    }

    #[test]
    fn a_coin_in_limbo_keeps_every_secret() {
        for passes in [0, 12] {
            assert_eq!(secrets_after(passes), (vec![1; 25], Some(vec![2; 25])));
        }
    }
}
