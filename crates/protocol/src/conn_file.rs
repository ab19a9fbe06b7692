//! The connection file: a text that a person can read and a program can load, and a secret.
//!
//! ```text
//! # LiveConnect: give this file to the person you pay, by a channel you trust. It works once.
//! relay   = 127.0.0.1:7000
//! room    = 4831
//! key     = <base64url of 32 bytes>
//! network = <16 hex digits>
//! expires = 2026-11-23T10:00:00Z
//! check   = <8 hex digits>
//! ```
//!
//! The same on one line, for what takes only a line: `liveconnect:relay=…&room=…&key=…&network=…&expires=…&check=…`.
//!
//! `check` is over the lines above it, written `name=value` without blanks and in their order: it
//! finds errors of copying, not fraud. Who may read the file on disk is the business of whoever opens it.

mod error;

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::limits::CONN_FILE_BYTES_MAX;
use crate::link::TransferId;
use crate::room::RoomNumber;
use crate::secret::Secret;

pub use error::{ConnFileError, NotARelay};

const COMMENT: &str =
    "# LiveConnect: give this file to the person you pay, by a channel you trust. It works once.";

/// What the one-line form of a connection file begins with.
pub const ONE_LINE: &str = "liveconnect:";

/// What a connection file says. One file is one transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnFile {
    /// Where the relay is: `host:port`, an IPv6 address in brackets.
    pub relay: String,
    /// The room at the relay.
    pub room: RoomNumber,
    /// What all keys of the transfer are made from.
    pub key: FileKey,
    /// Which network of agents the sender uses.
    pub network: NetworkPrint,
    /// Until when the first handshake may be made, in seconds since 1970 UTC, at most the year 9999.
    pub expires_secs: u64,
}

impl ConnFile {
    /// Reads the text of a connection file, or its one-line form. Lines may end in CR LF, blank lines and
    /// lines that begin with `#` are skipped, the names may come in any order, `check` last. Blanks and line
    /// ends that mail put into the one-line form do not count.
    ///
    /// # Errors
    /// [`ConnFileError`], with the number of the line where it has one; no value is echoed.
    pub fn parse(text: &str) -> Result<ConnFile, ConnFileError> {
        if text.len() > CONN_FILE_BYTES_MAX {
            return Err(ConnFileError::TooLong { bytes: text.len() });
        }
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if !text.trim_start().starts_with(ONE_LINE) {
            return ConnFile::from_entries((1..).zip(text.lines()));
        }
        let mut line = Zeroizing::new(String::with_capacity(text.len()));
        line.extend(text.split_whitespace());
        let entries = line[ONE_LINE.len()..].split('&');
        ConnFile::from_entries(entries.map(|entry| (1, entry)))
    }

    fn from_entries<'a>(
        entries: impl Iterator<Item = (usize, &'a str)>,
    ) -> Result<ConnFile, ConnFileError> {
        let mut fields: [Option<Field<'_>>; 6] = [None; 6];
        let mut hash = Sha256::new();
        for (at, entry) in entries {
            if entry.starts_with('#') || entry.trim().is_empty() {
                continue;
            }
            let (name, value) = entry.split_once('=').ok_or(ConnFileError::NotNameValue { at })?;
            let (name, value) = (name.trim(), value.trim());
            if fields[CHECK].is_some() {
                return Err(ConnFileError::AfterCheck { at });
            }
            let place = NAMES.iter().position(|known| *known == name);
            let place = place.ok_or(ConnFileError::UnknownName { at })?;
            if fields[place].replace(Field { at, value }).is_some() {
                return Err(ConnFileError::Twice { at, name: NAMES[place] });
            }
            if place != CHECK {
                add_to_check(&mut hash, name, value);
            }
        }
        ConnFile::from_fields(fields, &check_of(hash))
    }

    fn from_fields(fields: [Option<Field<'_>>; 6], sum: &str) -> Result<ConnFile, ConnFileError> {
        let field =
            |place: usize| fields[place].ok_or(ConnFileError::Missing { name: NAMES[place] });
        let (relay, room, key) = (field(0)?, field(1)?, field(2)?);
        let (network, expires, check) = (field(3)?, field(4)?, field(CHECK)?);
        if !check.value.eq_ignore_ascii_case(sum) {
            return Err(ConnFileError::Mistyped { at: check.at });
        }
        Ok(ConnFile {
            relay: ConnFile::check_relay(relay.value)
                .map_err(|_| ConnFileError::Relay { at: relay.at })?,
            room: room.value.parse().map_err(|_| ConnFileError::Room { at: room.at })?,
            key: FileKey::from_base64url(key.value).ok_or(ConnFileError::Key { at: key.at })?,
            network: network
                .value
                .parse()
                .map_err(|_| ConnFileError::Network { at: network.at })?,
            expires_secs: seconds(expires.value)
                .ok_or(ConnFileError::Expires { at: expires.at })?,
        })
    }

    /// Returns the text that [`ConnFile::parse`] reads.
    pub fn to_text(&self) -> Zeroizing<String> {
        let (values, check) = self.values();
        let mut text = Zeroizing::new(String::with_capacity(CONN_FILE_BYTES_MAX));
        text.push_str(COMMENT);
        text.push('\n');
        for (name, value) in NAMES.iter().zip(values.iter().chain([&check])) {
            push_line(&mut text, name, value);
        }
        text
    }

    /// Returns the same on one line without its end: as secret as the file.
    pub fn to_line(&self) -> Zeroizing<String> {
        let (values, check) = self.values();
        let mut line = Zeroizing::new(String::with_capacity(CONN_FILE_BYTES_MAX));
        line.push_str(ONE_LINE);
        for (place, value) in values.iter().chain([&check]).enumerate() {
            let between = if place == 0 { "" } else { "&" };
            for part in [between, NAMES[place], "=", value] {
                line.push_str(part);
            }
        }
        line
    }

    /// Returns the values in the order of their names, and the check over them.
    fn values(&self) -> ([Zeroizing<String>; 5], Zeroizing<String>) {
        let key = self.key.to_base64url();
        let values = [
            self.relay.clone(),
            self.room.to_string(),
            key.to_string(),
            self.network.to_string(),
            rfc3339(self.expires_secs),
        ]
        .map(Zeroizing::new);
        let mut hash = Sha256::new();
        for (name, value) in NAMES.iter().zip(&values) {
            add_to_check(&mut hash, name, value);
        }
        (values, Zeroizing::new(check_of(hash)))
    }

    /// Takes the address of a relay: a host name, an IPv4 address or an IPv6 address in brackets, a
    /// colon, and a port from 1 to 65535.
    ///
    /// # Errors
    /// [`NotARelay`] for anything else.
    pub fn check_relay(address: &str) -> Result<String, NotARelay> {
        match is_host_and_port(address) {
            Some(()) => Ok(address.to_owned()),
            None => Err(NotARelay),
        }
    }

    /// Returns the id of the transfer that this file is for.
    pub fn transfer_id(&self) -> TransferId {
        self.key.transfer_id()
    }
}

/// The names, in the order in which they are written.
const NAMES: [&str; 6] = ["relay", "room", "key", "network", "expires", "check"];
const CHECK: usize = 5;

#[derive(Clone, Copy)]
struct Field<'a> {
    at: usize,
    value: &'a str,
}

fn add_to_check(hash: &mut Sha256, name: &str, value: &str) {
    for part in [name, "=", value, "\n"].iter().flat_map(|part| part.split([' ', '\t'])) {
        hash.update(part);
    }
}

fn check_of(hash: Sha256) -> String {
    hex::encode(&hash.finalize()[..4])
}

fn push_line(text: &mut String, name: &str, value: &str) {
    for part in [name, &"        "[name.len()..], "= ", value, "\n"] {
        text.push_str(part);
    }
}

fn is_host_and_port(address: &str) -> Option<()> {
    let (host, port) = address.rsplit_once(':')?;
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let port: u16 = digits.then(|| port.parse().ok())??;
    let good_host = match host.strip_prefix('[') {
        Some(host) => host.strip_suffix(']')?.parse::<Ipv6Addr>().is_ok(),
        None => {
            let part_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
            (1..=HOST_BYTES_MAX).contains(&host.len()) && host.bytes().all(part_of_name)
        }
    };
    (good_host && port != 0).then_some(())
}

/// Bytes of a host name (RFC 1035, section 2.3.4).
const HOST_BYTES_MAX: usize = 253;

fn seconds(text: &str) -> Option<u64> {
    if !text.ends_with('Z') {
        return None;
    }
    let time: Timestamp = text.parse().ok()?;
    (time.subsec_nanosecond() == 0).then(|| u64::try_from(time.as_second()).ok())?
}

fn rfc3339(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX).strftime("%FT%TZ").to_string()
}

/// The secret of a connection file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileKey(Secret);

impl FileKey {
    /// Takes 32 random bytes as a key.
    pub fn from_bytes(bytes: [u8; 32]) -> FileKey {
        FileKey(Secret::from_bytes(bytes))
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    fn from_base64url(text: &str) -> Option<FileKey> {
        let mut bytes = Zeroizing::new([0; 32]);
        let length = URL_SAFE_NO_PAD.decode_slice(text, bytes.as_mut()).ok()?;
        (length == bytes.len()).then(|| FileKey::from_bytes(*bytes))
    }

    fn to_base64url(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(self.expose()))
    }
}

/// The first 8 bytes of the SHA-256 of a network's id. It finds two people whose agents are of
/// different networks; it proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct NetworkPrint(#[serde(with = "hex::serde")] [u8; 8]);

impl NetworkPrint {
    /// Takes the 8 bytes of a print.
    pub fn from_bytes(bytes: [u8; 8]) -> NetworkPrint {
        NetworkPrint(bytes)
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl FromStr for NetworkPrint {
    type Err = NotAPrint;

    /// Reads 16 hex digits.
    fn from_str(text: &str) -> Result<NetworkPrint, NotAPrint> {
        let mut print = [0; 8];
        hex::decode_to_slice(text, &mut print).map_err(|_| NotAPrint)?;
        Ok(NetworkPrint(print))
    }
}

impl fmt::Display for NetworkPrint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for NetworkPrint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NetworkPrint({self})")
    }
}

/// The text is not the print of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a network is written as 16 hex digits")]
pub struct NotAPrint;

#[cfg(test)]
mod tests;
