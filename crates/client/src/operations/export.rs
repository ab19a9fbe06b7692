//! Export: coins leave in a file, for nobody in particular. It is a transfer without a peer.
//!
//! ```text
//!   Default ─▶ .Sender/Export ─▶ journal ─▶ room for the file ─▶ IN FLIGHT ─▶ the file, durable ─▶ .Sender/Sent
//!      ▲─────── put back ──────────┴──────────────┘                 │
//!      ▲─────── reclaim: new secrets ───────────────────────────────┘     ends: 17 agents hold other secrets
//! ```
//!
//! Failure before it is in flight: the coins are put back, and nothing is at risk. After that a crash or a
//! full disk leaves them in flight: `resume` writes the file, `reclaim` takes the coins back.

mod files;

use std::path::{Path, PathBuf};

use coin::reclaim::Will;
use coin::{Amount, StoredCoin};
use protocol::machine::{Fault, Preparation};
use serde::{Deserialize, Serialize};
use serde_json::json;
use wallet::{Kind, OperationId, WalletName};

use self::files::Files;
use super::reclaim::course::Course;
use super::reclaim::departures;
use super::{Bench, COINS, broken_note, note};
use crate::exit::{Exit, Failure};
use crate::record::{Counts, Summary};
use crate::session::Session;
use crate::words;

/// What the journal of an export begins with.
#[derive(Clone, Serialize, Deserialize)]
struct About {
    amount: Amount,
    /// Where the file goes; not a secret.
    out: PathBuf,
    /// The print of the network of agents, in hex digits.
    network: String,
}

/// An open export.
struct Export {
    bench: Bench,
    out: PathBuf,
}

/// How far an export has come, by its journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing has left.
    Open,
    /// The file may be there or not.
    Leaving,
    /// The file was there, or some of the coins are being taken back.
    Left,
}

/// Exports an amount into a file that does not exist yet.
pub(crate) async fn begin(session: &Session, amount: Amount, out: &Path) -> Result<Exit, Failure> {
    let out = free(out)?;
    let network = session.network().await?.print();
    let id = session.new_operation();
    let about = About { amount, out: out.clone(), network: hex::encode(network) };
    let text = serde_json::to_string(&about)
        .map_err(|error| Failure::new(Exit::File, error, "choose another --out"))?;
    let begun = session.desk.run(move |work| {
        let operation = work.wallet.begin(id, Kind::Export, &text)?;
        work.operations.insert(id, operation);
        Ok(())
    });
    session.disk(begun.await)?;
    let bench = Bench::at_home(session, id, network, WalletName::Sender, amount);
    let export = Export { bench, out };
    if let Err(why) = export.get_ready().await {
        export.give_up(session).await?;
        return Err(why);
    }
    export.leave().await?;
    export.tell(session).await
}

/// Carries an export on that was cut short, and finds out whether it was taken.
pub(crate) async fn carry_on(session: &Session, id: OperationId) -> Result<Exit, Failure> {
    let export = load(session, id).await?;
    match export.stage().await? {
        Stage::Open => {
            export.give_up(session).await?;
            session.screen.say("the export was cut short before anything left: the coins are back");
            Ok(Exit::Returned)
        }
        Stage::Leaving => {
            export.leave().await?;
            export.tell(session).await?;
            Ok(Exit::InFlight)
        }
        Stage::Left => {
            let course = Course::of_export(export.bench);
            course.carry_on().await?;
            let found = course.look(Will::Automatic).await?;
            course.call_gone(&found).await?;
            let tally = course.tally().await?;
            course.close(session, &tally).await?;
            let (summary, text) = (tally.summary(), words::homecoming(&tally));
            let advice = match tally.in_flight().is_zero() {
                true => "",
                false => "coin-wallet reclaim takes back what nobody has taken",
            };
            session.tell_result(id, &summary, &text, advice);
            Ok(Exit::from_code(summary.exit))
        }
    }
}

/// Returns the course of an export's coins, or `None` when none has left.
pub(crate) async fn course(session: &Session, id: OperationId) -> Result<Option<Course>, Failure> {
    let export = load(session, id).await?;
    Ok(match export.stage().await? {
        Stage::Open => None,
        Stage::Leaving | Stage::Left => Some(Course::of_export(export.bench)),
    })
}

async fn load(session: &Session, id: OperationId) -> Result<Export, Failure> {
    let loaded = session.desk.run(move |work| {
        let operation = work.wallet.load(id)?;
        let about = serde_json::from_str::<About>(operation.about());
        work.operations.insert(id, operation);
        about.map_err(|_| broken_note("about"))
    });
    let About { amount, out, network } = session.disk(loaded.await)?;
    let mut print = [0; 8];
    if hex::decode_to_slice(&network, &mut print).is_err() {
        let what = format!("the journal of {id} names no network");
        return Err(Failure::new(Exit::File, what, "keep the journal, and the home, as they are"));
    }
    Ok(Export { bench: Bench::at_home(session, id, print, WalletName::Sender, amount), out })
}

impl Export {
    /// Chooses the coins, moves them out of Default, and takes the room for the file.
    async fn get_ready(&self) -> Result<(), Failure> {
        let prepared = async {
            for step in [
                Preparation::MakeChange,
                Preparation::FixChange,
                Preparation::MoveToSender,
                Preparation::Detect,
                Preparation::PutInExport,
            ] {
                self.bench.prepare(step).await?;
            }
            self.bench.encrypt().await
        };
        prepared.await.map_err(|fault| refused(&fault))?;
        let files = self.files().await.map_err(|fault| refused(&fault))?;
        files.reserve().map_err(|error| self.unwritable(Exit::File, &error))
    }

    /// What nothing has left of goes back.
    async fn give_up(&self, session: &Session) -> Result<(), Failure> {
        let id = self.bench.id;
        let put_back = async {
            let files = self.files().await?;
            files.clear().map_err(|error| Fault::Disk(error.to_string()))?;
            self.bench.put_back().await
        };
        put_back.await.map_err(|fault| {
            Failure::new(
                Exit::File,
                words::fault(&fault),
                "mend it, then run: coin-wallet resume; nothing has left",
            )
        })?;
        let exit = Exit::Returned.code();
        let status = "returned".to_owned();
        let (amount, owned) = (self.bench.amount, Amount::ZERO);
        let summary = Summary { status, amount, owned, exit, counts: Counts::new() };
        session.end(id, &summary).await
    }

    /// Records that the coins are in flight, and then writes the file.
    async fn leave(&self) -> Result<(), Failure> {
        let in_flight = |fault: &Fault| {
            let advice = "mend it, then run: coin-wallet resume";
            Failure::new(Exit::InFlight, words::fault(fault), advice)
        };
        let marked = self.bench.at_wallet(|_, operation| operation.mark_in_flight().map(drop));
        marked.await.map_err(|fault| in_flight(&fault))?;
        let files = self.files().await.map_err(|fault| in_flight(&fault))?;
        files.finish().map_err(|error| self.unwritable(Exit::InFlight, &error))?;
        let noted = async {
            self.bench.at_wallet(|_, operation| operation.note(note::EXPORTED, "yes")).await?;
            self.bench.file_in_sent().await
        };
        noted.await.map(drop).map_err(|fault| in_flight(&fault))
    }

    async fn files(&self) -> Result<Files, Fault> {
        let out = self.out.clone();
        self.bench
            .at_wallet(move |_, operation| {
                let coins = operation.kept(COINS).unwrap_or_default().into_iter();
                // The secrets proposed by this home are none of the taker's.
                let coins: Vec<StoredCoin> =
                    coins.map(|stored| StoredCoin::new(stored.coin, stored.pown)).collect();
                Ok(Files::of(&out, &operation.tag(), &coins))
            })
            .await
    }

    async fn stage(&self) -> Result<Stage, Failure> {
        let stage = self.bench.at_wallet(|_, operation| {
            let left = operation.last_note(note::EXPORTED).is_some();
            Ok(if left || departures::is_reclaimed(operation) {
                Stage::Left
            } else if operation.in_flight().next().is_some() {
                Stage::Leaving
            } else {
                Stage::Open
            })
        });
        stage.await.map_err(|fault| refused(&fault))
    }

    async fn tell(&self, session: &Session) -> Result<Exit, Failure> {
        let Bench { id, amount, .. } = self.bench;
        let out = self.out.display();
        let short: String = id.to_string().chars().take(8).collect();
        session.screen.say("whoever has the file first can take the coins:");
        session.screen.say(&format!("coin-wallet import {out}"));
        session
            .screen
            .say(&format!("coin-wallet reclaim {short}    takes back what nobody has taken"));
        session.screen.result(
            &format!("exported {amount} to {out}"),
            &json!({
                "v": 1, "event": "result", "status": "done", "transfer": id.to_string(), "amount": amount,
                "owned": 0, "in_flight": amount, "out": self.out, "exit": 0,
            }),
        );
        Ok(Exit::Done)
    }

    fn unwritable(&self, exit: Exit, error: &std::io::Error) -> Failure {
        let what = format!("{} cannot be written: {error}", self.out.display());
        let advice = match exit {
            Exit::InFlight => {
                "make room, or move away what lies there, then run: coin-wallet resume; or coin-wallet reclaim"
            }
            _ => "choose another --out; nothing has left",
        };
        Failure::new(exit, what, advice)
    }
}

/// Returns the whole path of a file that is not there yet, in a folder that is.
fn free(out: &Path) -> Result<PathBuf, Failure> {
    let refuse = |what: &str| {
        let what = format!("{}: {what}", out.display());
        Failure::new(Exit::File, what, "name a new file for --out; nothing was exported")
    };
    let name = out.file_name().ok_or_else(|| refuse("that is no name of a file"))?;
    let folder = files::folder_of(out).canonicalize();
    let folder = folder.map_err(|error| refuse(&format!("its folder: {error}")))?;
    if !folder.is_dir() {
        return Err(refuse("it does not lie in a folder"));
    }
    if out.symlink_metadata().is_ok() {
        return Err(refuse("it exists already, and nothing is ever overwritten"));
    }
    Ok(folder.join(name))
}

/// Why nothing is exported; the coins are put back.
fn refused(fault: &Fault) -> Failure {
    let (exit, advice) = match fault {
        Fault::TooFewAgents { .. } => (Exit::Agents, "when the agents are there again"),
        Fault::NoExactCoins => {
            (Exit::NotEnough, "an amount that your coins make: coin-wallet balance")
        }
        Fault::OtherAgents => (Exit::Differ, "correct `agents` in config.toml of the home"),
        Fault::ExchangeOpen(_) => {
            (Exit::InFlight, "coin-wallet resume; then the same command again")
        }
        Fault::BadBatch(_) | Fault::BadReceipt(_) | Fault::Disk(_) => {
            (Exit::File, "mend the disk; nothing was exported")
        }
    };
    Failure::new(exit, words::fault(fault), advice)
}
