//! Where the money is: two coins at the agents, and the wallets of both sides. Every rule of the
//! conversation that guards money is an assertion here.

use coin::{Amount, Denomination};
use protocol::machine::{Fault, Input, Job, OldSecrets, Preparation, Report, Totals};
use protocol::message::{BatchHash, DurableStep, Manifest};

pub(crate) const BATCH: BatchHash = BatchHash([7; 32]);
/// One coin of 250, one of 100.
pub(crate) const VALUES: [u64; 2] = [250, 100];

pub(crate) fn amount(units: u64) -> Amount {
    Amount::new(units).unwrap()
}

pub(crate) fn whole() -> Amount {
    amount(VALUES.iter().sum())
}

pub(crate) fn manifest() -> Manifest {
    Manifest {
        amount: whole(),
        counts: vec![(Denomination::TwoHundredFifty, 1), (Denomination::Hundred, 1)],
        batch: BATCH,
    }
}

/// Whose secret the agents hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// The one that was sent.
    Old,
    /// Neither side has 13.
    Split,
    /// The receiver's.
    New,
    /// A third one's: 13 agents hold neither.
    Neither,
}

/// What the next pown does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pown {
    All,
    /// The second coin stays undecided.
    Limbo,
    /// The second coin turns out to be counterfeit.
    Counterfeit,
    /// Fewer than 13 agents are there.
    TooFew,
}

#[derive(Clone, Debug)]
pub(crate) struct Money {
    pub(crate) agents: [Held; 2],
    /// What the pown jobs to come find; then all is well.
    pub(crate) powns: Vec<Pown>,
    pub(crate) store: Option<Fault>,
    pub(crate) check: Option<Fault>,
    pub(crate) agents_down_for_sender: bool,
    /// Receiver: coins and new secrets are on disk.
    stored: bool,
    times_asked_alone: u32,
    powns_begun: u32,
    banked: bool,
}

impl Money {
    pub(crate) fn new() -> Money {
        Money {
            agents: [Held::Old; 2],
            powns: Vec::new(),
            store: None,
            check: None,
            agents_down_for_sender: false,
            stored: false,
            times_asked_alone: 0,
            powns_begun: 0,
            banked: false,
        }
    }

    pub(crate) fn powns_begun(&self) -> u32 {
        self.powns_begun
    }

    /// How often the sender asked the agents without its peer.
    pub(crate) fn times_asked_alone(&self) -> u32 {
        self.times_asked_alone
    }

    pub(crate) fn all(&self, held: Held) -> bool {
        self.agents.iter().all(|one| *one == held)
    }

    pub(crate) fn is_banked(&self) -> bool {
        self.banked
    }

    fn sum(&self, counts: impl Fn(Held) -> bool) -> Amount {
        let coins = self.agents.iter().zip(VALUES).filter(|(held, _)| counts(**held));
        amount(coins.map(|(_, value)| value).sum())
    }

    pub(crate) fn totals(&self) -> Totals {
        Totals {
            last: self.sum(|held| held == Held::New),
            settling: Amount::ZERO,
            limbo: self.sum(|held| held == Held::Split || held == Held::Old),
            counterfeit: self.sum(|held| held == Held::Neither),
        }
    }

    /// Does a job; `durable` is what the journal of its side says.
    pub(crate) fn work(&mut self, job: &Job, durable: DurableStep) -> Input {
        match self.attempt(job, durable) {
            Ok(report) => Input::Done(report),
            Err(fault) => Input::Failed(job.clone(), fault),
        }
    }

    fn attempt(&mut self, job: &Job, durable: DurableStep) -> Result<Report, Fault> {
        match job {
            Job::ClearFolders => Ok(Report::FoldersCleared),
            Job::Prepare(what) => {
                assert_eq!(durable, DurableStep::Open, "nothing is prepared anew in flight");
                Ok(Report::Prepared(*what))
            }
            Job::Encrypt => {
                assert_eq!(durable, DurableStep::Open, "one batch for ever");
                Ok(Report::Encrypted(manifest()))
            }
            Job::SendCoins(_) | Job::SendReceipt => unreachable!("streams are no jobs here"),
            Job::FileInSent => {
                assert_ne!(durable, DurableStep::Open, "only what left is filed as sent");
                Ok(Report::FiledInSent)
            }
            Job::ReadReceipt => Ok(Report::ReceiptRead(self.totals())),
            Job::CheckOldSecrets => self.old_secrets(|held| held == Held::New).map(Report::Checked),
            Job::AskAgentsAlone => {
                self.times_asked_alone += 1;
                self.old_secrets(|_| true).map(Report::CheckedAlone)
            }
            Job::PutBack => {
                assert_eq!(durable, DurableStep::Open, "coins that left are never put back");
                assert!(self.all(Held::Old), "coins are put back that changed hands");
                Ok(Report::PutBack)
            }
            Job::GetReady => Ok(Report::Ready),
            Job::Store => match self.store.take() {
                Some(fault) => Err(fault),
                None => {
                    self.stored = true;
                    Ok(Report::Stored(BATCH))
                }
            },
            Job::CheckBatch(_) => match self.check.take() {
                Some(fault) => Err(fault),
                None => Ok(Report::BatchChecked),
            },
            Job::Pown => self.pown(durable),
            Job::Bank => {
                assert_eq!(durable, DurableStep::Receipted, "only what has its verdict is banked");
                self.banked = true;
                Ok(Report::Banked)
            }
        }
    }

    fn pown(&mut self, durable: DurableStep) -> Result<Report, Fault> {
        assert!(self.stored, "new secrets must be durable before the first pown");
        assert!(
            matches!(durable, DurableStep::Received | DurableStep::Receipted),
            "pown at {durable:?}"
        );
        self.powns_begun += 1;
        let plan = if self.powns.is_empty() { Pown::All } else { self.powns.remove(0) };
        let second = match plan {
            Pown::All => Held::New,
            Pown::Limbo => Held::Split,
            Pown::Counterfeit => Held::Neither,
            Pown::TooFew => return Err(Fault::TooFewAgents { answered: 12 }),
        };
        self.agents[0] = Held::New;
        if self.agents[1] != Held::New {
            self.agents[1] = second;
        }
        Ok(Report::Powned(self.totals()))
    }

    fn old_secrets(&self, asked: impl Fn(Held) -> bool) -> Result<OldSecrets, Fault> {
        if self.agents_down_for_sender {
            return Err(Fault::TooFewAgents { answered: 3 });
        }
        let dead = |held| matches!(held, Held::New | Held::Neither);
        Ok(OldSecrets {
            dead: self.sum(|held| asked(held) && dead(held)),
            alive_or_unknown: self.sum(|held| asked(held) && !dead(held)),
        })
    }
}

/// Every preparation, for tests that count them.
pub(crate) fn preparations() -> usize {
    Preparation::ALL.len()
}
