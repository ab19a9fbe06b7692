//! The command lines of the three programs.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Sends coins to the person who has the same connection file.
///
/// Writes the file if it does not exist: give it to the receiver by a channel you trust, then both
/// stay online until the coins have changed hands. The same command with the same file continues a
/// transfer that was cut short.
#[derive(Debug, Parser)]
#[command(name = "coin-send", version, after_help = EXIT_CODES)]
pub(crate) struct SendArgs {
    /// The connection file; written if it does not exist
    #[arg(long, value_name = "FILE")]
    pub(crate) conn: PathBuf,
    /// Show the connection file as a QR code, too, for a new one
    #[arg(long)]
    pub(crate) qr: bool,
    /// How much to send, in whole units
    #[arg(long, value_name = "UNITS", allow_hyphen_values = true)]
    pub(crate) amount: String,
    /// What the payment is for; the receiver sees it, the relay does not
    #[arg(long, value_name = "TEXT")]
    pub(crate) memo: Option<String>,
    /// The relay to meet at, for a new connection file [default: the configured one, else 127.0.0.1:7000]
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) relay: Option<String>,
    /// The room to meet in, for a new connection file [default: a random one]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) room: Option<String>,
    #[command(flatten)]
    pub(crate) common: Common,
    /// How long to wait for the other person
    #[arg(long, value_name = "SECS", default_value_t = 600, value_parser = wait_secs())]
    pub(crate) wait: u64,
}

/// Receives coins from the person who wrote the connection file.
///
/// Asks before it accepts. The same command with the same file continues a transfer that was cut short.
#[derive(Debug, Parser)]
#[command(name = "coin-receive", version, after_help = EXIT_CODES)]
pub(crate) struct ReceiveArgs {
    /// The connection file that the sender gave you; `-` reads its one-line form from the standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) conn: PathBuf,
    #[command(flatten)]
    pub(crate) common: Common,
    /// How long to wait for the other person
    #[arg(long, value_name = "SECS", default_value_t = 600, value_parser = wait_secs())]
    pub(crate) wait: u64,
}

/// Keeps the wallet: coins in, balance, history, and transfers that were cut short.
#[derive(Debug, Parser)]
#[command(name = "coin-wallet", version, after_help = EXIT_CODES)]
pub(crate) struct WalletArgs {
    #[command(subcommand)]
    pub(crate) command: WalletCommand,
}

/// The commands of `coin-wallet`.
#[derive(Debug, Subcommand)]
pub(crate) enum WalletCommand {
    /// Makes a home and says where its 25 detection agents are
    Init {
        /// The agents' addresses: a template such as 'https://raida{i}.example.org', or a file of 25 lines
        ///
        /// An address is https://HOST[:PORT], and sha256:HEX behind a space where the certificate with
        /// that fingerprint is to be met there; http:// is for agents on this machine. Without a scheme it
        /// is http to this machine and https to others.
        #[arg(long, value_name = "TEMPLATE")]
        agents: String,
        /// Let the coins' secrets travel in the clear to agents whose address is http://
        #[arg(long)]
        insecure_http: bool,
        /// The relay that new connection files name
        #[arg(long, value_name = "HOST:PORT")]
        relay: Option<String>,
        #[command(flatten)]
        common: Common,
    },
    /// Shows what the home holds, folder by folder
    Balance {
        #[command(flatten)]
        common: Common,
    },
    /// Looks whether the home is in order: journals, coin files, coins booked twice or gone, rights
    Check {
        /// Mend what needs no guess; nothing is deleted, and the agents decide about what is mended
        #[arg(long)]
        repair: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Takes the ownership of the coins in coin files: their secrets are changed at the agents
    Import {
        /// Coin files (.stack), or folders of them
        #[arg(required = true, value_name = "FILE-OR-FOLDER")]
        paths: Vec<PathBuf>,
        #[command(flatten)]
        common: Common,
    },
    /// Breaks a coin, if one has to be broken, so that the coins make an amount exactly
    ///
    /// The agents take the coin for smaller ones of the same value. coin-send does this by itself. Exits 21
    /// when the agents have not decided: resume asks them again.
    Change {
        /// The amount that shall be payable, in whole units
        #[arg(value_name = "UNITS", allow_hyphen_values = true)]
        amount: String,
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Joins the coins in Bank into fewer, bigger ones; some small change stays
    ///
    /// With join_from = 500 in config.toml coin-send joins the coins of a payment by itself when they are 500
    /// or more; without that line it never does.
    Join {
        /// Let no small change stay either
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Asks the agents for lost coins: those in Limbo, Suspect and Counterfeit
    ///
    /// Which of its two secrets does each agent hold? A coin of which 13 agents hold a secret that only
    /// this home knows is yours and goes to Bank or Fracked. The others stay where they are, with all their
    /// secrets, and are asked for again by the next find or resume. Exits 21 while some are undecided.
    Find {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Mends the coins in Fracked at the agents that refuse them
    ///
    /// An agent that still holds a coin's old secret is told the new one; one that holds neither takes it on
    /// the word of 13 others. This is done round after round until nothing improves; a coin that all 25 agents
    /// hold goes to Bank. Exits 22 when some are still refused: they are yours all the same.
    Fix {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Asks all agents for all coins in Bank and Fracked, and files them by what they say
    ///
    /// Changes nothing at the agents. A coin that an agent refuses goes to Fracked, one that all hold again
    /// goes back to Bank, one that 13 agents know nothing of goes to Counterfeit.
    Detect {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Writes coins to a coin file that somebody else imports
    ///
    /// The coins are in flight until the agents show that somebody has taken them; coin-wallet reclaim
    /// takes back what nobody has taken. More than 3,000 coins become a folder of several files.
    Export {
        /// How much, in whole units
        #[arg(value_name = "AMOUNT", allow_hyphen_values = true)]
        amount: String,
        /// The file to write; nothing is ever overwritten
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        common: Common,
    },
    /// Lists the transfers and imports of this home, the newest last
    History {
        #[command(flatten)]
        common: Common,
    },
    /// Takes coins back that left and that nobody took: their secrets are changed at the agents
    ///
    /// Asks all 25 agents first. It starts after the receiver's refusal, when the receipt calls a coin
    /// counterfeit that the agents still hold, when the connection file has expired, and for an export at
    /// any time; and not while an agent shows that somebody may be taking the coins.
    Reclaim {
        /// The transfer or export: its number, or the first digits [default: all that are open]
        #[arg(value_name = "TRANSFER")]
        transfer: Option<String>,
        /// Show what would be done, and do nothing
        #[arg(long)]
        dry_run: bool,
        /// Take coins back although an agent shows that somebody may be taking them
        #[arg(long)]
        insist: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Carries on everything that was cut short, asks for lost coins, mends refused ones, and says what is left
    Resume {
        #[command(flatten)]
        common: Common,
        /// How long to wait for the other person, where one is needed
        #[arg(long, value_name = "SECS", default_value_t = 60, value_parser = wait_secs())]
        wait: u64,
    },
}

/// Whether a command only says what it would do.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct DryRun {
    /// Say what would be done, and with how many requests; ask nobody and change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Common {
    /// The wallet's home [default: $LIVECONNECT_HOME, else the platform's data directory]
    #[arg(long, value_name = "DIR", env = "LIVECONNECT_HOME", hide_env = true)]
    pub(crate) home: Option<PathBuf>,
    /// Answer every question with yes
    #[arg(long)]
    pub(crate) yes: bool,
    /// One JSON object a line on stdout instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done, 2 usage or bad amount, 3 file, home or configuration, 4 relay not reachable or
refused, 5 peer did not come or left, 6 files or networks differ, 7 refused by a person or the peer,
8 not enough or no exact change, 9 fewer than 13 agents, 10 home busy, 20 stopped and nothing at
risk, 21 money in flight (run: coin-wallet resume), 22 settled in part.";

/// A wait is at most a year: longer ones have no end that could be shown.
fn wait_secs() -> clap::builder::RangedU64ValueParser<u64> {
    clap::value_parser!(u64).range(..=31_536_000)
}
