//! The arguments for faults on purpose, and the warning that goes with them.

use std::net::SocketAddr;

use super::exit::Failure;
use crate::faults::{AgentFault, Faults, Switch};
use crate::tls::Tls;

/// What shall go wrong.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Faults on purpose, for tests and demos")]
pub(crate) struct FaultsArgs {
    /// Let agents do wrong, such as 'agent=0-6,9 kind=slow ms=200'; repeatable
    ///
    /// Kinds: down, slow (ms=N), drop-request, drop-answer, forget (last=K), lie-pass, lie-fail.
    #[arg(long = "fault", value_name = "FAULT", conflicts_with = "tls_cert")]
    faults: Vec<AgentFault>,

    /// Let faults be shown and changed at /service/faults while the agents run
    #[arg(long = "faults", conflicts_with = "tls_cert")]
    route: bool,
}

impl FaultsArgs {
    /// Returns the faults that agents at these addresses begin with, if there may be any.
    pub(crate) fn faults(
        &self,
        addresses: &[SocketAddr],
        tls: Option<&Tls>,
    ) -> Result<Option<Faults>, Failure> {
        if self.faults.is_empty() && !self.route {
            return Ok(None);
        }
        if tls.is_some() {
            return Err(Failure::FaultsWithTls);
        }
        if let Some(address) = addresses.iter().find(|address| !address.ip().is_loopback()) {
            return Err(Failure::FaultsAbroad { address: *address });
        }
        let faults =
            Faults::new(&self.faults, if self.route { Switch::Route } else { Switch::Fixed });
        eprintln!("warning: these agents do wrong on purpose; no coin is safe with them");
        eprint!("{faults}");
        if self.route {
            eprintln!("warning: whoever reaches them may change that at /service/faults");
        }
        Ok(Some(faults))
    }
}
