//! The alarm of a room: rings when somebody may have to leave.
//!
//! A room is woken for every chunk, and its alarm rings once in minutes. So the timer is set early
//! rather than moved whenever somebody is heard, and is looked at only when it can have rung.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that may ring early, never late.
#[derive(Debug)]
pub(crate) struct Alarm {
    timer: Pin<Box<Sleep>>,
    rings: Instant,
    armed: Armed,
}

/// Whether the timer knows whom to wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Armed {
    Yes,
    NotYet,
}

impl Alarm {
    /// Makes an alarm that rings then.
    pub(crate) fn new(rings: Instant) -> Alarm {
        Alarm { timer: Box::pin(sleep_until(rings)), rings, armed: Armed::NotYet }
    }

    /// Sets it to another moment.
    pub(crate) fn set(&mut self, rings: Instant) {
        self.timer.as_mut().reset(rings);
        (self.rings, self.armed) = (rings, Armed::NotYet);
    }

    /// Waits until it rings, at `due` at the latest; always polled by the same task.
    ///
    /// `now` is a moment of this very poll: a timer that rings later than that need not be asked.
    pub(crate) fn poll(&mut self, due: Instant, now: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if due < self.rings {
            self.set(due);
        }
        if self.armed == Armed::Yes && now < self.rings {
            return Poll::Pending;
        }
        self.armed = Armed::Yes;
        self.timer.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn it_rings_at_the_earliest_moment_that_it_was_told() {
        let began = Instant::now();
        let after = |ms| began + Duration::from_millis(ms);
        let mut alarm = Alarm::new(after(600_000));
        // Armed, woken for something else, and told of an earlier moment.
        for due in [600_000, 700_000, 20, 300_000] {
            let asked = poll_fn(|cx| Poll::Ready(alarm.poll(after(due), began, cx)));
            assert!(asked.await.is_pending());
        }
        poll_fn(|cx| alarm.poll(after(600_000), Instant::now(), cx)).await;
        assert!((20..10_000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
        alarm.set(after(40));
        poll_fn(|cx| alarm.poll(after(600_000), Instant::now(), cx)).await;
        assert!((40..10_000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    }
}
