//! The wallet on a thread of its own: one writer, and nothing that waits for the network ever waits
//! for the disk. A wallet in memory needs no thread.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;
use wallet::{
    AnyDisk, OpenError, Operation, OperationId, RealDisk, RecoveryReport, Wallet, WalletError,
};

use crate::clock::Clock;
use crate::exit::{Exit, Failure};

/// The wallet with the operations that are being worked on.
pub(crate) struct Work {
    /// The wallet; it holds the writers' lock of the home.
    pub(crate) wallet: Wallet<AnyDisk>,
    /// The open operations that were begun or loaded in this run.
    pub(crate) operations: BTreeMap<OperationId, Operation<AnyDisk>>,
}

impl Work {
    /// Does again what acts of the open operations left undone when the disk failed them.
    pub(crate) fn settle(&mut self) -> Result<(), WalletError> {
        self.operations.values_mut().try_for_each(|operation| operation.settle(&mut self.wallet))
    }
}

type Task = Box<dyn FnOnce(&mut Work) + Send>;

/// A handle to the wallet; cheap to clone. The wallet is closed, and the lock goes, with the last one.
#[derive(Clone)]
pub(crate) struct Desk {
    seat: Seated,
    /// The time of day.
    pub(crate) clock: Clock,
}

/// Where the wallet's work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seat {
    /// On a thread of its own.
    OwnThread,
    /// Where it is asked for: the disk is in memory and holds nobody up.
    Here,
}

#[derive(Clone)]
enum Seated {
    OwnThread(std::sync::mpsc::Sender<Task>),
    Here(Arc<Mutex<Work>>),
}

/// The wallet's thread is gone, because the disk refused for good.
#[derive(Debug, thiserror::Error)]
#[error("the wallet has stopped")]
pub(crate) struct Stopped;

impl Desk {
    /// Returns the disk of a home of this machine.
    pub(crate) fn disk(home: &Path) -> Result<AnyDisk, Failure> {
        RealDisk::create(home).map(AnyDisk::Real).map_err(|error| no_home(home, &error))
    }

    /// Opens the wallet on the disk of a home: takes the lock, replays what a crash left undone.
    pub(crate) fn open(
        home: &Path,
        disk: AnyDisk,
        seat: Seat,
        clock: Clock,
    ) -> Result<(Desk, RecoveryReport), Failure> {
        let (wallet, report) = Wallet::open(disk).map_err(|error| open_failure(home, &error))?;
        let work = Work { wallet, operations: BTreeMap::new() };
        let seat = match seat {
            Seat::OwnThread => Seated::OwnThread(own_thread(work)),
            Seat::Here => Seated::Here(Arc::new(Mutex::new(work))),
        };
        Ok((Desk { seat, clock }, report))
    }

    /// Does something at the wallet and returns what came of it.
    pub(crate) async fn run<R, F>(&self, task: F) -> Result<R, Stopped>
    where
        R: Send + 'static,
        F: FnOnce(&mut Work) -> R + Send + 'static,
    {
        match &self.seat {
            Seated::OwnThread(tasks) => {
                let (done, result) = oneshot::channel();
                let task: Task = Box::new(move |work| drop(done.send(task(work))));
                tasks.send(task).map_err(|_| Stopped)?;
                result.await.map_err(|_| Stopped)
            }
            Seated::Here(work) => {
                Ok(task(&mut work.lock().unwrap_or_else(PoisonError::into_inner)))
            }
        }
    }
}

fn own_thread(mut work: Work) -> std::sync::mpsc::Sender<Task> {
    let (tasks, waiting) = std::sync::mpsc::channel::<Task>();
    std::thread::spawn(move || {
        while let Ok(task) = waiting.recv() {
            task(&mut work);
        }
    });
    tasks
}

/// Says that a home cannot be opened.
pub(crate) fn no_home(home: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        Exit::File,
        format!("the home {} cannot be opened: {error}", home.display()),
        "choose a --home that you may write to",
    )
}

/// Says why the wallet of a home was not opened.
pub(crate) fn open_failure(home: &Path, error: &OpenError) -> Failure {
    let what = format!("the home {}: {}", home.display(), with_causes(error));
    match error {
        OpenError::Busy { .. } => Failure::new(
            Exit::Busy,
            what,
            "wait until that program has ended, or use another --home",
        ),
        OpenError::NoDirectory { .. } | OpenError::OpenToOthers { .. } => {
            Failure::new(Exit::File, what, "move what lies there away, or choose another --home")
        }
        OpenError::Wallet(_) => Failure::new(
            Exit::File,
            what,
            "make room or make the disk writable, and run it again; keep the home as it is",
        ),
    }
}

/// Says an error with what caused it.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
