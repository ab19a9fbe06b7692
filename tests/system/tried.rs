//! What the tests of exchanges share: agents that fail, a home with somebody between it and the agents, and
//! what is in circulation.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use raida::api::Route;
use raida::{AddressBook, Authority, Timing};
use tests::programs::Program;
use tests::world::{Agents, Home, World};

use crate::between::{Between, Does, Mischief};
use crate::coins::{Witness, owned, sum};
use crate::homes::ends_with;
use crate::stage::{Ground, Stage, quiet, world};

/// Exit codes, as they are documented.
pub(crate) const DONE: i32 = 0;
pub(crate) const NOT_ENOUGH: i32 = 8;
pub(crate) const AGENTS_AWAY: i32 = 9;
pub(crate) const IN_FLIGHT: i32 = 21;
/// The last agent is never made to fail here: faults are changed there.
const HONEST: usize = 24;

/// A stage whose agents can be made to fail.
pub(crate) fn with_faults(coins: &str) -> Stage {
    let (folder, mut world) = world();
    world.agents_args = &["--faults"];
    Stage::on(Ground::in_world(folder, world, 1, coins, World::start_agents))
}

/// Makes agents fail so from now on.
pub(crate) fn fault(stage: &Stage, fault: &str) {
    let address = stage.ground.agents.addresses().unwrap()[HONEST].clone();
    let mut agent = TcpStream::connect(&address).unwrap();
    let request = format!(
        "POST /service/faults HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{fault}",
        fault.len()
    );
    agent.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    agent.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

pub(crate) fn wallet(home: &Home, words: &[&str]) -> Command {
    quiet(home.command(Program::CoinWallet, words))
}

/// Expects that so much is in circulation, at all 25 agents alike.
#[track_caller]
pub(crate) fn circulates(agents: &Agents, value: u64) {
    let text = fs::read_to_string(&agents.file).unwrap();
    let authority = Authority::new(&AddressBook::parse(&text).unwrap(), Timing::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let audited = runtime.block_on(authority.audit());
    let most = audited.most().map(|(circulation, _)| circulation.value);
    assert_eq!((audited.answered(), most, audited.differing()), (25, Some(value), vec![]));
}

/// As often as it comes.
pub(crate) const ALWAYS: usize = usize::MAX;

/// A home that speaks to its agents by way of somebody between.
pub(crate) struct Tried {
    pub(crate) home: Home,
    pub(crate) between: Between,
    pub(crate) ground: Ground,
}

impl Tried {
    pub(crate) fn with_coins(coins: &str) -> Tried {
        Tried::with_purses(1, coins)
    }

    /// The same, with so many purses, of which the home has the first.
    pub(crate) fn with_purses(purses: usize, coins: &str) -> Tried {
        let ground = Ground::with_purses(purses, coins);
        let between = Between::of(&ground.agents.addresses().unwrap());
        let file = ground.world.dir.join("between.txt");
        fs::write(&file, between.addresses().join("\n")).unwrap();
        let home = Home { world: ground.world.clone(), dir: ground.world.dir.join("tried") };
        let mut init = wallet(&home, &["init"]);
        init.arg("--agents").arg(file);
        ends_with(DONE, init);
        home.import(&ground.purses[0]).unwrap();
        Tried { home, between, ground }
    }

    pub(crate) fn does(
        &self,
        route: Route,
        agents: impl IntoIterator<Item = usize>,
        does: Does,
        times: usize,
    ) {
        let agents = agents.into_iter().collect();
        self.between.does(Mischief { route, agents, does, times });
    }

    pub(crate) fn also_does(
        &self,
        route: Route,
        agents: impl IntoIterator<Item = usize>,
        does: Does,
    ) {
        let agents = agents.into_iter().collect();
        self.between.also_does(Mischief { route, agents, does, times: ALWAYS });
    }

    /// Expects that the home has so much, the agents too, and that nothing is left to be done.
    #[track_caller]
    pub(crate) fn has(&self, value: u64) {
        let coins = owned(&self.home).unwrap();
        assert_eq!(sum(&coins), value);
        Witness::of(&self.ground.agents).unwrap().taken(&coins).unwrap();
        circulates(&self.ground.agents, value);
        let resumed = ends_with(DONE, wallet(&self.home, &["resume"]));
        assert!(resumed.contains("nothing is left open"), "{resumed}");
    }
}
