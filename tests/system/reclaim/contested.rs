//! Sender and receiver each hold 12 agents, and one lies: exactly one of the two comes to own the coin.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use tests::process::Running;
use tests::world::{Home, World};

use super::exports::settle;
use super::{
    DONE, IN_FLIGHT, ends_with, export, flying, import, in_flight, reclaim, resume, until_expired,
};
use crate::stage::{Ground, Stage, world};

/// The agents that the receiver reaches, those that the sender reaches, and the one that lies.
const RECEIVERS: &str = "0-11";
const SENDERS: &str = "12-23";
const LIAR: &str = "24";

struct Contest {
    ground: Ground,
    from: Home,
    to: Home,
}

impl Contest {
    /// A coin of 5 that left in a file. Of the agents 12 are the receiver's and 12 the sender's, who
    /// insisted; one could not be reached by either.
    fn begun() -> Contest {
        let (folder, mut world) = world();
        world.agents_args = &["--faults"];
        let ground = Ground::in_world(folder, world, 1, "1x5", World::start_agents);
        let (from, to) = ground.homes(&ground.world.dir, &ground.purses[0]).unwrap();
        let contest = Contest { ground, from, to };
        let out = contest.ground.world.dir.join("gift.stack");
        ends_with(0, export(&contest.from, 5, &out));
        // It can be reached for the question which network it is of, and for nothing else: 13 answer.
        contest.fault(SENDERS, "down");
        contest.fault(LIAR, "lie-fail");
        ends_with(IN_FLIGHT, import(&contest.to, &out));
        contest.fault(SENDERS, "none");
        contest.fault(LIAR, "down");
        let asked = ends_with(IN_FLIGHT, reclaim(&contest.from, &[]));
        assert!(asked.contains("--insist"), "who only asks is told: {asked}");
        let insisted = ends_with(IN_FLIGHT, reclaim(&contest.from, &["--insist"]));
        assert!(insisted.contains("somebody may be taking"), "{insisted}");
        assert!(insisted.contains("5 is being taken back"), "{insisted}");
        contest.nobody_owns_it();
        contest
    }

    fn fault(&self, agents: &str, kind: &str) {
        fault(&self.ground, agents, kind);
    }

    fn totals(&self) -> (u64, u64) {
        (self.from.total().unwrap(), self.to.total().unwrap())
    }

    #[track_caller]
    fn nobody_owns_it(&self) {
        assert_eq!((self.totals(), flying(&self.from)), ((0, 0), 5));
    }
}

/// Makes agents behave so from now on.
fn fault(ground: &Ground, agents: &str, kind: &str) {
    let addresses = ground.agents.addresses().unwrap();
    // Faults add up: the one before is taken back.
    let line = format!("agent={agents} kind=none\nagent={agents} kind={kind}");
    // Any agent takes this for all, as long as it is up itself.
    let told = [0, 12].into_iter().any(|agent| tell(&addresses[agent], &line).is_ok());
    assert!(told, "no agent takes faults");
}

fn tell(address: &str, line: &str) -> std::io::Result<()> {
    let mut talk = TcpStream::connect(address)?;
    let request = format!(
        "POST /service/faults HTTP/1.1\r\nhost: agent\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{line}",
        line.len()
    );
    talk.write_all(request.as_bytes())?;
    let mut answer = String::new();
    talk.read_to_string(&mut answer)?;
    let taken = answer.starts_with("HTTP/1.1 200 ");
    taken.then_some(()).ok_or_else(|| std::io::Error::other(answer))
}

#[test]
fn what_is_being_taken_back_is_never_taken_for_paid() {
    let (folder, mut world) = world();
    world.agents_args = &["--faults"];
    let stage = Stage::on(Ground::in_world(folder, world, 1, "1x5", World::start_agents));
    let (payment, _ear) = in_flight(&stage, 5);
    until_expired(|| reclaim(&stage.sender, &["--dry-run"]));
    fault(&stage.ground, RECEIVERS, "down");
    fault(&stage.ground, LIAR, "lie-fail");
    let said = ends_with(IN_FLIGHT, reclaim(&stage.sender, &["--insist"]));
    assert!(said.contains("5 is being taken back"), "{said}");
    fault(&stage.ground, RECEIVERS, "none");
    // 13 agents say that they do not hold what was sent, 12 of them by the sender's own doing.
    ends_with(IN_FLIGHT, payment.send(2));
    assert_eq!((stage.totals(), flying(&stage.sender)), ((0, 0), 5));
    fault(&stage.ground, LIAR, "none");
    ends_with(DONE, resume(&stage.sender));
    assert_eq!((stage.totals(), flying(&stage.sender)), ((5, 0), 0));
}

#[test]
fn at_twelve_twelve_and_a_liar_the_sender_yields_and_the_receiver_owns() {
    let contest = Contest::begun();
    contest.fault(LIAR, "lie-fail");
    let said = ends_with(IN_FLIGHT, resume(&contest.from));
    assert!(said.contains("5 is yielded"), "{said}");
    contest.nobody_owns_it();
    settle(&contest.from, &contest.to, 5);
    assert_eq!(contest.totals(), (0, 5));
}

#[test]
fn a_yield_is_carried_on_after_kills_and_is_final_when_the_liar_is_honest_again() {
    let contest = Contest::begun();
    contest.fault(LIAR, "lie-fail");
    for pause in [0, 20, 40, 80, 160] {
        let mut program = Running::start("resume", &mut resume(&contest.from)).unwrap();
        thread::park_timeout(Duration::from_millis(pause));
        program.kill().unwrap();
        contest.nobody_owns_it();
    }
    ends_with(IN_FLIGHT, resume(&contest.from));
    // With this one 13 agents would let the sender own it, had it not yielded.
    contest.fault(LIAR, "none");
    for again in [reclaim(&contest.from, &["--insist"]), resume(&contest.from)] {
        let said = ends_with(IN_FLIGHT, again);
        assert!(said.contains("5 is yielded"), "{said}");
    }
    contest.nobody_owns_it();
    settle(&contest.from, &contest.to, 5);
    assert_eq!(contest.totals(), (0, 5));
}

#[test]
fn a_reclaim_at_twelve_is_carried_on_until_the_agents_decide() {
    let contest = Contest::begun();
    ends_with(IN_FLIGHT, resume(&contest.from));
    contest.nobody_owns_it();
    // The one that was away comes back honest, and holds the secret that left: who asks first has it.
    contest.fault(LIAR, "none");
    settle(&contest.from, &contest.to, 5);
    assert_eq!(contest.totals(), (5, 0));
}
