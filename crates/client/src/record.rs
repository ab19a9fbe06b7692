//! A transfer's journal as the programs see it: its beginning, its taking up, and its end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use coin::Amount;
use protocol::conn_file::ConnFile;
use protocol::link::{Link, Memory, ReceiverMemory, SenderMemory};
use protocol::machine::{Cause, Journal, Outcome};
use protocol::message::DurableStep;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use wallet::{Kind, OperationId, WalletName};

use crate::connection::Connection;
use crate::exit::{self, Exit, Failure};
use crate::machine::Machine;
use crate::operations::reclaim::departures;
use crate::operations::{Bench, counts, note};
use crate::session::{Session, operation_id};
use crate::transfer::{Ended, NoRelay, Transfer};
use crate::words;

/// How long after the end of its file's time a transfer that nobody came back to is kept open for its peer.
const KEPT_FOR_PEER_SECS: u64 = 30 * 24 * 60 * 60;

/// How an operation ended; the last record of its journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// `done`, `returned`, `in_doubt` or `partly`.
    pub(crate) status: String,
    /// The agreed or wanted amount.
    pub(crate) amount: Amount,
    /// What changed hands.
    pub(crate) owned: Amount,
    /// The exit code that it ended with.
    pub(crate) exit: u8,
    /// What was done to coins on the way, such as `fixed`, and to how many.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) counts: Counts,
}

/// Coins by what was done to them.
pub(crate) type Counts = BTreeMap<String, u64>;

/// An open transfer, ready to run.
pub(crate) struct Open {
    /// Its machine.
    pub(crate) machine: Machine,
    /// Its connection file, as the journal keeps it.
    pub(crate) file: ConnFile,
    /// The amount that it was begun with; zero for a receiver.
    pub(crate) amount: Amount,
    /// The amount that was agreed, if any.
    pub(crate) agreed: Option<Amount>,
    /// Whether it waits for the person.
    pub(crate) parked: Parked,
}

impl Open {
    /// Returns a transfer that begins now.
    pub(crate) fn new(machine: Machine, file: ConnFile, amount: Amount) -> Open {
        Open { machine, file, amount, agreed: None, parked: Parked::No }
    }
}

/// Whether a transfer waits for the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parked {
    /// Only the same command takes it up.
    Yes,
    /// `resume` does, too.
    No,
}

/// What a transfer's journal begins with, in one record: there is no half-begun transfer.
#[derive(Serialize, Deserialize)]
struct About {
    amount: Amount,
    conn: String,
    machine: Machine,
}

impl Session {
    /// Begins the journal of a transfer: from here on `resume` knows it.
    pub(crate) async fn begin(&self, open: &Open) -> Result<(), Failure> {
        let id = operation_id(&open.file);
        let kind = if open.machine.is_sender() { Kind::Send } else { Kind::Receive };
        let conn = open.file.to_text().to_string();
        let about = to_json(&About { amount: open.amount, conn, machine: open.machine.clone() })?;
        let begun = self
            .desk
            .run(move |work| {
                let operation = work.wallet.begin(id, kind, &about)?;
                work.operations.insert(id, operation);
                Ok(())
            })
            .await;
        self.disk(begun)
    }

    /// Returns an open transfer from its journal, or `None` when there is no such open journal.
    pub(crate) async fn load(
        &self,
        id: OperationId,
        peer_wait: Duration,
    ) -> Result<Option<Open>, Failure> {
        let loaded = self
            .desk
            .run(move |work| {
                if !work.wallet.open_operations()?.iter().any(|(open, _)| *open == id) {
                    return Ok(None);
                }
                let operation = work.wallet.load(id)?;
                let text = |label| operation.last_note(label).map(str::to_owned);
                let (state, agreed, parked) =
                    (text(note::MACHINE), text(note::AGREED), text(note::PARKED));
                let reclaimed = departures::is_reclaimed(&operation);
                let notes = (operation.about().to_owned(), state, agreed, parked, reclaimed);
                work.operations.insert(id, operation);
                Ok(Some(notes))
            })
            .await;
        let Some((about, state, agreed, parked, reclaimed)) = self.disk(loaded)? else {
            return Ok(None);
        };
        let About { amount, conn, machine } = from_json(id, &about)?;
        let file = ConnFile::parse(&conn).map_err(|error| broken(id, &error))?;
        let machine = state.map_or(Ok(machine), |text| from_json(id, &text))?;
        if machine.is_sender() && machine.position().step == DurableStep::InFlight {
            self.mark_in_flight(id).await?;
        }
        let machine = if reclaimed { machine.reclaimed() } else { machine };
        let parked = if parked.as_deref() == Some("yes") { Parked::Yes } else { Parked::No };
        let agreed = agreed.map(|text| from_json(id, &text)).transpose()?;
        Ok(Some(Open { machine: machine.resumed(peer_wait), file, amount, agreed, parked }))
    }

    /// Makes the mark again that a crash may have cut off: the machine is written before it.
    async fn mark_in_flight(&self, id: OperationId) -> Result<(), Failure> {
        let marked = self.desk.run(move |work| match work.operations.get_mut(&id) {
            Some(operation) => operation.mark_in_flight().map(drop),
            None => Ok(()),
        });
        self.disk(marked.await)
    }

    /// Returns how a transfer ended, if it has.
    pub(crate) async fn ended(&self, id: OperationId) -> Result<Option<Summary>, Failure> {
        let ended = self.desk.run(move |work| work.wallet.ended(id)).await;
        self.disk(ended)?.map(|end| from_json(id, &end.summary)).transpose()
    }

    /// Refuses a connection file whose time is over, for a transfer that has not begun here.
    pub(crate) fn not_expired(&self, file: &ConnFile) -> Result<(), Failure> {
        match self.desk.clock.now_secs() <= file.expires_secs {
            true => Ok(()),
            false => Err(Failure::new(
                Exit::File,
                "the connection file has expired",
                "let the sender run coin-send with a new --conn file",
            )),
        }
    }

    /// Runs an open transfer to its end and tells the result.
    pub(crate) async fn run(
        &self,
        open: Open,
        no_relay: NoRelay,
        stop: CancellationToken,
    ) -> Result<Exit, Failure> {
        let Open { machine, file, amount, agreed, parked } = open;
        let id = operation_id(&file);
        if parked == Parked::Yes {
            self.park(id, Parked::No).await?;
        }
        let bench = Bench {
            desk: self.desk.clone(),
            id,
            authority: self.authority.clone(),
            screen: self.screen.clone(),
            progress: Arc::new(Notify::new()),
            network: *file.network.as_bytes(),
            hidden_wallet: if machine.is_sender() {
                WalletName::Sender
            } else {
                WalletName::Receiver
            },
            numbers: self.numbers(),
            home: self.home.clone(),
            join_from: self.config.join_from,
            amount,
            relay: file.relay.clone(),
            room: file.room.get(),
        };
        let link = self.link(&machine, &file).await?;
        let connection = Connection::new(self.relay.clone(), file.relay.clone());
        let transfer = Transfer::new(machine, link, agreed, bench.clone(), connection, no_relay);
        let ended = match transfer.run(stop).await {
            Ok(ended) => ended,
            Err(failure) => {
                self.park_unless_agreed(id).await?;
                return Err(failure);
            }
        };
        self.close(&bench, &file, *ended).await
    }

    /// Returns the link with what it remembers.
    async fn link(&self, machine: &Machine, file: &ConnFile) -> Result<Link, Failure> {
        let id = operation_id(file);
        let noted = self.desk.run(move |work| {
            let operation = work.operations.get(&id);
            Ok(operation.and_then(|operation| operation.last_note(note::LINK)).map(str::to_owned))
        });
        let memory = self.disk(noted.await)?.map(|text| from_json(id, &text)).transpose()?;
        Ok(match (machine, memory) {
            (Machine::Sender(_), None) => Link::sender(file, SenderMemory::default()),
            (Machine::Sender(_), Some(Memory::Sender(memory))) => Link::sender(file, memory),
            (Machine::Receiver(_), None) => Link::receiver(file, ReceiverMemory::default()),
            (Machine::Receiver(_), Some(Memory::Receiver(memory))) => Link::receiver(file, memory),
            (Machine::Sender(_), Some(Memory::Receiver(_)))
            | (Machine::Receiver(_), Some(Memory::Sender(_))) => {
                return Err(broken(id, &"it remembers the other side's link"));
            }
        })
    }

    async fn close(&self, bench: &Bench, file: &ConnFile, ended: Ended) -> Result<Exit, Failure> {
        let exit = exit::of_outcome(&ended.outcome, ended.agreed);
        let (status, owned) = words::status(&ended.outcome);
        let amount = ended.agreed.unwrap_or(bench.amount);
        let counts = self.counts(bench.id).await?;
        let summary =
            Summary { status: status.to_owned(), amount, owned, exit: exit.code(), counts };
        // In doubt about coins that did not leave in this life of the home, nothing is put back.
        let doubtful = matches!(ended.outcome, Outcome::InDoubt(Cause::OddPosition(_)));
        if !doubtful {
            bench.tidy_up(&ended.machine).await.map_err(|fault| {
                let exit = if exit == Exit::InFlight { exit } else { Exit::File };
                Failure::new(exit, words::fault(&fault), "mend it, then run: coin-wallet resume")
            })?;
        }
        match fate(exit, ended.machine.journal(), file.expires_secs, self.desk.clock.now_secs()) {
            Fate::Closed => self.end(bench.id, &summary).await?,
            Fate::Parked => self.park(bench.id, Parked::Yes).await?,
            Fate::Open => {}
        }
        let open = self.desk.run(|work| work.wallet.open_operations()).await;
        if self.disk(open)?.iter().any(|(_, kind)| *kind == Kind::Exchange) {
            self.screen.warn(words::EXCHANGE_OPEN);
        }
        let advice = words::advice(&ended.outcome);
        self.tell_result(bench.id, &summary, &words::outcome(&ended.outcome), advice);
        Ok(exit)
    }

    /// Returns what was done to coins for an operation.
    async fn counts(&self, id: OperationId) -> Result<Counts, Failure> {
        let noted = self.desk.run(move |work| match work.operations.get(&id) {
            Some(operation) => counts(operation),
            None => Ok(Counts::new()),
        });
        self.disk(noted.await)
    }

    /// A transfer that failed before anything was agreed may be paid in another way: it waits for the
    /// person.
    async fn park_unless_agreed(&self, id: OperationId) -> Result<(), Failure> {
        let agreed = self.desk.run(move |work| {
            let operation = work.operations.get(&id);
            Ok(operation.is_some_and(|operation| operation.last_note(note::AGREED).is_some()))
        });
        match self.disk(agreed.await)? {
            true => Ok(()),
            false => self.park(id, Parked::Yes).await,
        }
    }

    /// Writes down whether only the person takes this transfer up again: it was given up before anything
    /// was agreed, and may have been paid in another way since.
    async fn park(&self, id: OperationId, parked: Parked) -> Result<(), Failure> {
        let text = match parked {
            Parked::Yes => "yes",
            Parked::No => "no",
        };
        let noted = self.desk.run(move |work| match work.operations.get_mut(&id) {
            Some(operation) if operation.last_note(note::PARKED).unwrap_or("no") != text => {
                operation.note(note::PARKED, text)
            }
            Some(_) | None => Ok(()),
        });
        self.disk(noted.await)
    }

    /// Records the end of an operation; its journal is filed.
    pub(crate) async fn end(&self, id: OperationId, summary: &Summary) -> Result<(), Failure> {
        let text = to_json(summary)?;
        let ended = self.desk.run(move |work| match work.operations.remove(&id) {
            Some(operation) => operation.end(&mut work.wallet, &text),
            None => Ok(()),
        });
        self.disk(ended.await)
    }

    /// Says again how a transfer ended, and returns the exit code that it ended with.
    pub(crate) fn tell_ended(&self, id: OperationId, summary: &Summary) -> Exit {
        let text = match Exit::from_code(summary.exit) {
            Exit::Done => format!(
                "this transfer has ended: {} of {} changed hands",
                summary.owned, summary.amount
            ),
            Exit::Partly => {
                format!(
                    "this transfer has ended in part: {} of {} changed hands",
                    summary.owned, summary.amount
                )
            }
            _ => "this transfer has ended: it was stopped and nothing changed hands".to_owned(),
        };
        self.screen.say("a connection file works once; nothing was done");
        let advice = match Exit::from_code(summary.exit) {
            Exit::Done => "",
            _ => "a new --conn file for another payment",
        };
        self.tell_result(id, summary, &text, advice);
        Exit::from_code(summary.exit)
    }

    /// Prints the last line of an operation, and what to do about it.
    pub(crate) fn tell_result(&self, id: OperationId, summary: &Summary, text: &str, advice: &str) {
        self.screen.advise(advice);
        let mut object = json!({
            "v": 1, "event": "result", "status": summary.status, "transfer": id.to_string(),
            "amount": summary.amount, "owned": summary.owned, "exit": summary.exit,
        });
        if !summary.counts.is_empty() {
            object["counts"] = json!(summary.counts);
        }
        self.screen.result(text, &object);
    }
}

/// What becomes of a journal at the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is closed.
    Closed,
    /// It waits for the person: the same command tries again until the file expires.
    Parked,
    /// `resume` takes it up.
    Open,
}

/// Returns what becomes of a journal. A receiver waits for a sender that may still come for thirty days after
/// the file has expired: with its receipt, with its refusal, or with nothing but its consent. A sender that
/// did send takes back by then what nobody took over; what is undecided is never closed by a clock.
fn fate(exit: Exit, journal: Journal, expires_secs: u64, now: u64) -> Fate {
    match (journal, exit) {
        (Journal::Close, Exit::PeerAway) if now <= expires_secs => Fate::Parked,
        (Journal::Close, _) => Fate::Closed,
        (Journal::KeepOpen, Exit::InFlight | Exit::Partly) => Fate::Open,
        (Journal::KeepOpen, _) if now > expires_secs.saturating_add(KEPT_FOR_PEER_SECS) => {
            Fate::Closed
        }
        (Journal::KeepOpen, _) => Fate::Open,
    }
}

fn to_json(value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value)
        .map_err(|error| Failure::new(Exit::File, error, "this is an error of the program"))
}

fn from_json<T: DeserializeOwned>(id: OperationId, text: &str) -> Result<T, Failure> {
    serde_json::from_str(text).map_err(|error| broken(id, &error))
}

fn broken(id: OperationId, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        Exit::File,
        format!("the journal of {id} has a broken note: {error}"),
        "keep the journal, and the home, as they are",
    )
}

#[cfg(test)]
mod tests;
