//! An agent that has missed an exchange carries it out when 13 others say that they hold what it made.

use coin::{Lineage, Origin};

use super::*;
use crate::acts::{Fix, Fixed, Vouch};
use crate::exchange::catch_up::{Heard, NotMade};
use crate::ledger::Holding;
use crate::settings::Shown;

fn minted(numbers: impl IntoIterator<Item = u32>) -> Vec<(SerialNumber, Origin)> {
    numbers.into_iter().map(|number| (sn(number), Origin::Minted)).collect()
}

fn made(of: &Lineage) -> Vec<(SerialNumber, Origin)> {
    of.outputs().iter().map(|sn| (*sn, of.origin())).collect()
}

fn numbers(numbers: impl IntoIterator<Item = u32>) -> Vec<SerialNumber> {
    numbers.into_iter().map(sn).collect()
}

/// The first coin of 5 for the coins 1 to 5, and these for the third coin of 5.
fn chain() -> [Lineage; 2] {
    let first = Lineage::new(minted([FIVE]), numbers(1..=5));
    let second = Lineage::new(made(&first), numbers([FIVE + 2]));
    [first, second]
}

fn heard<'l>(lineages: impl IntoIterator<Item = &'l Lineage>) -> Heard {
    lineages.into_iter().map(|lineage| (lineage.origin(), lineage.clone())).collect()
}

impl Counter {
    /// Fixes coins that are not known here, to AN 9.
    fn fix(&self, coins: &[u32], origin: Origin, heard: Heard) -> Vec<Fixed> {
        let fixing = |number: &u32| Fixing { sn: sn(*number), seen: None, origin, pan: an(9) };
        let until = self.now + Duration::from_secs(60);
        let words = self.desk.words.clone();
        let coins = coins.iter().map(fixing).collect();
        self.carry_out(Fix { coins, heard, until, words })
    }

    fn held(&self, number: u32) -> Option<Holding> {
        self.ledger.coin(sn(number)).unwrap()
    }
}

#[test]
fn a_missed_exchange_is_carried_out_for_the_coin_that_is_fixed() {
    on_both(|counter| {
        let [first, _] = chain();
        for _ in 0..2 {
            let fixed = counter.fix(&[1, 2], first.origin(), heard([&first]));
            assert_eq!(fixed, [Fixed::Pass; 2]);
            assert!(counter.holds(&known([1, 2], 9)));
            assert!((1..=5).all(|number| counter.held(number).unwrap().origin == first.origin()));
            let secrets = [3, 4, 5].map(|number| counter.held(number).unwrap().an);
            assert!(secrets[0] != secrets[1] && secrets[1] != secrets[2], "nobody knows them");
            assert_eq!(counter.held(FIVE), None);
            let counts = counter.ledger.counts().unwrap();
            assert_eq!((counts.coins(), counts.value()), (6, 10));
        }
        assert!(counter.ledger.was_given_back(sn(FIVE)).unwrap());
        assert_eq!(counter.ledger.lineage(first.origin()).unwrap(), Some(first.clone()));
        // The late request is refused, and the owner of another coin has it fixed as one that is known.
        let late = counter.exchange(id(1), five_for_ones());
        assert_eq!(late, Err(Refused::NotHeld { sn: sn(FIVE) }));
    });
}

#[test]
fn exchanges_before_it_that_were_missed_are_carried_out_first() {
    on_both(|counter| {
        let [first, second] = chain();
        let fixed = counter.fix(&[FIVE + 2], second.origin(), heard([&second, &first]));
        assert_eq!(fixed, [Fixed::Pass]);
        assert!(counter.holds(&known([FIVE + 2], 9)) && counter.holds(&known([FIVE + 1], 1)));
        let counts = counter.ledger.counts().unwrap();
        assert_eq!((counts.coins(), counts.value()), (2, 10));
        let is_marked = |number| counter.ledger.was_given_back(sn(number)).unwrap();
        assert!(is_marked(FIVE), "it was minted");
        assert!(!(1..=5).any(is_marked), "what an exchange made is never made again");
    });
}

#[test]
fn what_cannot_be_carried_out_changes_nothing() {
    on_both(|counter| {
        let [first, second] = chain();
        let check = |coin, lineage: &Lineage, heard, expected| {
            let fixed = counter.fix(&[coin], lineage.origin(), heard);
            assert_eq!(fixed, [Fixed::NotMade(expected)]);
            assert!(counter.is_untouched());
        };
        check(1, &first, Heard::new(), NotMade::Unheard);
        check(FIVE + 2, &second, heard([&second]), NotMade::Unheard);
        check(6, &first, heard([&first]), NotMade::OtherCoins);
        let of_unknown = Lineage::new(minted([FIVE + 7]), numbers(1..=5));
        check(1, &of_unknown, heard([&of_unknown]), NotMade::InputGone);
        let other = Lineage::new(minted([FIVE]), numbers(11..=15));
        let of_other = vec![(sn(FIVE), other.origin())];
        let of_another = Lineage::new(of_other, numbers(1..=5));
        check(1, &of_another, heard([&of_another, &other]), NotMade::InputGone);
        let onto_another = Lineage::new(minted([FIVE]), numbers([FIVE + 1]));
        check(FIVE + 2, &onto_another, heard([&onto_another]), NotMade::OtherCoins);
        let both = Lineage::new(made(&first), numbers([FIVE + 1]));
        let beyond = Lineage::new(made(&both), numbers(21..=25));
        check(21, &beyond, heard([&beyond, &both, &first]), NotMade::OutputTaken);
    });
}

#[test]
fn a_coin_is_not_given_twice_on_the_way() {
    on_both(|counter| {
        // Both sides of a fork would be needed: it gave the same coin twice.
        let left = Lineage::new(minted([FIVE]), numbers(1..=5));
        let right = Lineage::new(minted([FIVE]), numbers(11..=15));
        let both =
            Lineage::new([made(&left), made(&right)].concat(), numbers([FIVE + 2, FIVE + 3]));
        let heard = heard([&left, &right, &both]);
        let fixed = counter.fix(&[FIVE + 2], both.origin(), heard);
        assert_eq!(fixed, [Fixed::NotMade(NotMade::InputGone)]);
        assert!(counter.is_untouched());
    });
}

#[test]
fn what_an_exchange_gives_stays_while_a_word_stands_for_it() {
    on_both(|counter| {
        let [first, second] = chain();
        let words = counter.desk.words.clone();
        let vouch = Vouch { coins: known([FIVE], 1), shown: Shown::All, words };
        assert!(counter.carry_out(vouch)[0].is_some());
        for (coin, lineage) in [(1, &first), (FIVE + 2, &second)] {
            let fixed = counter.fix(&[coin], lineage.origin(), heard([&first, &second]));
            assert_eq!(fixed, [Fixed::NotMade(NotMade::Vouched)]);
            assert!(counter.is_untouched());
        }
    });
}

#[test]
fn a_coin_of_another_origin_is_not_fixed() {
    on_both(|counter| {
        counter.exchange(id(1), five_for_ones()).unwrap();
        let seen = counter.held(1);
        let origin = Lineage::new(minted([FIVE + 1]), numbers(1..=5)).origin();
        for origin in [origin, Origin::Minted] {
            let fixing = Fixing { sn: sn(1), seen: seen.clone(), origin, pan: an(9) };
            assert_eq!(counter.carry_out(fix_of(vec![fixing])), [Fixed::OtherOrigin]);
            assert_eq!(counter.held(1), seen);
        }
    });
}

#[test]
fn an_exchange_that_was_taken_back_is_caught_up_on_when_it_stands_after_all() {
    on_both(|counter| {
        let [first, _] = chain();
        counter.exchange(id(1), five_for_ones()).unwrap();
        let back = Exchange::new(known([FIVE], 7), known(1..=5, 2)).unwrap();
        counter.take_back(id(1), back).unwrap();
        assert_eq!(counter.fix(&[1], first.origin(), heard([&first])), [Fixed::Pass]);
        assert_eq!((counter.held(FIVE), counter.ledger.counts().unwrap().value()), (None, 10));
    });
}
