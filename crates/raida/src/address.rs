//! Where the 25 agents are: a template, or a file of 25 lines.
//!
//! Coins' secrets go to these addresses in the clear, so that only loopback addresses are
//! taken; a host name is resolved once, here, and never again.

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;
use std::sync::Arc;

use coin::AGENTS;

/// The addresses of the 25 agents, in the order of their numbers. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressBook(Arc<[AgentAddress]>);

/// The address of one agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentAddress {
    shown: String,
    sockets: Vec<SocketAddr>,
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
    /// No `host:port`.
    #[error("the address of agent {agent}, {text:?}, is not of the form host:port")]
    BadAddress {
        /// The agent.
        agent: usize,
        /// The address as given.
        text: String,
    },
    /// The host is not this machine: secrets would cross the network in the clear.
    #[error("the address of agent {agent}, {address}, is not on this machine and needs tls")]
    NeedsTls {
        /// The agent.
        agent: usize,
        /// The address as given.
        address: String,
    },
    /// The host name is not known.
    #[error("the host of agent {agent}, {address}, was not found")]
    Unresolved {
        /// The agent.
        agent: usize,
        /// The address as given.
        address: String,
        /// What the system's resolver said.
        source: io::Error,
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
    /// count. `http://` before an address is allowed.
    ///
    /// # Errors
    ///
    /// See [`AddressError`]; an address beyond loopback is [`AddressError::NeedsTls`].
    pub fn parse(text: &str) -> Result<AddressBook, AddressError> {
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
        AddressBook::resolve(addresses)
    }

    /// Returns the address of an agent, 0 to 24.
    pub fn agent(&self, agent: usize) -> &AgentAddress {
        &self.0[agent]
    }

    /// Returns the 25 addresses in order.
    pub fn iter(&self) -> impl Iterator<Item = &AgentAddress> {
        self.0.iter()
    }

    fn resolve(addresses: Vec<String>) -> Result<AddressBook, AddressError> {
        let mut book: Vec<AgentAddress> = Vec::with_capacity(AGENTS);
        for (agent, text) in addresses.into_iter().enumerate() {
            let address = AgentAddress::resolve(agent, text)?;
            let same = |known: &AgentAddress| {
                known.sockets.iter().any(|socket| address.sockets.contains(socket))
            };
            if let Some(first) = book.iter().position(same) {
                return Err(AddressError::Repeated { first, agent, address: address.shown });
            }
            book.push(address);
        }
        Ok(AddressBook(book.into()))
    }
}

impl AgentAddress {
    /// Returns the socket addresses behind it, all of them on loopback.
    pub fn sockets(&self) -> &[SocketAddr] {
        &self.sockets
    }

    fn resolve(agent: usize, text: String) -> Result<AgentAddress, AddressError> {
        if text.starts_with("https://") {
            return Err(AddressError::NeedsTls { agent, address: text });
        }
        let plain = text.strip_prefix("http://").unwrap_or(&text).trim_end_matches('/');
        if !is_host_and_port(plain) {
            return Err(AddressError::BadAddress { agent, text });
        }
        let sockets: Vec<SocketAddr> = match plain.to_socket_addrs() {
            Ok(sockets) => sockets.collect(),
            Err(source) => return Err(AddressError::Unresolved { agent, address: text, source }),
        };
        if sockets.is_empty() || !sockets.iter().all(|socket| socket.ip().is_loopback()) {
            return Err(AddressError::NeedsTls { agent, address: text });
        }
        Ok(AgentAddress { shown: plain.to_owned(), sockets })
    }
}

impl fmt::Display for AgentAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
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

fn is_host_and_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let host_is_plain = match host.strip_prefix('[') {
        Some(v6) => v6.strip_suffix(']').is_some_and(|v6| v6.parse::<std::net::Ipv6Addr>().is_ok()),
        None => {
            !host.is_empty()
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
        }
    };
    host_is_plain && port.parse::<u16>().is_ok_and(|port| port != 0)
}

#[cfg(test)]
mod tests;
