//! TLS of the program: its arguments, the fingerprint that people pin, and a renewed certificate
//! on SIGHUP.

use std::net::SocketAddr;
use std::path::PathBuf;

use raida::AddressBook;
use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::config::Config;
use super::exit::Failure;
use crate::data_dir::DataDirError;
use crate::settings::Settings;
use crate::tls::{Tls, TlsError};

/// The certificate and its key: both or none.
#[derive(Debug, clap::Args)]
pub(crate) struct TlsArgs {
    /// The certificate that agents show, PEM, with those that lead to its root; read again on SIGHUP
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The key of that certificate, PEM, readable by its owner alone
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

impl TlsArgs {
    /// Reads the files that these arguments name, else those of the configuration; `None` where
    /// HTTP is to be spoken in the clear.
    pub(crate) fn load(&self, config: &Config) -> Result<Option<Tls>, TlsError> {
        let named = self.tls_cert.as_ref().zip(self.tls_key.as_ref());
        match named.or(config.tls.as_ref().map(|(certificate, key)| (certificate, key))) {
            Some((certificate, key)) => Tls::load(certificate, key).map(Some),
            None => Ok(None),
        }
    }
}

/// Returns the lines of an address book of agents that listen here.
pub(crate) fn lines(addresses: &[SocketAddr], tls: Option<&Tls>) -> Vec<String> {
    let line = |address: &SocketAddr| match tls {
        None => address.to_string(),
        Some(tls) => format!("https://{address} {}", tls.fingerprint()),
    };
    addresses.iter().map(line).collect()
}

/// Returns the addresses through which agents of one process ask one another: those on which
/// they listen.
pub(crate) fn book(addresses: &[SocketAddr], tls: Option<&Tls>) -> Result<AddressBook, Failure> {
    Ok(AddressBook::parse(&lines(addresses, tls).join("\n"))?)
}

/// Says which certificate these agents show, so that it can be pinned.
pub(crate) fn announce(agents: &[usize], tls: Option<&Tls>) {
    let Some(fingerprint) = tls.map(Tls::fingerprint) else { return };
    for agent in agents {
        eprintln!("agent {agent} certificate {fingerprint}");
    }
}

/// Takes up a renewed certificate at each signal, until `stop`, and writes down where it is pinned. What cannot be used is said and
/// not taken: the agents go on with what they have.
pub(crate) async fn renew_on(
    mut hangup: Signal,
    agents: &[usize],
    settings: &Settings,
    stop: &CancellationToken,
    write_down: impl Fn(&Tls) -> Result<(), DataDirError>,
) {
    while let Some(Some(())) = stop.run_until_cancelled(hangup.recv()).await {
        let Some(tls) = &settings.tls else { continue };
        match tls.renew() {
            Ok(fingerprint) => {
                // Where others pin these agents, these agents pin themselves, too.
                for agent in agents {
                    settings.peers.pin(*agent, fingerprint);
                }
                if let Err(failure) = write_down(tls) {
                    warn!(failure = Failure::from(failure).sentence(), "addresses not written");
                }
                announce(agents, Some(tls));
                info!(certificate = %fingerprint, "renewed");
            }
            Err(failure) => {
                let failure = Failure::from(failure);
                error!(failure = failure.sentence(), "the certificate stays as it was");
            }
        }
    }
}
