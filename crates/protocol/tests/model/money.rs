//! What the programs do at their wallets and at the agents: jobs, rounds, and the reclaim.

use coin::reclaim::{Act as Due, Before, Departed, Ground, Look, Will};
use coin::{Amount, Denomination, Grade, Holding, Ownership};
use protocol::machine::{Fault, Input, Job, OldSecrets, Report, Totals};
use protocol::message::{BatchHash, Manifest};

use crate::act::Ending;
use crate::agents::{Fate, Held, Round, Wish, rule};
use crate::program::Who;
use crate::rules::Broken;
use crate::world::World;

pub(crate) const BATCH: BatchHash = BatchHash([7; 32]);

impl World {
    /// A pown begins as soon as it is the first job.
    pub(crate) fn begin_taking(&mut self) {
        if self.receiver.jobs.first() == Some(&Job::Pown) && self.taking.is_none() && !self.booked {
            self.taking = Some(Round::new(Wish::Take));
        }
    }

    pub(crate) fn job(&mut self, who: Who, ending: Ending, broken: Broken) {
        let job = self.side(who).jobs[0].clone();
        let input = match ending {
            Ending::Refused => Input::Failed(job, Fault::BadBatch("not as announced".to_owned())),
            Ending::Reported | Ending::Died => Input::Done(self.work(&job, broken)),
        };
        if ending == Ending::Died {
            return self.crash(who);
        }
        self.done(who, input, broken);
    }

    fn done(&mut self, who: Who, input: Input, broken: Broken) {
        self.side_mut(who).jobs.remove(0);
        self.feed(who, input, broken);
        self.begin_taking();
    }

    fn work(&mut self, job: &Job, broken: Broken) -> Report {
        match job {
            Job::ClearFolders => Report::FoldersCleared,
            Job::Prepare(what) => Report::Prepared(*what),
            Job::Encrypt => Report::Encrypted(manifest()),
            Job::SendCoins(_) => Report::CoinsSent,
            Job::SendReceipt => Report::ReceiptSent,
            Job::FileInSent => Report::FiledInSent,
            Job::PutBack => Report::PutBack,
            Job::GetReady => Report::Ready,
            Job::CheckBatch(_) => Report::BatchChecked,
            Job::Bank => Report::Banked,
            Job::Store => {
                self.stored |= broken != Broken::NewSecretsNotKept;
                Report::Stored(BATCH)
            }
            // Booked before: it is not asked for again.
            Job::Pown => Report::Powned(totals(self.verdict.unwrap_or(Grade::Limbo))),
            Job::ReadReceipt => {
                let grade = self.verdict.unwrap_or(Grade::Limbo);
                self.departed = self.departed.receipted(grade);
                self.receipt = Some(grade);
                match broken {
                    Broken::SettlesTheWhole => Report::ReceiptRead(totals(Grade::Final)),
                    _ => Report::ReceiptRead(totals(grade)),
                }
            }
            Job::CheckOldSecrets => {
                let owned = self.receipt.is_some_and(Grade::is_owned);
                match broken {
                    Broken::SettlesTheWhole => Report::Checked(old_secrets(true)),
                    _ if owned => Report::Checked(old_secrets(self.is_dead())),
                    _ => Report::Checked(OldSecrets {
                        dead: Amount::ZERO,
                        alive_or_unknown: Amount::ZERO,
                    }),
                }
            }
            Job::AskAgentsAlone => Report::CheckedAlone(old_secrets(self.is_dead())),
        }
    }

    /// What the sender finds when it asks for the secret that left.
    fn is_dead(&self) -> bool {
        match self.departed {
            Departed::Away => rule().agents - self.agents.count(Held::Left) >= rule().own,
            Departed::Gone => true,
            Departed::Reclaiming | Departed::Yielding | Departed::Back => false,
        }
    }

    pub(crate) fn ask(&mut self, who: Who, agent: usize, fate: Fate, broken: Broken) {
        let round = match who {
            Who::Receiver => self.taking.as_mut(),
            Who::Sender => self.reclaiming.as_mut(),
        };
        let Some(round) = round else { return };
        round.ask(&mut self.agents, agent, fate);
        self.troubled |= fate != Fate::Answered;
        let enough = broken == Broken::CancelsEarly && round.coin.grade().is_owned();
        if round.coin.is_over() || enough {
            match who {
                Who::Receiver => self.taken(broken),
                Who::Sender => self.reclaimed(broken),
            }
        }
    }

    /// The receiver's round is over.
    fn taken(&mut self, broken: Broken) {
        let Some(round) = self.taking.take() else { return };
        let grade = grade(&round.coin, broken);
        self.verdict = Some(grade);
        self.booked |= grade.is_owned();
        let said_neither = round.coin.count(Holding::Neither);
        self.wronged |= grade == Grade::Counterfeit && said_neither < rule().own;
        self.done(Who::Receiver, Input::Done(Report::Powned(totals(grade))), broken);
    }

    /// The sender's program does what is due about the coin.
    pub(crate) fn reclaim(&mut self, will: Will, broken: Broken) {
        self.troubled = true;
        if broken == Broken::PutBack {
            self.put_back = true;
            return;
        }
        if broken == Broken::YieldNotKept && self.departed == Departed::Yielding {
            self.departed = Departed::Reclaiming;
        }
        match self.departed.act() {
            Due::Look => {
                let look = self.look();
                self.departed = self.departed.looked_at(look, rule().own);
                if let Ok(begun) = self.departed.begin(Some(self.ground()), look, will) {
                    self.reclaim_kept |=
                        begun == Departed::Reclaiming && broken != Broken::ReclaimNotKept;
                    self.departed = begun;
                }
            }
            Due::Pown => self.reclaiming = Some(Round::new(Wish::Reclaim)),
            Due::HandBack => self.reclaiming = Some(Round::new(Wish::HandBack)),
            Due::Rest => {}
        }
        self.sender.closed |= self.departed.is_decided();
    }

    /// The sender's round is over.
    fn reclaimed(&mut self, broken: Broken) {
        let Some(Round { wish, coin }) = self.reclaiming.take() else { return };
        let decided = match wish {
            Wish::HandBack => self.departed.handed_back(&coin),
            Wish::Reclaim | Wish::Take => self.departed.powned(&coin),
        };
        let yields = decided == Departed::Yielding && self.departed == Departed::Reclaiming;
        if !(yields && broken == Broken::NeverYields) {
            self.departed = decided;
        }
        self.sender.closed |= self.departed.is_decided();
    }

    fn look(&self) -> Look {
        let answers = self.agents.held.map(|held| match held {
            Held::Left => (Before::Held, coin::Answer::HoldsAn(coin::Origin::Minted)),
            Held::Foreign => (Before::NotHeld, coin::Answer::Neither),
            Held::Receivers | Held::Senders => (Before::Held, coin::Answer::Neither),
        });
        Look::new(rule(), answers)
    }

    /// Time goes by, so that there is always one.
    fn ground(&self) -> Ground {
        if self.sender.journal.is_refused() { Ground::Refused } else { Ground::Expired }
    }
}

/// What the round says, or what a driver makes of it that breaks a rule.
fn grade(coin: &Ownership, broken: Broken) -> Grade {
    match broken {
        Broken::OneIsEnough if coin.count(Holding::HoldsPan) > 0 => Grade::Settling,
        Broken::SilenceCounts if !coin.grade().is_owned() => Grade::Counterfeit,
        _ => coin.grade(),
    }
}

pub(crate) fn unit() -> Amount {
    Denomination::One.amount()
}

pub(crate) fn manifest() -> Manifest {
    Manifest { amount: unit(), counts: vec![(Denomination::One, 1)], batch: BATCH }
}

fn totals(grade: Grade) -> Totals {
    let sum = |of: Grade| if of == grade { unit() } else { Amount::ZERO };
    Totals {
        last: sum(Grade::Final),
        settling: sum(Grade::Settling),
        limbo: sum(Grade::Limbo),
        counterfeit: sum(Grade::Counterfeit),
    }
}

fn old_secrets(dead: bool) -> OldSecrets {
    let (dead, alive_or_unknown) =
        if dead { (unit(), Amount::ZERO) } else { (Amount::ZERO, unit()) };
    OldSecrets { dead, alive_or_unknown }
}
