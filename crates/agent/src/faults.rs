//! Faults on purpose: agents that are down, slow, deaf, mute, forgetful or lie, for tests, demos
//! and people who want to see it.
//!
//! | kind | what the agent does |
//! |---|---|
//! | `down` | closes every connection at once; its address stays taken |
//! | `slow ms=N` | waits so long before it acts |
//! | `drop-request` | does nothing and closes the connection |
//! | `drop-answer` | acts, durably, and closes the connection instead of answering |
//! | `forget last=K` | undoes, durably, the last K changes of coins: when it is told to, and from then on whenever K more have been made and answered for |
//! | `lie-pass` | says that it holds what it is told, and changes nothing |
//! | `lie-fail` | says that it holds something else, and changes nothing |
//! | `none` | is honest again |
//!
//! Faults of different kinds add up; of the two that lose something and of the two lies the last
//! one counts. A lie is about the questions of wallets: `detect`, `fix_lost` and tickets.

mod forget;
mod text;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use coin::{AGENTS, Origin};
use raida::api::CoinQuestion;

pub(crate) use self::forget::{Forget, History};
use self::text::Kind;
pub use self::text::{AgentFault, BadFault};
use crate::{Held, Taken};

/// How an agent behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Conduct {
    pub(crate) up: Up,
    pub(crate) delay: Duration,
    pub(crate) loses: Option<Lost>,
    pub(crate) lies: Option<Lie>,
    pub(crate) forgets: Option<usize>,
    /// Whether it was told to forget and has not done so.
    forgets_now: bool,
}

/// An answer that is not given, on purpose.
#[derive(Debug, thiserror::Error)]
#[error("a fault on purpose")]
pub(crate) struct Withheld;

/// Whether an agent can be reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Up {
    #[default]
    Yes,
    No,
}

/// What never arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    Request,
    Answer,
}

/// What an agent says without looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    Pass,
    Fail,
}

/// The faults of all agents of a process; they may change while the agents run. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Faults {
    conducts: Arc<Mutex<[Conduct; AGENTS]>>,
    route: Switch,
}

/// Whether faults can be changed from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// They stay as they were at the start.
    Fixed,
    /// There is a route that shows and changes them.
    Route,
}

impl Faults {
    /// Makes the faults that agents begin with.
    pub fn new(faults: &[AgentFault], route: Switch) -> Faults {
        let all = Faults { conducts: Arc::default(), route };
        faults.iter().for_each(|fault| all.set(fault));
        all
    }

    /// Adds a fault to what its agents do, from now on.
    pub fn set(&self, fault: &AgentFault) {
        let mut conducts = self.conducts();
        for agent in fault.agents() {
            conducts[agent].adopt(fault.kind());
        }
    }

    pub(crate) fn of(&self, agent: usize) -> Conduct {
        self.conducts().get(agent).copied().unwrap_or_default()
    }

    /// Returns how many changes an agent was told to forget, once.
    pub(crate) fn forgets_now(&self, agent: usize) -> Option<usize> {
        let mut conducts = self.conducts();
        let conduct = &mut conducts[agent];
        std::mem::take(&mut conduct.forgets_now).then_some(conduct.forgets).flatten()
    }

    /// Tells whether anybody may change them from outside.
    pub(crate) fn have_a_route(&self) -> bool {
        self.route == Switch::Route
    }

    fn conducts(&self) -> MutexGuard<'_, [Conduct; AGENTS]> {
        self.conducts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows a line for each fault of each agent, in the words in which faults are given.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (agent, conduct) in self.conducts().iter().enumerate() {
            for kind in conduct.kinds() {
                writeln!(f, "agent={agent} {kind}")?;
            }
        }
        Ok(())
    }
}

impl Lie {
    /// What the agent says of proposals that it does not look at.
    pub(crate) fn take(self, coins: &[CoinQuestion]) -> Vec<Taken> {
        let said = match self {
            Lie::Pass => Taken::Pass(Origin::Minted),
            Lie::Fail => Taken::Fail,
        };
        vec![said; coins.len()]
    }

    /// What the agent says to hold.
    pub(crate) fn holds(self, coins: &[CoinQuestion]) -> Vec<Held> {
        let said = |CoinQuestion { an, pan, .. }: &CoinQuestion| match self {
            Lie::Pass if an == pan => Held::An(Origin::Minted),
            Lie::Pass => Held::Pan(Origin::Minted),
            Lie::Fail => Held::Neither,
        };
        coins.iter().map(said).collect()
    }
}

impl Conduct {
    /// What goes wrong before a request is looked at.
    pub(crate) async fn hear(&self) -> Result<(), Withheld> {
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        if self.up == Up::No || self.loses == Some(Lost::Request) { Err(Withheld) } else { Ok(()) }
    }

    /// What goes wrong when everything is done and only the answer is missing.
    pub(crate) fn say(&self) -> Result<(), Withheld> {
        if self.loses == Some(Lost::Answer) { Err(Withheld) } else { Ok(()) }
    }

    fn adopt(&mut self, kind: Kind) {
        match kind {
            Kind::None => *self = Conduct::default(),
            Kind::Down => self.up = Up::No,
            Kind::Slow(delay) => self.delay = delay,
            Kind::DropRequest => self.loses = Some(Lost::Request),
            Kind::DropAnswer => self.loses = Some(Lost::Answer),
            Kind::Forget(last) => {
                self.forgets = Some(last);
                self.forgets_now = true;
            }
            Kind::LiePass => self.lies = Some(Lie::Pass),
            Kind::LieFail => self.lies = Some(Lie::Fail),
        }
    }

    fn kinds(&self) -> impl Iterator<Item = Kind> {
        let down = (self.up == Up::No).then_some(Kind::Down);
        let slow = (!self.delay.is_zero()).then_some(Kind::Slow(self.delay));
        let loses = self.loses.map(|lost| match lost {
            Lost::Request => Kind::DropRequest,
            Lost::Answer => Kind::DropAnswer,
        });
        let lies = self.lies.map(|lie| match lie {
            Lie::Pass => Kind::LiePass,
            Lie::Fail => Kind::LieFail,
        });
        [down, slow, loses, self.forgets.map(Kind::Forget), lies].into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> AgentFault {
        text.parse().unwrap()
    }

    #[test]
    fn faults_add_up_are_shown_as_they_are_given_and_go_away() {
        let faults = Faults::new(&[fault("agent=0-1,9 kind=slow ms=200")], Switch::Fixed);
        faults.set(&fault("agent=1 kind=drop-request"));
        faults.set(&fault("agent=1 kind=drop-answer"));
        let expected = "agent=0 kind=slow ms=200\nagent=1 kind=slow ms=200\n\
                        agent=1 kind=drop-answer\nagent=9 kind=slow ms=200\n";
        assert_eq!(faults.to_string(), expected);
        for line in expected.lines() {
            assert!(line.parse::<AgentFault>().is_ok());
        }
        assert_eq!(faults.of(2), Conduct::default());
        faults.set(&fault("agent=0-24 kind=none"));
        assert_eq!(faults.to_string(), "");
    }

    #[test]
    fn a_liar_says_of_every_coin_the_same_and_of_a_health_check_what_fits() {
        let [an, pan] = [1, 2].map(|byte| coin::AuthenticityNumber::from_bytes([byte; 16]));
        let sn = coin::SerialNumber::new(1).unwrap();
        let pown = CoinQuestion { sn, an: an.clone(), pan };
        let health = CoinQuestion { sn, an: an.clone(), pan: an };
        let asked = [pown, health];
        assert_eq!(Lie::Pass.take(&asked), [Taken::Pass(Origin::Minted); 2]);
        assert_eq!(Lie::Pass.holds(&asked), [Held::Pan(Origin::Minted), Held::An(Origin::Minted)]);
        assert_eq!(Lie::Fail.take(&asked), [Taken::Fail, Taken::Fail]);
        assert_eq!(Lie::Fail.holds(&asked), [Held::Neither, Held::Neither]);
    }
}
