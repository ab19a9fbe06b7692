//! Every combination of what can be known of a few agents, and random answers of
//! all 25.

use std::ops::Range;

use proptest::prelude::{Just, Strategy, any, prop, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::{Answer, Direction, Exchanging, Known, Refusal, Request, Standing};
use crate::limits::REQUESTS_PER_AGENT_MAX;
use crate::origin::Origin;
use crate::ownership::Rule;

const ONE: Origin = Origin::Exchange([1; Origin::BYTES]);
const OTHER: Origin = Origin::Exchange([2; Origin::BYTES]);
const REFUSALS: [Refusal; 4] = [Refusal::NotHeld, Refusal::NotFree, Refusal::Busy, Refusal::Other];
const ANSWERS: [Answer; 9] = [
    Answer::Reserved,
    Answer::Executed(ONE),
    Answer::Executed(OTHER),
    Answer::Cancelled,
    Answer::Refused(Refusal::NotHeld),
    Answer::Refused(Refusal::NotFree),
    Answer::Refused(Refusal::Busy),
    Answer::Refused(Refusal::Other),
    Answer::Silent,
];

fn rule(agents: u8, own: u8, last: u8) -> Rule {
    Rule::new(agents, own, last).unwrap()
}

/// The rules that stand for all: for each of 1, 3 and 5 agents, each final line.
fn small_rules() -> [Rule; 6] {
    [rule(1, 1, 1), rule(3, 2, 2), rule(3, 2, 3), rule(5, 3, 3), rule(5, 3, 4), rule(5, 3, 5)]
}

/// Every exchange at one agent after up to two answers, turns and rounds.
fn alone() -> Vec<Exchanging> {
    let rule = rule(1, 1, 1);
    let mut all =
        vec![Exchanging::reserving(rule), Exchanging::forward(rule), Exchanging::back(rule)];
    for _ in 0..2 {
        for one in all.clone() {
            all.extend(ANSWERS.map(|answer| after(&one, 0, answer)));
            let turns = [one.clone().go_forward(), one.clone().turn_back(), one.next_round()];
            all.extend(turns);
        }
    }
    all.sort_by_key(|one| format!("{one:?}"));
    all.dedup();
    all
}

fn after(exchange: &Exchanging, agent: usize, answer: Answer) -> Exchanging {
    let mut after = exchange.clone();
    if let Some(request) = after.next_request(agent) {
        after.answered(agent, request, answer);
    }
    after
}

/// Answers the next request to each of these agents.
fn answer(exchange: &mut Exchanging, agents: Range<usize>, answer: Answer) {
    for agent in agents {
        let request = exchange.next_request(agent).expect("the agent has a request left");
        exchange.answered(agent, request, answer);
    }
}

/// Everything that can be known of an agent on the way, with how it is learnt:
/// what it answered before the last turn, and after it.
fn ways_to_know(direction: Direction) -> Vec<(Known, Option<Answer>, Option<Answer>)> {
    let mut ways = vec![
        (Known::Unknown, None, None),
        (Known::Unknown, None, Some(Answer::Silent)),
        (Known::Returned, None, Some(Answer::Cancelled)),
    ];
    ways.extend(REFUSALS.map(|why| (Known::Refused(why), None, Some(Answer::Refused(why)))));
    for of in [ONE, OTHER] {
        let executed = Some(Answer::Executed(of));
        match direction {
            Direction::Reserving | Direction::Forward => {
                ways.push((Known::Executed(of), None, executed));
            }
            Direction::Back => {
                ways.push((Known::Executed(of), executed, None));
                ways.push((Known::Kept(of), None, executed));
            }
        }
    }
    match direction {
        Direction::Reserving => ways.push((Known::Reserved, None, Some(Answer::Reserved))),
        Direction::Forward => ways.push((Known::Reserved, Some(Answer::Reserved), None)),
        Direction::Back => {}
    }
    ways
}

/// Brings an exchange to where this is known of its agents.
fn knowing(
    rule: Rule,
    direction: Direction,
    ways: &[(Known, Option<Answer>, Option<Answer>)],
) -> Exchanging {
    let mut exchange = match direction {
        Direction::Reserving | Direction::Forward => Exchanging::reserving(rule),
        Direction::Back => Exchanging::forward(rule),
    };
    let tell = |exchange: &mut Exchanging, agent: usize, said: Option<Answer>| {
        *exchange = said.map_or(exchange.clone(), |said| after(exchange, agent, said));
    };
    ways.iter().enumerate().for_each(|(agent, way)| tell(&mut exchange, agent, way.1));
    exchange = match direction {
        Direction::Reserving => exchange,
        Direction::Forward => exchange.go_forward(),
        Direction::Back => exchange.turn_back(),
    };
    ways.iter().enumerate().for_each(|(agent, way)| tell(&mut exchange, agent, way.2));
    exchange
}

/// Calls `visit` with every choice of `places` of these, repetitions allowed.
/// The order within a choice never changes: agents are all alike.
fn each_choice<T: Copy>(
    kinds: &[T],
    places: u8,
    chosen: &mut Vec<T>,
    visit: &mut impl FnMut(&[T]),
) {
    if chosen.len() == usize::from(places) {
        return visit(chosen);
    }
    for (at, kind) in kinds.iter().enumerate() {
        chosen.push(*kind);
        each_choice(&kinds[at..], places, chosen, visit);
        chosen.pop();
    }
}

/// The verdict, worked out apart from the code under test: by what is known, can
/// the open agents still bring a quorum, and is there one?
fn expected(rule: Rule, direction: Direction, known: &[Known]) -> Standing {
    let count = |wanted: &[Known]| known.iter().filter(|it| wanted.contains(it)).count() as u8;
    let open = count(&[Known::Unknown, Known::Refused(Refusal::Busy)]);
    let executed = |of| match direction {
        Direction::Reserving | Direction::Forward => count(&[Known::Executed(of)]),
        Direction::Back => count(&[Known::Kept(of)]),
    };
    let (origin, most) = match (executed(ONE), executed(OTHER)) {
        (one, other) if one >= other => (ONE, one),
        (_, other) => (OTHER, other),
    };
    let stands = match most {
        agents if agents >= rule.last => Some(Standing::Final { origin, agents }),
        agents if agents >= rule.own => Some(Standing::Stands { origin, agents }),
        _ => None,
    };
    let reserved = count(&[Known::Reserved]);
    let out_of_reach = |agents| match agents < rule.own {
        true => Standing::OutOfReach,
        false => Standing::Pending,
    };
    match direction {
        Direction::Reserving => {
            let agents = reserved + executed(ONE) + executed(OTHER);
            match agents >= rule.own {
                true => Standing::Reserved { agents },
                false => out_of_reach(agents + open),
            }
        }
        Direction::Forward => stands.unwrap_or(out_of_reach(most + open + reserved)),
        Direction::Back => {
            let agents = count(&[Known::Returned]);
            let open = open + count(&[Known::Executed(ONE), Known::Executed(OTHER)]);
            match agents >= rule.own {
                true => Standing::Returned { agents },
                false => stands.unwrap_or(out_of_reach(open + agents.max(most))),
            }
        }
    }
}

#[test]
fn whatever_is_known_has_the_standing_that_its_counts_allow() {
    for rule in small_rules() {
        for direction in [Direction::Reserving, Direction::Forward, Direction::Back] {
            let ways = ways_to_know(direction);
            each_choice(&ways, rule.agents, &mut Vec::new(), &mut |ways| {
                let exchange = knowing(rule, direction, ways);
                let known: Vec<Known> = ways.iter().map(|way| way.0).collect();
                assert!(exchange.all_known().eq(known.iter().copied()), "{exchange:?}");
                let expected = expected(rule, direction, &known);
                assert_eq!(exchange.standing(), expected, "{rule:?} {direction:?} {known:?}");
            });
        }
    }
}

#[test]
fn the_lines_of_the_network_are_13_and_17() {
    let mut exchange = Exchanging::forward(Rule::CLOUDCOIN);
    answer(&mut exchange, 0..12, Answer::Executed(ONE));
    assert_eq!(exchange.standing(), Standing::Pending);
    answer(&mut exchange, 12..13, Answer::Executed(ONE));
    assert_eq!(exchange.standing(), Standing::Stands { origin: ONE, agents: 13 });
    answer(&mut exchange, 13..17, Answer::Executed(ONE));
    assert_eq!(exchange.standing(), Standing::Final { origin: ONE, agents: 17 });
}

#[test]
fn agents_that_executed_different_exchanges_do_not_add_up() {
    let mut exchange = Exchanging::forward(Rule::CLOUDCOIN);
    answer(&mut exchange, 0..12, Answer::Executed(ONE));
    answer(&mut exchange, 12..24, Answer::Executed(OTHER));
    assert_eq!(exchange.standing(), Standing::Pending);
    answer(&mut exchange, 24..25, Answer::Refused(Refusal::NotHeld));
    assert_eq!(exchange.standing(), Standing::OutOfReach);
}

#[test]
fn what_stands_is_asked_for_at_the_others_all_the_same() {
    let mut exchange = Exchanging::forward(Rule::CLOUDCOIN);
    answer(&mut exchange, 0..17, Answer::Executed(ONE));
    (17..25).for_each(|agent| assert_eq!(exchange.next_request(agent), Some(Request::Exchange)));
    assert!(!exchange.is_over());
    answer(&mut exchange, 17..25, Answer::Executed(ONE));
    assert!(exchange.is_over() && exchange.next_round().is_over());
}

#[test]
fn a_refusal_is_not_final_and_a_cancellation_is() {
    for direction in [Direction::Forward, Direction::Back] {
        for why in REFUSALS {
            let mut exchange = Exchanging::towards(direction, rule(1, 1, 1));
            answer(&mut exchange, 0..1, Answer::Refused(why));
            let again = exchange.next_request(0).is_some();
            assert_eq!(again, why == Refusal::Busy, "{why:?}");
            assert_eq!(exchange.next_round().next_request(0), Some(direction.request()));
        }
        let mut exchange = Exchanging::towards(direction, rule(1, 1, 1));
        answer(&mut exchange, 0..1, Answer::Cancelled);
        assert_eq!(exchange.next_round().next_request(0), None);
    }
}

#[test]
fn nothing_leads_from_back_to_forward() {
    for exchange in alone() {
        let back = exchange.clone().turn_back();
        let returned = exchange.known(0) == Known::Returned;
        assert_eq!(back.direction(), Direction::Back);
        assert_eq!(back.next_round().next_request(0).is_none(), returned, "{exchange:?}");
        let back = exchange.turn_back();
        assert_eq!(back.clone().go_forward(), back);
        assert_eq!(back.clone().turn_back(), back);
    }
}

#[test]
fn turning_back_asks_every_agent_whatever_it_had_done() {
    let mut exchange = Exchanging::forward(Rule::CLOUDCOIN);
    answer(&mut exchange, 0..17, Answer::Executed(ONE));
    answer(&mut exchange, 17..20, Answer::Refused(Refusal::NotFree));
    let mut exchange = exchange.turn_back();
    assert_eq!(exchange.standing(), Standing::Pending);
    answer(&mut exchange, 0..13, Answer::Cancelled);
    assert_eq!(exchange.standing(), Standing::Returned { agents: 13 });
    answer(&mut exchange, 13..25, Answer::Cancelled);
    assert!(exchange.is_over());
}

#[test]
fn what_cannot_be_taken_back_stands_and_can_be_asked_for_again() {
    let mut exchange = Exchanging::back(Rule::CLOUDCOIN);
    answer(&mut exchange, 0..13, Answer::Executed(ONE));
    assert_eq!(exchange.standing(), Standing::Stands { origin: ONE, agents: 13 });
    let mut exchange = exchange.next_round();
    answer(&mut exchange, 0..13, Answer::Cancelled);
    assert_eq!(exchange.standing(), Standing::Returned { agents: 13 });
}

#[test]
fn an_agent_may_refuse_to_reserve_and_is_asked_to_execute() {
    let mut exchange = Exchanging::reserving(Rule::CLOUDCOIN);
    answer(&mut exchange, 0..12, Answer::Refused(Refusal::NotFree));
    assert_eq!(exchange.standing(), Standing::Pending);
    answer(&mut exchange, 12..25, Answer::Reserved);
    assert_eq!(exchange.standing(), Standing::Reserved { agents: 13 });
    assert!(exchange.is_over());
    let exchange = exchange.go_forward();
    (0..25).for_each(|agent| assert_eq!(exchange.next_request(agent), Some(Request::Exchange)));
}

#[test]
fn the_requests_of_a_round_end_and_each_round_has_as_many() {
    let mut exchange = Exchanging::forward(rule(1, 1, 1));
    for _ in 0..2 {
        for _ in 0..REQUESTS_PER_AGENT_MAX {
            answer(&mut exchange, 0..1, Answer::Silent);
        }
        assert_eq!(exchange.next_request(0), None);
        assert_eq!(exchange.standing(), Standing::Pending);
        exchange = exchange.next_round();
    }
}

#[test]
fn a_late_or_foreign_answer_changes_nothing() {
    let requests = [Request::Reserve, Request::Exchange, Request::Cancel];
    for exchange in alone() {
        for (request, said) in requests.into_iter().flat_map(|r| ANSWERS.map(|a| (r, a))) {
            let mut later = exchange.clone();
            later.answered(1, request, said);
            assert_eq!(later, exchange);
            if exchange.next_request(0) != Some(request) {
                later.answered(0, request, said);
                assert_eq!(later, exchange);
            }
        }
    }
}

#[test]
fn a_record_without_every_agent_is_refused() {
    let text = serde_json::to_string(&Exchanging::forward(rule(5, 3, 3))).unwrap();
    assert!(serde_json::from_str::<Exchanging>(&text).is_ok());
    assert!(serde_json::from_str::<Exchanging>(&text.replace(":5", ":4")).is_err());
}

fn answers_of_25_agents(mostly: Answer) -> impl Strategy<Value = Vec<(usize, Answer)>> {
    let any_answer = any::<prop::sample::Index>().prop_map(|index| *index.get(&ANSWERS));
    let answer = prop_oneof![3 => Just(mostly), 1 => any_answer];
    prop::collection::vec((0..25_usize, answer), 0..200)
}

proptest! {
    #[test]
    fn of_25_agents_the_order_does_not_matter_and_records_are_read_back(
        steps in answers_of_25_agents(Answer::Executed(ONE)),
        back in answers_of_25_agents(Answer::Cancelled),
    ) {
        let run = |steps: &[(usize, Answer)], from: Exchanging| {
            steps.iter().fold(from, |exchange, &(agent, said)| after(&exchange, agent, said))
        };
        let by_agent = |steps: &[(usize, Answer)]| {
            let mut steps = steps.to_vec();
            // The sort is stable: each agent's own answers keep their order.
            steps.sort_by_key(|&(agent, _)| agent);
            steps
        };
        let forward = run(&steps, Exchanging::forward(Rule::CLOUDCOIN));
        prop_assert_eq!(&run(&by_agent(&steps), Exchanging::forward(Rule::CLOUDCOIN)), &forward);
        let returned = run(&back, forward.clone().turn_back());
        prop_assert_eq!(&run(&by_agent(&back), forward.clone().turn_back()), &returned);
        for exchange in [forward, returned] {
            let text = serde_json::to_string(&exchange).unwrap();
            prop_assert_eq!(serde_json::from_str::<Exchanging>(&text).unwrap(), exchange);
        }
    }

    #[test]
    fn what_stands_forward_or_is_returned_stays_so(
        steps in answers_of_25_agents(Answer::Executed(ONE)),
        back in answers_of_25_agents(Answer::Cancelled),
        more in answers_of_25_agents(Answer::Executed(OTHER)),
    ) {
        let run = |steps: &[(usize, Answer)], from: Exchanging| {
            steps.iter().fold(from, |exchange, &(agent, said)| after(&exchange, agent, said))
        };
        let forward = run(&steps, Exchanging::forward(Rule::CLOUDCOIN));
        let later = run(&more, forward.clone().next_round());
        if let Standing::Stands { origin, .. } | Standing::Final { origin, .. } = forward.standing() {
            let same = matches!(
                later.standing(),
                Standing::Stands { origin: of, .. } | Standing::Final { origin: of, .. } if of == origin
            );
            prop_assert!(same);
        }
        let back = run(&back, forward.turn_back());
        let later = run(&more, back.clone().next_round());
        if let Standing::Returned { agents } = back.standing() {
            let same = matches!(later.standing(), Standing::Returned { agents: now } if now >= agents);
            prop_assert!(same);
        }
    }
}
