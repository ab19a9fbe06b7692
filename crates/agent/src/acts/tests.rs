//! What taking and fixing do to a ledger and its counts.

use raida::api::CoinQuestion;

use super::{Fix, Fixed, Fixing, Take, Taken};
use crate::committer::Act;
use crate::ledger::tests::{Place, an, sn};
use crate::ledger::{Counts, Draft, Ledger, put};

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
        let taken = carry_out(ledger.as_ref(), Take(vec![ask(1, 1, 5), ask(3, 1, 5)]));
        assert_eq!(taken, [Taken::Pass, Taken::Fail]);
        assert_eq!(counted(ledger.as_ref()).value(), 6);
    }
}

#[test]
fn fixing_sets_what_was_another_and_enters_what_was_not_there() {
    for place in Place::both() {
        let ledger = place.open();
        put(ledger.as_ref(), &[(sn(1), an(1))]).unwrap();
        let fix = || Fix(vec![fixing(1, Some(1), 8), fixing(2, None, 9)]);
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
        let fix = Fix(vec![fixing(1, Some(1), 8), fixing(2, None, 9), fixing(3, Some(1), 8)]);
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
        let fix = |seen| Fix(vec![fixing(1, seen, 8)]);
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

fn fixing(number: u32, seen: Option<u8>, pan: u8) -> Fixing {
    Fixing { sn: sn(number), seen: seen.map(an), pan: an(pan) }
}
