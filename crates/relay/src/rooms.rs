//! Which rooms there are, and how one gets to the task that runs a room: knowing no sockets.
//!
//! A room is told by number *and* token: who knows the number alone is in another room. The first
//! newcomer opens the room; the task that runs it hears of later ones at its [`Door`].

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::room::{Code, RoomNumber, RoomToken};
use tokio::sync::Notify;

use crate::door::{Door, Knocker, Unheard, door};

/// What tells a room from all others; without a token it is the public room of its number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RoomKey {
    pub(crate) number: RoomNumber,
    pub(crate) token: Option<RoomToken>,
}

/// The open rooms. `N` is what a newcomer brings along.
#[derive(Debug)]
pub(crate) struct Rooms<N> {
    floor: Mutex<Floor<N>>,
    /// Rings when the last room is given up.
    emptied: Notify,
    rooms_max: usize,
}

#[derive(Debug)]
struct Floor<N> {
    doors: HashMap<RoomKey, Knocker<N>>,
    stage: Stage,
}

/// How far the house is on its way to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    /// No new rooms; those that are there go on.
    Draining,
    Closed,
}

/// What became of a newcomer.
#[derive(Debug)]
pub(crate) enum Arrival<N> {
    /// The room is new: the newcomer is its first member and runs it.
    Opened(N, Door<N>),
    /// The task that runs the room decides.
    Knocked,
    /// There is no way in.
    Refused(N, Code),
}

impl<N> Rooms<N> {
    /// Makes the house without any room; there will be at most `rooms_max`.
    pub(crate) fn new(rooms_max: usize) -> Rooms<N> {
        let floor = Floor { doors: HashMap::new(), stage: Stage::Open };
        Rooms { floor: Mutex::new(floor), emptied: Notify::new(), rooms_max }
    }

    /// Leads a newcomer to its room, or opens it.
    pub(crate) fn enter(&self, key: RoomKey, newcomer: N) -> Arrival<N> {
        let mut floor = self.floor();
        let newcomer = match floor.doors.get(&key) {
            Some(door) => match door.knock(newcomer) {
                Ok(()) => return Arrival::Knocked,
                Err(Unheard::Crowd(newcomer)) => {
                    return Arrival::Refused(newcomer, Code::RoomFull);
                }
                // Its task is gone without a word: the room opens anew.
                Err(Unheard::Deserted(newcomer)) => newcomer,
            },
            None => newcomer,
        };
        if floor.stage != Stage::Open {
            return Arrival::Refused(newcomer, Code::Draining);
        }
        if floor.doors.len() >= self.rooms_max {
            return Arrival::Refused(newcomer, Code::TooManyRooms);
        }
        let (knocker, door) = door();
        floor.doors.insert(key, knocker);
        Arrival::Opened(newcomer, door)
    }

    /// Gives up a room that has no member, unless somebody is at its door.
    pub(crate) fn leave(&self, key: &RoomKey, door: &Door<N>) -> Leaving {
        let mut floor = self.floor();
        if !door.is_empty() {
            return Leaving::SomebodyKnocked;
        }
        floor.doors.remove(key);
        if floor.doors.is_empty() {
            self.emptied.notify_one();
        }
        Leaving::Closed
    }

    /// Returns how many rooms there are.
    pub(crate) fn count(&self) -> usize {
        self.floor().doors.len()
    }

    /// Returns whether a new room may be opened, places aside.
    pub(crate) fn takes_new(&self) -> bool {
        self.floor().stage == Stage::Open
    }

    /// Opens no room any more, and waits until the last one is given up.
    pub(crate) async fn drain(&self) {
        self.floor().stage = Stage::Draining;
        while self.count() > 0 {
            self.emptied.notified().await;
        }
    }

    /// Closes all doors, now and for ever.
    pub(crate) fn close(&self) {
        let mut floor = self.floor();
        floor.stage = Stage::Closed;
        floor.doors = HashMap::new();
    }

    /// A panic elsewhere leaves the map whole: no step of it has two halves.
    fn floor(&self) -> MutexGuard<'_, Floor<N>> {
        self.floor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an empty room is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leaving {
    /// It is gone.
    Closed,
    /// It goes on: a newcomer came in the same moment.
    SomebodyKnocked,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::AtDoor;
    use crate::limits::KNOCKS_MAX;

    fn key(number: u64, token: Option<u8>) -> RoomKey {
        let token = token.map(|byte| RoomToken::from_bytes([byte; 16]));
        RoomKey { number: RoomNumber::new(number).unwrap(), token }
    }

    fn opened(arrival: Arrival<&'static str>) -> Door<&'static str> {
        match arrival {
            Arrival::Opened(_, door) => door,
            other => panic!("not opened: {other:?}"),
        }
    }

    #[test]
    fn number_and_token_together_tell_rooms_apart() {
        let rooms = Rooms::new(10);
        let mut doors = Vec::new();
        for other in [key(1, None), key(2, None), key(1, Some(1)), key(1, Some(2))] {
            doors.push(opened(rooms.enter(other, "first")));
        }
        assert!(matches!(rooms.enter(key(1, Some(1)), "second"), Arrival::Knocked));
        assert_eq!(doors[2].look(), Some(AtDoor::Knocked("second")));
        assert!(doors[0].is_empty() && doors[1].is_empty() && doors[3].is_empty());
    }

    #[test]
    fn rooms_are_bounded_and_places_come_free() {
        let rooms = Rooms::new(1);
        let door = opened(rooms.enter(key(1, None), "first"));
        assert!(matches!(
            rooms.enter(key(2, None), "other"),
            Arrival::Refused("other", Code::TooManyRooms)
        ));
        assert_eq!(rooms.leave(&key(1, None), &door), Leaving::Closed);
        opened(rooms.enter(key(2, None), "other"));
    }

    #[test]
    fn a_room_with_somebody_at_the_door_is_not_given_up() {
        let rooms = Rooms::new(1);
        let door = opened(rooms.enter(key(1, None), "first"));
        assert!(matches!(rooms.enter(key(1, None), "second"), Arrival::Knocked));
        assert_eq!(rooms.leave(&key(1, None), &door), Leaving::SomebodyKnocked);
        assert_eq!(door.look(), Some(AtDoor::Knocked("second")));
        assert_eq!(rooms.leave(&key(1, None), &door), Leaving::Closed);
    }

    #[test]
    fn a_crowd_at_one_door_is_refused() {
        let rooms = Rooms::new(1);
        let _door = opened(rooms.enter(key(1, None), "first"));
        for _ in 0..KNOCKS_MAX {
            assert!(matches!(rooms.enter(key(1, None), "next"), Arrival::Knocked));
        }
        assert!(matches!(
            rooms.enter(key(1, None), "late"),
            Arrival::Refused("late", Code::RoomFull)
        ));
    }

    #[test]
    fn closing_ends_every_door_and_lets_nobody_in() {
        let rooms = Rooms::new(1);
        let door = opened(rooms.enter(key(1, None), "first"));
        rooms.close();
        assert_eq!(door.look(), Some(AtDoor::Locked));
        assert!(matches!(
            rooms.enter(key(1, None), "late"),
            Arrival::Refused("late", Code::Draining)
        ));
        assert_eq!(rooms.leave(&key(1, None), &door), Leaving::Closed);
    }

    #[tokio::test]
    async fn while_draining_a_second_member_comes_in_and_no_new_room_opens() {
        let rooms = Rooms::new(2);
        let door = opened(rooms.enter(key(1, None), "first"));
        let mut drained = Box::pin(rooms.drain());
        assert!(is_pending_still(drained.as_mut()).await);
        assert!(!rooms.takes_new());
        assert!(matches!(rooms.enter(key(1, None), "second"), Arrival::Knocked));
        assert!(matches!(
            rooms.enter(key(2, None), "other"),
            Arrival::Refused("other", Code::Draining)
        ));
        assert_eq!(door.look(), Some(AtDoor::Knocked("second")));
        assert_eq!(rooms.leave(&key(1, None), &door), Leaving::Closed);
        drained.await;
    }

    async fn is_pending_still(mut future: std::pin::Pin<&mut impl Future<Output = ()>>) -> bool {
        std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_pending()))
            .await
    }
}
