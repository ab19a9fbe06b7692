//! Where the 25 agents are: a template, or a file of 25 lines.
//!
//! Coins' secrets go to these addresses, so that they travel in TLS or stay on this machine;
//! only who allows [`PlainHttp::Anywhere`] lets them be heard.

mod agent_address;
mod pins;

use std::str::FromStr;
use std::sync::Arc;

use coin::AGENTS;

use crate::Fingerprint;
use crate::limits::PINS_MAX;

pub use agent_address::AgentAddress;
pub(crate) use agent_address::Transport;
pub(crate) use pins::Pins;

/// The addresses of the 25 agents, in the order of their numbers, and how each is known to be
/// the right one. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressBook(Arc<[AgentAddress]>);

/// How far HTTP without TLS may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainHttp {
    /// It stays on this machine.
    ToLoopback,
    /// Anywhere. Whoever listens on the way learns the coins' secrets and can take the coins.
    Anywhere,
}

/// An address with the agent's number left open: `127.0.0.1:90{i:02}`, `127.{i}.0.1:18080`.
///
/// `{i}` stands for 0 to 24, `{i:02}` for the same with two digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Number { digits: usize },
}

/// Why a text is no address book. Agents are numbered 0 to 24.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// Neither a template nor 25 lines.
    #[error("expected a template or {AGENTS} lines, got {got} lines")]
    OtherCount {
        /// Lines with an address on them.
        got: usize,
    },
    /// A brace that is not `{i}` or `{i:02}`.
    #[error("in the template {text:?} only {{i}} and {{i:02}} stand for the agent's number")]
    BadTemplate {
        /// The template.
        text: String,
    },
    /// No address.
    #[error("the address of agent {agent}, {text:?}, is not of the form https://host:port")]
    BadAddress {
        /// The agent.
        agent: usize,
        /// The address as given.
        text: String,
    },
    /// Plain HTTP to another machine: secrets would cross the network in the clear.
    #[error("the address of agent {agent}, {address}, is not on this machine and needs tls")]
    NeedsTls {
        /// The agent.
        agent: usize,
        /// The address as given.
        address: String,
    },
    /// What stands behind the address is no fingerprint.
    #[error("behind the address of agent {agent}, {text:?} is not sha256: and 64 hex digits")]
    BadPin {
        /// The agent.
        agent: usize,
        /// The word.
        text: String,
    },
    /// A certificate is pinned where none is shown.
    #[error("the address of agent {agent}, {text:?}, has a fingerprint but no https://")]
    PinWithoutTls {
        /// The agent.
        agent: usize,
        /// The address as given.
        text: String,
    },
    /// More pins than a certificate and its successor need.
    #[error("the address of agent {agent} has {got} fingerprints, {PINS_MAX} are the most")]
    TooManyPins {
        /// The agent.
        agent: usize,
        /// How many there are.
        got: usize,
    },
    /// Two agents at one address would give one machine two votes.
    #[error("agents {first} and {agent} have the same address {address}")]
    Repeated {
        /// The first agent with this address.
        first: usize,
        /// The second.
        agent: usize,
        /// The address as given.
        address: String,
    },
}

impl AddressBook {
    /// Reads a template, or 25 lines of which those that are empty or begin with `#` do not
    /// count. Each is an [`AgentAddress`]: `https://host[:port]` and, behind a space, the
    /// fingerprint of the certificate to be met there, if it is to be pinned.
    ///
    /// # Errors
    ///
    /// See [`AddressError`]; `http://` beyond loopback is [`AddressError::NeedsTls`].
    pub fn parse(text: &str) -> Result<AddressBook, AddressError> {
        AddressBook::parse_with(text, PlainHttp::ToLoopback)
    }

    /// The same where plain HTTP may go further.
    ///
    /// # Errors
    ///
    /// See [`AddressError`].
    pub fn parse_with(text: &str, plain_http: PlainHttp) -> Result<AddressBook, AddressError> {
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect();
        let addresses = match lines.as_slice() {
            [template] if template.contains('{') => {
                let template: Template = template.parse()?;
                (0..AGENTS).map(|agent| template.at(agent)).collect()
            }
            lines if lines.len() == AGENTS => lines.iter().map(ToString::to_string).collect(),
            lines => return Err(AddressError::OtherCount { got: lines.len() }),
        };
        AddressBook::of(addresses, plain_http)
    }

    /// Returns the address of an agent, 0 to 24.
    pub fn agent(&self, agent: usize) -> &AgentAddress {
        &self.0[agent]
    }

    /// Returns the 25 addresses in order.
    pub fn iter(&self) -> impl Iterator<Item = &AgentAddress> {
        self.0.iter()
    }

    /// Expects another certificate too at an agent whose certificate is pinned, in this book, its
    /// clones and the connections made from them. The newest two count: it is how a certificate is
    /// renewed.
    pub fn pin(&self, agent: usize, certificate: Fingerprint) {
        self.agent(agent).pin(certificate);
    }

    fn of(addresses: Vec<String>, plain_http: PlainHttp) -> Result<AddressBook, AddressError> {
        let mut book: Vec<AgentAddress> = Vec::with_capacity(AGENTS);
        for (agent, text) in addresses.into_iter().enumerate() {
            let address = AgentAddress::parse(agent, &text, plain_http)?;
            if let Some(first) = book.iter().position(|known| known.is_place_of(&address)) {
                return Err(AddressError::Repeated { first, agent, address: address.to_string() });
            }
            book.push(address);
        }
        Ok(AddressBook(book.into()))
    }
}

impl Template {
    /// Returns the address of one agent.
    pub fn at(&self, agent: usize) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Number { digits } => format!("{agent:0digits$}"),
        });
        parts.collect()
    }
}

impl FromStr for Template {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Template, AddressError> {
        let bad = || AddressError::BadTemplate { text: text.to_owned() };
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (number, after) = after.split_once('}').ok_or_else(bad)?;
            let digits = match number {
                "i" => 1,
                "i:02" => 2,
                "i:03" => 3,
                _ => return Err(bad()),
            };
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Number { digits });
            rest = after;
        }
        if rest.contains('}') {
            return Err(bad());
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Template(parts))
    }
}

#[cfg(test)]
mod tests;
