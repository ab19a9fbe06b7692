//! What a wallet does with its own coins between payments: find, fix and detect, each an operation with a
//! journal.
//!
//! ```text
//!   nothing to do ─────────────────────────────▶ said, nothing is begun
//!   begin ─▶ asked, mended, filed ─▶ end         fewer than 13 agents: it ends, all coins stay as they are
//!     └ crash, full disk ─▶ resume does it again ─▶ end
//! ```
//!
//! # Crash safety
//! What an errand knows stands in the files of the coins. So doing it again is doing it: no state of it
//! has to be taken up, and any other operation may go on with the coins.

use std::collections::HashSet;

use coin::Amount;
use protocol::machine::Fault;
use raida::NetworkId;
use serde_json::{Value, json};
use wallet::{Folder, Kind, OperationId, Place, Survey, Surveyed, WalletName};

use super::Bench;
use super::fate::{Fate, Fates};
use super::find::{self, LOST};
use super::look::OnFile;
use super::prepare::{BANK, FRACKED};
use crate::exit::{Exit, Failure};
use crate::record::{Counts, Summary};
use crate::session::Session;
use crate::words;

/// Coins of one errand; a journal keeps several versions of each.
const COINS_MAX: usize = 100_000;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Ask for lost coins.
    Find,
    /// Mend owned coins that some agents refuse.
    Fix,
    /// Look at all coins.
    Detect,
}

/// What came of an errand.
pub(crate) struct Outcome {
    /// Its operation; none was begun where there was nothing to do.
    pub(crate) id: Option<OperationId>,
    /// What became of the coins.
    pub(crate) fates: Fates,
    /// How the program ends.
    pub(crate) exit: Exit,
}

impl Errand {
    /// Returns the errand of an operation of this kind.
    pub(crate) fn of_kind(kind: Kind) -> Option<Errand> {
        [Errand::Find, Errand::Fix, Errand::Detect].into_iter().find(|errand| errand.kind() == kind)
    }

    fn kind(self) -> Kind {
        match self {
            Errand::Find => Kind::Find,
            Errand::Fix => Kind::Fix,
            Errand::Detect => Kind::Detect,
        }
    }

    /// Returns where its coins lie.
    pub(crate) fn places(self) -> &'static [Place] {
        match self {
            Errand::Find => &LOST,
            Errand::Fix => &[FRACKED],
            Errand::Detect => &[BANK, FRACKED],
        }
    }

    /// Tells whether coins wait for this errand, so that `resume` does it. Old copies in Suspect do not.
    ///
    /// # Errors
    /// Those of the disk.
    pub(crate) async fn is_due(self, session: &Session) -> Result<bool, Failure> {
        let survey = session.desk.run(move |work| work.wallet.survey(self.places())).await;
        let Survey { coins, booked, .. } = session.disk(survey)?;
        let waits = |coin: &Surveyed| match self {
            Errand::Find => find::is_lost(coin, &booked) && coin.place.folder != Folder::Suspect,
            Errand::Fix => true,
            Errand::Detect => false,
        };
        Ok(coins.iter().any(waits))
    }

    /// Does the errand.
    ///
    /// # Errors
    /// Those of the agents (exit 9 and 6): nothing was changed in the home. Those of the disk: what was begun
    /// is carried on by `resume`.
    pub(crate) async fn run(self, session: &Session) -> Result<Outcome, Failure> {
        let print = session.network().await?;
        let survey = session.desk.run(move |work| work.wallet.survey(self.places())).await;
        let survey = session.disk(survey)?;
        warn_of_unreadable(session, &survey);
        if survey.coins.is_empty() {
            let outcome = Outcome { id: None, fates: Fates::default(), exit: Exit::Done };
            self.verify(session, &outcome, 0).await?;
            return Ok(outcome);
        }
        let coins = survey.coins.len();
        let id = session.new_operation();
        let begun = session.desk.run(move |work| {
            let operation = work.wallet.begin(id, self.kind(), "")?;
            work.operations.insert(id, operation);
            Ok(())
        });
        session.disk(begun.await)?;
        let outcome = self.go(session, id, print).await?;
        self.verify(session, &outcome, coins).await?;
        Ok(outcome)
    }

    /// Takes a copied home for an original once the agents have decided about all its coins.
    async fn verify(
        self,
        session: &Session,
        outcome: &Outcome,
        coins: usize,
    ) -> Result<(), Failure> {
        let (asked, _) = outcome.fates.sum(&Fate::ALL);
        let decided = !outcome.fates.has(&[Fate::Undecided]) && asked == coins;
        if self != Errand::Detect || !decided {
            return Ok(());
        }
        let marked = session.desk.run(|work| work.wallet.mark_verified()).await;
        session.disk(marked)
    }

    /// Carries on an errand that was cut short.
    ///
    /// # Errors
    /// As [`run`](Errand::run).
    pub(crate) async fn carry_on(
        self,
        session: &Session,
        id: OperationId,
    ) -> Result<Outcome, Failure> {
        let print = session.network().await?;
        let loaded = session.desk.run(move |work| {
            let operation = work.wallet.load(id)?;
            work.operations.insert(id, operation);
            Ok(())
        });
        session.disk(loaded.await)?;
        self.go(session, id, print).await
    }

    async fn go(
        self,
        session: &Session,
        id: OperationId,
        network: NetworkId,
    ) -> Result<Outcome, Failure> {
        let bench = Bench::at_home(session, id, network.print(), WalletName::Default, Amount::ZERO);
        let fates = match self.work(&bench, session).await {
            Ok(fates) => fates,
            Err(fault @ Fault::TooFewAgents { .. }) => {
                let summary = summary(&Fates::default(), "returned", Exit::Agents);
                session.end(id, &summary).await?;
                return Err(Failure::new(
                    Exit::Agents,
                    words::fault(&fault),
                    "the coins stay where they are; the same command again when the agents are there",
                ));
            }
            Err(fault) => {
                let advice = "mend it, then run: coin-wallet resume";
                return Err(Failure::new(Exit::File, words::fault(&fault), advice));
            }
        };
        let exit = self.exit(&fates);
        session.end(id, &summary(&fates, status(exit), exit)).await?;
        Ok(Outcome { id: Some(id), fates, exit })
    }

    async fn work(self, bench: &Bench, session: &Session) -> Result<Fates, Fault> {
        match self {
            Errand::Find => bench.find(session).await,
            Errand::Fix => {
                let coins = bench.coins_of_default(self.places()).await?;
                bench.mend(coins).await
            }
            Errand::Detect => {
                let coins = bench.coins_of_default(self.places()).await?;
                bench.check(coins).await
            }
        }
    }

    fn exit(self, fates: &Fates) -> Exit {
        let left: &[Fate] = match self {
            Errand::Find => &[Fate::Undecided],
            Errand::Fix => &[Fate::Fracked, Fate::Settling, Fate::Undecided, Fate::Counterfeit],
            Errand::Detect => &[Fate::Counterfeit, Fate::Undecided],
        };
        match (fates.has(left), self) {
            (false, _) => Exit::Done,
            (true, Errand::Find) => Exit::InFlight,
            (true, Errand::Fix | Errand::Detect) => Exit::Partly,
        }
    }
}

impl Bench {
    /// Asks for all lost coins: first those that open imports and transfers have not decided.
    async fn find(&self, session: &Session) -> Result<Fates, Fault> {
        let open = self.at_wallet(|wallet, _| wallet.open_operations()).await?;
        let mut fates = Fates::default();
        for (id, kind) in open {
            match self.find_in(id, kind).await {
                Ok(found) => fates.extend(found),
                Err(Fault::TooFewAgents { answered }) => {
                    session.screen.warn(&format!(
                        "of the coins of {kind} {id} too little was said: {answered} agents answered"
                    ));
                }
                Err(fault) => return Err(fault),
            }
        }
        fates.extend(self.find_lost(&LOST).await?);
        Ok(fates)
    }

    /// Looks at coins and files them by what the agents say; nothing is changed at the agents.
    async fn check(&self, coins: Vec<OnFile>) -> Result<Fates, Fault> {
        let look = self.look(coins).await?;
        let mut fates = Fates::default();
        for (standing, coin) in &look.0 {
            fates.note(coin.sn(), coin.fate(*standing));
        }
        self.refile(look.into_due(&HashSet::new())).await?;
        Ok(fates)
    }

    async fn coins_of_default(&self, places: &'static [Place]) -> Result<Vec<OnFile>, Fault> {
        let survey = self.at_wallet(|wallet, _| wallet.survey(places)).await?;
        let mut coins: Vec<Surveyed> = survey.coins;
        // Of a coin that somebody copied inside the wallet the first file is asked for.
        let mut seen = HashSet::new();
        coins.retain(|coin| seen.insert(coin.name.sn));
        if coins.len() > COINS_MAX {
            self.screen.warn(&format!(
                "{COINS_MAX} of {} coins are taken on: run it again for the others",
                coins.len()
            ));
            coins.truncate(COINS_MAX);
        }
        Ok(coins.into_iter().map(OnFile::from).collect())
    }
}

impl Outcome {
    /// Returns what a program reads of it.
    pub(crate) fn to_json(&self, errand: Errand) -> Value {
        let (coins, amount) = self.fates.sum(&Fate::ALL);
        json!({
            "v": 1, "event": "result", "status": status(self.exit), "operation": errand.kind().to_string(),
            "id": self.id.map(|id| id.to_string()), "coins": coins, "amount": amount,
            "fates": self.fates.to_json(), "exit": self.exit.code(),
        })
    }
}

fn status(exit: Exit) -> &'static str {
    match exit {
        Exit::Done => "done",
        Exit::InFlight => "in_doubt",
        _ => "partly",
    }
}

fn summary(fates: &Fates, status: &str, exit: Exit) -> Summary {
    let (_, amount) = fates.sum(&Fate::ALL);
    let (_, owned) = fates.sum(&[Fate::Whole, Fate::Fracked, Fate::Settling]);
    Summary { status: status.to_owned(), amount, owned, exit: exit.code(), counts: Counts::new() }
}

fn warn_of_unreadable(session: &Session, survey: &Survey) {
    for (place, name) in &survey.unreadable {
        session
            .screen
            .warn(&format!("{name} in {place} does not hold that coin; it is left where it is"));
    }
}
