//! `raida audit`: do the 25 agents agree on what is in circulation?

use std::fmt::Write as _;
use std::fs;
use std::io::{Write as _, stdout};

use raida::api::{Circulation, Exchanges};
use raida::{AddressBook, Audited, Authority, Timing};
use serde_json::{Value, json};
use tokio::runtime::Builder;

use super::args::AuditArgs;
use super::exit::{self, Failure};

/// Agents that must state the same.
const MAJORITY: usize = coin::AGENTS / 2 + 1;

/// Asks the agents and compares what they say.
pub(crate) fn audit(args: &AuditArgs) -> Result<u8, Failure> {
    let book = AddressBook::parse(&addresses(&args.agents)?)?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::System)?;
    let audited = runtime.block_on(Authority::new(&book, Timing::default()).audit());
    let text = if args.json { format!("{}\n", as_json(&audited)) } else { table(&audited) };
    let mut stdout = stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::System)?;
    Ok(exit_code(&audited))
}

/// Takes a template as it is, anything else as the name of a file.
fn addresses(agents: &str) -> Result<String, Failure> {
    if agents.contains('{') {
        return Ok(agents.to_owned());
    }
    fs::read_to_string(agents).map_err(|source| Failure::Agents { path: agents.into(), source })
}

fn exit_code(audited: &Audited) -> u8 {
    let agreeing = audited.most().map_or(0, |(_, agreeing)| agreeing);
    if audited.answered() < MAJORITY {
        exit::TOO_FEW
    } else if agreeing < MAJORITY || !audited.differing().is_empty() {
        exit::DIFFERENT
    } else {
        exit::DONE
    }
}

fn table(audited: &Audited) -> String {
    let mut text = String::from(
        "agent        value     coins      250s      100s       25s        5s        1s  \
         pending exchanged cancelled\n",
    );
    let differing = audited.differing();
    for (agent, counted) in audited.agents.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = match counted {
            None => writeln!(text, "{agent:>5}  silent"),
            Some((circulation, exchanges)) => {
                let Circulation { d1, d5, d25, d100, d250, coins, value } = circulation;
                let Exchanges { pending, exchanged, cancelled } = exchanges;
                let mark = if differing.contains(&agent) { "  differs" } else { "" };
                writeln!(
                    text,
                    "{agent:>5} {value:>12} {coins:>9} {d250:>9} {d100:>9} {d25:>9} {d5:>9} \
                     {d1:>9} {pending:>8} {exchanged:>9} {cancelled:>9}{mark}"
                )
            }
        };
    }
    text + &sentence(audited)
}

fn sentence(audited: &Audited) -> String {
    let (answered, differing) = (audited.answered(), audited.differing());
    match audited.most() {
        Some((most, agreeing)) if agreeing >= MAJORITY && differing.is_empty() => {
            format!("all {answered} agents that answered have {} in circulation\n", most.value)
        }
        Some((most, agreeing)) => format!(
            "{agreeing} of {answered} agents that answered have {} in circulation; \
             others differ: {differing:?}\n",
            most.value
        ),
        None => "no agent answered\n".to_owned(),
    }
}

fn as_json(audited: &Audited) -> Value {
    let most = audited.most();
    let agents = audited.agents.iter().map(|counted| match counted {
        None => Value::Null,
        Some((circulation, exchanges)) => {
            json!({ "circulation": circulation, "exchanges": exchanges })
        }
    });
    json!({
        "v": 1,
        "event": "audit",
        "answered": audited.answered(),
        "agreeing": most.map_or(0, |(_, agreeing)| agreeing),
        "circulation": most.map(|(circulation, _)| circulation),
        "differ": audited.differing(),
        "agents": agents.collect::<Vec<_>>(),
        "exit": exit_code(audited),
    })
}
