//! An exchange of one's own coins for others of the same value, as a wallet asks all agents for it.

use std::fmt;

use coin::{Coin, SerialNumber};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::api::{Dud, Exchange, KnownCoin, RequestId, Reservation};

/// Coins that are given and coins that are taken for them, with the secrets of all 25 agents; both
/// sides are worth the same. Durable at its owner before the first agent is asked to execute it.
#[derive(Clone, Debug)]
pub struct Trade {
    key: TradeKey,
    inputs: Vec<Coin>,
    outputs: Vec<Coin>,
}

/// What the ids are made of under which the agents are asked: each gets another one, so that none of
/// them can cancel at the others.
#[derive(Clone)]
pub struct TradeKey(Zeroizing<[u8; TradeKey::BYTES]>);

impl Trade {
    /// Makes a trade.
    ///
    /// # Errors
    ///
    /// [`Dud::Missing`], [`Dud::TooManyCoins`], [`Dud::Twice`], [`Dud::Unequal`].
    pub fn new(key: TradeKey, inputs: Vec<Coin>, outputs: Vec<Coin>) -> Result<Trade, Dud> {
        Exchange::new(known(&inputs, 0), known(&outputs, 0))?;
        Ok(Trade { key, inputs, outputs })
    }

    /// Returns the coins that are given, with the secrets that the agents hold and, where it is taken
    /// back, shall hold again.
    pub fn inputs(&self) -> &[Coin] {
        &self.inputs
    }

    /// Returns the coins that are taken, with the secrets that the agents shall hold.
    pub fn outputs(&self) -> &[Coin] {
        &self.outputs
    }

    pub(crate) fn id(&self, agent: usize) -> RequestId {
        let mut hash = Sha256::new_with_prefix("liveconnect/1 request id ");
        hash.update(*self.key.0);
        hash.update([u8::try_from(agent).expect("agents are numbered 0 to 24")]);
        let hash: [u8; 32] = hash.finalize().into();
        RequestId::from_bytes(std::array::from_fn(|i| hash[i]))
    }

    pub(crate) fn at(&self, agent: usize) -> Exchange {
        Exchange::new(known(&self.inputs, agent), known(&self.outputs, agent)).expect(ONCE_CHECKED)
    }

    pub(crate) fn reservation_at(&self, agent: usize) -> Reservation {
        let numbers: Vec<SerialNumber> = self.outputs.iter().map(|coin| coin.sn).collect();
        Reservation::new(known(&self.inputs, agent), numbers).expect(ONCE_CHECKED)
    }
}

const ONCE_CHECKED: &str = "the numbers were checked when the trade was made";

impl TradeKey {
    /// Bytes of a key.
    pub const BYTES: usize = 32;

    /// Takes 32 bytes that nobody can guess.
    pub fn from_bytes(bytes: [u8; TradeKey::BYTES]) -> TradeKey {
        TradeKey(Zeroizing::new(bytes))
    }

    /// Returns the bytes, for the owner's journal.
    pub fn expose(&self) -> &[u8; TradeKey::BYTES] {
        &self.0
    }
}

impl fmt::Debug for TradeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TradeKey(secret)")
    }
}

fn known(coins: &[Coin], agent: usize) -> Vec<KnownCoin> {
    coins.iter().map(|coin| (coin.sn, coin.ans.get(agent).clone())).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use coin::{AGENTS, AnSet, AuthenticityNumber};

    use super::*;

    fn coin(sn: u32, byte: u8) -> Coin {
        let ans = AnSet::from_fn(|agent| AuthenticityNumber::from_bytes([byte ^ agent as u8; 16]));
        Coin { sn: SerialNumber::new(sn).unwrap(), ans }
    }

    fn trade(key: u8) -> Trade {
        let outputs = (1..=5).map(|sn| coin(sn, 7)).collect();
        Trade::new(TradeKey::from_bytes([key; 32]), vec![coin(2_097_153, 3)], outputs).unwrap()
    }

    #[test]
    fn each_agent_is_asked_under_an_id_of_its_own_with_its_own_secrets() {
        let trades = [trade(1), trade(2)];
        let ids: HashSet<RequestId> =
            trades.iter().flat_map(|trade| (0..AGENTS).map(|agent| trade.id(agent))).collect();
        assert_eq!(ids.len(), 2 * AGENTS);
        assert_eq!(trade(1).id(7), trades[0].id(7));
        let at = trades[0].at(24);
        assert_eq!(at.inputs()[0].1.expose(), &[3 ^ 24; 16]);
        assert!(at.outputs().iter().all(|(_, secret)| secret.expose() == &[7 ^ 24; 16]));
        assert_eq!(trades[0].reservation_at(24).numbers().len(), 5);
    }

    #[test]
    fn a_key_is_never_shown() {
        assert_eq!(format!("{:?}", TradeKey::from_bytes([0xa7; 32])), "TradeKey(secret)");
    }

    #[test]
    fn a_trade_of_unequal_value_is_none() {
        let outputs = (1..=4).map(|sn| coin(sn, 7)).collect();
        let made = Trade::new(TradeKey::from_bytes([1; 32]), vec![coin(2_097_153, 3)], outputs);
        assert_eq!(made.unwrap_err(), Dud::Unequal { inputs: 5, outputs: 4 });
    }
}
