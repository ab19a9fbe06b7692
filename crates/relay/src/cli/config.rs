//! The configuration file: its values become the defaults of the options of the same name, so that
//! they are checked as these are, and flags and environment go before them.
//!
//! ```toml
//! bind = "::"
//! max-rooms = 10000
//! ```

use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::Command;
use toml::{Table, Value};

/// Why there is no use in a configuration file.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConfigError {
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} is not TOML", path.display())]
    Toml { path: PathBuf, source: Box<toml::de::Error> },
    #[error("{}: there is no option {name}", path.display())]
    Unknown { path: PathBuf, name: String },
    #[error("{}: {name} has to be a text or a number", path.display())]
    Kind { path: PathBuf, name: String },
    #[error("{}: {cause}", path.display())]
    Value { path: PathBuf, cause: String },
}

/// Gives the options of a command the defaults that are in the file.
///
/// # Errors
/// The file cannot be read, is not TOML, or names what is no option.
pub(super) fn with_defaults_of(path: &Path, mut command: Command) -> Result<Command, ConfigError> {
    let own = || path.to_owned();
    let text =
        fs::read_to_string(path).map_err(|source| ConfigError::Read { path: own(), source })?;
    let table: Table = text
        .parse()
        .map_err(|source| ConfigError::Toml { path: own(), source: Box::new(source) })?;
    for (name, value) in table {
        let option = command.get_arguments().find(|option| option.get_long() == Some(&name));
        let Some(id) = option.map(|option| option.get_id().clone()).filter(|id| id != "config")
        else {
            return Err(ConfigError::Unknown { path: own(), name });
        };
        let value = match value {
            Value::String(text) => text,
            Value::Integer(number) => number.to_string(),
            Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_)
            | Value::Table(_) => return Err(ConfigError::Kind { path: own(), name }),
        };
        command = command.mut_arg(id, |option| option.default_value(value));
    }
    Ok(command)
}
