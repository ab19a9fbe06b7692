//! Why a certificate and its key cannot be used.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustls::Error;

use crate::limits::PEM_BYTES_MAX;

/// Why a certificate and its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path} cannot be read")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is too long for what it should be.
    #[error("{path} has more than {PEM_BYTES_MAX} bytes")]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// Others than the owner may read the key.
    #[error("the key {path} can be read by others (mode {mode:03o})")]
    OpenToOthers {
        /// The file with the key.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// There is no certificate in the file.
    #[error("{path} holds no certificate in pem form")]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// There is no private key in the file.
    #[error("{path} holds no private key in pem form")]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The certificate has run out.
    #[error("the certificate {path} expired on {since}")]
    Expired {
        /// The file with the certificate.
        path: PathBuf,
        /// Its last second.
        since: Timestamp,
    },
    /// The certificate is for later.
    #[error("the certificate {path} is not valid before {from}")]
    NotYetValid {
        /// The file with the certificate.
        path: PathBuf,
        /// Its first second.
        from: Timestamp,
    },
    /// The key belongs to another certificate.
    #[error("{key} is not the key of the certificate {certificate}")]
    OtherKey {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file with the key.
        key: PathBuf,
    },
    /// The certificate or its key is of a kind that is not understood.
    #[error("the certificate {certificate} and the key {key} cannot be used")]
    Unusable {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file with the key.
        key: PathBuf,
        /// What is wrong with them.
        source: Error,
    },
}

/// Says of which kind it is that a pair is refused.
pub(super) fn unusable(certificate: &Path, key: &Path, source: Error) -> TlsError {
    let (certificate, key) = (certificate.to_owned(), key.to_owned());
    match source {
        Error::InconsistentKeys(_) => TlsError::OtherKey { certificate, key },
        source => TlsError::Unusable { certificate, key, source },
    }
}
