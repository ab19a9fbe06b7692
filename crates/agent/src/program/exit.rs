//! Exit codes of `raida`, and what it says when it cannot go on.

use std::error::Error;
use std::io;

use raida::AddressError;

use crate::data_dir::DataDirError;
use crate::ledger::OpenError;
use crate::mint::MintError;
use crate::tls::TlsError;

/// All is done.
pub(crate) const DONE: u8 = 0;
/// Wrong arguments.
pub(crate) const USAGE: u8 = 2;
/// A file, a directory or an address cannot be used.
pub(crate) const CONFIGURATION: u8 = 3;
/// Another process has the directory.
pub(crate) const BUSY: u8 = 10;
/// Stopped by a signal, nothing at risk.
pub(crate) const STOPPED: u8 = 20;

/// Why `raida` ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    #[error(transparent)]
    Mint(#[from] MintError),
    #[error("agent {agent} cannot listen on {address}")]
    Listen { agent: usize, address: String, source: io::Error },
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the address {address} is not on this machine, and without tls agents stay on it")]
    NotLoopback { address: String },
    #[error("the agents cannot ask one another")]
    Peers(#[from] AddressError),
    #[error("the system refuses what the program needs to run")]
    System(#[source] io::Error),
    #[error("a ledger failed while the agents were running")]
    LedgerFailed,
}

impl Failure {
    pub(crate) fn exit_code(&self) -> u8 {
        match self.data_dir() {
            Some(DataDirError::Busy { .. }) => BUSY,
            Some(_) | None => CONFIGURATION,
        }
    }

    /// Returns the error and its causes in one line.
    pub(crate) fn sentence(&self) -> String {
        let mut sentence = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            sentence = format!("{sentence}: {error}");
            cause = error.source();
        }
        sentence
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
            (Failure::Listen { .. }, _) => "another --listen, or port 0 for free ports",
            (Failure::Peers(_), _) => "another --listen, with an address for each agent",
            (Failure::NotLoopback { .. }, _) => {
                "--tls-cert FILE --tls-key FILE, or --listen '127.0.0.1:90{i:02}'"
            }
            (Failure::Tls(error), _) => tls_advice(error),
            (Failure::DataDir(_) | Failure::System(_), _) => {
                "look at the system's limits and rights"
            }
            (Failure::LedgerFailed, _) => {
                "look at the disk, then start again; all that was answered for is on it"
            }
        }
    }

    fn data_dir(&self) -> Option<&DataDirError> {
        match self {
            Failure::DataDir(error) | Failure::Mint(MintError::DataDir(error)) => Some(error),
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

fn data_dir_advice(error: &DataDirError) -> &'static str {
    match error {
        DataDirError::NotFounded { .. }
        | DataDirError::Ledger { source: OpenError::NotFounded { .. }, .. } => {
            "raida mint --data DIR --coins 13x250,1x100,3x25,2x5,4x1 --out DIR"
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
