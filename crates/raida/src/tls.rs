//! What lies between the bytes of a connection and HTTP: TLS, or nothing.
//!
//! With a pin the certificate's fingerprint is checked and nothing else, so that self-signed
//! certificates do; without one the names, dates and issuers, against the roots of this machine.

mod clear;
mod pinned;
mod roots;

use std::io;
use std::sync::{Arc, LazyLock};

use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ConfigBuilder, WantsVerifier};
use tokio_rustls::TlsConnector;

use self::clear::Clear;
use self::pinned::Pinned;
use crate::address::Transport;
use crate::limits::TLS_SESSIONS;
use crate::trouble::{Board, Trouble};
use crate::{AgentAddress, Stream};

/// The only protocol that is spoken inside; named in the handshake.
const ALPN: &[u8] = b"http/1.1";

static PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(ring::default_provider()));

/// What to put on a stream to an agent before HTTP is spoken. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Layer {
    /// Nothing.
    Clear,
    /// TLS with the host of this name.
    Tls { name: ServerName<'static>, checks: Checks },
}

/// How the certificate is checked.
#[derive(Clone)]
pub(crate) enum Checks {
    /// Against the roots of this machine, which are read when first needed.
    System,
    /// As this says.
    By(Arc<ClientConfig>),
}

impl Layer {
    /// Returns what the address asks for.
    pub(crate) fn of(address: &AgentAddress) -> Layer {
        match address.transport() {
            Transport::Loopback | Transport::Clear => Layer::Clear,
            Transport::Tls { pins } if pins.list().is_empty() => {
                Layer::Tls { name: address.server_name(), checks: Checks::System }
            }
            Transport::Tls { pins } => {
                let checks = Checks::By(Arc::new(checked_by(Pinned::new(pins.clone()))));
                Layer::Tls { name: address.server_name(), checks }
            }
        }
    }

    /// Puts it on a stream.
    ///
    /// # Errors
    ///
    /// A [`Trouble`] when there is no handshake, or nobody to trust at its other end.
    pub(crate) async fn over(
        self,
        stream: Stream,
        agent: usize,
        board: &Board,
    ) -> Result<Stream, Trouble> {
        let (name, config) = match self {
            Layer::Clear => return Ok(Stream::new(Clear::new(stream, agent, board.clone()))),
            Layer::Tls { name, checks: Checks::By(config) } => (name, config),
            Layer::Tls { name, checks: Checks::System } => (name, roots::of_this_machine().await?),
        };
        match TlsConnector::from(config).connect(name, stream).await {
            Ok(stream) => Ok(Stream::new(stream)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(Trouble::HungUp),
            Err(error) => Err(error.into()),
        }
    }
}

fn checked_by(verifier: impl ServerCertVerifier + 'static) -> ClientConfig {
    let builder = builder().dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    finished(builder.with_no_client_auth())
}

fn builder() -> ConfigBuilder<ClientConfig, WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::clone(&PROVIDER))
        .with_safe_default_protocol_versions()
        .expect("the provider has the ciphers of the default versions")
}

fn finished(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::in_memory_sessions(TLS_SESSIONS);
    config
}

#[cfg(test)]
mod tests;
