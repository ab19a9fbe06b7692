//! What became of coins that were asked for, one by one and in sums.

use std::collections::BTreeMap;

use coin::{Amount, Rule, SerialNumber};
use serde_json::{Map, Value, json};

/// What became of a coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    /// All 25 agents hold it; it lies in Bank.
    Whole,
    /// It is owned, and 17 agents or more hold it; it lies in Fracked.
    Fracked,
    /// It is owned at 13 to 16 agents; it lies in Fracked.
    Settling,
    /// It is not known whose it is; it stays where it is, or lies in Limbo.
    Undecided,
    /// 13 agents hold no secret of it that is known here; it lies in Counterfeit.
    Counterfeit,
    /// A file of a coin that 13 agents know by secrets which others may know too; it is left alone.
    Alive,
    /// A file that nobody needs any more; it is left alone.
    Dead,
}

/// What became of coins, by serial number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fates(BTreeMap<SerialNumber, Fate>);

impl Fate {
    /// All of them, in the order in which they are told.
    pub(crate) const ALL: [Fate; 7] = [
        Fate::Whole,
        Fate::Fracked,
        Fate::Settling,
        Fate::Undecided,
        Fate::Counterfeit,
        Fate::Alive,
        Fate::Dead,
    ];

    /// Returns the fate of an owned coin that not all agents hold.
    pub(crate) fn of_fracked(passes: u8) -> Fate {
        if passes >= Rule::CLOUDCOIN.last { Fate::Fracked } else { Fate::Settling }
    }

    /// Returns its name in JSON.
    fn name(self) -> &'static str {
        match self {
            Fate::Whole => "whole",
            Fate::Fracked => "fracked",
            Fate::Settling => "settling",
            Fate::Undecided => "undecided",
            Fate::Counterfeit => "counterfeit",
            Fate::Alive => "alive",
            Fate::Dead => "dead",
        }
    }
}

impl Fates {
    /// Notes what became of a coin; what is noted last counts.
    pub(crate) fn note(&mut self, sn: SerialNumber, fate: Fate) {
        self.0.insert(sn, fate);
    }

    /// Takes in what became of others.
    pub(crate) fn extend(&mut self, others: Fates) {
        self.0.extend(others.0);
    }

    /// Returns how many coins have one of these fates, and what they are worth.
    pub(crate) fn sum(&self, fates: &[Fate]) -> (usize, Amount) {
        let coins = self.0.iter().filter(|(_, fate)| fates.contains(fate));
        let amounts: Vec<Amount> = coins.map(|(sn, _)| sn.denomination().amount()).collect();
        (amounts.len(), Amount::try_sum(amounts).unwrap_or(Amount::MAX))
    }

    /// Returns the same in words, such as `2 coins worth 6`.
    pub(crate) fn told(&self, fates: &[Fate]) -> String {
        told(self.sum(fates))
    }

    /// Tells whether a coin has one of these fates.
    pub(crate) fn has(&self, fates: &[Fate]) -> bool {
        self.0.values().any(|fate| fates.contains(fate))
    }

    /// Returns the sums for a program: of each fate that occurs, how many coins and their worth.
    pub(crate) fn to_json(&self) -> Map<String, Value> {
        let occurring = Fate::ALL.into_iter().filter(|fate| self.has(&[*fate]));
        let sum = |fate: Fate| {
            let (coins, amount) = self.sum(&[fate]);
            (fate.name().to_owned(), json!({"coins": coins, "amount": amount}))
        };
        occurring.map(sum).collect()
    }
}

/// Returns coins in words, such as `2 coins worth 6`.
pub(crate) fn told((coins, amount): (usize, Amount)) -> String {
    match coins {
        1 => format!("1 coin worth {amount}"),
        _ => format!("{coins} coins worth {amount}"),
    }
}
