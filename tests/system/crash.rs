//! A program is killed at any message of a transfer, from outside: whatever was durable then is enough
//! to lead the money to one of the two, whole.
//!
//! ```text
//!   for each message ▸ for each side ▸ SIGKILL as the message passes the tap
//!     ├─ the other is stopped too; both homes resume, either is started first
//!     └─ the other lives on; the same command takes the transfer up again
//! ```
//! Whoever has the money after a round pays in the next one.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use protocol::room::Side;

use crate::crash::lane::Lane;
use crate::stage::Ground;
use crate::wire::{Said, What};

mod lane;
mod trap;

/// Pairs of homes whose rounds run at the same time: most of a round is waiting.
const LANES: usize = 8;
/// Purses of 3439 for homes in place of those that a failed round has left in disorder.
const SPARE_PURSES: usize = 2;

/// 3439 in so many coins that they take two frames of 24.
const COINS: &str = "12x250,3x100,2x25,5x5,64x1";

/// All that is said in a transfer, in its order.
const POINTS: [Said; 29] = [
    Said { what: What::Join, by: Side::S },
    Said { what: What::Join, by: Side::R },
    Said { what: What::Handshake, by: Side::S },
    Said { what: What::Handshake, by: Side::R },
    Said { what: What::Position, by: Side::S },
    Said { what: What::Position, by: Side::R },
    said(2, Side::S),
    said(3, Side::R),
    said(4, Side::S),
    said(4, Side::R),
    said(5, Side::S),
    said(6, Side::S),
    said(7, Side::S),
    said(21, Side::S),
    said(8, Side::S),
    said(9, Side::S),
    said(10, Side::S),
    said(11, Side::S),
    said(12, Side::S),
    said(22, Side::S),
    said(13, Side::R),
    COINS_LEAVE,
    Said { what: What::LastFrame(24), by: Side::S },
    said(14, Side::R),
    said(15, Side::R),
    said(16, Side::R),
    said(17, Side::R),
    said(18, Side::S),
    said(19, Side::S),
];

/// From here on the coins are on their way, and arrive. Before it a payment may come about, or not.
const COINS_LEAVE: Said = said(24, Side::S);

const fn said(number: u64, by: Side) -> Said {
    Said { what: What::Message(number), by }
}

/// A round: who is killed when, and what follows.
#[derive(Clone, Copy, Debug)]
struct Round {
    point: Said,
    killed: Side,
    then: Then,
}

/// What follows a kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// The other program is stopped too, and both homes resume.
    BothResume {
        /// Whose resume is started first.
        first: Side,
    },
    /// The other program lives on, and the killed one is started again.
    Again,
}

impl Round {
    /// Returns who must have the money afterwards, if that is certain.
    fn winner(&self) -> Option<Side> {
        let place = |said: Said| POINTS.iter().position(|point| *point == said);
        let on_the_way = place(self.point) >= place(COINS_LEAVE);
        (self.then == Then::Again || on_the_way).then_some(Side::R)
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {} {} is killed, ", self.point, self.killed.as_str())?;
        match self.then {
            Then::BothResume { first } => write!(f, "both resume, {} first", first.as_str()),
            Then::Again => write!(f, "and started again"),
        }
    }
}

#[test]
fn after_a_kill_at_any_message_resume_leads_all_coins_to_one_side() {
    let orders = [Side::S, Side::R].map(|first| Then::BothResume { first });
    play(&orders);
}

#[test]
fn after_a_kill_at_any_message_the_same_command_goes_on_with_a_peer_that_lives() {
    play(&[Then::Again]);
}

/// Plays a round for each message, each side and each of these.
#[track_caller]
fn play(what_follows: &[Then]) {
    let mut rounds = Vec::new();
    for point in POINTS {
        for killed in [Side::S, Side::R] {
            rounds.extend(what_follows.iter().map(|then| Round { point, killed, then: *then }));
        }
    }
    let ground = Ground::with_purses(LANES + SPARE_PURSES, COINS);
    let rounds = Mutex::new(rounds.into_iter());
    let purses = Mutex::new(ground.purses.iter());
    let failures = Mutex::new(Vec::new());
    thread::scope(|lanes| {
        for _ in 0..LANES {
            lanes.spawn(|| play_lane(&ground, &purses, &rounds, &failures));
        }
    });
    let failures = failures.into_inner().unwrap();
    let left = rounds.into_inner().unwrap().count();
    let all = failures.join("\n\n");
    assert!(failures.is_empty(), "{all}\n\n{} rounds failed, {left} not played", failures.len());
}

/// Plays rounds until there are no more; a failed one costs the homes that it was played with.
fn play_lane<'a>(
    ground: &'a Ground,
    purses: &Mutex<impl Iterator<Item = &'a PathBuf>>,
    rounds: &Mutex<impl Iterator<Item = Round>>,
    failures: &Mutex<Vec<String>>,
) {
    while let Some(purse) = next(purses) {
        let mut lane = Lane::new(ground, purse).unwrap();
        loop {
            let Some(round) = next(rounds) else { return };
            let began = Instant::now();
            let played = lane.play(&round);
            println!("{round}: {:.1} s", began.elapsed().as_secs_f64());
            if let Err(error) = played {
                failures.lock().unwrap().push(format!("{round}: {error:#}"));
                break;
            }
        }
    }
}

fn next<T>(from: &Mutex<impl Iterator<Item = T>>) -> Option<T> {
    from.lock().unwrap_or_else(PoisonError::into_inner).next()
}
