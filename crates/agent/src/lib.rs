//! The authority: 25 detection agents, each with a durable ledger of its own, behind the v1
//! HTTP API. The program is `raida`.
//!
//! ```text
//! connection ──▶ service ──▶ Agent ──┬─▶ reads ───────────────▶ Ledger
//!                (forms,             ├─▶ Committer (one) ─────▶ Ledger   compare, set, sync
//!                 answers)           └─▶ Tickets (in memory)
//! ```
//!
//! An agent holds one secret of every coin, the AN. Whoever names it may replace it, and a
//! replacement is on disk before the agent says so. Only the committer writes, so that of two
//! who know the same secret exactly one wins.

mod acts;
mod agent;
mod authority;
mod committer;
mod data_dir;
mod door;
mod exchange;
mod faults;
mod fixing;
mod ledger;
pub mod limits;
mod mint;
mod program;
mod server;
mod service;
mod settings;
mod stall;
mod tally;
mod tickets;
mod tls;
mod watch;
mod words;

pub use acts::Taken;
pub use agent::{Agent, Census, Held, Stopped};
pub use authority::Agents;
pub use data_dir::{DataDir, DataDirError};
pub use door::{BadLimit, Limits, LimitsGiven};
pub use exchange::{Exchanged, Kept, Refused};
pub use faults::{AgentFault, BadFault, Faults, Switch};
pub use ledger::sim::{Fault, SimDisk, SimLedger};
pub use ledger::{
    BackupError, BackupHead, Changes, Charter, Counts, Damage, Draft, FORMAT, FjallLedger,
    Forgetful, Holding, Ledger, LedgerError, Lies, OpenError, Record, RestoreError, Verified,
    VerifyError, open_store, put, read_head, restore,
};
pub use mint::{
    Accept, Begun, Joined, JournalError, MintError, Minted, Order, OrderError, OrderId,
    PlacedOrder, ShareError, can_mint_share, join, mint, mint_share,
};
pub use program::main;
pub use raida::api::{BadTicket, Ticket};
pub use server::{Bounds, serve, serve_connection};
pub use settings::{Settings, V1Exchange, V1Fix};
pub use tls::{Tls, TlsError};
