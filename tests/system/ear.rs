//! A tap that hears what both sides say, and sends a signal as a certain message passes.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rustix::process::Signal;
use tests::process::{Running, signal_process};

use crate::stage::WITHIN;
use crate::tap::Tap;
use crate::wire::{Said, Wire};

/// A tap that hears.
pub(crate) struct Ear {
    tap: Tap,
    heard: Receiver<Said>,
    target: Arc<OnceLock<u32>>,
}

impl Ear {
    /// Returns a tap before the relay that only hears.
    pub(crate) fn at(relay: &str) -> Ear {
        Ear::with(relay, |_, _| ())
    }

    /// Returns a tap before the relay that sends this signal, once, when this was said and nobody has
    /// heard it yet.
    pub(crate) fn signalling(relay: &str, at: Said, signal: Signal) -> Ear {
        let mut due = true;
        Ear::with(relay, move |said, target| {
            if said == at && std::mem::take(&mut due) {
                // The line waits until there is a target. One that has ended by itself is no error
                // here: the test looks at how it ended.
                let _ = signal_process(*target.wait(), signal);
            }
        })
    }

    fn with(relay: &str, mut act: impl FnMut(Said, &OnceLock<u32>) + Send + 'static) -> Ear {
        let (tell, heard) = mpsc::channel();
        let target = Arc::new(OnceLock::new());
        let mut wire = Wire::default();
        let aim = Arc::clone(&target);
        let tap = Tap::start(relay, move |line| {
            if let Some(said) = wire.said(line) {
                act(said, &aim);
                let _ = tell.send(said);
            }
        });
        Ear { tap, heard, target }
    }

    /// Returns where it listens: the relay for both programs.
    pub(crate) fn address(&self) -> String {
        self.tap.address()
    }

    /// Names the process that the signal goes to; without it the message waits.
    pub(crate) fn aim(&self, target: &Running) {
        let _ = self.target.set(target.id());
    }

    /// Waits until this is said: `true`; or until that program has ended without it: `false`.
    pub(crate) fn hear(&self, wanted: Said, or_end_of: &mut Running) -> Result<bool> {
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

    /// Waits until so much is said, or nothing for a while.
    pub(crate) fn hear_many(&self, messages: u32, silence: Duration) {
        for _ in 0..messages {
            if self.heard.recv_timeout(silence).is_err() {
                return;
            }
        }
    }

    /// Forgets what was said so far.
    pub(crate) fn forget(&self) {
        self.heard.try_iter().for_each(drop);
    }
}
