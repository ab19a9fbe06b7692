//! One room, run by one task: it owns both sockets, lets newcomers in, says who is there, and ends
//! when nobody is left or the relay stops.
//!
//! ```text
//!   door ──newcomer──▶ seat, join answer, notice to the other one
//!   pump ──departure─▶ last line to the one who leaves, notice to the other one
//!   time ────────────▶ idle and slow members leave
//! ```
//!
//! A join line inside a room is a line like any other: it is passed on, and its `#` replaced.

use std::future::poll_fn;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use protocol::room::{Code, Notice, Side};
use tokio::time::Instant;
use tracing::info;

use crate::alarm::Alarm;
use crate::door::{AtDoor, Door};
use crate::house::House;
use crate::member::{Company, Member, Newcomer, Stream};
use crate::meter::Ending;
use crate::pump::{Departure, Rules, Why, poll_pump};
use crate::rooms::{Leaving, RoomKey};
use crate::seats::{Admits, Seat, admit};
use crate::settings::Settings;

/// Runs a room from its first member to its last.
pub(crate) async fn run<S: Stream>(
    house: Arc<House<S>>,
    key: RoomKey,
    first: Box<Newcomer<S>>,
    door: Door<Box<Newcomer<S>>>,
) {
    let mut room = Room { house, key, seats: [None, None], door };
    room.let_in(*first);
    let mut alarm = Alarm::new(room.due());
    loop {
        match poll_fn(|cx| room.poll_event(&mut alarm, cx)).await {
            Event::Departed(departure) => room.see_off(departure),
            Event::Knocked(newcomer) => room.let_in(*newcomer),
            Event::TimeUp => room.send_overdue_away(&mut alarm),
            Event::Stopped => room.send_all_away(),
        }
        if room.is_empty() && room.house.rooms.leave(&room.key, &room.door) == Leaving::Closed {
            return;
        }
    }
}

struct Room<S> {
    house: Arc<House<S>>,
    key: RoomKey,
    seats: [Option<Member<S>>; 2],
    door: Door<Box<Newcomer<S>>>,
}

enum Event<S> {
    Departed(Departure),
    Knocked(Box<Newcomer<S>>),
    TimeUp,
    Stopped,
}

impl<S: Stream> Room<S> {
    /// Waits for the next event. The pump comes first: what a member said, or that it is gone,
    /// counts before a newcomer asks for its seat.
    fn poll_event(&mut self, alarm: &mut Alarm, cx: &mut Context<'_>) -> Poll<Event<S>> {
        let Settings { lines, bytes_per_second, .. } = self.house.settings;
        let now = Instant::now();
        let rules = Rules { lines, bytes_per_second, now, meter: &self.house.meter };
        if let Poll::Ready(departure) = poll_pump(&mut self.seats, rules, cx) {
            return Poll::Ready(Event::Departed(departure));
        }
        match self.door.poll_event(cx) {
            Poll::Ready(AtDoor::Knocked(newcomer)) => return Poll::Ready(Event::Knocked(newcomer)),
            Poll::Ready(AtDoor::Locked) => return Poll::Ready(Event::Stopped),
            Poll::Pending => {}
        }
        alarm.poll(self.due(), now, cx).map(|()| Event::TimeUp)
    }

    fn is_empty(&self) -> bool {
        self.seats.iter().all(Option::is_none)
    }

    fn let_in(&mut self, newcomer: Newcomer<S>) {
        let now = Instant::now();
        let admits = match self.key.token {
            None => Admits::Everybody,
            Some(_) => Admits::TokenHolders,
        };
        let seats = [self.seat(0, now), self.seat(1, now)];
        let place = match admit(admits, seats, newcomer.join.side) {
            Ok(place) => place,
            Err(code) => return self.house.refuse(newcomer.connection, &newcomer.join, code),
        };
        if let Some(silent) = self.seats[place].take() {
            self.dismiss(silent, Why::SentAway(Code::Idle));
        }
        info!(room = %self.key.number, address = %newcomer.connection.address, side = newcomer.join.side.map(Side::as_str), "joined");
        self.seats[place] = Some(Member::new(newcomer, now));
        self.house.meter.seated();
        self.say_who_is_here();
    }

    /// How the seat looks to a newcomer. A member that is not read, because the other one does not
    /// take what it says, is not silent.
    fn seat(&self, place: usize, now: Instant) -> Seat {
        match &self.seats[place] {
            None => Seat::Free,
            Some(member)
                if self.is_read(place) && now >= member.heard + self.house.settings.silence =>
            {
                Seat::Silent(member.side)
            }
            Some(member) => Seat::Live(member.side),
        }
    }

    fn is_read(&self, place: usize) -> bool {
        self.seats[1 - place].as_ref().is_none_or(|other| other.stalled().is_none())
    }

    /// Says to every member who is in the room; one that cannot be told any more is sent away, and
    /// the other one is told again.
    fn say_who_is_here(&mut self) {
        let addresses =
            self.seats.each_ref().map(|seat| seat.as_ref().map(|m| m.connection.address));
        let members = addresses.iter().flatten().count() as u8;
        for place in [0, 1] {
            let (Some(member), Some(you)) = (&mut self.seats[place], addresses[place]) else {
                continue;
            };
            let peer = addresses[1 - place];
            if peer.is_some() {
                member.company = Company::Met;
            }
            let notice = Notice::Members { room: self.key.number, you, members, peer };
            if member.tell(&notice.to_line(member.form)).is_err() {
                return self.see_off(Departure { place, why: Why::SentAway(Code::SlowReader) });
            }
        }
    }

    fn see_off(&mut self, departure: Departure) {
        if let Some(member) = self.seats[departure.place].take() {
            self.dismiss(member, departure.why);
            self.say_who_is_here();
        }
    }

    fn dismiss(&self, member: Member<S>, why: Why) {
        let code = match why {
            Why::Closed | Why::Broken => None,
            Why::SentAway(code) => Some(code),
        };
        self.house.meter.left(ending(why, member.company), code);
        let (form, (connection, waiting)) = (member.form, member.rise());
        info!(room = %self.key.number, address = %connection.address, code = code.map(Code::wire), "left");
        self.house.part(connection, waiting, code.map(|code| (code, form)));
    }

    fn send_all_away(&mut self) {
        for member in mem::take(&mut self.seats).into_iter().flatten() {
            self.dismiss(member, Why::SentAway(Code::Draining));
        }
    }

    fn send_overdue_away(&mut self, alarm: &mut Alarm) {
        let now = Instant::now();
        for place in [0, 1] {
            let overdue = self.deadlines(place).find(|(_, due)| *due <= now);
            if let Some((code, _)) = overdue {
                self.see_off(Departure { place, why: Why::SentAway(code) });
            }
        }
        alarm.set(self.due());
    }

    /// The next moment at which somebody may have to leave.
    fn due(&self) -> Instant {
        let deadlines = [0, 1].into_iter().flat_map(|place| self.deadlines(place));
        let pauses = self.seats.iter().flatten().filter_map(Member::paused);
        deadlines
            .map(|(_, due)| due)
            .chain(pauses)
            .min()
            .unwrap_or_else(|| Instant::now() + Duration::from_secs(60))
    }

    fn deadlines(&self, place: usize) -> impl Iterator<Item = (Code, Instant)> {
        let settings = &self.house.settings;
        let member = self.seats[place].as_ref();
        let stall = member
            .and_then(Member::stalled)
            .map(|since| (Code::SlowReader, since + settings.stall_wait));
        let idle = member
            .filter(|_| self.is_read(place))
            .map(|member| (Code::Idle, member.heard + settings.idle_wait));
        stall.into_iter().chain(idle)
    }
}

fn ending(why: Why, company: Company) -> Ending {
    match (why, company) {
        (Why::Closed | Why::SentAway(Code::Draining), Company::Met) => Ending::Happy,
        (Why::Closed | Why::SentAway(Code::Draining | Code::Idle), Company::Alone) => {
            Ending::Lonely
        }
        (Why::Broken | Why::SentAway(_), Company::Met | Company::Alone) => Ending::Broken,
    }
}
