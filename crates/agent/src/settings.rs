//! What agents are told when they start, beside their ledgers and listeners.

use raida::AddressBook;

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
    /// Whether coins may become other coins.
    pub exchanging: Exchanging,
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

/// Whether agents carry out exchanges.
///
/// Each agent keeps what it has in circulation, but nothing makes 13 of them carry out the same
/// exchange: whoever asks them for different ones can bring more value into circulation than he
/// gives, though no agent does anything wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchanging {
    /// Nothing is exchanged or reserved; cancelling and showing the pool go on.
    Refused,
    /// Whoever asks is trusted to ask all agents for the same.
    Allowed,
}
