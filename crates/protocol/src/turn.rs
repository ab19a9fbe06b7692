//! One turn of a machine: the moment it happens at, and the outputs it makes, in their order.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::machine::{Job, Now, Outcome, Output, Question};
use crate::message::Message;

/// Whether this program has given the machine its first input: all begins with that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Begun {
    No,
    Yes,
}

/// What one input brings about.
#[derive(Debug)]
pub(crate) struct Turn {
    now: Now,
    outputs: Vec<Output>,
}

impl Turn {
    pub(crate) fn new(now: Now) -> Turn {
        Turn { now, outputs: Vec::new() }
    }

    /// Returns the monotonic time.
    pub(crate) fn now(&self) -> Duration {
        self.now.monotonic
    }

    /// Returns the monotonic time after `length`; a wait as long as time itself ends with it.
    pub(crate) fn after(&self, length: Duration) -> Duration {
        self.now.monotonic.saturating_add(length)
    }

    pub(crate) fn say(&mut self, message: Message) {
        self.outputs.push(Output::Say(message));
    }

    pub(crate) fn persist(&mut self) {
        self.outputs.push(Output::Persist);
    }

    pub(crate) fn start(&mut self, job: Job) {
        self.outputs.push(Output::Start(job));
    }

    pub(crate) fn stop_streaming(&mut self) {
        self.outputs.push(Output::StopStreaming);
    }

    pub(crate) fn ask(&mut self, question: Question) {
        self.outputs.push(Output::Ask(question));
    }

    pub(crate) fn relink(&mut self) {
        self.outputs.push(Output::Relink);
    }

    pub(crate) fn end(&mut self, outcome: Outcome) {
        self.outputs.push(Output::End(outcome));
    }

    pub(crate) fn into_outputs(self) -> Vec<Output> {
        self.outputs
    }
}
