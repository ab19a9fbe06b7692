//! TLS at an agent's door: its certificate and key, which may be renewed while it runs, and the
//! handshake with each who connects.

mod error;
mod files;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use raida::Fingerprint;
use rustls::ServerConfig;
use rustls::crypto::ring;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tracing::debug;

pub use self::error::TlsError;
use self::files::Papers;
use crate::limits::HANDSHAKE_WAIT;

/// The only protocol that is spoken inside; named in the handshake.
const ALPN: &[u8] = b"http/1.1";

/// The certificate and key of the agents of a process. Cheap to clone; the clones are renewed
/// together.
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    certificate: PathBuf,
    key: PathBuf,
    shown: RwLock<Shown>,
    failures: AtomicU64,
}

/// What is shown to who connects now.
struct Shown {
    config: Arc<ServerConfig>,
    fingerprint: Fingerprint,
}

impl Tls {
    /// Reads a certificate with those that lead to its root, and its key, both PEM.
    ///
    /// # Errors
    ///
    /// See [`TlsError`]; among them a key that others can read, a key of another certificate and
    /// one that is not valid now.
    pub fn load(certificate: &Path, key: &Path) -> Result<Tls, TlsError> {
        let shown = RwLock::new(Shown::load(certificate, key)?);
        let (certificate, key) = (certificate.to_owned(), key.to_owned());
        Ok(Tls(Arc::new(Shared { certificate, key, shown, failures: AtomicU64::new(0) })))
    }

    /// Reads the same files again and shows what they hold to all who connect from now on;
    /// running connections go on. Returns the fingerprint of the certificate.
    ///
    /// # Errors
    ///
    /// As [`Tls::load`]; the certificate stays as it was.
    pub fn renew(&self) -> Result<Fingerprint, TlsError> {
        let renewed = Shown::load(&self.0.certificate, &self.0.key)?;
        let fingerprint = renewed.fingerprint;
        *self.0.shown.write().unwrap_or_else(PoisonError::into_inner) = renewed;
        Ok(fingerprint)
    }

    /// Returns the fingerprint of the certificate, by which wallets may pin it.
    pub fn fingerprint(&self) -> Fingerprint {
        self.0.shown.read().unwrap_or_else(PoisonError::into_inner).fingerprint
    }

    /// Returns how many handshakes have failed or were not finished in time.
    pub fn failures(&self) -> u64 {
        self.0.failures.load(Ordering::Relaxed)
    }

    /// Makes the handshake with one who has connected to an agent; `None` where there is none.
    pub(crate) async fn accept<S>(&self, agent: usize, stream: S) -> Option<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let handshake = self.acceptor().accept(stream);
        let failure = match timeout(HANDSHAKE_WAIT, handshake).await {
            Ok(Ok(stream)) => return Some(stream),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("not finished within {HANDSHAKE_WAIT:?}"),
        };
        let failures = self.0.failures.fetch_add(1, Ordering::Relaxed) + 1;
        debug!(agent, failure, failures, "no tls handshake");
        None
    }

    fn acceptor(&self) -> TlsAcceptor {
        let shown = self.0.shown.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(Arc::clone(&shown.config))
    }
}

impl Shown {
    fn load(certificate: &Path, key: &Path) -> Result<Shown, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let Papers { chain, key: private } = files::read(certificate, key, &provider)?;
        let fingerprint = Fingerprint::of(&chain[0]);
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider has the ciphers of the default versions")
            .with_no_client_auth()
            .with_single_cert(chain, private)
            .map_err(|source| error::unusable(certificate, key, source))?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        Ok(Shown { config: Arc::new(config), fingerprint })
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.fingerprint()).finish()
    }
}

#[cfg(test)]
mod tests;
