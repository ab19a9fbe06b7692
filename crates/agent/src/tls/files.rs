//! The two files: who may read them, what is in them, and whether it is valid now.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, Error, RootCertStore};
use zeroize::Zeroizing;

use super::error::TlsError;
use crate::limits::PEM_BYTES_MAX;

/// What the files hold: at least one certificate.
pub(super) struct Papers {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

/// Who may read a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    Anybody,
    OwnerOnly,
}

pub(super) fn read(
    certificate: &Path,
    key: &Path,
    provider: &Arc<CryptoProvider>,
) -> Result<Papers, TlsError> {
    let pem = bytes(certificate, Readers::Anybody)?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|_| TlsError::NoCertificate { path: certificate.to_owned() })?;
    let Some(first) = chain.first() else {
        return Err(TlsError::NoCertificate { path: certificate.to_owned() });
    };
    in_force(certificate, first, provider)?;
    let pem = bytes(key, Readers::OwnerOnly)?;
    let private = PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| TlsError::NoKey { path: key.to_owned() })?;
    Ok(Papers { chain, key: private })
}

fn bytes(path: &Path, readers: Readers) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let failed = |source| TlsError::Io { path: path.to_owned(), source };
    // Opening a pipe would otherwise wait for a writer.
    let at_once = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(at_once).open(path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    if !meta.is_file() {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "not a file")));
    }
    let mode = meta.mode() & 0o777;
    if readers == Readers::OwnerOnly && mode & 0o077 != 0 {
        return Err(TlsError::OpenToOthers { path: path.to_owned(), mode });
    }
    // All of the room at once: a vector that grows would leave copies of a key behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(PEM_BYTES_MAX + 1));
    file.take(PEM_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > PEM_BYTES_MAX {
        return Err(TlsError::TooLong { path: path.to_owned() });
    }
    Ok(bytes)
}

/// Refuses a certificate that is not valid now. Its dates are looked at as a client would that
/// trusts it; what else such a client would say is not asked here.
fn in_force(
    path: &Path,
    certificate: &CertificateDer<'_>,
    provider: &Arc<CryptoProvider>,
) -> Result<(), TlsError> {
    let mut roots = RootCertStore::empty();
    if roots.add(certificate.clone()).is_err() {
        return Err(TlsError::NoCertificate { path: path.to_owned() });
    }
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    let Ok(verifier) = verifier.build() else { return Ok(()) };
    let name = ServerName::from(std::net::Ipv4Addr::LOCALHOST);
    let said = verifier.verify_server_cert(certificate, &[], &name, &[], UnixTime::now());
    let path = || path.to_owned();
    match said {
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            Err(TlsError::Expired { path: path(), since: timestamp(not_after) })
        }
        Err(Error::InvalidCertificate(CertificateError::NotValidYetContext {
            not_before, ..
        })) => Err(TlsError::NotYetValid { path: path(), from: timestamp(not_before) }),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn timestamp(time: UnixTime) -> Timestamp {
    let secs = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(secs).unwrap_or(Timestamp::MAX)
}
