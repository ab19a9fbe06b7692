//! `coin-wallet init`: makes a home and says where its agents are.

use raida::PlainHttp;
use serde_json::json;

use crate::cli::Common;
use crate::config::{self, Config, Written};
use crate::exit::{Exit, Failure};
use crate::screen::Screen;
use crate::session::Session;

/// Makes the folders and `config.toml`, and says how many of the agents answer.
pub(crate) async fn run(
    agents: &str,
    relay: Option<String>,
    plain_http: PlainHttp,
    common: Common,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let home = config::home(common.home.clone())?;
    let config = Config::new(agents, relay, plain_http)?;
    let written = config.store(&home)?;
    let session = Session::open(Common { home: Some(home.clone()), ..common }, screen)?;
    let network = match session.network().await {
        Ok(network) => Some(network),
        Err(few) if few.exit == Exit::Agents => {
            screen.say(&few.what);
            None
        }
        Err(failure) => return Err(failure),
    };
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
