//! `coin-wallet export`: coins into a file that somebody else imports.

use std::path::Path;

use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::operations::export;
use crate::screen::Screen;
use crate::send;
use crate::session::Session;

/// Runs the command.
pub(crate) async fn run(
    amount: &str,
    out: &Path,
    common: Common,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let amount = send::parse_amount("coin-wallet export", amount)?;
    let session = Session::open(common, screen)?;
    send::exact_coins(&session, amount).await?;
    if screen.asks_on_terminal() {
        let (screen, out) = (screen.clone(), out.display().to_string());
        let question =
            format!("export {amount} to {out}? Whoever has the file can take the coins.");
        let asked = tokio::task::spawn_blocking(move || screen.ask(&question)).await;
        if !asked.unwrap_or(false) {
            let advice = "the same command again, when you want to: nothing was exported";
            return Err(Failure::new(Exit::Refused, "you declined", advice));
        }
    }
    export::begin(&session, amount, out).await
}
