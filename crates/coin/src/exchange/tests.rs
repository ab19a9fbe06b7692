//! What is known, what is asked next, and where an exchange stands.

use super::{Answer, Exchanging, Known, Refusal, Request, Standing};
use crate::origin::Origin;
use crate::ownership::Rule;

const ORIGIN: Origin = Origin::Exchange([1; Origin::BYTES]);

/// Answers each agent's next request.
fn answer(exchange: &mut Exchanging, agents: std::ops::Range<usize>, answer: Answer) {
    for agent in agents {
        let request = exchange.next_request(agent).expect("the agent has a request left");
        exchange.answered(agent, request, answer);
    }
}

#[test]
fn it_stands_at_13_and_is_final_at_17() {
    let mut exchange = Exchanging::forward(Rule::CLOUDCOIN);
    answer(&mut exchange, 0..12, Answer::Executed(ORIGIN));
    assert_eq!(exchange.standing(), Standing::Pending);
    answer(&mut exchange, 12..13, Answer::Executed(ORIGIN));
    assert_eq!(exchange.standing(), Standing::Stands { origin: ORIGIN, agents: 13 });
    answer(&mut exchange, 13..17, Answer::Executed(ORIGIN));
    assert_eq!(exchange.standing(), Standing::Final { origin: ORIGIN, agents: 17 });
    assert_eq!(exchange.next_request(17), Some(Request::Exchange));
    assert_eq!(exchange.known(17), Known::Unknown);
    answer(&mut exchange, 17..18, Answer::Refused(Refusal::NotHeld));
    assert_eq!(exchange.next_request(17), None);
}
