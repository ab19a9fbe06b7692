//! Exit codes of `raida`, and what it says when it cannot go on.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use raida::AddressError;

use super::config::ConfigError;
use crate::data_dir::DataDirError;
use crate::door::BadLimit;
use crate::ledger::{OpenError, RestoreError};
use crate::mint::{MintError, ShareError};
use crate::tls::TlsError;

/// All is done.
pub(crate) const DONE: u8 = 0;
/// What was compared differs.
pub(crate) const DIFFERENT: u8 = 1;
/// Wrong arguments.
pub(crate) const USAGE: u8 = 2;
/// A file, a directory or an address cannot be used.
pub(crate) const CONFIGURATION: u8 = 3;
/// Fewer than 13 agents answered.
pub(crate) const TOO_FEW: u8 = 9;
/// Another process has the directory.
pub(crate) const BUSY: u8 = 10;
/// A ledger is not as it should be.
pub(crate) const DAMAGED: u8 = 11;
/// Stopped by a signal, nothing at risk.
pub(crate) const STOPPED: u8 = 20;

/// Why `raida` ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Mint(#[from] MintError),
    #[error(transparent)]
    Share(Box<ShareError>),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("the agents of {dir} do not answer")]
    NoAnswer { dir: PathBuf, source: io::Error },
    #[error("{from} is not restored")]
    Restore { from: PathBuf, source: RestoreError },
    #[error("it was not said {0}")]
    Unsaid(Unsaid),
    #[error("agent {agent} cannot listen on {address}")]
    Listen { agent: usize, address: String, source: io::Error },
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the address {address} is not on this machine, and without tls agents stay on it")]
    NotLoopback { address: String },
    #[error("the agents cannot ask one another")]
    Peers(#[from] AddressError),
    #[error(transparent)]
    Limit(#[from] BadLimit),
    #[error("the metrics cannot be shown on {address}")]
    Metrics { address: String, source: io::Error },
    #[error("the metrics address {address} is not on this machine")]
    MetricsPublic { address: String },
    #[error("faults on purpose are not for agents with a certificate")]
    FaultsWithTls,
    #[error("faults on purpose are for agents that only this machine reaches, not for {address}")]
    FaultsAbroad { address: SocketAddr },
    #[error("the system refuses what the program needs to run")]
    System(#[source] io::Error),
    #[error("{path:?} cannot be read")]
    Agents { path: PathBuf, source: io::Error },
    #[error("a ledger failed while the agents were running")]
    LedgerFailed,
}

impl From<ShareError> for Failure {
    fn from(error: ShareError) -> Failure {
        Failure::Share(Box::new(error))
    }
}

/// What neither the arguments nor the configuration say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsaid {
    /// The directory with the ledgers.
    Data,
    /// Where the agents listen.
    Listen,
    /// Where one agent finds the others.
    Peers,
}

impl fmt::Display for Unsaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unsaid::Data => "where the ledgers are",
            Unsaid::Listen => "where to listen",
            Unsaid::Peers => "where the other agents are",
        })
    }
}

impl Failure {
    pub(crate) fn exit_code(&self) -> u8 {
        match (self, self.data_dir()) {
            (Failure::Unsaid(_), _) => USAGE,
            (_, Some(DataDirError::Busy { .. })) => BUSY,
            (_, Some(_) | None) => CONFIGURATION,
        }
    }

    /// Returns the error and its causes in one line.
    pub(crate) fn sentence(&self) -> String {
        sentence(self)
    }

    /// Returns what a person can do.
    pub(crate) fn advice(&self) -> &'static str {
        match (self, self.data_dir()) {
            (_, Some(error)) => data_dir_advice(error),
            (Failure::Mint(MintError::Exhausted(_)), _) => "order coins of other values",
            (Failure::Mint(MintError::FileExists { .. }), _) => {
                "the same command with another --out; it finishes this mint"
            }
            (Failure::Mint(MintError::Journal { .. }), _) => {
                "look at that file; no ledger is changed as long as it cannot be read"
            }
            (Failure::Mint(_), _) => {
                "the same command again once that is mended; it finishes this mint"
            }
            (Failure::Share(error), _) => share_advice(error),
            (Failure::NoAnswer { .. }, _) => {
                "look at their log; while the agents are stopped, the same command works alone"
            }
            (Failure::Restore { source, .. }, _) => restore_advice(source),
            (Failure::Config(_), _) => "correct that file",
            (Failure::Unsaid(Unsaid::Data), _) => {
                "--data DIR, or `data` in the file that --config names"
            }
            (Failure::Unsaid(Unsaid::Listen), _) => {
                "--listen '127.0.0.1:90{i:02}', or `listen` in the file that --config names"
            }
            (Failure::Unsaid(Unsaid::Peers), _) => "`peers` in the file that --config names",
            (Failure::Listen { .. }, _) => "another --listen, or port 0 for free ports",
            (Failure::Peers(_), _) => "another --listen, with an address for each agent",
            (Failure::NotLoopback { .. }, _) => {
                "--tls-cert FILE --tls-key FILE, or --listen '127.0.0.1:90{i:02}'"
            }
            (Failure::Tls(error), _) => tls_advice(error),
            (Failure::Limit(_), _) => "a value within these bounds",
            (Failure::Metrics { .. }, _) => "another --metrics, or port 0 for a free one",
            (Failure::MetricsPublic { .. }, _) => {
                "--metrics-public, if whoever reaches that address may see the numbers"
            }
            (Failure::FaultsAbroad { .. } | Failure::FaultsWithTls, _) => {
                "leave out --fault and --faults"
            }
            (Failure::DataDir(_) | Failure::System(_), _) => {
                "look at the system's limits and rights"
            }
            (Failure::Agents { .. }, _) => {
                "--agents DIR/agents.txt, or a template such as '127.0.0.1:90{i:02}'"
            }
            (Failure::LedgerFailed, _) => {
                "look at the disk, then start again; all that was answered for is on it"
            }
        }
    }

    fn data_dir(&self) -> Option<&DataDirError> {
        match self {
            Failure::DataDir(error) | Failure::Mint(MintError::DataDir(error)) => Some(error),
            Failure::Share(error) => match error.as_ref() {
                ShareError::DataDir(error) | ShareError::Mint(MintError::DataDir(error)) => {
                    Some(error)
                }
                _ => None,
            },
            _ => None,
        }
    }
}

fn tls_advice(error: &TlsError) -> &'static str {
    match error {
        TlsError::Io { .. } => "look at its name and rights",
        TlsError::OpenToOthers { .. } => {
            "chmod 600 on that file; if others may have read it, a new key and certificate"
        }
        TlsError::TooLong { .. } | TlsError::NoCertificate { .. } | TlsError::NoKey { .. } => {
            "--tls-cert fullchain.pem --tls-key privkey.pem, the files that begin with -----BEGIN"
        }
        TlsError::Expired { .. } => "renew it",
        TlsError::NotYetValid { .. } => "look at the clock of this machine",
        TlsError::OtherKey { .. } => {
            "the key that the certificate was made with; in a file with several certificates the \
             agent's own comes first"
        }
        TlsError::Unusable { .. } => "a certificate with an ECDSA or RSA key",
    }
}

/// Returns an error and its causes in one line.
pub(crate) fn sentence(error: &dyn Error) -> String {
    let mut sentence = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        sentence = format!("{sentence}: {error}");
        cause = error.source();
    }
    sentence
}

fn restore_advice(error: &RestoreError) -> &'static str {
    match error {
        RestoreError::Exists { .. } => {
            "move that ledger away first, and keep it: it may know more than the backup"
        }
        RestoreError::Torn => "another copy of it, or an older backup",
        RestoreError::OtherAgent { .. } => "the backup of that agent",
        RestoreError::OtherFormat { .. } => "the version of raida that wrote it",
        RestoreError::Io(_) | RestoreError::Ledger(_) => {
            "the same command again once that is mended"
        }
    }
}

fn share_advice(error: &ShareError) -> &'static str {
    match error {
        ShareError::Mint(MintError::Exhausted(_)) => "order coins of other values",
        ShareError::FileExists { .. } | ShareError::Mint(MintError::FileExists { .. }) => {
            "the same command with another --out"
        }
        ShareError::Torn { .. } => "a fresh copy of that file; the same mint writes a share again",
        ShareError::OtherVersion { .. } => "the version of raida that wrote it",
        ShareError::OpenToOthers { .. } => "chmod 600 SHARE",
        ShareError::OtherOrder { .. } => "the shares of this order alone",
        ShareError::OtherNetwork { .. } => "the order of this network, or correct `network`",
        ShareError::Twice { .. } => "one share for each agent",
        ShareError::TooFew { .. } => "ask the operators of these agents for their shares",
        ShareError::Incomplete { .. } => {
            "ask the operators of these agents for their shares, or --fracked"
        }
        ShareError::Known { .. } => {
            "a new order, made with --data of a ledger of this network, at all agents"
        }
        ShareError::Unfinished { .. } => "raida mint with that order first; it finishes it",
        ShareError::DataDir(_)
        | ShareError::Mint(_)
        | ShareError::Ledger { .. }
        | ShareError::File { .. } => "the same command again once that is mended",
    }
}

fn data_dir_advice(error: &DataDirError) -> &'static str {
    match error {
        DataDirError::NotFounded { .. }
        | DataDirError::Ledger { source: OpenError::NotFounded { .. }, .. } => {
            "raida mint --data DIR --coins 13x250,1x100,3x25,2x5,4x1 --out DIR"
        }
        DataDirError::AgentNotFounded { .. } => {
            "raida mint --agent N --data DIR --order order.json --out DIR"
        }
        DataDirError::OtherAgent { .. } => {
            "the --data of this agent; to part an authority, move each ledger to a directory of its own"
        }
        DataDirError::Busy { .. } => "stop the other raida first, or use another --data",
        DataDirError::UnfinishedMint { .. } => "the same raida mint again; it finishes it",
        DataDirError::Ledger { source: OpenError::OtherCharter { .. }, .. } => {
            "put the ledgers back to where they were founded"
        }
        DataDirError::Ledger { source: OpenError::OtherFormat { .. }, .. } => {
            "the version of raida that wrote it"
        }
        DataDirError::Ledger { .. } => {
            "put back the whole directory of this agent from before the damage; wallets will \
             find the agent forgetful and fix it"
        }
        DataDirError::Io { .. } => "look at the rights and the space of that place",
    }
}
