//! The address of one agent: `https://host:port sha256:…`, `http://127.0.0.1:9000`.
//!
//! ```text
//! https://HOST[:PORT] [sha256:HEX [sha256:HEX]]   TLS, port 443 unless named; with pins only
//!                                                 they count
//! http://HOST:PORT                                in the clear: this machine, unless allowed
//! HOST:PORT [sha256:HEX [sha256:HEX]]             in the clear to this machine, TLS to others
//! ```
//!
//! *This machine* is a loopback address or `localhost`; that the latter leads there is looked at
//! with each connection.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustls::pki_types::ServerName;

use super::{AddressError, Pins, PlainHttp};
use crate::Fingerprint;
use crate::limits::PINS_MAX;

const HTTPS_PORT: u16 = 443;

/// The address of one agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentAddress {
    transport: Transport,
    host: Host,
    port: u16,
}

/// How bytes travel to an agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// In the clear, to this machine and no other.
    Loopback,
    /// In the clear, to wherever the name leads.
    Clear,
    /// In TLS; where there are pins, only they count.
    Tls { pins: Pins },
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Ip(IpAddr),
    Name(String),
}

impl AgentAddress {
    /// Reads the address of an agent, 0 to 24.
    pub(super) fn parse(
        agent: usize,
        text: &str,
        plain_http: PlainHttp,
    ) -> Result<AgentAddress, AddressError> {
        let bad = || AddressError::BadAddress { agent, text: text.to_owned() };
        let mut words = text.split_whitespace();
        let place = words.next().ok_or_else(bad)?.trim_end_matches('/');
        let mut pins = Vec::new();
        for word in words {
            let bad = |_| AddressError::BadPin { agent, text: word.to_owned() };
            pins.push(word.parse::<Fingerprint>().map_err(bad)?);
        }
        if pins.len() > PINS_MAX {
            return Err(AddressError::TooManyPins { agent, got: pins.len() });
        }
        let is_pinned = !pins.is_empty();
        let pins = Pins::new(pins);
        let (scheme, rest) = match place.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, place),
        };
        let (host, port) = host_and_port(rest).ok_or_else(bad)?;
        let loopback = host.is_loopback();
        let transport = match (scheme, plain_http) {
            (Some("https"), _) => Transport::Tls { pins },
            (None, _) if !loopback => Transport::Tls { pins },
            (Some("http") | None, _) if is_pinned => {
                return Err(AddressError::PinWithoutTls { agent, text: text.to_owned() });
            }
            (Some("http") | None, _) if loopback => Transport::Loopback,
            (Some("http"), PlainHttp::Anywhere) => Transport::Clear,
            (Some("http"), PlainHttp::ToLoopback) => {
                return Err(AddressError::NeedsTls { agent, address: text.to_owned() });
            }
            (Some(_) | None, _) => return Err(bad()),
        };
        let default = match scheme {
            Some("https") => Some(HTTPS_PORT),
            _ => None,
        };
        let port = port.or(default).ok_or_else(bad)?;
        Ok(AgentAddress { transport, host, port })
    }

    /// Returns `host:port`.
    pub fn authority(&self) -> String {
        let port = self.port;
        match &self.host {
            Host::Ip(IpAddr::V6(ip)) => format!("[{ip}]:{port}"),
            Host::Ip(IpAddr::V4(ip)) => format!("{ip}:{port}"),
            Host::Name(name) => format!("{name}:{port}"),
        }
    }

    pub(super) fn pin(&self, certificate: Fingerprint) {
        match &self.transport {
            Transport::Tls { pins } if !pins.list().is_empty() => pins.add(certificate),
            Transport::Tls { .. } | Transport::Loopback | Transport::Clear => {}
        }
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Returns what the certificate must be for.
    pub(crate) fn server_name(&self) -> ServerName<'static> {
        match &self.host {
            Host::Ip(ip) => ServerName::from(*ip),
            Host::Name(name) => {
                ServerName::try_from(name.clone()).expect("only such names are read")
            }
        }
    }

    /// Tells whether both lead to the same place, as far as can be seen without asking anybody.
    pub(super) fn is_place_of(&self, other: &AgentAddress) -> bool {
        self.port == other.port && self.host.is(&other.host)
    }
}

impl Host {
    fn is_loopback(&self) -> bool {
        match self {
            Host::Ip(ip) => ip.is_loopback(),
            Host::Name(name) => name == "localhost",
        }
    }

    fn is(&self, other: &Host) -> bool {
        let local = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        match (self, other) {
            (Host::Ip(ip), name @ Host::Name(_)) | (name @ Host::Name(_), Host::Ip(ip)) => {
                name.is_loopback() && local.contains(ip)
            }
            (one, other) => one == other,
        }
    }
}

impl fmt::Display for AgentAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.transport {
            Transport::Loopback => "",
            Transport::Clear => "http://",
            Transport::Tls { .. } => "https://",
        };
        write!(f, "{scheme}{}", self.authority())
    }
}

/// Reads `host` or `host:port`.
fn host_and_port(text: &str) -> Option<(Host, Option<u16>)> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let port = match port {
        Some(port) => Some(port.parse::<u16>().ok().filter(|port| *port != 0)?),
        None => None,
    };
    let host = match host.strip_prefix('[') {
        Some(v6) => Host::Ip(IpAddr::V6(v6.strip_suffix(']')?.parse().ok()?)),
        None => match host.parse::<Ipv4Addr>() {
            Ok(ip) => Host::Ip(IpAddr::V4(ip)),
            Err(_) => Host::Name(name(host)?),
        },
    };
    Some((host, port))
}

fn name(text: &str) -> Option<String> {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-');
    let name = text.to_ascii_lowercase();
    (plain && ServerName::try_from(name.as_str()).is_ok()).then_some(name)
}
