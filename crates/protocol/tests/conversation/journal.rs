//! A state is a journal line: what is written today must be read for ever.

use std::time::Duration;

use protocol::machine::Now;
use protocol::message::DurableStep;

use crate::money::BATCH;
use crate::side::{BOTH, Machine, Who};
use crate::world::World;

const NOW: Now = Now { monotonic: Duration::from_secs(7), wall_secs: 0 };

const SENDER_IN_FLIGHT: &str = include_str!("journal/sender_in_flight.json");
const SENDER_SETTLED: &str = include_str!("journal/sender_settled.json");
const RECEIVER_RECEIVED: &str = include_str!("journal/receiver_received.json");
const RECEIVER_RECEIPTED: &str = include_str!("journal/receiver_receipted.json");

#[test]
fn lines_of_the_first_version_are_read_for_ever() {
    for (line, step) in [
        (SENDER_IN_FLIGHT, DurableStep::InFlight),
        (SENDER_SETTLED, DurableStep::Settled),
        (RECEIVER_RECEIVED, DurableStep::Received),
        (RECEIVER_RECEIPTED, DurableStep::Receipted),
    ] {
        let machine: Machine = serde_json::from_str(line).unwrap();
        let position = machine.resumed(NOW).position();
        assert_eq!((position.step, position.batch), (step, Some(BATCH)));
    }
}

#[test]
fn a_resumed_machine_keeps_no_time_of_the_program_before() {
    let mut world = World::new();
    while !world.is_at_rest() {
        for who in BOTH {
            let Some(machine) = world.side(who).machine.clone() else { continue };
            let line = serde_json::to_string(&machine).unwrap();
            let loaded: Machine = serde_json::from_str(&line).unwrap();
            assert_eq!(loaded, machine);
            let waiting = loaded.resumed(NOW).waiting().unwrap();
            assert_eq!(waiting.until, NOW.monotonic + crate::world::PEER_WAIT);
        }
        world.run_for(1);
    }
    assert!(world.side(Who::Sender).closed);
}
