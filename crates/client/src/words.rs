//! What people read about faults, waits and endings: one place for the sentences.

use coin::Amount;
use protocol::machine::{Cause, Fault, Outcome, Totals};
use protocol::message::Number;
use protocol::waits::WaitingFor;
use wallet::DamagedJournal;

use crate::operations::reclaim::course::Tally;

/// What a home is told that lets plain HTTP go beyond this machine.
pub(crate) const INSECURE_HTTP: &str = "insecure_http is set in config.toml: the secrets of coins go in the \
     clear to agents whose address is http://, and whoever listens on the way can take the coins";

/// What to do while coins that left are undecided.
pub(crate) const WHEN_AGENTS_ARE_THERE: &str =
    "coin-wallet resume asks the agents again; coin-wallet reclaim says what may be taken back";

/// Says what has become of coins that left.
pub(crate) fn homecoming(tally: &Tally) -> String {
    let parts = [
        (tally.back, "is yours again"),
        (tally.settling, "of that is settling at 13 to 16 agents"),
        (tally.given(), "is the other's"),
        (tally.disputed, "is disputed: called counterfeit, and no longer held as it left"),
        (tally.reclaiming, "is being taken back"),
        (tally.yielding, "is yielded to the other, who does not hold it everywhere yet"),
        (tally.away, "is in flight"),
    ];
    let parts = parts.iter().filter(|(amount, _)| !amount.is_zero());
    let parts: Vec<String> = parts.map(|(amount, what)| format!("{amount} {what}")).collect();
    format!("of {}: {}", tally.amount, parts.join("; "))
}

/// What the end of a transfer says besides, when an exchange that was begun for it or before is open.
pub(crate) const EXCHANGE_OPEN: &str = "an exchange of coins at the agents is not at its end; coins of it that \
     wait in Limbo count for nothing until coin-wallet resume has gone on with it";

/// Says what went wrong in a job, and whose fault it is.
pub(crate) fn fault(fault: &Fault) -> String {
    match fault {
        Fault::TooFewAgents { answered } => {
            format!("only {answered} of the 25 detection agents answered, 13 are needed")
        }
        Fault::OtherAgents => {
            "the agents that answer are of another network than the coins".to_owned()
        }
        Fault::NoExactCoins => "your coins do not make this amount exactly".to_owned(),
        Fault::ExchangeOpen(worth) => {
            format!("the agents have not decided yet about an exchange of {worth}")
        }
        Fault::BadBatch(what) => format!("the sender's coins are not what was announced: {what}"),
        Fault::BadReceipt(what) => {
            format!("the receiver's receipt is not about these coins: {what}")
        }
        Fault::Disk(what) => format!("the wallet's disk: {what}"),
    }
}

/// Says why a transfer stopped.
pub(crate) fn cause(cause: &Cause) -> String {
    match cause {
        Cause::PeerAway => {
            "the other person did not come, or left and did not come back in time".to_owned()
        }
        Cause::Stuck { step } => {
            format!("the other side did not get on with message {step} in time")
        }
        Cause::Declined => "you declined".to_owned(),
        Cause::Stopped => "you stopped it".to_owned(),
        Cause::PeerStopped(reason) => {
            format!("the other side stopped: {}", protocol::line::shown(reason))
        }
        Cause::OutOfStep { heard } => {
            format!("the other side said message {heard} where it has no place")
        }
        Cause::OtherAmount(amount) => format!("the other side speaks of another amount, {amount}"),
        Cause::Fault(why) => fault(why),
        Cause::Expired => "the connection file has expired".to_owned(),
        Cause::Refused => "the receiver refused the coins and will never take them".to_owned(),
        Cause::Reclaimed => {
            "coins of it were taken back, so that it is never sent again".to_owned()
        }
        Cause::OddPosition(_) => {
            "the other side says that it holds coins of this transfer, and this home \
             knows of none: it lies, or this home was restored from an older backup"
                .to_owned()
        }
        Cause::Undecided(totals) => format!(
            "of the coins, {} are owned, {} undecided and {} called counterfeit",
            totals.owned(),
            totals.limbo,
            totals.counterfeit
        ),
    }
}

/// What a home is that was copied or restored.
pub(crate) const COPIED: &str = "this home was copied, or restored from a backup: its coins are unverified, because \
    they may have been spent since. Run coin-wallet detect";

/// Says what a damaged journal means.
pub(crate) fn damaged(journal: &DamagedJournal) -> String {
    format!(
        "the journal of {} is damaged and cannot be gone on with: {}. Its coins may be in flight; all others \
         can be used. Put that file back from a backup, or set it aside with coin-wallet check --repair; never \
         delete it",
        journal.id, journal.why
    )
}

/// Says what is waited for.
pub(crate) fn waiting(what: WaitingFor) -> String {
    match what {
        WaitingFor::Peer => "the other person".to_owned(),
        WaitingFor::Person => "your answer".to_owned(),
        WaitingFor::Message(number) => format!("the other side's {}", number.wire_name()),
        WaitingFor::Work(number) => work(number).to_owned(),
    }
}

fn work(number: Number) -> &'static str {
    match number {
        Number::PowningCoins => "the agents to change the coins' secrets",
        Number::ConfirmingChangeOfOwnership => "the agents to say whether the old secrets are dead",
        Number::DetectingCoins | Number::FixingChange => "the agents to look at the coins",
        _ => "the wallet",
    }
}

/// Returns the status word of an ending, and what changed hands.
pub(crate) fn status(outcome: &Outcome) -> (&'static str, Amount) {
    match outcome {
        Outcome::Done(totals) => ("done", totals.owned()),
        Outcome::Unreceipted(amount) => ("done", *amount),
        Outcome::Returned(_) => ("returned", Amount::ZERO),
        Outcome::InDoubt(Cause::Undecided(totals)) => ("in_doubt", totals.owned()),
        Outcome::InDoubt(_) => ("in_doubt", Amount::ZERO),
        Outcome::Partly(totals) => ("partly", totals.owned()),
    }
}

/// Says what to do about an ending; empty where nothing is to be done.
pub(crate) fn advice(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done(_) | Outcome::Unreceipted(_) => "",
        Outcome::InDoubt(Cause::OddPosition(_)) => {
            "ask the other person; if this home comes from a backup, use the home it was made from"
        }
        Outcome::InDoubt(Cause::Refused) => "coin-wallet reclaim takes the coins back",
        Outcome::InDoubt(_) => "coin-wallet resume, with the same --home",
        Outcome::Partly(_) => "tell the other person; coin-wallet resume asks the agents again",
        Outcome::Returned(why) => match why {
            Cause::PeerAway | Cause::Stuck { .. } => {
                "agree on a time with the other person; if nothing was agreed yet, the same command tries again"
            }
            Cause::Declined | Cause::Stopped | Cause::PeerStopped(_) | Cause::Expired => {
                "a new --conn file when both want to go on"
            }
            Cause::OutOfStep { .. }
            | Cause::OtherAmount(_)
            | Cause::Refused
            | Cause::Reclaimed
            | Cause::OddPosition(_)
            | Cause::Undecided(_)
            | Cause::Fault(Fault::BadBatch(_) | Fault::BadReceipt(_)) => {
                "ask the other person what program they run; a new --conn file for another try"
            }
            Cause::Fault(Fault::TooFewAgents { .. }) => {
                "a new --conn file when the agents are there again"
            }
            Cause::Fault(Fault::OtherAgents) => {
                "correct `agents` in config.toml of the home, then a new --conn file"
            }
            Cause::Fault(Fault::NoExactCoins) => {
                "coin-wallet balance, and an amount that the coins make exactly"
            }
            Cause::Fault(Fault::ExchangeOpen(_)) => {
                "coin-wallet resume asks the agents again; then a new --conn file"
            }
            Cause::Fault(Fault::Disk(_)) => "make room on the disk, then a new --conn file",
        },
    }
}

/// Says what an import came to.
pub(crate) fn imported(totals: &Totals) -> String {
    let mut text = format!("imported {}", totals.owned());
    if !totals.settling.is_zero() {
        text += &format!(", {} of it settling at 13 to 16 agents", totals.settling);
    }
    if !totals.limbo.is_zero() {
        text += &format!("; {} undecided, in Limbo: run coin-wallet resume later", totals.limbo);
    }
    if !totals.counterfeit.is_zero() {
        text += &format!("; {} counterfeit: 13 agents know neither secret", totals.counterfeit);
    }
    text
}

/// Says how a transfer ended.
pub(crate) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done(totals) if totals.settling.is_zero() => {
            format!("done: {} changed hands, final at 17 agents or more", totals.owned())
        }
        Outcome::Done(totals) => format!(
            "done: {} changed hands, {} of it settling at 13 to 16 agents",
            totals.owned(),
            totals.settling
        ),
        Outcome::Unreceipted(amount) => format!(
            "done: {amount} left for good. No receipt was seen; the agents show that the old secrets are dead"
        ),
        Outcome::Returned(why) => format!("stopped, nothing is at risk: {}", cause(why)),
        Outcome::InDoubt(why @ Cause::OddPosition(_)) => {
            format!("nothing was moved, but it is not known whose the coins are: {}", cause(why))
        }
        Outcome::InDoubt(why) => format!("money is in flight: {}", cause(why)),
        Outcome::Partly(totals) => format!(
            "settled in part: {} changed hands, {} is called counterfeit",
            totals.owned(),
            totals.counterfeit
        ),
    }
}
