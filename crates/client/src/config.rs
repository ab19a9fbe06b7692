//! The home: where it is, and its `config.toml`.

use std::fs;
use std::io::{ErrorKind, Write};
use std::num::NonZeroU32;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use raida::{AddressBook, AddressError, PlainHttp};
use serde::{Deserialize, Serialize};

use crate::exit::{Exit, Failure};

/// The file that names the home's network of agents.
const NETWORK: &str = "network";
/// The name of the configuration in the home.
const FILE: &str = "config.toml";
/// A configuration is a few lines; more is not read.
const BYTES_MAX: u64 = 64 * 1024;

/// What `config.toml` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The 25 agents: a template, or 25 addresses.
    agents: Agents,
    /// The relay that new connection files name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) relay: Option<String>,
    /// From how many coins on those of a payment are joined into fewer before it; never without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) join_from: Option<NonZeroU32>,
    /// Whether the agents' addresses may be plain HTTP beyond this machine.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) insecure_http: bool,
    /// Whether `resume` takes coins back by itself once their connection file has expired and the agents
    /// show that nobody took them.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) reclaim_expired: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Agents {
    Template(String),
    List(Vec<String>),
}

impl Config {
    /// Returns the configuration for these agents, after their addresses were understood.
    pub(crate) fn new(
        agents: &str,
        relay: Option<String>,
        plain_http: PlainHttp,
    ) -> Result<Config, Failure> {
        let agents = if agents.contains("{i") {
            Agents::Template(agents.to_owned())
        } else {
            let text = fs::read_to_string(agents).map_err(|error| {
                Failure::new(
                    Exit::File,
                    format!("{agents} is neither a template of addresses nor a file that can be read: {error}"),
                    "name the agents as '127.0.0.1:90{i:02}' or 'https://raida{i}.example.org', or give a file of 25 lines",
                )
            })?;
            Agents::List(
                text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect(),
            )
        };
        let insecure_http = plain_http == PlainHttp::Anywhere;
        let config =
            Config { agents, relay, join_from: None, insecure_http, reclaim_expired: false };
        config.address_book()?;
        Ok(config)
    }

    /// Returns the addresses of the agents.
    pub(crate) fn address_book(&self) -> Result<AddressBook, Failure> {
        let text = match &self.agents {
            Agents::Template(template) => template.clone(),
            Agents::List(lines) => lines.join("\n"),
        };
        AddressBook::parse_with(&text, self.plain_http()).map_err(|error| {
            let advice = match &error {
                AddressError::NeedsTls { .. } => {
                    "write https:// (or --agents '127.0.0.1:90{i:02}' for agents on this machine); where \
                     nobody can listen on the way, put insecure_http = true into config.toml"
                }
                _ => {
                    "name 25 agents on this machine, such as --agents '127.0.0.1:90{i:02}', or elsewhere, \
                     such as 'https://raida{i}.example.org'"
                }
            };
            Failure::new(Exit::File, format!("the agents' addresses: {error}"), advice)
        })
    }

    /// Returns how far plain HTTP may go.
    pub(crate) fn plain_http(&self) -> PlainHttp {
        if self.insecure_http { PlainHttp::Anywhere } else { PlainHttp::ToLoopback }
    }

    /// Reads the configuration of a home.
    pub(crate) fn load(home: &Path) -> Result<Config, Failure> {
        let path = home.join(FILE);
        let advice = || {
            format!("coin-wallet init --home {} --agents '127.0.0.1:90{{i:02}}'", home.display())
        };
        let text = match fs::metadata(&path) {
            Ok(meta) if !meta.is_file() || meta.len() > BYTES_MAX => {
                return Err(Failure::new(
                    Exit::File,
                    format!("{} is not a configuration", path.display()),
                    advice(),
                ));
            }
            Ok(_) => fs::read_to_string(&path),
            Err(error) => Err(error),
        };
        match text {
            Ok(text) => toml::from_str(&text).map_err(|error| {
                let line =
                    error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
                Failure::new(
                    Exit::File,
                    format!("{}, line {line}: {}", path.display(), error.message()),
                    "correct that line",
                )
            }),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(Failure::new(
                Exit::File,
                format!("no agents are configured: {} does not exist", path.display()),
                advice(),
            )),
            Err(error) => Err(cannot_read(&path, &error)),
        }
    }

    /// Writes the configuration of a new home; an equal one may be there already, another may not. A folder
    /// with anything else in it is left as it is: a home is closed to all other users.
    ///
    /// # Crash safety
    /// The file is complete and synced before it has its name: after a crash it is there or not.
    pub(crate) fn store(&self, home: &Path) -> Result<Written, Failure> {
        let path = home.join(FILE);
        if path.exists() {
            return match Config::load(home)? == *self {
                true => Ok(Written::Before),
                false => Err(Failure::new(
                    Exit::File,
                    format!("{} exists and says something else", path.display()),
                    "change that file, or choose another --home",
                )),
            };
        }
        refuse_folder_of_others(home)?;
        let text = toml::to_string(self).map_err(|error| cannot_write(&path, &error))?;
        write_new(home, &path, text.as_bytes()).map_err(|error| cannot_write(&path, &error))?;
        Ok(Written::Now)
    }
}

/// Whether a file was written by this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// By this run.
    Now,
    /// It was there, equal.
    Before,
}

/// Returns the network that a home belongs to, as 16 hex digits; `None` before it has asked any agents.
pub(crate) fn network(home: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(home.join(NETWORK)) {
        Ok(text) => Ok(Some(text.trim().to_owned()).filter(|print| !print.is_empty())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot_read(&home.join(NETWORK), &error)),
    }
}

/// Binds a home to a network for good.
///
/// # Crash safety
/// Durable when it returns; before, the home belongs to no network yet.
pub(crate) fn bind_to_network(home: &Path, print: &str) -> Result<(), Failure> {
    let path = home.join(NETWORK);
    write_new(home, &path, format!("{print}\n").as_bytes())
        .map_err(|error| cannot_write(&path, &error))
}

/// Returns the home: the flag or environment variable, else the platform's data directory.
pub(crate) fn home(flag: Option<PathBuf>) -> Result<PathBuf, Failure> {
    if let Some(home) = flag {
        return Ok(home);
    }
    let strategy = etcetera::choose_base_strategy().map_err(|error| {
        Failure::new(
            Exit::File,
            format!("no place for the wallet is known: {error}"),
            "use --home DIR",
        )
    })?;
    Ok(strategy.data_dir().join("liveconnect"))
}

/// Whether a folder is a home that lost its configuration, or has nothing in it that is not ours: a run that
/// was killed leaves its half-written file.
fn refuse_folder_of_others(home: &Path) -> Result<(), Failure> {
    let names = match fs::read_dir(home) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.file_name())),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot_write(home, &error)),
    };
    let names = names.collect::<Result<Vec<_>, _>>().map_err(|error| cannot_read(home, &error))?;
    let stranger = names.iter().find(|name| !name.to_string_lossy().starts_with("config."));
    match stranger {
        Some(name) if names.iter().all(|name| name != ".journal") => Err(Failure::new(
            Exit::File,
            format!(
                "{} holds other things, such as {}, and a home is closed to all other users",
                home.display(),
                protocol::line::shown(&name.to_string_lossy())
            ),
            "choose a --home that does not exist yet or is empty",
        )),
        Some(_) | None => Ok(()),
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

fn write_new(home: &Path, path: &Path, text: &[u8]) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(home)?;
    let unfinished = path.with_extension(std::process::id().to_string());
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    fs::File::open(home)?.sync_all()
}

fn cannot_read(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    let what = format!("{} cannot be read: {error}", path.display());
    Failure::new(Exit::File, what, "make the home readable for you")
}

fn cannot_write(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        Exit::File,
        format!("{} cannot be written: {error}", path.display()),
        "choose a --home that you may write to",
    )
}

#[cfg(test)]
mod tests {
    use super::{Config, Written};
    use crate::exit::Exit;
    use raida::PlainHttp;
    use std::fs;

    const TEMPLATE: &str = "127.0.0.1:90{i:02}";
    const HERE: PlainHttp = PlainHttp::ToLoopback;

    #[test]
    fn a_stored_configuration_is_loaded_and_may_be_stored_again() {
        let home = tempfile::tempdir().unwrap();
        let config = Config::new(TEMPLATE, Some("relay.example:7000".to_owned()), HERE).unwrap();
        assert_eq!(config.store(home.path()).unwrap(), Written::Now);
        assert_eq!(Config::load(home.path()).unwrap(), config);
        assert_eq!(config.store(home.path()).unwrap(), Written::Before);
        let other = Config::new("127.0.0.1:80{i:02}", None, HERE).unwrap();
        assert_eq!(other.store(home.path()).unwrap_err().exit, Exit::File);
    }

    #[test]
    fn agents_may_come_from_a_file_of_25_lines() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agents.txt");
        let lines: Vec<String> = (0..25).map(|i| format!("127.0.0.1:{}", 9000 + i)).collect();
        fs::write(&file, lines.join("\n")).unwrap();
        let config = Config::new(file.to_str().unwrap(), None, HERE).unwrap();
        let book = config.address_book().unwrap();
        assert_eq!(book.iter().count(), 25);
        fs::write(&file, lines[..24].join("\n")).unwrap();
        assert_eq!(Config::new(file.to_str().unwrap(), None, HERE).unwrap_err().exit, Exit::File);
    }

    #[test]
    fn agents_elsewhere_are_spoken_to_in_tls_unless_the_home_allows_otherwise() {
        assert!(Config::new("192.0.2.1:90{i:02}", None, HERE).is_ok());
        let plain = "http://192.0.2.1:90{i:02}";
        let failure = Config::new(plain, None, HERE).unwrap_err();
        assert_eq!(failure.exit, Exit::File);
        assert!(failure.advice.contains("insecure_http = true"), "{}", failure.advice);

        let home = tempfile::tempdir().unwrap();
        Config::new(plain, None, PlainHttp::Anywhere).unwrap().store(home.path()).unwrap();
        let text = fs::read_to_string(home.path().join("config.toml")).unwrap();
        assert!(text.contains("insecure_http = true"), "{text}");
        let loaded = Config::load(home.path()).unwrap();
        assert_eq!(loaded.plain_http(), PlainHttp::Anywhere);
        assert!(loaded.address_book().is_ok());
    }

    #[test]
    fn the_policy_of_joining_is_a_number_of_coins_and_off_without_it() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("config.toml");
        for (line, policy) in
            [("", Some(None)), ("join_from = 500", Some(Some(500))), ("join_from = 0", None)]
        {
            fs::write(&path, format!("agents = \"{TEMPLATE}\"\n{line}\n")).unwrap();
            let loaded = Config::load(home.path()).ok();
            let read = loaded.map(|config| config.join_from.map(std::num::NonZeroU32::get));
            assert_eq!(read, policy, "{line}");
        }
    }

    #[test]
    fn a_home_without_configuration_says_how_to_make_one() {
        let home = tempfile::tempdir().unwrap();
        let failure = Config::load(home.path()).unwrap_err();
        assert!(failure.what.contains("no agents are configured"), "{failure}");
        assert!(failure.advice.starts_with("coin-wallet init"), "{}", failure.advice);
        fs::write(home.path().join("config.toml"), "agents = 7\n").unwrap();
        assert!(Config::load(home.path()).unwrap_err().what.contains("line 1"));
    }
}
