//! The time of day. What a program decides by it (whether a connection file has expired) can be tried out
//! at any time.

use std::sync::Arc;

use jiff::Timestamp;

/// A clock that tells the time of day; cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// Returns the clock of this machine.
    pub fn of_the_machine() -> Clock {
        Clock::new(Timestamp::now)
    }

    /// Returns a clock that is read by this.
    pub fn new(read: impl Fn() -> Timestamp + Send + Sync + 'static) -> Clock {
        Clock(Arc::new(read))
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.0)()
    }

    /// Returns the seconds since 1970 UTC.
    pub(crate) fn now_secs(&self) -> u64 {
        u64::try_from(self.now().as_second()).unwrap_or(0)
    }
}
