//! `agents.toml`: what an operator writes down once. The same file serves all 25 machines where
//! their directories have the same name.
//!
//! ```toml
//! network = "3f1c…"                       # as `raida order` made it
//! data = "/var/lib/raida"                 # from the file's own directory on when it is relative
//! listen = "127.0.0.1:90{i:02}"
//! peers = "127.0.0.1:90{i:02}"            # a template, or a list of 25, as wallets take it
//! tls_cert = "fullchain.pem"              # both or none; from the file's directory on, too
//! tls_key = "privkey.pem"
//! metrics = "127.0.0.1:9100"              # for whoever watches
//!
//! [limits]                                # of each agent; see docs/limits.md
//! connections_per_address = 128
//! requests_per_second = 200
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use raida::{AddressBook, AddressError, BadNetworkId, NetworkId, Template};
use serde::Deserialize;

use super::args::PlaceArgs;
use crate::door::LimitsGiven;

/// What a configuration says; all of it may be left out.
#[derive(Debug, Default)]
pub(crate) struct Config {
    pub(crate) network: Option<NetworkId>,
    pub(crate) data: Option<PathBuf>,
    pub(crate) listen: Option<Template>,
    /// Where others find the 25 agents.
    pub(crate) peers: Option<AddressBook>,
    /// The certificate and its key.
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    /// Where those look who watch the agents.
    pub(crate) metrics: Option<String>,
    /// What clients of each agent may use.
    pub(crate) limits: LimitsGiven,
}

/// Why a configuration is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("the configuration {path} cannot be read")]
    Io { path: PathBuf, source: io::Error },
    #[error("the configuration {path} has {bytes} bytes, more than {BYTES_MAX}")]
    TooLong { path: PathBuf, bytes: u64 },
    #[error("{path}, line {line}: {message}")]
    Syntax { path: PathBuf, line: usize, message: String },
    #[error("{path} has an unknown key {key:?}{}", did_you_mean(*near))]
    UnknownKey { path: PathBuf, key: String, near: Option<&'static str> },
    #[error("{path}, network")]
    Network { path: PathBuf, source: BadNetworkId },
    #[error("{path} names one of `tls_cert` and `tls_key`, both or none are needed")]
    HalfTls { path: PathBuf },
    #[error("{path}, {key}")]
    Address { path: PathBuf, key: &'static str, source: AddressError },
}

const KEYS: [&str; 8] =
    ["network", "data", "listen", "peers", "tls_cert", "tls_key", "metrics", "limits"];

/// A configuration is some lines and 25 addresses; more is not read.
const BYTES_MAX: u64 = 64 * 1024;

/// From so alike on, of 1, a key is taken for a slip of the pen.
const ALIKE: f64 = 0.8;

#[derive(Deserialize)]
struct Text {
    network: Option<String>,
    data: Option<PathBuf>,
    listen: Option<String>,
    peers: Option<Peers>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    metrics: Option<String>,
    #[serde(default)]
    limits: LimitsGiven,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a template or a list of 25 addresses")]
enum Peers {
    Template(String),
    List(Vec<String>),
}

impl Config {
    /// Reads the configuration that the arguments name, if they name one.
    pub(crate) fn of(place: &PlaceArgs) -> Result<Config, ConfigError> {
        place.config.as_deref().map_or_else(|| Ok(Config::default()), Config::read)
    }

    pub(crate) fn read(path: &Path) -> Result<Config, ConfigError> {
        let failed = |source| ConfigError::Io { path: path.to_owned(), source };
        let bytes = fs::metadata(path).map_err(failed)?.len();
        if bytes > BYTES_MAX {
            return Err(ConfigError::TooLong { path: path.to_owned(), bytes });
        }
        Config::parse(path, &fs::read_to_string(path).map_err(failed)?)
    }

    fn parse(path: &Path, text: &str) -> Result<Config, ConfigError> {
        let syntax = |error: &toml::de::Error| ConfigError::Syntax {
            path: path.to_owned(),
            line: error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count()),
            message: error.message().to_owned(),
        };
        let table: toml::Table = toml::from_str(text).map_err(|error| syntax(&error))?;
        if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            let (path, key) = (path.to_owned(), key.clone());
            let near = nearest(&key);
            return Err(ConfigError::UnknownKey { path, key, near });
        }
        let Text { network, data, listen, peers, tls_cert, tls_key, metrics, limits } =
            toml::from_str(text).map_err(|error| syntax(&error))?;
        let beside = |named: PathBuf| path.parent().unwrap_or(Path::new("")).join(named);
        let tls = match (tls_cert, tls_key) {
            (Some(certificate), Some(key)) => Some((beside(certificate), beside(key))),
            (None, None) => None,
            (_, _) => return Err(ConfigError::HalfTls { path: path.to_owned() }),
        };
        let address =
            |key| move |source| ConfigError::Address { path: path.to_owned(), key, source };
        let network = network.map(|network| network.parse()).transpose();
        let peers = peers.map(|peers| AddressBook::parse(&peers.lines())).transpose();
        let listen = listen.map(|listen| listen.parse()).transpose();
        Ok(Config {
            network: network
                .map_err(|source| ConfigError::Network { path: path.to_owned(), source })?,
            data: data.map(beside),
            listen: listen.map_err(address("listen"))?,
            peers: peers.map_err(address("peers"))?,
            tls,
            metrics,
            limits,
        })
    }
}

impl Peers {
    fn lines(self) -> String {
        match self {
            Peers::Template(template) => template,
            Peers::List(addresses) => addresses.join("\n"),
        }
    }
}

fn nearest(key: &str) -> Option<&'static str> {
    let alike = KEYS.map(|known| (strsim::jaro_winkler(key, known), known));
    let best = alike.into_iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 >= ALIKE).then_some(best.1)
}

fn did_you_mean(near: Option<&str>) -> String {
    near.map(|near| format!(", did you mean {near:?}?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        Config::parse(Path::new("etc/agents.toml"), text)
    }

    #[track_caller]
    fn check_refused(text: &str, expected: &str) {
        let mut error: &dyn std::error::Error = &parse(text).unwrap_err();
        let mut said = error.to_string();
        while let Some(source) = error.source() {
            said = format!("{said}: {source}");
            error = source;
        }
        assert_eq!(said, expected, "{text}");
    }

    #[test]
    fn a_configuration_names_the_network_the_place_and_the_addresses() {
        let config = parse(
            "network = \"net-1\"\ndata = \"ledgers\"\nlisten = \"127.0.0.1:90{i:02}\"\n\
             peers = \"127.{i}.0.1:18080\"\n",
        )
        .unwrap();
        assert_eq!(config.network.unwrap().as_str(), "net-1");
        assert_eq!(config.data.unwrap(), Path::new("etc/ledgers"));
        assert_eq!(config.listen.unwrap().at(7), "127.0.0.1:9007");
        assert_eq!(config.peers.unwrap().agent(7).to_string(), "127.7.0.1:18080");
        let tls = parse("tls_cert = \"c.pem\"\ntls_key = \"/k.pem\"").unwrap().tls.unwrap();
        assert_eq!(tls, ("etc/c.pem".into(), "/k.pem".into()));
        assert_eq!(parse("data = \"/srv/l\"").unwrap().data.unwrap(), Path::new("/srv/l"));
    }

    #[test]
    fn limits_are_a_table_and_a_slip_in_it_is_refused() {
        let config = parse("metrics = \"[::1]:9100\"\n[limits]\nconnections = 7\n").unwrap();
        assert_eq!(config.metrics.as_deref(), Some("[::1]:9100"));
        assert_eq!(config.limits.limits().unwrap().connections, 7);
        let slip = parse("[limits]\n\ncoin = 7\n").unwrap_err().to_string();
        assert!(slip.contains("line 3: unknown field `coin`"), "{slip}");
    }

    #[test]
    fn peers_may_be_a_list_of_25() {
        let list: Vec<String> = (0..25).map(|i| format!("\"127.0.0.1:{}\"", 4000 + i)).collect();
        let config = parse(&format!("peers = [\n{}\n]", list.join(",\n"))).unwrap();
        assert_eq!(config.peers.unwrap().agent(24).to_string(), "127.0.0.1:4024");
        check_refused(
            "peers = [\"127.0.0.1:1\"]",
            "etc/agents.toml, peers: expected a template or 25 lines, got 1 lines",
        );
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_place() {
        for (text, expected) in [
            ("data = \"d\"\nlisten", "etc/agents.toml, line 2: key with no value, expected `=`"),
            (
                "\npeers = 7",
                "etc/agents.toml, line 2: expected a template or a list of 25 addresses",
            ),
            (
                "data = 7",
                "etc/agents.toml, line 1: invalid type: integer `7`, expected path string",
            ),
            (
                "tls_cert = \"cert.pem\"",
                "etc/agents.toml names one of `tls_cert` and `tls_key`, both or none are needed",
            ),
            (
                "network = \"a b\"",
                "etc/agents.toml, network: a network id has 1 to 64 visible ASCII characters",
            ),
            (
                "listen = \"127.0.0.1:{j}\"",
                "etc/agents.toml, listen: in the template \"127.0.0.1:{j}\" only {i} and {i:02} \
                 stand for the agent's number",
            ),
        ] {
            check_refused(text, expected);
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_known_one() {
        for (key, near) in [
            ("netwerk", ", did you mean \"network\"?"),
            ("lisen", ", did you mean \"listen\"?"),
            ("peer", ", did you mean \"peers\"?"),
            ("colour", ""),
        ] {
            let expected = format!("etc/agents.toml has an unknown key {key:?}{near}");
            check_refused(&format!("{key} = 1"), &expected);
        }
    }

    #[test]
    fn a_file_that_is_missing_or_too_long_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("agents.toml");
        assert!(matches!(Config::read(&path), Err(ConfigError::Io { .. })));
        fs::write(&path, "#".repeat(64 * 1024 + 1)).unwrap();
        assert!(matches!(Config::read(&path), Err(ConfigError::TooLong { bytes: 65_537, .. })));
    }
}
