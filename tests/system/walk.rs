//! Random kills: either program or both, again and again, at any moment, also while they resume.

use std::fmt;
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use protocol::room::Side;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::ear::Ear;
use crate::lanes::{Lane, Scene, ends_well, play_all};
use crate::sides::peer_of;
use crate::stage::{MANY_COINS, WITHIN};

/// Pairs of homes whose rounds run at the same time.
const LANES: usize = 8;
const WALKS: u64 = 40;
/// Kills in one payment.
const KILLS_MAX: u32 = 5;
/// Messages between two kills: a transfer takes some 35.
const MESSAGES_MAX: u32 = 40;
/// When nothing was said for so long the next kill is due.
const SILENCE: Duration = Duration::from_secs(1);
/// How long after a message a kill comes: for as long as a job takes.
const PAUSE_MAX_MS: u64 = 60;
/// Seconds for which programs wait for their peer.
const WAIT: u64 = 4;
/// A walk of an earlier run, to be repeated; its moments are not.
const SEED: &str = "LIVECONNECT_SEED";

struct Walk {
    seed: u64,
}

impl fmt::Display for Walk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SEED}={}", self.seed)
    }
}

#[test]
fn after_any_kills_resume_leads_all_coins_to_one_side() {
    let given = std::env::var(SEED).ok().map(|seed| vec![seed.parse().unwrap()]);
    let seeds = given.unwrap_or_else(|| (0..WALKS).map(|_| rand::random()).collect());
    let walks = seeds.into_iter().map(|seed| Walk { seed }).collect();
    play_all(MANY_COINS, LANES, walks, |lane, walk| walk.play(lane));
}

impl Walk {
    fn play(&self, lane: &mut Lane<'_>) -> Result<()> {
        let ear = Ear::at(&lane.ground.relay.address);
        lane.play(ear.address(), None, |scene| self.pay_and_kill(scene, &ear))
    }

    fn pay_and_kill(&self, scene: &Scene, ear: &Ear) -> Result<()> {
        let mut rng = StdRng::seed_from_u64(self.seed);
        let mut programs = scene.start_both(WAIT)?;
        for _ in 0..rng.random_range(1..=KILLS_MAX) {
            ear.hear_many(rng.random_range(1..=MESSAGES_MAX), SILENCE);
            thread::park_timeout(Duration::from_millis(rng.random_range(0..=PAUSE_MAX_MS)));
            let one = if rng.random() { Side::S } else { Side::R };
            let victims = if rng.random() { vec![one] } else { vec![one, peer_of(one)] };
            for victim in &victims {
                programs.of_mut(*victim).kill()?;
            }
            for victim in victims {
                *programs.of_mut(victim) = if rng.random() {
                    scene.start(victim, WAIT)?
                } else {
                    scene.resume(victim, WAIT)?
                };
            }
        }
        for side in [Side::S, Side::R] {
            let status = programs.of_mut(side).wait(WITHIN)?;
            let in_good_order = matches!(status.code(), Some(0 | 5 | 7 | 20 | 21));
            ensure!(in_good_order, "at {} a program ended with {status}", side.as_str());
        }
        let first = if rng.random() { Side::S } else { Side::R };
        let (mut one, mut two) = (scene.resume(first, WAIT)?, scene.resume(peer_of(first), WAIT)?);
        ends_well(first, &mut one)?;
        ends_well(peer_of(first), &mut two)
    }
}
