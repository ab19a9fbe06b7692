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
use std::os::unix::process::ExitStatusExt;

use anyhow::{Result, ensure};
use protocol::room::Side;
use rustix::process::Signal;

use crate::ear::Ear;
use crate::lanes::{Lane, Scene, ends_well, play_all};
use crate::sides::peer_of;
use crate::stage::{MANY_COINS, WITHIN};
use crate::wire::{Said, What};

/// Pairs of homes whose rounds run at the same time.
const LANES: usize = 8;
/// Seconds for which `resume`, and a program that is started again, wait for their peer. Where both are
/// needed they meet in less than one.
const WAIT: u64 = 4;

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
    SETTLED,
];

/// From here on the coins are on their way, and arrive. Before it a payment may come about, or not.
const COINS_LEAVE: Said = said(24, Side::S);

/// The last one.
const SETTLED: Said = said(19, Side::S);

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
    play_all(MANY_COINS, LANES, rounds, |lane, round| round.play(lane));
}

impl Round {
    fn play(&self, lane: &mut Lane<'_>) -> Result<()> {
        let ear = Ear::signalling(&lane.ground.relay.address, self.point, Signal::KILL);
        lane.play(ear.address(), self.winner(), |scene| self.pay_and_kill(scene, &ear))
    }

    fn pay_and_kill(&self, scene: &Scene, ear: &Ear) -> Result<()> {
        let mut programs = scene.start_both(60)?;
        ear.aim(programs.of(self.killed));
        let other = peer_of(self.killed);
        let said = ear.hear(self.point, programs.of_mut(other))?;
        ensure!(said, "{} was not said", self.point);
        let killed = programs.of_mut(self.killed).wait(WITHIN)?.signal() == Some(9);
        // Who says 19 is about to end.
        let may_have_ended = self.point == SETTLED && self.killed == Side::S;
        ensure!(killed || may_have_ended, "{} was not killed", self.killed.as_str());
        match self.then {
            Then::BothResume { first } => {
                let other = programs.of_mut(other);
                // How it ends is its own business.
                if other.ended()?.is_none() {
                    other.signal(Signal::TERM)?;
                    other.wait(WITHIN)?;
                }
                both_resume(scene, first, ear)
            }
            Then::Again => {
                *programs.of_mut(self.killed) = scene.start(self.killed, WAIT)?;
                ends_well(Side::S, &mut programs.s)?;
                ends_well(Side::R, &mut programs.r)
            }
        }
    }
}

fn both_resume(scene: &Scene, first: Side, ear: &Ear) -> Result<()> {
    ear.forget();
    let mut one = scene.resume(first, WAIT)?;
    // It has entered the room, or has ended because nothing is open.
    ear.hear(Said { what: What::Join, by: first }, &mut one)?;
    let second = peer_of(first);
    let mut two = scene.resume(second, WAIT)?;
    ends_well(first, &mut one)?;
    ends_well(second, &mut two)
}
