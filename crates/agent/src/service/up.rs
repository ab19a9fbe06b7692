//! `echo` and `version`: is the agent up, and whose is it?

use std::borrow::Cow;

use raida::api::{Reply, Status};
use tokio::time::Instant;

use super::reply::{Answer, Signature};
use crate::Agent;

/// Answers `echo`; clients read the number behind the equals sign.
pub(crate) fn echo(signature: &Signature, began: Instant) -> Answer<'_> {
    let took_ms = began.elapsed().as_secs_f64() * 1000.0;
    let message = format!("Execution Time (ms) ={took_ms:.3}");
    Answer::One(Box::new(signature.reply(Status::Ready, message)))
}

/// Answers `version`, with the id of the network that the agent belongs to.
pub(crate) fn version<'s>(agent: &Agent, signature: &'s Signature) -> Answer<'s> {
    let message = concat!("LiveConnect ", env!("CARGO_PKG_VERSION"));
    let network = Some(Cow::Owned(agent.network().as_str().to_owned()));
    Answer::One(Box::new(Reply { network, ..signature.reply(Status::Ready, message) }))
}
