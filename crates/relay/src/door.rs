//! The door of a room: how newcomers get to the task that runs it. Some hundred bytes, because every
//! room has one and almost nobody ever knocks; a channel of the usual kind takes six times that.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use crate::limits::KNOCKS_MAX;

/// Makes a door: its outside and its inside.
pub(crate) fn door<N>() -> (Knocker<N>, Door<N>) {
    let porch = Arc::new(Porch {
        waiting: Mutex::new(Waiting { newcomers: VecDeque::new(), left: Side::Neither }),
        // Nobody listens for the bell yet: the first look has to find that out.
        rung: AtomicBool::new(true),
        bell: AtomicWaker::new(),
    });
    (Knocker(Arc::clone(&porch)), Door(porch))
}

/// The outside; the door is locked for ever when it is dropped.
#[derive(Debug)]
pub(crate) struct Knocker<N>(Arc<Porch<N>>);

/// The inside, where the room's task hears of newcomers.
#[derive(Debug)]
pub(crate) struct Door<N>(Arc<Porch<N>>);

#[derive(Debug)]
struct Porch<N> {
    waiting: Mutex<Waiting<N>>,
    /// Whether something may have happened outside since the inside last looked. Spares it the lock
    /// and the bell.
    rung: AtomicBool,
    bell: AtomicWaker,
}

#[derive(Debug)]
struct Waiting<N> {
    newcomers: VecDeque<N>,
    left: Side,
}

/// Which side of a door is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Neither,
    Outside,
    Inside,
}

/// Why a knock is not heard; the newcomer comes back.
#[derive(Debug)]
pub(crate) enum Unheard<N> {
    /// [`KNOCKS_MAX`] are waiting.
    Crowd(N),
    /// The room's task is gone.
    Deserted(N),
}

/// What happened at a door.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AtDoor<N> {
    Knocked(N),
    /// It was locked, and nobody waits any more.
    Locked,
}

impl<N> Knocker<N> {
    /// Leaves a newcomer at the door.
    ///
    /// # Errors
    /// [`Unheard`].
    pub(crate) fn knock(&self, newcomer: N) -> Result<(), Unheard<N>> {
        let mut waiting = self.0.waiting();
        if waiting.left == Side::Inside {
            return Err(Unheard::Deserted(newcomer));
        }
        if waiting.newcomers.len() >= KNOCKS_MAX {
            return Err(Unheard::Crowd(newcomer));
        }
        waiting.newcomers.push_back(newcomer);
        drop(waiting);
        self.0.ring();
        Ok(())
    }
}

impl<N> Drop for Knocker<N> {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting();
        if waiting.left == Side::Neither {
            waiting.left = Side::Outside;
        }
        drop(waiting);
        self.0.ring();
    }
}

impl<N> Door<N> {
    /// Waits for the next event; always polled by the same task.
    pub(crate) fn poll_event(&self, cx: &mut Context<'_>) -> Poll<AtDoor<N>> {
        // As long as nobody rang, the bell is as it was left here.
        if !self.0.rung.load(Ordering::Acquire) {
            return Poll::Pending;
        }
        self.0.bell.register(cx.waker());
        // Before the look: who knocks behind it rings once more.
        self.0.rung.swap(false, Ordering::AcqRel);
        match self.look() {
            Some(event) => {
                self.0.rung.store(true, Ordering::Release);
                Poll::Ready(event)
            }
            None => Poll::Pending,
        }
    }

    /// Returns what has happened, if anything.
    pub(crate) fn look(&self) -> Option<AtDoor<N>> {
        let mut waiting = self.0.waiting();
        match waiting.newcomers.pop_front() {
            Some(newcomer) => Some(AtDoor::Knocked(newcomer)),
            None => (waiting.left == Side::Outside).then_some(AtDoor::Locked),
        }
    }

    /// Returns whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.waiting().newcomers.is_empty()
    }
}

impl<N> Drop for Door<N> {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting();
        waiting.left = Side::Inside;
        waiting.newcomers = VecDeque::new();
    }
}

impl<N> Porch<N> {
    fn ring(&self) {
        self.rung.store(true, Ordering::Release);
        self.bell.wake();
    }

    /// A panic elsewhere leaves the queue whole: no step of it has two halves.
    fn waiting(&self) -> MutexGuard<'_, Waiting<N>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test]
    async fn who_knocks_is_heard_in_order_and_then_the_lock() {
        let (knocker, door) = door();
        let inside = tokio::spawn(async move {
            let mut heard = Vec::new();
            while let AtDoor::Knocked(newcomer) = poll_fn(|cx| door.poll_event(cx)).await {
                heard.push(newcomer);
            }
            heard
        });
        for newcomer in 0..100 {
            while let Err(unheard) = knocker.knock(newcomer) {
                assert!(matches!(unheard, Unheard::Crowd(same) if same == newcomer));
                tokio::task::yield_now().await;
            }
        }
        drop(knocker);
        assert_eq!(inside.await.unwrap(), (0..100).collect::<Vec<_>>());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_knock_is_missed_between_two_threads() {
        for _ in 0..200 {
            let (knocker, door) = door();
            let inside = tokio::spawn(async move {
                let mut heard = 0;
                while poll_fn(|cx| door.poll_event(cx)).await != AtDoor::Locked {
                    heard += 1;
                }
                heard
            });
            for _ in 0..KNOCKS_MAX {
                knocker.knock(()).unwrap();
            }
            drop(knocker);
            assert_eq!(inside.await.unwrap(), KNOCKS_MAX);
        }
    }

    #[test]
    fn a_deserted_door_gives_the_newcomer_back() {
        let (knocker, door) = door();
        knocker.knock("first").unwrap();
        drop(door);
        assert!(matches!(knocker.knock("second"), Err(Unheard::Deserted("second"))));
    }
}
