//! After the storm: everything is mended, and `resume` leads every coin home.

use std::sync::Arc;
use std::time::Duration;

use coin::AGENTS;
use coin::reclaim::Will;
use tokio::time::timeout;

use crate::audit::Audit;
use crate::inn::Inn;
use crate::purse::{Death, Ended, Errand, PLENTY_BYTES, Purse};
use crate::town::Town;
use crate::trace::{Broken, Trace};

/// How often everybody resumes before nothing may be open any more.
const ROUNDS_MAX: usize = 8;
/// How long a program waits for the other person.
const PATIENCE: Duration = Duration::from_secs(60);
/// Rounds after which a person insists on having back what a bad agent says is being taken.
const ASKED_ROUNDS: usize = 2;
/// The exit code of what is still in flight.
const IN_FLIGHT: u8 = 21;
/// No program runs longer.
const RUN_MAX: Duration = Duration::from_secs(3600);

/// Ends all faults.
pub(crate) fn mend(town: &Town, inn: &Inn, purses: &[Arc<Purse>]) {
    town.misbehave("agent=0-24 kind=none");
    (0..AGENTS).for_each(|agent| town.start(agent));
    inn.start();
    for purse in purses {
        purse.to_agents.iter().for_each(crate::weather::Weather::clear_up);
        purse.to_relay.clear_up();
        purse.disk().heal();
        purse.disk().limit_space(PLENTY_BYTES);
    }
}

/// Resumes until nothing is open, and checks that every coin has its owner.
pub(crate) async fn settle(
    audit: &Audit,
    purses: &[Arc<Purse>],
    trace: &Trace,
) -> Result<(), Broken> {
    for round in 1..=ROUNDS_MAX {
        trace.say("calm", &format!("round {round}"));
        let runs = purses.iter().map(|purse| async move {
            let run = purse.run(Errand::Resume, PATIENCE, Death::Never);
            timeout(RUN_MAX, run)
                .await
                .map_err(|_| Broken(format!("resume of {} has no end", purse.name)))
        });
        let ended: Vec<Ended> = futures_util::future::try_join_all(runs).await?;
        audit.at_any_moment()?;
        // What left in a file and that nobody took in comes back.
        let will = if round > ASKED_ROUNDS { Will::Insisted } else { Will::Asked };
        let mut came_back = true;
        for purse in purses {
            let back = purse.run(Errand::Reclaim(will), PATIENCE, Death::Never);
            let back = timeout(RUN_MAX, back).await;
            came_back &= back
                .map_err(|_| Broken(format!("reclaim of {} has no end", purse.name)))?
                != Ended::Exit(IN_FLIGHT);
            audit.at_any_moment()?;
        }
        if came_back && ended.iter().all(|ended| *ended == Ended::Exit(0)) {
            return audit.in_the_end();
        }
    }
    Err(Broken(format!("after {ROUNDS_MAX} rounds of resume something is still open")))
}
