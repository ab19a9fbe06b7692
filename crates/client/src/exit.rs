//! How a program ends: the documented exit codes, and what a person is told with them.

use std::fmt;
use std::process::ExitCode;

use coin::Amount;
use protocol::machine::{Cause, Fault, Outcome};

/// The exit codes of `coin-send`, `coin-receive` and `coin-wallet`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Wrong usage, or an amount that is none.
    Usage = 2,
    /// A file, the home or the configuration.
    File = 3,
    /// The relay cannot be reached or refused.
    Relay = 4,
    /// The peer did not come, or left.
    PeerAway = 5,
    /// The two files, or the two networks, differ.
    Differ = 6,
    /// Refused by a person or by the peer.
    Refused = 7,
    /// Not enough coins, or no exact set of them.
    NotEnough = 8,
    /// Fewer than 13 agents.
    Agents = 9,
    /// Another program holds the home.
    Busy = 10,
    /// Stopped; nothing is at risk.
    Returned = 20,
    /// Money is in flight.
    InFlight = 21,
    /// Settled in part.
    Partly = 22,
}

impl Exit {
    /// Returns the exit of a code that was written down; an unknown one counts as a broken file.
    pub(crate) fn from_code(code: u8) -> Exit {
        const ALL: [Exit; 13] = [
            Exit::Done,
            Exit::Usage,
            Exit::File,
            Exit::Relay,
            Exit::PeerAway,
            Exit::Differ,
            Exit::Refused,
            Exit::NotEnough,
            Exit::Agents,
            Exit::Busy,
            Exit::Returned,
            Exit::InFlight,
            Exit::Partly,
        ];
        ALL.into_iter().find(|exit| exit.code() == code).unwrap_or(Exit::File)
    }

    /// Returns the code that a process exits with.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

/// Why a program cannot go on: what is wrong and who is at fault, what to do, and the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// The exit code.
    pub(crate) exit: Exit,
    /// What is wrong, in a sentence without final period.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) advice: String,
}

impl Failure {
    /// Returns a failure with its advice.
    pub(crate) fn new(exit: Exit, what: impl fmt::Display, advice: impl Into<String>) -> Failure {
        Failure { exit, what: what.to_string(), advice: advice.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}

/// Returns the exit code of a transfer that ended so: once an amount is agreed, 20, 21 and 22 tell more
/// than the cause.
pub(crate) fn of_outcome(outcome: &Outcome, agreed: Option<Amount>) -> Exit {
    match outcome {
        Outcome::Done(_) | Outcome::Unreceipted(_) => Exit::Done,
        Outcome::InDoubt(_) => Exit::InFlight,
        Outcome::Partly(_) => Exit::Partly,
        // What was to be paid is not at risk; what the payment changed is not at its end.
        Outcome::Returned(Cause::Fault(Fault::ExchangeOpen(_))) => Exit::InFlight,
        Outcome::Returned(_) if agreed.is_some() => Exit::Returned,
        Outcome::Returned(cause) => of_cause(cause),
    }
}

fn of_cause(cause: &Cause) -> Exit {
    match cause {
        Cause::PeerAway | Cause::Stuck { .. } => Exit::PeerAway,
        Cause::Declined | Cause::PeerStopped(_) => Exit::Refused,
        Cause::OutOfStep { .. }
        | Cause::OtherAmount(_)
        | Cause::Refused
        | Cause::Reclaimed
        | Cause::OddPosition(_) => Exit::Refused,
        Cause::Stopped => Exit::Returned,
        Cause::Expired => Exit::File,
        Cause::Undecided(_) => Exit::InFlight,
        Cause::Fault(fault) => match fault {
            Fault::TooFewAgents { .. } => Exit::Agents,
            Fault::OtherAgents => Exit::Differ,
            Fault::NoExactCoins => Exit::NotEnough,
            Fault::ExchangeOpen(_) => Exit::InFlight,
            Fault::BadBatch(_) | Fault::BadReceipt(_) => Exit::Refused,
            Fault::Disk(_) => Exit::File,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Exit, of_outcome};
    use coin::Amount;
    use protocol::machine::{Cause, Fault, Outcome, Totals};

    fn check(outcome: &Outcome, before: Exit, agreed: Exit) {
        assert_eq!(of_outcome(outcome, None), before, "{outcome:?}");
        assert_eq!(of_outcome(outcome, Some(Amount::MAX)), agreed, "{outcome:?}");
    }

    #[test]
    fn once_an_amount_is_agreed_the_exit_speaks_of_the_money() {
        let away = || Cause::PeerAway;
        check(&Outcome::Done(Totals::default()), Exit::Done, Exit::Done);
        check(&Outcome::Returned(away()), Exit::PeerAway, Exit::Returned);
        check(&Outcome::Returned(Cause::Declined), Exit::Refused, Exit::Returned);
        let few = Cause::Fault(Fault::TooFewAgents { answered: 12 });
        check(&Outcome::Returned(few), Exit::Agents, Exit::Returned);
        let foreign = Cause::Fault(Fault::OtherAgents);
        check(&Outcome::Returned(foreign), Exit::Differ, Exit::Returned);
        check(
            &Outcome::Returned(Cause::Fault(Fault::NoExactCoins)),
            Exit::NotEnough,
            Exit::Returned,
        );
        let open = Cause::Fault(Fault::ExchangeOpen(Amount::MAX));
        check(&Outcome::Returned(open), Exit::InFlight, Exit::InFlight);
        check(&Outcome::InDoubt(away()), Exit::InFlight, Exit::InFlight);
        check(&Outcome::Partly(Totals::default()), Exit::Partly, Exit::Partly);
    }

    #[test]
    fn a_stop_by_the_person_is_never_done() {
        check(&Outcome::Returned(Cause::Stopped), Exit::Returned, Exit::Returned);
        check(&Outcome::InDoubt(Cause::Stopped), Exit::InFlight, Exit::InFlight);
    }

    #[test]
    fn codes_are_read_as_they_were_written() {
        for code in [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 21, 22] {
            assert_eq!(Exit::from_code(code).code(), code);
        }
        assert_eq!(Exit::from_code(99), Exit::File);
    }
}
