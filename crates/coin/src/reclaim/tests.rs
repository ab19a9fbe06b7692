//! The lines at which a reclaim begins, yields and ends; and that nothing leads back from a yield.

use proptest::prelude::{Strategy, any, prop};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::Departed::{Away, Back, Gone, Reclaiming, Yielding};
use super::{Act, Before, Departed, Ground, Look, Obstacle, Will};
use crate::origin::Origin;
use crate::ownership::{Answer, Grade, Ownership, Question, Rule};

const RULE: Rule = Rule::CLOUDCOIN;
const GROUNDS: [Ground; 4] =
    [Ground::Refused, Ground::CalledCounterfeit, Ground::Expired, Ground::Exported];
const GRADES: [Grade; 4] = [Grade::Final, Grade::Settling, Grade::Limbo, Grade::Counterfeit];
const ALL: [Departed; 5] = [Away, Reclaiming, Yielding, Back, Gone];

/// So many agents hold the AN, so many hold neither having held it, the rest are silent.
fn look(holds: usize, lost: usize) -> Look {
    let held = (0..holds).map(|_| (Before::Held, Answer::HoldsAn(Origin::Minted)));
    let lost = (0..lost).map(|_| (Before::Held, Answer::Neither));
    Look::new(RULE, held.chain(lost))
}

/// The same, where those that hold neither did not hold it before either.
fn fracked(holds: usize, neither: usize) -> Look {
    let held = (0..holds).map(|_| (Before::Held, Answer::HoldsAn(Origin::Minted)));
    let neither = (0..neither).map(|_| (Before::NotHeld, Answer::Neither));
    Look::new(RULE, held.chain(neither))
}

/// A round in which so many agents took the new secret and so many hold neither.
fn round(rule: Rule, pass: usize, neither: usize) -> Ownership {
    let mut round = Ownership::new(rule);
    for agent in 0..pass {
        round.answered(agent, Question::Pown, Answer::Pass(Origin::Minted));
    }
    for agent in pass..pass + neither {
        round.answered(agent, Question::Pown, Answer::Fail);
        round.answered(agent, Question::Find, Answer::Neither);
    }
    round
}

fn check(ground: Option<Ground>, look: Look, will: Will, expected: Result<Departed, Obstacle>) {
    assert_eq!(Away.begin(ground, look, will), expected, "{ground:?} {look:?} {will:?}");
}

#[test]
fn without_a_ground_nobody_takes_a_coin_back_however_much_they_insist() {
    for will in [Will::Automatic, Will::Asked, Will::Insisted] {
        check(None, look(25, 0), will, Err(Obstacle::TooEarly));
    }
}

#[test]
fn a_coin_that_agents_still_hold_is_taken_back_on_every_ground() {
    for ground in GROUNDS {
        for will in [Will::Automatic, Will::Asked, Will::Insisted] {
            check(Some(ground), look(13, 0), will, Ok(Reclaiming));
            check(Some(ground), fracked(13, 12), will, Ok(Reclaiming));
        }
    }
}

#[test]
fn one_agent_that_held_it_and_holds_neither_stops_all_but_the_insistent() {
    for ground in GROUNDS {
        let obstacle = Err(Obstacle::BeingTaken { lost: 1 });
        check(Some(ground), look(24, 1), Will::Automatic, obstacle);
        check(Some(ground), look(24, 1), Will::Asked, obstacle);
        check(Some(ground), look(24, 1), Will::Insisted, Ok(Reclaiming));
    }
}

#[test]
fn a_coin_that_is_gone_is_not_taken_back_by_insisting() {
    for ground in GROUNDS {
        let obstacle = Err(Obstacle::Taken { neither: 13 });
        check(Some(ground), look(12, 13), Will::Insisted, obstacle);
        check(Some(ground), fracked(12, 13), Will::Insisted, obstacle);
        check(Some(ground), look(12, 12), Will::Insisted, expected_of_12(ground));
    }
}

fn expected_of_12(ground: Ground) -> Result<Departed, Obstacle> {
    match ground {
        Ground::CalledCounterfeit => Err(Obstacle::NotHeld { holds: 12 }),
        Ground::Refused | Ground::Expired | Ground::Exported => Ok(Reclaiming),
    }
}

#[test]
fn silence_is_no_answer_and_twelve_answers_are_too_few() {
    check(
        Some(Ground::Expired),
        look(12, 0),
        Will::Insisted,
        Err(Obstacle::TooFewAgents { answered: 12 }),
    );
    let unclear = (0..25).map(|_| (Before::Held, Answer::Silent));
    assert_eq!(
        Look::new(RULE, unclear).allows(Ground::Refused, Will::Asked),
        Err(Obstacle::TooFewAgents { answered: 0 })
    );
}

#[test]
fn a_clock_takes_nothing_back_that_thirteen_agents_do_not_hold() {
    let not_held = Err(Obstacle::NotHeld { holds: 12 });
    check(Some(Ground::Expired), fracked(12, 1), Will::Automatic, not_held);
    check(Some(Ground::Expired), fracked(12, 1), Will::Asked, Ok(Reclaiming));
    check(Some(Ground::CalledCounterfeit), fracked(12, 1), Will::Asked, not_held);
}

#[test]
fn it_is_back_at_thirteen_and_yields_at_thirteen_no_fewer() {
    assert_eq!(Reclaiming.powned(&round(RULE, 13, 12)), Back);
    assert_eq!(Reclaiming.powned(&round(RULE, 12, 12)), Reclaiming);
    assert_eq!(Reclaiming.powned(&round(RULE, 12, 13)), Yielding);
    assert_eq!(Reclaiming.powned(&round(RULE, 0, 13)), Yielding);
}

#[test]
fn a_yield_ends_at_seventeen_that_hold_neither_and_not_before() {
    assert_eq!(Yielding.handed_back(&round(RULE, 9, 16)), Yielding);
    assert_eq!(Yielding.handed_back(&round(RULE, 0, 16)), Yielding);
    assert_eq!(Yielding.handed_back(&round(RULE, 25, 0)), Yielding);
    assert_eq!(Yielding.handed_back(&round(RULE, 8, 17)), Gone);
}

#[test]
fn of_receipts_only_one_that_says_final_ends_a_yield_and_none_begins_one() {
    for state in ALL {
        for grade in GRADES {
            let expected = if (state, grade) == (Yielding, Grade::Final) { Gone } else { state };
            assert_eq!(state.receipted(grade), expected, "{state:?} {grade:?}");
        }
    }
}

#[test]
fn a_coin_without_a_reclaim_is_gone_at_its_line() {
    assert_eq!(Away.looked_at(look(0, 12), RULE.own), Away);
    assert_eq!(Away.looked_at(look(0, 13), RULE.own), Gone);
    assert_eq!(Away.looked_at(look(0, 16), RULE.last), Away);
    assert_eq!(Away.looked_at(look(0, 17), RULE.last), Gone);
    for state in [Reclaiming, Yielding, Back, Gone] {
        assert_eq!(state.looked_at(look(0, 25), RULE.own), state);
    }
}

/// Whatever can happen to a coin that left.
#[derive(Clone, Debug)]
enum Event {
    Begin(Option<Ground>, usize, usize, Will),
    Looked(usize, usize),
    Powned(usize, usize),
    HandedBack(usize, usize),
    Receipted(Grade),
}

fn events() -> impl Strategy<Value = Event> {
    let two = || (0..=25_usize).prop_flat_map(|a| (proptest::strategy::Just(a), 0..=25 - a));
    let ground = prop::option::of(prop::sample::select(GROUNDS.to_vec()));
    let wills = vec![Will::Automatic, Will::Asked, Will::Insisted];
    proptest::prop_oneof![
        (ground, two(), prop::sample::select(wills))
            .prop_map(|(g, (a, b), w)| Event::Begin(g, a, b, w)),
        two().prop_map(|(a, b)| Event::Looked(a, b)),
        two().prop_map(|(a, b)| Event::Powned(a, b)),
        two().prop_map(|(a, b)| Event::HandedBack(a, b)),
        prop::sample::select(GRADES.to_vec()).prop_map(Event::Receipted),
    ]
}

fn happen(state: Departed, event: &Event) -> Departed {
    match *event {
        Event::Begin(ground, holds, lost, will) => {
            state.begin(ground, look(holds, lost), will).unwrap_or(state)
        }
        Event::Looked(holds, lost) => state.looked_at(look(holds, lost), RULE.own),
        Event::Powned(pass, neither) => state.powned(&round(RULE, pass, neither)),
        Event::HandedBack(pass, neither) => state.handed_back(&round(RULE, pass, neither)),
        Event::Receipted(grade) => state.receipted(grade),
    }
}

proptest! {
    #[test]
    fn no_way_leads_back_and_none_from_a_yield_to_the_coin(
        events in prop::collection::vec(events(), 0..40)
    ) {
        let mut state = Away;
        let mut yielded = false;
        for event in &events {
            let next = happen(state, event);
            prop_assert!(next >= state, "{state:?} {event:?} {next:?}");
            yielded |= next == Yielding;
            prop_assert!(!(yielded && next == Back));
            if state.is_decided() {
                prop_assert_eq!(next, state);
                prop_assert_eq!(state.act(), Act::Rest);
            }
            state = next;
        }
    }

    #[test]
    fn a_look_counts_each_agent_once_at_most(
        answers in prop::collection::vec((any::<bool>(), 0..6_usize), 0..=25)
    ) {
        let kinds = [Answer::Pass(Origin::Minted), Answer::Fail, Answer::HoldsAn(Origin::Minted), Answer::HoldsPan(Origin::Minted),
            Answer::Neither, Answer::Silent];
        let said: Vec<(Before, Answer)> = answers.iter().map(|&(held, kind)| {
            (if held { Before::Held } else { Before::NotHeld }, kinds[kind])
        }).collect();
        let look = Look::new(RULE, said.iter().copied());
        prop_assert!(usize::from(look.holds() + look.neither()) <= said.len());
        prop_assert!(look.lost <= look.neither());
    }
}
