//! What taking and fixing do to a ledger and its counts.

use std::time::Duration;

use coin::Origin;
use raida::api::CoinQuestion;
use tokio::time::Instant;

use super::{Decided, Fix, Fixed, Fixing, Take, Taken, Vouch};
use crate::committer::Act;
use crate::exchange::catch_up::Heard;
use crate::ledger::tests::{Place, an, sn};
use crate::ledger::{Counts, Draft, Holding, Ledger, put};
use crate::settings::Shown;
use crate::words::Words;

pub(crate) const PASS: Decided = Decided::Taken(Taken::Pass(Origin::Minted));
pub(crate) const FAIL: Decided = Decided::Taken(Taken::Fail);

/// Takes coins of an agent that has given no word.
pub(crate) fn take(coins: Vec<CoinQuestion>) -> Take {
    Take { coins, shown: Shown::MintedOnly, words: Words::default() }
}

/// Fixes coins in time at an agent that has given no word.
pub(crate) fn fix_of(coins: Vec<Fixing>) -> Fix {
    let until = Instant::now() + Duration::from_secs(60);
    Fix { coins, heard: Heard::new(), until, words: Words::default() }
}

/// Decides one act and commits it.
fn carry_out<A: Act>(ledger: &dyn Ledger, act: A) -> A::Outcome {
    let mut draft = Draft::over(ledger);
    let outcome = act.decide(&mut draft).unwrap();
    draft.commit().unwrap();
    outcome
}

fn counted(ledger: &dyn Ledger) -> Counts {
    let mut counts = Counts::default();
    ledger.scan(&mut |sn, _| counts.enter(sn.denomination())).unwrap();
    assert_eq!(ledger.counts().unwrap(), counts);
    counts
}

#[test]
fn taking_leaves_the_circulation_as_it_is() {
    for place in Place::both() {
        let ledger = place.open();
        put(ledger.as_ref(), &[(sn(1), an(1)), (sn(2_097_153), an(1))]).unwrap();
        assert_eq!((counted(ledger.as_ref()).coins(), counted(ledger.as_ref()).value()), (2, 6));
        let ask = |number, from, to| CoinQuestion { sn: sn(number), an: an(from), pan: an(to) };
        let taken = carry_out(ledger.as_ref(), take(vec![ask(1, 1, 5), ask(3, 1, 5)]));
        assert_eq!(taken, [PASS, FAIL]);
        assert_eq!(counted(ledger.as_ref()).value(), 6);
    }
}

#[test]
fn fixing_sets_what_was_another_and_enters_what_was_not_there() {
    for place in Place::both() {
        let ledger = place.open();
        put(ledger.as_ref(), &[(sn(1), an(1))]).unwrap();
        let fix = || fix_of(vec![fixing(1, Some(1), 8), fixing(2, None, 9)]);
        for _ in 0..2 {
            assert_eq!(carry_out(ledger.as_ref(), fix()), [Fixed::Pass; 2]);
            assert_eq!(ledger.an(sn(1)).unwrap(), Some(an(8)));
            assert_eq!(ledger.an(sn(2)).unwrap(), Some(an(9)));
            assert_eq!(counted(ledger.as_ref()).coins(), 2);
        }
    }
}

#[test]
fn a_coin_that_changed_while_others_were_asked_is_not_fixed() {
    for place in Place::both() {
        let ledger = place.open();
        put(ledger.as_ref(), &[(sn(1), an(5)), (sn(2), an(5))]).unwrap();
        let fix = fix_of(vec![fixing(1, Some(1), 8), fixing(2, None, 9), fixing(3, Some(1), 8)]);
        assert_eq!(carry_out(ledger.as_ref(), fix), [Fixed::Changed; 3]);
        let held = [1, 2, 3].map(|number| ledger.an(sn(number)).unwrap());
        assert_eq!(held, [Some(an(5)), Some(an(5)), None]);
    }
}

#[test]
fn a_coin_that_was_given_back_here_is_fixed_only_when_it_is_in_circulation_again() {
    for place in Place::both() {
        let ledger = place.open();
        put(ledger.as_ref(), &[(sn(1), an(1))]).unwrap();
        let mut draft = Draft::over(ledger.as_ref());
        draft.give_back(sn(1)).unwrap();
        let fix = |seen| fix_of(vec![fixing(1, seen, 8)]);
        assert_eq!(fix(None).decide(&mut draft).unwrap(), [Fixed::GivenBack], "in one group");
        draft.commit().unwrap();
        assert_eq!(carry_out(ledger.as_ref(), fix(None)), [Fixed::GivenBack]);
        assert_eq!(counted(ledger.as_ref()).coins(), 0);
        drop(ledger);

        let ledger = place.open();
        assert_eq!(carry_out(ledger.as_ref(), fix(None)), [Fixed::GivenBack], "after a start");
        put(ledger.as_ref(), &[(sn(1), an(2))]).unwrap();
        assert_eq!(carry_out(ledger.as_ref(), fix(Some(2))), [Fixed::Pass]);
        assert_eq!(counted(ledger.as_ref()).coins(), 1);
    }
}

#[test]
fn a_coin_with_a_word_on_it_stays_as_it_is_until_the_word_ends() {
    for place in Place::both() {
        let (ledger, words) = (place.open(), Words::default());
        put(ledger.as_ref(), &[(sn(1), an(1)), (sn(2), an(1))]).unwrap();
        let ask = |number| CoinQuestion { sn: sn(number), an: an(1), pan: an(5) };
        let coins = vec![(sn(1), an(1)), (sn(2), an(9)), (sn(3), an(1))];
        let given =
            carry_out(ledger.as_ref(), Vouch { coins, shown: Shown::All, words: words.clone() });
        assert_eq!(given, [Some(Origin::Minted), None, None], "a word for what it holds alone");
        let take = Take { coins: vec![ask(1), ask(2)], shown: Shown::All, words: words.clone() };
        let decided = carry_out(ledger.as_ref(), take);
        assert!(matches!(&decided[0], Decided::Later(coin, _) if *coin == ask(1)));
        assert_eq!(decided[1], PASS);
        let until = Instant::now() + Duration::from_secs(60);
        let fix = Fix {
            coins: vec![fixing(1, Some(1), 8)],
            heard: Heard::new(),
            until,
            words: words.clone(),
        };
        assert_eq!(carry_out(ledger.as_ref(), fix), [Fixed::Vouched]);
        assert_eq!(ledger.an(sn(1)).unwrap(), Some(an(1)));
        let again = Vouch { coins: vec![(sn(1), an(1))], shown: Shown::All, words };
        assert_eq!(carry_out(ledger.as_ref(), again), [None], "somebody waits");
    }
}

#[test]
fn words_that_may_have_ended_fix_nothing() {
    for place in Place::both() {
        let ledger = place.open();
        put(ledger.as_ref(), &[(sn(1), an(1))]).unwrap();
        let coins = vec![fixing(1, Some(1), 8)];
        let fix =
            Fix { coins, heard: Heard::new(), until: Instant::now(), words: Words::default() };
        assert_eq!(carry_out(ledger.as_ref(), fix), [Fixed::TooLate]);
        assert_eq!(ledger.an(sn(1)).unwrap(), Some(an(1)));
    }
}

fn fixing(number: u32, seen: Option<u8>, pan: u8) -> Fixing {
    let seen = seen.map(|byte| Holding::minted(an(byte)));
    Fixing { sn: sn(number), seen, origin: Origin::Minted, pan: an(pan) }
}
