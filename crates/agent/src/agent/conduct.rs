//! What an agent does wrong on purpose, where that is allowed.

use std::sync::Arc;

use super::{Agent, Stopped};
use crate::faults::{Conduct, Forget, Lie};

impl Agent {
    /// Returns how the agent behaves at present.
    pub(crate) fn conduct(&self) -> Conduct {
        self.settings.faults.as_ref().map(|faults| faults.of(self.number())).unwrap_or_default()
    }

    pub(super) fn lie(&self) -> Option<Lie> {
        self.settings.faults.as_ref().and_then(|faults| faults.of(self.number()).lies)
    }

    /// Forgets what the agent was told to forget, if it was, since it was last asked.
    pub(crate) async fn forget_as_told(&self) -> Result<(), Stopped> {
        let Some(faults) = &self.settings.faults else { return Ok(()) };
        match faults.forgets_now(self.number()) {
            Some(last) => self.forget(last).await,
            None => Ok(()),
        }
    }

    /// Forgets again when there is as much to forget as each time.
    pub(crate) async fn forget_again(&self) -> Result<(), Stopped> {
        let (Some(last), Some(history)) = (self.conduct().forgets, &self.history) else {
            return Ok(());
        };
        if history.fresh() < last { Ok(()) } else { self.forget(last).await }
    }

    async fn forget(&self, last: usize) -> Result<(), Stopped> {
        let Some(history) = &self.history else { return Ok(()) };
        self.committer.carry_out(Forget { history: Arc::clone(history), last }).await
    }
}
