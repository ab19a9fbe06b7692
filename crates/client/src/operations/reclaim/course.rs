//! The way home of one transfer's or export's coins: what is found, what is begun, and when it is over.
//!
//! ```text
//!   carry on what was begun ─▶ look at what is away ─▶ begin what may begin ─▶ all decided? journal ends
//! ```
//!
//! Used by `reclaim`, where a person asks, and by `resume`, where nobody does.

use std::collections::BTreeSet;

use coin::reclaim::{Departed, Ground, Look, Obstacle, Will};
use coin::{Amount, Grade, Rule, SerialNumber};
use protocol::machine::Fault;
use protocol::message::DurableStep;
use wallet::{Kind, OperationId, WalletName};

use super::departures::{self, Departure};
use super::sum;
use crate::exit::{Exit, Failure};
use crate::operations::Bench;
use crate::record::{Counts, Open, Summary};
use crate::session::{Session, operation_id};
use crate::words;

/// The coins of one open transfer or export that left.
pub(crate) struct Course {
    bench: Bench,
    kind: Kind,
    /// Whether the receiver promised never to pown them.
    refused: bool,
    /// The end of the file's time, in seconds since 1970 UTC; an export has none.
    pub(crate) expires_secs: Option<u64>,
}

/// What a look at the coins that are away has found.
#[derive(Default)]
pub(crate) struct Found {
    /// What may be taken back now.
    pub(crate) begin: BTreeSet<SerialNumber>,
    /// What it is worth.
    pub(crate) begin_amount: Amount,
    /// Whether some agents show that somebody may be taking some of it.
    pub(crate) contested: Contested,
    /// What is the other's.
    gone: BTreeSet<SerialNumber>,
    /// What stays away, and why.
    pub(crate) stays: Vec<(Obstacle, Amount)>,
}

/// Whether somebody may be taking coins that are to be taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Contested {
    /// No agent shows it.
    #[default]
    No,
    /// Some agent that held a coin's secret holds another one.
    Yes,
}

/// What has become of the coins, in sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tally {
    /// All that left.
    pub(crate) amount: Amount,
    /// One's own again.
    pub(crate) back: Amount,
    /// Of it what 13 to 16 agents hold so far.
    pub(crate) settling: Amount,
    /// The other's; with what is disputed.
    pub(crate) gone: Amount,
    /// Of it what the receipt calls counterfeit, and the agents do not hold as it left either.
    pub(crate) disputed: Amount,
    /// Reclaimed, and not yet decided.
    pub(crate) reclaiming: Amount,
    /// Yielded, and not yet over.
    pub(crate) yielding: Amount,
    /// In flight, and nothing was done about it.
    pub(crate) away: Amount,
}

impl Course {
    /// Returns the course of a transfer, or `None` when nothing of it has left.
    pub(crate) fn of_transfer(session: &Session, open: &Open) -> Option<Course> {
        let machine = &open.machine;
        if !machine.is_sender() || machine.position().step != DurableStep::InFlight {
            return None;
        }
        let id = operation_id(&open.file);
        let network = *open.file.network.as_bytes();
        Some(Course {
            bench: Bench::at_home(session, id, network, WalletName::Sender, open.amount),
            kind: Kind::Send,
            refused: machine.is_refused(),
            expires_secs: Some(open.file.expires_secs),
        })
    }

    /// Returns the course of an export whose files are written.
    pub(crate) fn of_export(bench: Bench) -> Course {
        Course { bench, kind: Kind::Export, refused: false, expires_secs: None }
    }

    /// Returns the operation's number.
    pub(crate) fn id(&self) -> OperationId {
        self.bench.id
    }

    /// Tells whether the file's time is over.
    pub(crate) fn has_expired(&self) -> bool {
        let now = self.bench.desk.clock.now_secs();
        self.expires_secs.is_some_and(|expires| now > expires)
    }

    /// Tells whether a resume has to look at the coins: some were reclaimed, or are disputed, or left in
    /// a file.
    pub(crate) async fn is_due(&self) -> Result<bool, Failure> {
        let coins = self.departures().await?;
        let further = |coin: &Departure| coin.state != Departed::Away;
        let disputed = |coin: &Departure| coin.receipt == Some(Grade::Counterfeit);
        Ok(self.kind == Kind::Export || coins.iter().any(|c| further(c) || disputed(c)))
    }

    /// Files under Sent what a crash left in Export, and carries on what was begun.
    pub(crate) async fn carry_on(&self) -> Result<(), Failure> {
        let file = async {
            self.bench.file_in_sent().await?;
            self.bench.file_departures().await?;
            self.bench.same_network().await?;
            self.bench.carry_on_reclaims().await
        };
        file.await.map_err(|fault| failure(&fault))
    }

    /// Asks all agents about the coins that are away, and says what may be done.
    pub(crate) async fn look(&self, will: Will) -> Result<Found, Failure> {
        let mut coins = self.departures().await?;
        coins.retain(|coin| coin.state == Departed::Away);
        let looks = match coins.is_empty() {
            true => Vec::new(),
            false => self.bench.look_at(&coins).await,
        };
        let mut found = Found::default();
        for (coin, look) in coins.iter().zip(looks) {
            found.take(coin, look, self.ground(coin), will, self.line());
        }
        Ok(found)
    }

    /// Writes down what is the other's.
    pub(crate) async fn call_gone(&self, found: &Found) -> Result<(), Failure> {
        let gone = found.gone.clone();
        let called = async {
            if !gone.is_empty() {
                self.bench.call_gone(gone).await?;
            }
            self.bench.file_departures().await
        };
        called.await.map_err(|fault| failure(&fault))
    }

    /// Begins what may begin, and takes it as far as the agents let it.
    pub(crate) async fn begin(&self, found: &Found) -> Result<(), Failure> {
        let begun = found.begin.clone();
        let taken = async {
            self.bench.begin_reclaim(begun).await?;
            self.bench.carry_on_reclaims().await
        };
        taken.await.map_err(|fault| failure(&fault))
    }

    /// Returns what has become of the coins.
    pub(crate) async fn tally(&self) -> Result<Tally, Failure> {
        let coins = self.departures().await?;
        let in_state = |state| sum(coins.iter().filter(move |coin| coin.state == state));
        let disputed = coins.iter().filter(|coin| {
            coin.state == Departed::Gone && coin.receipt == Some(Grade::Counterfeit)
        });
        Ok(Tally {
            amount: sum(coins.iter()),
            back: in_state(Departed::Back),
            settling: sum(coins.iter().filter(|coin| coin.is_settling())),
            gone: in_state(Departed::Gone),
            disputed: sum(disputed),
            reclaiming: in_state(Departed::Reclaiming),
            yielding: in_state(Departed::Yielding),
            away: in_state(Departed::Away),
        })
    }

    /// Ends the journal when every coin is decided.
    pub(crate) async fn close(&self, session: &Session, tally: &Tally) -> Result<(), Failure> {
        match tally.in_flight().is_zero() {
            true => session.end(self.id(), &tally.summary()).await,
            false => Ok(()),
        }
    }

    fn ground(&self, coin: &Departure) -> Option<Ground> {
        match self.kind {
            Kind::Export => Some(Ground::Exported),
            _ if coin.receipt == Some(Grade::Counterfeit) => Some(Ground::CalledCounterfeit),
            _ if self.refused => Some(Ground::Refused),
            _ => self.has_expired().then_some(Ground::Expired),
        }
    }

    /// How many agents that hold another secret end it: of a file nobody sends a receipt, so that it
    /// ends where a receipt would say final.
    fn line(&self) -> u8 {
        match self.kind {
            Kind::Export => Rule::CLOUDCOIN.last,
            _ => Rule::CLOUDCOIN.own,
        }
    }

    async fn departures(&self) -> Result<Vec<Departure>, Failure> {
        self.bench.departures().await.map_err(|fault| failure(&fault))
    }
}

impl Found {
    fn take(&mut self, coin: &Departure, look: Look, ground: Option<Ground>, will: Will, line: u8) {
        if Departed::Away.looked_at(look, line) == Departed::Gone {
            self.gone.insert(coin.sn());
            return;
        }
        match Departed::Away.begin(ground, look, will) {
            Ok(_) => {
                self.begin.insert(coin.sn());
                self.begin_amount = add(self.begin_amount, coin.amount());
                let quiet = Departed::Away.begin(ground, look, Will::Asked).is_ok();
                if !quiet {
                    self.contested = Contested::Yes;
                }
            }
            Err(obstacle) => self.stay(obstacle, coin.amount()),
        }
    }

    fn stay(&mut self, obstacle: Obstacle, amount: Amount) {
        match self.stays.iter_mut().find(|(known, _)| *known == obstacle) {
            Some((_, sum)) => *sum = add(*sum, amount),
            None => self.stays.push((obstacle, amount)),
        }
    }
}

impl Tally {
    /// Returns what is not decided.
    pub(crate) fn in_flight(&self) -> Amount {
        add(self.away, add(self.reclaiming, self.yielding))
    }

    /// Returns what changed hands without dispute.
    pub(crate) fn given(&self) -> Amount {
        self.gone.checked_sub(self.disputed).unwrap_or(Amount::ZERO)
    }

    /// Returns how the transfer ended with this, or stands.
    pub(crate) fn summary(&self) -> Summary {
        let (status, exit) = if !self.in_flight().is_zero() {
            ("in_doubt", Exit::InFlight)
        } else if self.back == self.amount {
            ("returned", Exit::Returned)
        } else if self.given() == self.amount {
            ("done", Exit::Done)
        } else {
            ("partly", Exit::Partly)
        };
        let (status, amount) = (status.to_owned(), self.amount);
        Summary { status, amount, owned: self.given(), exit: exit.code(), counts: Counts::new() }
    }
}

impl Bench {
    /// Files what is decided of the coins that left.
    async fn file_departures(&self) -> Result<(), Fault> {
        self.at_wallet(departures::file).await
    }
}

fn add(one: Amount, other: Amount) -> Amount {
    one.checked_add(other).unwrap_or(Amount::MAX)
}

/// Money is in flight whatever went wrong: the exit code says so.
pub(crate) fn failure(fault: &Fault) -> Failure {
    let advice = match fault {
        Fault::TooFewAgents { .. } => "when the agents are there: coin-wallet resume",
        _ => "mend it, then run: coin-wallet resume",
    };
    Failure::new(Exit::InFlight, words::fault(fault), advice)
}
