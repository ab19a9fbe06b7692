//! What agents are told when they start, beside their ledgers and listeners.

use coin::Origin;
use raida::AddressBook;
use raida::api::Counting;

use crate::door::Limits;
use crate::faults::Faults;
use crate::tls::Tls;

/// How agents work. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where an agent asks the others, over HTTP, as if each ran on a machine of its own.
    pub peers: AddressBook,
    /// Whether a coin may be fixed on fewer tickets than those of 13 agents.
    pub v1_fix: V1Fix,
    /// Whether clients that count no origins are told of coins that an exchange made.
    pub v1_exchange: V1Exchange,
    /// The certificate that the agents show; without one they speak HTTP in the clear.
    pub tls: Option<Tls>,
    /// What clients may use.
    pub limits: Limits,
    /// What the agents do wrong on purpose; none: nothing, and nothing can be switched on.
    pub faults: Option<Faults>,
}

/// Whether the older fixing routes of v1 work by their own rules, for clients that know no other.
///
/// They take the tickets of 3, 4 or 5 neighbours, so that whoever knows as few as 6 old secrets
/// of a coin can take it from its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum V1Fix {
    /// A coin changes on the tickets of 13 other agents only, whichever route is called.
    Refused,
    /// The tickets of a corner of neighbours are enough.
    Allowed,
}

/// Whether clients that add passes up, as those of v1 do, are told of coins that an exchange made,
/// and may use v1's routes of exchange.
///
/// Agents that hold a serial number from different exchanges hold different coins. Whoever adds up
/// who holds it takes them for one, and can be paid with coins that nobody gave anything for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum V1Exchange {
    /// They hear of minted coins only.
    Refused,
    /// They hear of all coins, and trust whoever pays them.
    Allowed,
}

/// Of which coins a caller hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    All,
    MintedOnly,
}

impl V1Exchange {
    /// Returns of which coins somebody hears who counts like this.
    pub(crate) fn shows(self, counting: Counting) -> Shown {
        match (self, counting) {
            (V1Exchange::Allowed, _) | (V1Exchange::Refused, Counting::Origins) => Shown::All,
            (V1Exchange::Refused, Counting::Passes) => Shown::MintedOnly,
        }
    }
}

impl Shown {
    /// Tells whether the caller hears of coins of this origin.
    pub(crate) fn includes(self, origin: Origin) -> bool {
        self == Shown::All || origin == Origin::Minted
    }
}
