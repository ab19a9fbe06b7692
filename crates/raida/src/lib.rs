//! What a wallet asks of the 25 detection agents: the words of their HTTP API, and the
//! [`Authority`], which asks all of them at once.
//!
//! ```text
//! wallet ──▶ Authority ──▶ Line 0  ──▶ agent 0
//!                     ├──▶ Line 1  ──▶ agent 1      two connections and two requests
//!                     ┆                             at a time for each agent
//!                     └──▶ Line 24 ──▶ agent 24
//! ```
//!
//! Three rules hold for every question. What an agent does not say in so many words is
//! *silence*, never a verdict. No agent is waited for at the cost of another, and none is cut
//! off because others were faster. Secrets travel in the bodies of POST requests only, and in
//! TLS where they leave this machine.

mod address;
pub mod api;
mod authority;
mod backoff;
mod connector;
mod fingerprint;
pub mod limits;
mod line;
mod network_id;
mod peers;
mod timing;
mod tls;
mod trade;
mod trouble;

pub use address::{AddressBook, AddressError, AgentAddress, PlainHttp, Template};
pub use authority::{
    Audited, Authority, Claim, Counted, Detection, Offers, PownRound, Progress, Repair, Repaired,
    Settled, TooFewAgents,
};
pub use connector::Stream;
pub use fingerprint::{BadFingerprint, Fingerprint};
pub use network_id::{BadNetworkId, NetworkId};
pub use peers::Peers;
pub use timing::Timing;
pub use trade::{Trade, TradeKey};
pub use trouble::Trouble;
