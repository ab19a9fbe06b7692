//! `coin-wallet init`: makes a home and says where its agents are.

use raida::{Authority, Timing};
use serde_json::json;

use crate::cli::Common;
use crate::config::{self, Config, Written};
use crate::desk::Desk;
use crate::exit::{Exit, Failure};
use crate::screen::Screen;

/// Makes the folders and `config.toml`, and says how many of the agents answer.
pub(crate) async fn run(
    agents: &str,
    relay: Option<String>,
    common: Common,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let home = config::home(common.home)?;
    let config = Config::new(agents, relay)?;
    let written = config.store(&home)?;
    let (_desk, _report) = Desk::open(&home)?;
    let authority = Authority::new(&config.address_book()?, Timing::default());
    let network = authority.network().await.ok();
    let word =
        if written == Written::Now { "made" } else { "was there before, with the same agents" };
    let network_text = match &network {
        Some(id) => format!("the agents answer as network {}", hex::encode(id.print())),
        None => {
            "fewer than 13 of the agents answer now: they are needed for every import and transfer"
                .to_owned()
        }
    };
    screen.say(&network_text);
    screen.result(
        &format!("home {} {word}", home.display()),
        &json!({
            "v": 1, "event": "result", "home": home.display().to_string(),
            "network": network.map(|id| hex::encode(id.print())), "exit": 0,
        }),
    );
    Ok(Exit::Done)
}
