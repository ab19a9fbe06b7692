//! The arguments of `raida`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use coin::AGENTS;
use raida::{NetworkId, Template};

use super::faults::FaultsArgs;
use super::tls::TlsArgs;
use crate::door::LimitsGiven;
use crate::mint::Order;
use crate::settings::{V1Exchange, V1Fix};

/// Detection agents: who knows a coin's secrets may replace them.
#[derive(Debug, Parser)]
#[command(name = "raida", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    // Before the agents' arguments: what follows them would stand under their last heading.
    /// What is logged on stderr; never a secret, at no level
    #[arg(long, global = true, env = "RAIDA_LOG", default_value = "info", value_name = "LEVEL")]
    #[arg(value_parser = ["off", "error", "warn", "info", "debug", "trace"])]
    pub(crate) log: String,

    #[command(flatten)]
    pub(crate) agents: AgentsArgs,
}

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct AgentsArgs {
    /// How many agents run in this process: all of them
    #[arg(long, default_value_t = AGENTS as u8, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u8).range(AGENTS as i64..=AGENTS as i64))]
    pub(crate) agents: u8,

    /// The one agent that runs on this machine, 0 to 24
    #[arg(long, value_name = "N", conflicts_with = "agents")]
    #[arg(value_parser = clap::value_parser!(u8).range(0..AGENTS as i64))]
    pub(crate) agent: Option<u8>,

    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// Where they listen; {i} or {i:02} stands for an agent's number, port 0 for a free one
    #[arg(long, env = "RAIDA_LISTEN", value_name = "ADDR:PORT")]
    pub(crate) listen: Option<Template>,

    #[command(flatten)]
    pub(crate) tls: TlsArgs,

    #[command(flatten)]
    pub(crate) metrics: MetricsArgs,

    /// Let coins be fixed on the tickets of 3, 4 or 5 neighbours, for clients that know no super_fix;
    /// whoever has as few as 6 old secrets of a coin can then take it from its owner
    #[arg(long)]
    pub(crate) v1_fix: bool,

    /// Let clients that count no origins have coins that exchanges made, and change, break and join;
    /// whoever pays them can pay with coins that he gave nothing for
    #[arg(long)]
    pub(crate) v1_exchange: bool,

    #[command(flatten)]
    pub(crate) limits: LimitsGiven,

    #[command(flatten)]
    pub(crate) faults: FaultsArgs,
}

impl AgentsArgs {
    /// Returns by which rules coins are fixed.
    pub(crate) fn v1_fix(&self) -> V1Fix {
        if self.v1_fix { V1Fix::Allowed } else { V1Fix::Refused }
    }

    /// Returns what clients have that count no origins.
    pub(crate) fn v1_exchange(&self) -> V1Exchange {
        if self.v1_exchange { V1Exchange::Allowed } else { V1Exchange::Refused }
    }
}

/// Where to look on.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct MetricsArgs {
    /// Where /metrics, /healthz and /readyz are shown; an address of this machine
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) metrics: Option<String>,

    /// Let --metrics be an address that other machines reach
    #[arg(long)]
    pub(crate) metrics_public: bool,
}

/// Where an authority or one agent is at home. A flag wins over the environment, both win over
/// the configuration.
#[derive(Debug, clap::Args)]
pub(crate) struct PlaceArgs {
    /// What an operator writes down once: network, data, listen, peers, tls_cert, tls_key,
    /// metrics, [limits]
    #[arg(long, env = "RAIDA_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// The directory with the ledgers, as `raida mint` founded it
    #[arg(long, env = "RAIDA_DATA", value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

/// What `raida` does beside running agents.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make new coins while the agents are stopped; founds their ledgers the first time
    Mint(MintArgs),
    /// Choose coins for agents on machines of their own to enter; holds no secrets
    Order(OrderArgs),
    /// Make coin files of an order from the shares of the 25 agents
    JoinShares(JoinArgs),
    /// Write a file of each ledger as it is now; the agents may run meanwhile
    Backup(BackupArgs),
    /// Make the ledger of one agent out of its backup; never replaces a ledger
    Restore(RestoreArgs),
    /// Say that a restored ledger does not count as forgetful any more
    Acknowledge(AcknowledgeArgs),
    /// Read every ledger to its end while the agents are stopped, and say what is wrong
    Verify(VerifyArgs),
    /// Compare what the 25 agents have in circulation: 0 when they agree, 1 when some differ, 9
    /// when fewer than 13 answer
    Audit(AuditArgs),
}

/// What to back up.
#[derive(Debug, clap::Args)]
pub(crate) struct BackupArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// Where the backups go, as the user of the agents; made when it is not there
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

/// What to restore.
#[derive(Debug, clap::Args)]
pub(crate) struct RestoreArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// The backup
    #[arg(long, value_name = "FILE")]
    pub(crate) from: PathBuf,

    /// The agent whose backup it must be, 0 to 24
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u8).range(0..AGENTS as i64))]
    pub(crate) agent: Option<u8>,
}

/// Whose ledger was restored.
#[derive(Debug, clap::Args)]
pub(crate) struct AcknowledgeArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// The agent, 0 to 24
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u8).range(0..AGENTS as i64))]
    pub(crate) agent: u8,
}

/// What to verify.
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// Whom to ask what is in circulation.
#[derive(Debug, clap::Args)]
pub(crate) struct AuditArgs {
    /// Where the agents are: a file of 25 lines, such as DIR/agents.txt, or a template
    #[arg(long, value_name = "FILE|TEMPLATE")]
    pub(crate) agents: String,

    /// One line of JSON in place of the table
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to mint: coins at all agents of one directory, or an order at one agent.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["coins", "order"]))]
pub(crate) struct MintArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// How many coins of each value at all 25 agents, such as 13x250,1x100,3x25,2x5,4x1
    #[arg(long, value_name = "LIST")]
    pub(crate) coins: Option<Order>,

    /// The order whose coins one agent enters, as `raida order` wrote it
    #[arg(long, value_name = "FILE", requires = "agent")]
    pub(crate) order: Option<PathBuf>,

    /// The one agent of this machine, 0 to 24
    #[arg(long, value_name = "N", requires = "order", conflicts_with = "coins")]
    #[arg(value_parser = clap::value_parser!(u8).range(0..AGENTS as i64))]
    pub(crate) agent: Option<u8>,

    /// Only look whether the order could be entered
    #[arg(long, requires = "order", conflicts_with = "coins")]
    pub(crate) dry_run: bool,

    /// Where coin files or the share go; made when it is not there, never replaces a file
    #[arg(long, value_name = "DIR", required_unless_present = "dry_run")]
    pub(crate) out: Option<PathBuf>,
}

/// Which coins to order.
#[derive(Debug, clap::Args)]
pub(crate) struct OrderArgs {
    /// How many coins of each value, such as 13x250,1x100,3x25,2x5,4x1
    #[arg(long, value_name = "LIST")]
    pub(crate) coins: Order,

    /// The network of the agents; a new one without --network and --data
    #[arg(long, value_name = "ID")]
    pub(crate) network: Option<NetworkId>,

    /// A directory with ledgers of the network, its agents stopped: coins that they know are not
    /// chosen
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    /// The file to write; never replaces one
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// Which shares to join.
#[derive(Debug, clap::Args)]
pub(crate) struct JoinArgs {
    /// The order, as `raida order` wrote it
    #[arg(long, value_name = "FILE")]
    pub(crate) order: PathBuf,

    /// Where the coin files go; made when it is not there, never replaces a file
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    /// Make fracked coins when some shares are missing, at most 12
    #[arg(long)]
    pub(crate) fracked: bool,

    /// The shares of the agents
    #[arg(value_name = "SHARE", required = true)]
    pub(crate) shares: Vec<PathBuf>,
}

#[cfg(test)]
mod tests;
