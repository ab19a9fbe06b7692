//! The arguments of `raida`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use coin::AGENTS;
use raida::Template;

use super::tls::TlsArgs;
use crate::mint::Order;

/// Detection agents: who knows a coin's secrets may replace them.
#[derive(Debug, Parser)]
#[command(name = "raida", version, args_conflicts_with_subcommands = true)]
#[command(subcommand_negates_reqs = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) agents: AgentsArgs,

    /// What is logged on stderr; never a secret, at no level
    #[arg(long, global = true, env = "RAIDA_LOG", default_value = "info", value_name = "LEVEL")]
    #[arg(value_parser = ["off", "error", "warn", "info", "debug", "trace"])]
    pub(crate) log: String,
}

/// What to run.
#[derive(Debug, clap::Args)]
pub(crate) struct AgentsArgs {
    /// How many agents run in this process: all of them
    #[arg(long, default_value_t = AGENTS as u8, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u8).range(AGENTS as i64..=AGENTS as i64))]
    pub(crate) agents: u8,

    /// Where they listen; {i} or {i:02} stands for an agent's number, port 0 for a free one
    #[arg(long, required = true, value_name = "ADDR:PORT")]
    pub(crate) listen: Option<Template>,

    /// The directory with their ledgers, as `raida mint` founded it
    #[arg(long, required = true, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) tls: TlsArgs,
}

/// What `raida` does beside running agents.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make new coins while the agents are stopped; founds their ledgers the first time
    Mint(MintArgs),
}

/// What to mint.
#[derive(Debug, clap::Args)]
pub(crate) struct MintArgs {
    /// The directory with the agents' ledgers; made when it is not there
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,

    /// How many coins of each value, such as 13x250,1x100,3x25,2x5,4x1
    #[arg(long, value_name = "LIST")]
    pub(crate) coins: Order,

    /// Where the coin files go; made when it is not there, never replaces a file
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn agents_are_the_default_and_mint_needs_none_of_their_arguments() {
        let args = ["raida", "--listen", "127.0.0.1:90{i:02}", "--data", "d"];
        let args = Args::try_parse_from(args).unwrap();
        assert_eq!((args.agents.agents, args.log.as_str()), (25, "info"));
        let mint =
            ["raida", "mint", "--data", "d", "--coins", "4x1", "--out", "o", "--log", "warn"];
        let args = Args::try_parse_from(mint).unwrap();
        assert!(matches!(args.command, Some(Command::Mint(_))));
    }

    #[test]
    fn wrong_arguments_are_refused() {
        for wrong in [
            vec!["raida"],
            vec!["raida", "--listen", "127.0.0.1:90{i:02}"],
            vec!["raida", "--agents", "24", "--listen", "127.0.0.1:90{i:02}", "--data", "d"],
            vec!["raida", "--listen", "127.0.0.1:{x}", "--data", "d"],
            vec!["raida", "--listen", "127.0.0.1:0", "--data", "d", "--tls-cert", "c"],
            vec!["raida", "--listen", "127.0.0.1:0", "--data", "d", "--tls-key", "k"],
            vec!["raida", "mint", "--data", "d", "--coins", "4x3", "--out", "o"],
            vec!["raida", "mint", "--data", "d", "--coins", "", "--out", "o"],
        ] {
            assert_eq!(Args::try_parse_from(&wrong).unwrap_err().exit_code(), 2, "{wrong:?}");
        }
    }
}
