//! What happened in a run, line by line.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

/// The lines of a run; clones write to the same.
#[derive(Clone)]
pub(crate) struct Trace {
    lines: Arc<Mutex<Vec<String>>>,
    began: Instant,
    shown: bool,
}

/// A line that a run says of something that must not be.
pub(crate) struct Broken(pub(crate) String);

impl Trace {
    /// Begins; the lines are printed as they come where one seed is played.
    pub(crate) fn begin(shown: bool) -> Trace {
        Trace { lines: Arc::default(), began: Instant::now(), shown }
    }

    pub(crate) fn say(&self, who: &str, what: &str) {
        let line = format!("{:>10.3} {who:<9} {what}", self.began.elapsed().as_secs_f64());
        if self.shown {
            println!("{line}");
        }
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    pub(crate) fn last(&self, count: usize) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines[lines.len().saturating_sub(count)..].join("\n")
    }

    /// Returns the first line in which two runs differ, as each has it.
    pub(crate) fn first_difference(&self, other: &Trace) -> Option<(String, String)> {
        let lines =
            |trace: &Trace| trace.lines.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (ours, theirs) = (lines(self), lines(other));
        let at = ours.iter().zip(&theirs).position(|(a, b)| a != b)?;
        Some((ours[at].clone(), theirs[at].clone()))
    }
}
