//! Why there is no connection to an agent, and a board with the present trouble of each.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use coin::AGENTS;
use rustls::{AlertDescription, CertificateError, InvalidMessage, OtherError};

use crate::Fingerprint;
use crate::limits::PRESENTED_NAMES_MAX;

const DAY_SECS: u64 = 24 * 60 * 60;

/// Why there is no connection to an agent. It is never a verdict on a coin.
///
/// The text follows "agent 7:".
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Trouble {
    /// The host name is not known.
    #[error("its host name is not known")]
    Unresolved,
    /// The name of an address in plain http leads to another machine.
    #[error("its name leads to another machine, and plain http does not leave this one")]
    NotLoopback,
    /// The network, or the machine of the agent.
    #[error("no connection: {0}")]
    Network(io::ErrorKind),
    /// Neither connection nor handshake in time.
    #[error("no connection, or no tls handshake, within {within:?}")]
    Deadline {
        /// How long was waited.
        within: Duration,
    },
    /// The certificate has run out.
    #[error("its certificate expired{}", days_ago(*.days))]
    Expired {
        /// Whole days since then, where known.
        days: Option<u64>,
    },
    /// The certificate is for later, or the clock of this machine is slow.
    #[error("its certificate is not valid yet")]
    NotYetValid,
    /// The certificate is another host's.
    #[error("its certificate is for {}, not for this host", names(.presented))]
    OtherName {
        /// The names in the certificate, as far as known.
        presented: Vec<String>,
    },
    /// Nobody whom this machine trusts has signed the certificate.
    #[error("its certificate is signed by nobody whom this machine trusts")]
    UnknownIssuer,
    /// The certificate is not one of those that the address book pins.
    #[error("its certificate is {shown}, the address pins another")]
    OtherFingerprint {
        /// The fingerprint of the certificate that was shown.
        shown: Fingerprint,
    },
    /// There is nothing to check a certificate against.
    #[error("this machine has no root certificates to check it with: {reason}")]
    NoRoots {
        /// What was tried.
        reason: String,
    },
    /// It was asked in TLS and answered something else.
    #[error("it does not speak tls at this port")]
    NoTls,
    /// It was asked in plain HTTP and answered in TLS.
    #[error("it speaks tls at this port and was asked in plain http")]
    NeedsTls,
    /// It hung up before the handshake was over.
    #[error("it hung up during the tls handshake")]
    HungUp,
    /// It knows only versions or ciphers that are given up.
    #[error("it has no version or cipher of tls in common with this program")]
    NothingInCommon,
    /// Any other failure of TLS.
    #[error("tls failed: {0}")]
    Tls(rustls::Error),
}

/// What a verifier of pins says of another certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the certificate is {0}")]
pub(crate) struct NotPinned(pub(crate) Fingerprint);

impl Trouble {
    /// Tells whether the agent was reached and cannot be believed to be the right one: waiting
    /// does not mend that, a person must act.
    pub fn is_about_trust(&self) -> bool {
        match self {
            Trouble::Unresolved
            | Trouble::Network(_)
            | Trouble::Deadline { .. }
            | Trouble::HungUp => false,
            Trouble::NotLoopback
            | Trouble::Expired { .. }
            | Trouble::NotYetValid
            | Trouble::OtherName { .. }
            | Trouble::UnknownIssuer
            | Trouble::OtherFingerprint { .. }
            | Trouble::NoRoots { .. }
            | Trouble::NoTls
            | Trouble::NeedsTls
            | Trouble::NothingInCommon
            | Trouble::Tls(_) => true,
        }
    }
}

impl From<rustls::Error> for Trouble {
    fn from(error: rustls::Error) -> Trouble {
        match error {
            rustls::Error::InvalidCertificate(reason) => of_certificate(reason),
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => Trouble::NoTls,
            rustls::Error::AlertReceived(
                AlertDescription::ProtocolVersion
                | AlertDescription::HandshakeFailure
                | AlertDescription::InsufficientSecurity,
            )
            | rustls::Error::PeerIncompatible(_) => Trouble::NothingInCommon,
            other => Trouble::Tls(other),
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        let ours = error.downcast::<Trouble>();
        ours.or_else(|other| other.downcast::<rustls::Error>().map(Trouble::from))
            .unwrap_or_else(|other| Trouble::Network(other.kind()))
    }
}

impl From<Trouble> for io::Error {
    fn from(trouble: Trouble) -> io::Error {
        io::Error::other(trouble)
    }
}

fn of_certificate(reason: CertificateError) -> Trouble {
    match reason {
        CertificateError::Expired => Trouble::Expired { days: None },
        CertificateError::ExpiredContext { time, not_after } => {
            let secs = time.as_secs().saturating_sub(not_after.as_secs());
            Trouble::Expired { days: Some(secs / DAY_SECS) }
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Trouble::NotYetValid
        }
        CertificateError::NotValidForName => Trouble::OtherName { presented: Vec::new() },
        CertificateError::NotValidForNameContext { presented, .. } => {
            Trouble::OtherName { presented }
        }
        // The second: an issuer of the same name whose key is another.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => Trouble::UnknownIssuer,
        CertificateError::Other(OtherError(other)) => match other.downcast_ref::<NotPinned>() {
            Some(NotPinned(shown)) => Trouble::OtherFingerprint { shown: *shown },
            None => of_certificate_as_it_is(CertificateError::Other(OtherError(other))),
        },
        other => of_certificate_as_it_is(other),
    }
}

fn of_certificate_as_it_is(reason: CertificateError) -> Trouble {
    Trouble::Tls(rustls::Error::InvalidCertificate(reason))
}

fn days_ago(days: Option<u64>) -> String {
    match days {
        None => String::new(),
        Some(0) => " today".to_owned(),
        Some(1) => " a day ago".to_owned(),
        Some(days) => format!(" {days} days ago"),
    }
}

/// A certificate may have thousands of names, and whoever made it chose them.
fn names(presented: &[String]) -> String {
    let shown = presented.iter().take(PRESENTED_NAMES_MAX);
    let shown: Vec<_> = shown.map(|name| name.escape_default().to_string()).collect();
    match presented.len() {
        0 => "other names".to_owned(),
        more if more > shown.len() => format!("{} and others", shown.join(", ")),
        _ => shown.join(", "),
    }
}

/// The present trouble of each agent. Cheap to clone; the clones are one board.
#[derive(Clone, Debug)]
pub(crate) struct Board(Arc<[Mutex<Option<Trouble>>; AGENTS]>);

impl Default for Board {
    fn default() -> Board {
        Board(Arc::new(std::array::from_fn(|_| Mutex::default())))
    }
}

impl Board {
    /// Notes what an agent's newest connection came to.
    pub(crate) fn note(&self, agent: usize, trouble: Option<Trouble>) {
        *self.0[agent].lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Returns the troubles, by agent.
    pub(crate) fn all(&self) -> Vec<(usize, Trouble)> {
        let each = self.0.iter().enumerate();
        let trouble = |place: &Mutex<Option<Trouble>>| {
            place.lock().unwrap_or_else(PoisonError::into_inner).clone()
        };
        each.filter_map(|(agent, place)| Some((agent, trouble(place)?))).collect()
    }
}
