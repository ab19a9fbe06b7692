//! The root certificates of this machine, read when the first agent without a pin is asked.
//!
//! They are those of the operating system, or of the file and folder that the environment
//! variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use tokio::sync::OnceCell;

use super::{builder, finished};
use crate::trouble::Trouble;

/// One copy for all agents of the process: there are some 150 roots.
static OF_THIS_MACHINE: OnceCell<Arc<ClientConfig>> = OnceCell::const_new();

/// Returns the check against the roots of this machine; what fails is tried again next time.
pub(super) async fn of_this_machine() -> Result<Arc<ClientConfig>, Trouble> {
    let read = || async {
        let read = tokio::task::spawn_blocking(read).await;
        read.unwrap_or_else(|_| Err(no_roots(&"reading them broke off")))
    };
    OF_THIS_MACHINE.get_or_try_init(read).await.map(Arc::clone)
}

fn read() -> Result<Arc<ClientConfig>, Trouble> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(found.certs);
    if taken == 0 {
        return Err(match found.errors.first() {
            Some(error) => no_roots(error),
            None => no_roots(&"none are installed"),
        });
    }
    Ok(Arc::new(checked_against(roots)))
}

/// Returns the check of names, dates and issuers against these roots.
pub(super) fn checked_against(roots: RootCertStore) -> ClientConfig {
    finished(builder().with_root_certificates(roots).with_no_client_auth())
}

fn no_roots(reason: &dyn std::fmt::Display) -> Trouble {
    Trouble::NoRoots { reason: reason.to_string() }
}
