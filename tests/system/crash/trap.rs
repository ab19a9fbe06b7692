//! A tap that kills a program as a message passes.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use protocol::room::Side;
use rustix::process::Signal;
use tests::process::{Running, signal_process};

use crate::crash::Round;
use crate::stage::WITHIN;
use crate::tap::Tap;
use crate::wire::{Said, Wire};

/// One thing for each side.
#[derive(Clone, Debug, Default)]
pub(super) struct Pair<T> {
    pub(super) s: T,
    pub(super) r: T,
}

impl<T> Pair<T> {
    /// Returns that of a side.
    pub(super) fn of(&self, side: Side) -> &T {
        match side {
            Side::S => &self.s,
            Side::R => &self.r,
        }
    }

    /// Returns that of a side, to change it.
    pub(super) fn of_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::S => &mut self.s,
            Side::R => &mut self.r,
        }
    }
}

/// A tap that kills once.
pub(super) struct Trap {
    tap: Tap,
    prey: Arc<OnceLock<u32>>,
    heard: Receiver<Said>,
}

impl Trap {
    /// Sets the trap of a round before the relay.
    pub(super) fn set(round: &Round, relay: &str) -> Trap {
        let (tell, heard) = mpsc::channel();
        let prey = Arc::new(OnceLock::new());
        let mut wire = Wire::default();
        let (point, mut due) = (round.point, Some(Arc::clone(&prey)));
        let tap = Tap::start(relay, move |line| {
            let Some(said) = wire.said(line) else { return };
            if said == point
                && let Some(prey) = due.take()
            {
                // The line waits until the program that is to be killed has been started. One that
                // has ended by itself meanwhile is as dead as one that was killed.
                let _ = signal_process(*prey.wait(), Signal::KILL);
            }
            let _ = tell.send(said);
        });
        Trap { tap, prey, heard }
    }

    /// Returns where it listens: the relay for both programs.
    pub(super) fn address(&self) -> String {
        self.tap.address()
    }

    /// Names the process that will be killed.
    pub(super) fn aim(&self, prey: &Running) {
        let _ = self.prey.set(prey.id());
    }

    /// Waits until this was said: `true`; or until a program has ended: `false`.
    pub(super) fn hear(&self, wanted: Said, or_end_of: &mut Running) -> Result<bool> {
        let until = Instant::now() + WITHIN;
        loop {
            match self.heard.recv_timeout(Duration::from_millis(5)) {
                Ok(said) if said == wanted => return Ok(true),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    if or_end_of.ended()?.is_some() {
                        return Ok(self.heard.try_iter().any(|said| said == wanted));
                    }
                }
            }
            ensure!(Instant::now() < until, "{wanted} was not said within {WITHIN:?}");
        }
    }

    /// Forgets what was said so far.
    pub(super) fn forget(&self) {
        self.heard.try_iter().for_each(drop);
    }
}
