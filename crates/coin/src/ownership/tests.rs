//! Every sequence of answers, for small numbers of agents, and random ones for
//! all 25.

use std::collections::HashMap;

use proptest::prelude::{Strategy, any, prop};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::{Answer, Grade, Holding, Ownership, Question, Rule};
use crate::limits::QUESTIONS_PER_AGENT_MAX;
use crate::origin::Origin;
use crate::pown::Letter;

const MINTED: Origin = Origin::Minted;
/// Two exchanges that made a coin of the same serial number.
const ONE: Origin = Origin::Exchange([1; 32]);
const OTHER: Origin = Origin::Exchange([2; 32]);

const ANSWERS: [Answer; 6] = [
    Answer::Pass(MINTED),
    Answer::Fail,
    Answer::HoldsAn(MINTED),
    Answer::HoldsPan(MINTED),
    Answer::Neither,
    Answer::Silent,
];

/// The same, with answers that name other origins.
const ANSWERS_OF_ORIGINS: [Answer; 10] = [
    Answer::Pass(MINTED),
    Answer::Pass(ONE),
    Answer::Pass(OTHER),
    Answer::Fail,
    Answer::HoldsAn(ONE),
    Answer::HoldsPan(MINTED),
    Answer::HoldsPan(ONE),
    Answer::HoldsPan(OTHER),
    Answer::Neither,
    Answer::Silent,
];

/// The answers that one agent gave, in their order.
type History = Vec<Answer>;

fn rule(agents: u8, own: u8, last: u8) -> Rule {
    Rule::new(agents, own, last).unwrap()
}

/// The rules that stand for all: for each of 1, 3 and 5 agents, each final line.
fn small_rules() -> [Rule; 6] {
    [rule(1, 1, 1), rule(3, 2, 2), rule(3, 2, 3), rule(5, 3, 3), rule(5, 3, 4), rule(5, 3, 5)]
}

/// Every sequence of answers that one agent can give, finished or not.
fn histories() -> Vec<History> {
    let mut all = vec![History::new()];
    let mut done = 0;
    while done < all.len() {
        if after(rule(1, 1, 1), &[&all[done]]).next_question(0).is_some() {
            let longer = ANSWERS.map(|answer| [all[done].as_slice(), &[answer]].concat());
            all.extend(longer);
        }
        done += 1;
    }
    all
}

/// One history for each distinct thing that can be known of an agent.
fn kinds_of_history() -> Vec<History> {
    let mut kinds: HashMap<Ownership, History> = HashMap::new();
    for history in histories() {
        kinds.entry(after(rule(1, 1, 1), &[&history])).or_insert(history);
    }
    let mut kinds: Vec<History> = kinds.into_values().collect();
    kinds.sort_by_key(|history| format!("{history:?}"));
    kinds
}

/// Asks agent after agent, each to the end of its history.
fn after(rule: Rule, histories: &[&History]) -> Ownership {
    let mut coin = Ownership::new(rule);
    for (agent, history) in histories.iter().enumerate() {
        history.iter().for_each(|&answer| ask(&mut coin, agent, answer));
    }
    coin
}

fn ask(coin: &mut Ownership, agent: usize, answer: Answer) {
    let question = coin.next_question(agent).expect("a history ends where the questions end");
    coin.answered(agent, question, answer);
}

/// What a history proves, worked out apart from the code under test: the
/// questions alternate in the one way that the drawing allows.
fn proven(history: &History) -> Holding {
    let mut question = Question::Pown;
    let mut holding = Holding::Unknown;
    for answer in history {
        (question, holding) = match (question, answer) {
            (Question::Pown, Answer::Pass(_)) => (question, Holding::HoldsPan),
            (Question::Find, Answer::HoldsPan(_)) => (question, Holding::HoldsPan),
            (Question::Find, Answer::Neither) => (question, Holding::Neither),
            (Question::Find, Answer::HoldsAn(_)) => (Question::Pown, Holding::HoldsAn),
            _ => (Question::Find, Holding::Unknown),
        };
    }
    holding
}

/// Calls `visit` with every choice of `places` histories, repetitions allowed.
/// The order within a choice never changes: agents are all alike.
fn each_choice(kinds: &[History], places: usize, visit: &mut impl FnMut(&[&History])) {
    fn extend<'a>(
        kinds: &'a [History],
        places: usize,
        chosen: &mut Vec<&'a History>,
        visit: &mut impl FnMut(&[&History]),
    ) {
        if chosen.len() == places {
            return visit(chosen);
        }
        for (at, kind) in kinds.iter().enumerate() {
            chosen.push(kind);
            extend(&kinds[at..], places, chosen, visit);
            chosen.pop();
        }
    }
    extend(kinds, places, &mut Vec::new(), visit);
}

fn check_verdict(rule: Rule, histories: &[&History]) {
    let coin = after(rule, histories);
    let count = |holding| histories.iter().filter(|history| proven(history) == holding).count();
    let (holders, neithers) = (count(Holding::HoldsPan), count(Holding::Neither));
    let (agents, own) = (usize::from(rule.agents), usize::from(rule.own));
    let expected = match () {
        () if holders >= usize::from(rule.last) => Grade::Final,
        () if holders >= own => Grade::Settling,
        () if agents - neithers < own => Grade::Counterfeit,
        () => Grade::Limbo,
    };
    assert_eq!(coin.grade(), expected, "{rule:?} {histories:?}");
    assert_eq!(coin.grade().is_owned(), holders >= own);
}

#[test]
fn every_sequence_of_answers_has_the_verdict_that_its_proofs_allow() {
    let kinds = kinds_of_history();
    for rule in small_rules() {
        each_choice(&kinds, usize::from(rule.agents), &mut |chosen| check_verdict(rule, chosen));
    }
}

#[test]
fn the_questions_to_an_agent_always_end() {
    let longest = histories().iter().map(Vec::len).max();
    assert_eq!(longest, Some(usize::from(QUESTIONS_PER_AGENT_MAX)));
}

#[test]
fn an_agent_is_asked_whatever_the_others_answered() {
    let kinds = kinds_of_history();
    let alone = |history: &History| after(rule(1, 1, 1), &[history]).next_question(0);
    each_choice(&kinds, 3, &mut |chosen| {
        let coin = after(rule(3, 2, 3), chosen);
        for (agent, history) in chosen.iter().enumerate() {
            assert_eq!(coin.next_question(agent), alone(history), "{chosen:?}");
        }
        assert_eq!(coin.is_over(), chosen.iter().all(|history| alone(history).is_none()));
    });
}

#[test]
fn it_does_not_matter_which_agent_answers_first() {
    let kinds = kinds_of_history();
    each_choice(&kinds, 3, &mut |chosen| {
        let one_by_one = after(rule(3, 2, 3), chosen);
        let mut in_turns = Ownership::new(rule(3, 2, 3));
        for turn in 0..usize::from(QUESTIONS_PER_AGENT_MAX) {
            for agent in [2, 0, 1] {
                if let Some(&answer) = chosen[agent].get(turn) {
                    ask(&mut in_turns, agent, answer);
                }
            }
        }
        assert_eq!(in_turns, one_by_one, "{chosen:?}");
    });
}

#[test]
fn what_is_owned_or_counterfeit_stays_so_whatever_comes_next() {
    let kinds = kinds_of_history();
    each_choice(&kinds, 3, &mut |chosen| {
        let coin = after(rule(3, 2, 3), chosen);
        for (agent, answer) in (0..3).flat_map(|agent| ANSWERS.map(|answer| (agent, answer))) {
            let mut later = coin.clone();
            if let Some(question) = coin.next_question(agent) {
                later.answered(agent, question, answer);
            }
            match coin.grade() {
                Grade::Final => assert_eq!(later.grade(), Grade::Final),
                Grade::Settling => assert!(later.grade().is_owned()),
                Grade::Counterfeit => assert_eq!(later.grade(), Grade::Counterfeit),
                Grade::Limbo => {}
            }
        }
    });
}

#[test]
fn a_late_or_foreign_answer_changes_nothing() {
    let kinds = kinds_of_history();
    for history in &kinds {
        let coin = after(rule(1, 1, 1), &[history]);
        for (question, answer) in
            [Question::Pown, Question::Find].into_iter().flat_map(|q| ANSWERS.map(|a| (q, a)))
        {
            let mut later = coin.clone();
            later.answered(1, question, answer);
            assert_eq!(later, coin);
            if coin.next_question(0) != Some(question) {
                later.answered(0, question, answer);
                assert_eq!(later, coin);
            }
        }
    }
}

#[test]
fn an_agent_that_still_holds_the_an_is_powned_again() {
    use Answer::{Fail, Neither, Silent};
    let (pass, holds_an, holds_pan) =
        (Answer::Pass(MINTED), Answer::HoldsAn(MINTED), Answer::HoldsPan(MINTED));
    for (history, next) in [
        (vec![], Some(Question::Pown)),
        (vec![pass], None),
        (vec![Fail], Some(Question::Find)),
        (vec![Silent], Some(Question::Find)),
        (vec![Silent, Silent], Some(Question::Find)),
        (vec![Silent, holds_pan], None),
        (vec![Fail, Neither], None),
        (vec![Silent, holds_an], Some(Question::Pown)),
        (vec![Silent, holds_an, pass], None),
        (vec![Silent, holds_an, Fail], Some(Question::Find)),
        (vec![Fail, holds_an, Fail, holds_an, Fail, holds_an], None),
    ] {
        let coin = after(rule(1, 1, 1), &[&history]);
        assert_eq!(coin.next_question(0), next, "{history:?}");
        assert_eq!(coin.holding(0), proven(&history), "{history:?}");
    }
}

#[test]
fn a_failed_pown_alone_never_counts_against_a_coin() {
    let mut coin = Ownership::new(Rule::CLOUDCOIN);
    for agent in 0..25 {
        coin.answered(agent, Question::Pown, Answer::Fail);
    }
    assert_eq!(coin.grade(), Grade::Limbo);
    assert_eq!(coin.pown_string().count(Letter::NoReply), 25);
    (0..25).for_each(|agent| assert_eq!(coin.next_question(agent), Some(Question::Find)));
}

#[test]
fn the_lines_of_the_network_are_13_and_17() {
    let holders = |count| {
        let mut coin = Ownership::new(Rule::CLOUDCOIN);
        (0..count).for_each(|agent| coin.answered(agent, Question::Pown, Answer::Pass(MINTED)));
        coin.grade()
    };
    let lines = [12, 13, 16, 17, 25].map(holders);
    let expected = [Grade::Limbo, Grade::Settling, Grade::Settling, Grade::Final, Grade::Final];
    assert_eq!(lines, expected);

    let neithers = |count| {
        let mut coin = Ownership::new(Rule::CLOUDCOIN);
        (0..count).for_each(|agent| {
            coin.answered(agent, Question::Pown, Answer::Fail);
            coin.answered(agent, Question::Find, Answer::Neither);
        });
        coin.grade()
    };
    assert_eq!([12, 13].map(neithers), [Grade::Limbo, Grade::Counterfeit]);
}

#[test]
fn the_letters_say_what_each_agent_holds() {
    let mut coin = Ownership::new(Rule::CLOUDCOIN);
    coin.answered(0, Question::Pown, Answer::Pass(MINTED));
    for (agent, answer) in [(1, Answer::Neither), (2, Answer::HoldsAn(MINTED)), (3, Answer::Silent)]
    {
        coin.answered(agent, Question::Pown, Answer::Silent);
        coin.answered(agent, Question::Find, answer);
    }
    assert_eq!(coin.pown_string().to_string(), "pfenuuuuuuuuuuuuuuuuuuuuu");
    assert_eq!(Ownership::new(rule(3, 2, 2)).pown_string().count(Letter::Untried), 25);
}

/// What an agent holds that has given its last answer: the PAN from one of the origins, or not.
fn held(origin: Option<Origin>) -> History {
    match origin {
        Some(origin) => vec![Answer::Pass(origin)],
        None => vec![Answer::Fail, Answer::Neither],
    }
}

#[test]
fn only_agents_of_one_origin_own_a_coin_together() {
    let kinds: Vec<History> = [None, Some(MINTED), Some(ONE), Some(OTHER)].map(held).into();
    let kinds = [kinds, vec![History::new()]].concat();
    each_choice(&kinds, 5, &mut |chosen| {
        let coin = after(rule(5, 3, 4), chosen);
        let times =
            |of: Origin| chosen.iter().filter(|history| ***history == held(Some(of))).count();
        let most = [MINTED, ONE, OTHER].map(times).into_iter().max().unwrap();
        let open = chosen.iter().filter(|history| history.is_empty()).count();
        let expected = match most {
            4.. => Grade::Final,
            3 => Grade::Settling,
            _ if most + open < 3 => Grade::Counterfeit,
            _ => Grade::Limbo,
        };
        assert_eq!(coin.grade(), expected, "{chosen:?}");
        assert_eq!(coin.count(Holding::HoldsPan) as usize, most, "{chosen:?}");
        assert!(most == 0 || times(coin.origin()) == most, "{chosen:?}");
    });
}

#[test]
fn what_is_owned_or_counterfeit_stays_so_whatever_origin_is_named_next() {
    let settled = [None, Some(MINTED), Some(ONE), Some(OTHER)].map(held);
    let kinds = [settled.to_vec(), vec![History::new()]].concat();
    each_choice(&kinds, 3, &mut |chosen| {
        let coin = after(rule(3, 2, 3), chosen);
        for (agent, history) in (0..3).flat_map(|agent| settled.clone().map(|h| (agent, h))) {
            let mut later = coin.clone();
            if coin.next_question(agent) == Some(Question::Pown) {
                history.iter().for_each(|&answer| ask(&mut later, agent, answer));
            }
            match coin.grade() {
                Grade::Final | Grade::Settling => assert!(later.grade().is_owned(), "{chosen:?}"),
                Grade::Counterfeit => assert_eq!(later.grade(), Grade::Counterfeit, "{chosen:?}"),
                Grade::Limbo => {}
            }
        }
    });
}

#[test]
fn two_exchanges_that_made_one_serial_number_do_not_add_up() {
    let mut coin = Ownership::new(Rule::CLOUDCOIN);
    for agent in 0..25 {
        let origin = if agent < 12 { OTHER } else { ONE };
        assert!(agent < 24 || coin.grade() == Grade::Limbo);
        coin.answered(agent, Question::Pown, Answer::Pass(origin));
    }
    assert_eq!((coin.grade(), coin.origin()), (Grade::Settling, ONE));
    let letters = coin.pown_string().to_string();
    assert_eq!(letters, format!("{}{}", "f".repeat(12), "p".repeat(13)));
    assert_eq!((coin.holding(0), coin.count(Holding::OtherOrigin)), (Holding::OtherOrigin, 12));
}

fn answers_of_25_agents() -> impl Strategy<Value = Vec<(usize, Answer)>> {
    let answer = any::<prop::sample::Index>().prop_map(|index| *index.get(&ANSWERS_OF_ORIGINS));
    prop::collection::vec((0..25_usize, answer), 0..400)
}

proptest! {
    #[test]
    fn of_25_agents_too_the_order_does_not_matter(steps in answers_of_25_agents()) {
        let run = |steps: &[(usize, Answer)]| {
            let mut coin = Ownership::new(Rule::CLOUDCOIN);
            for &(agent, answer) in steps {
                if let Some(question) = coin.next_question(agent) {
                    coin.answered(agent, question, answer);
                }
            }
            coin
        };
        let coin = run(&steps);
        let mut agent_by_agent = steps.clone();
        // The sort is stable: each agent's own answers keep their order.
        agent_by_agent.sort_by_key(|&(agent, _)| agent);
        prop_assert_eq!(&run(&agent_by_agent), &coin);

        let neithers = steps.iter().filter(|(_, answer)| *answer == Answer::Neither).count();
        let pans = |answer: &Answer| matches!(answer, Answer::Pass(_) | Answer::HoldsPan(_));
        let holders = steps.iter().filter(|(_, answer)| pans(answer)).count();
        prop_assert!(!coin.grade().is_owned() || holders >= 13);
        prop_assert!(coin.grade() != Grade::Counterfeit || neithers + holders >= 13);
    }
}
