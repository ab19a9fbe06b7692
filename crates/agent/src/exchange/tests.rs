//! What an agent executes, refuses, reserves and cancels.

mod catch_up;
mod conservation;
mod take_back;

use std::time::Duration;

use coin::SerialNumber;
use raida::api::{Exchange, KnownCoin, RequestId, Reservation, Route};
use tokio::time::Instant;

use super::*;
use crate::acts::Fixing;
use crate::acts::tests::{PASS, fix_of, take};
use crate::ledger::tests::{Place, an, sn};
use crate::ledger::{Counts, Ledger, put};
use crate::limits::{CANCELLATIONS_MAX, RESERVATION_LIFE, RESERVED_COINS_MAX};

/// The first serial number of 5.
const FIVE: u32 = 2_097_153;

fn id(byte: u8) -> RequestId {
    RequestId::from_bytes([byte; 16])
}

fn known(numbers: impl IntoIterator<Item = u32>, byte: u8) -> Vec<KnownCoin> {
    numbers.into_iter().map(|number| (sn(number), an(byte))).collect()
}

/// One coin of 5 with AN 1 for the coins 1 to 5 with AN 2.
fn five_for_ones() -> Exchange {
    Exchange::new(known([FIVE], 1), known(1..=5, 2)).unwrap()
}

fn ones_for_five() -> Exchange {
    Exchange::new(known(1..=5, 2), known([FIVE], 3)).unwrap()
}

/// A ledger with two coins of 5, both with AN 1, and the desk before it.
struct Counter {
    ledger: Box<dyn Ledger>,
    desk: Desk,
    now: Instant,
}

impl Counter {
    fn on(place: &Place) -> Counter {
        let ledger = place.open();
        put(ledger.as_ref(), &known([FIVE, FIVE + 1], 1)).unwrap();
        Counter { ledger, desk: Desk::default(), now: Instant::now() }
    }

    fn carry_out<A: Act>(&self, act: A) -> A::Outcome {
        let mut draft = Draft::over(self.ledger.as_ref());
        let outcome = act.decide(&mut draft).unwrap();
        draft.commit().unwrap();
        let mut counts = Counts::default();
        self.ledger.scan(&mut |sn, _| counts.enter(sn.denomination())).unwrap();
        let counted = self.ledger.counts().unwrap();
        assert_eq!((counts.coins(), counts.value()), (counted.coins(), counted.value()));
        outcome
    }

    fn exchange(&self, id: RequestId, exchange: Exchange) -> Result<(), Refused> {
        let content = exchange.content();
        let (memory, desk, now) = (Memory::Named(id), self.desk.clone(), self.now);
        self.carry_out(Execute { memory, exchange, content, desk, now }).map(drop)
    }

    fn hashed(&self, exchange: Exchange, now_s: u64) -> Result<Exchanged, Refused> {
        let content = exchange.content();
        let memory = Memory::hashed(Route::Break, &content, now_s);
        let (desk, now) = (self.desk.clone(), self.now);
        self.carry_out(Execute { memory, exchange, content, desk, now })
    }

    fn reserve(
        &self,
        id: RequestId,
        inputs: Vec<KnownCoin>,
        numbers: impl IntoIterator<Item = u32>,
    ) -> Result<(), Refused> {
        let numbers: Vec<SerialNumber> = numbers.into_iter().map(sn).collect();
        let reservation = Reservation::new(inputs, numbers).unwrap();
        let (desk, now) = (self.desk.clone(), self.now);
        self.carry_out(Reserve { id, reservation, desk, now })
    }

    fn cancel(&self, id: RequestId, shown: Vec<KnownCoin>) -> Result<(), Refused> {
        let (desk, now) = (self.desk.clone(), self.now);
        self.carry_out(Cancel { id, asked: Cancellation::Plain(shown), desk, now })
    }

    fn take_back(&self, id: RequestId, back: Exchange) -> Result<(), Refused> {
        let (desk, now) = (self.desk.clone(), self.now);
        self.carry_out(Cancel { id, asked: Cancellation::TakeBack(back), desk, now })
    }

    fn holds(&self, coins: &[KnownCoin]) -> bool {
        coins.iter().all(|(sn, an)| self.ledger.an(*sn).unwrap().as_ref() == Some(an))
    }

    fn is_untouched(&self) -> bool {
        self.holds(&known([FIVE, FIVE + 1], 1)) && self.ledger.counts().unwrap().coins() == 2
    }
}

fn on_both(test: impl Fn(Counter)) {
    for place in Place::both() {
        test(Counter::on(&place));
    }
}

#[test]
fn an_exchange_happens_once_however_often_it_is_asked_for() {
    on_both(|counter| {
        for _ in 0..3 {
            assert_eq!(counter.exchange(id(1), five_for_ones()), Ok(()));
            assert!(counter.holds(&known(1..=5, 2)));
            assert_eq!(counter.ledger.an(sn(FIVE)).unwrap(), None);
        }
        assert_eq!(counter.ledger.counts().unwrap().exchanged(), 1);
        let again = counter.exchange(id(2), five_for_ones());
        assert_eq!(again, Err(Refused::NotHeld { sn: sn(FIVE) }));
    });
}

#[test]
fn going_back_is_an_exchange_with_an_id_of_its_own() {
    on_both(|counter| {
        counter.exchange(id(1), five_for_ones()).unwrap();
        for _ in 0..2 {
            assert_eq!(counter.exchange(id(2), ones_for_five()), Ok(()));
            assert!(counter.holds(&known([FIVE], 3)));
        }
        // A late duplicate of the first one is answered and changes nothing.
        assert_eq!(counter.exchange(id(1), five_for_ones()), Ok(()));
        assert!(counter.holds(&known([FIVE], 3)));
        assert_eq!(counter.ledger.counts().unwrap().coins(), 2);
    });
}

#[test]
fn an_id_with_another_content_is_refused() {
    on_both(|counter| {
        counter.exchange(id(1), five_for_ones()).unwrap();
        let other = Exchange::new(known([FIVE + 1], 1), known(11..=15, 2)).unwrap();
        assert_eq!(counter.exchange(id(1), other), Err(Refused::OtherContent));
        assert!(counter.holds(&known([FIVE + 1], 1)));
        assert_eq!(counter.ledger.an(sn(11)).unwrap(), None);
    });
}

#[test]
fn what_another_owns_is_neither_given_nor_taken() {
    on_both(|counter| {
        let check = |inputs, outputs, refused| {
            let exchange = Exchange::new(inputs, outputs).unwrap();
            assert_eq!(counter.exchange(id(1), exchange), Err(refused));
            assert!(counter.is_untouched());
        };
        check(known([FIVE], 9), known(1..=5, 2), Refused::NotHeld { sn: sn(FIVE) });
        check(known([FIVE + 2], 1), known(1..=5, 2), Refused::NotHeld { sn: sn(FIVE + 2) });
        check(known([FIVE], 1), known([FIVE + 1], 2), Refused::NotInPool { sn: sn(FIVE + 1) });
        // The last of many is looked at like the first.
        let mut inputs = known([FIVE, FIVE + 1], 1);
        inputs[1].1 = an(9);
        check(inputs, known(1..=10, 2), Refused::NotHeld { sn: sn(FIVE + 1) });
    });
}

#[test]
fn of_two_who_want_the_same_numbers_the_first_gets_them() {
    on_both(|counter| {
        counter.exchange(id(1), five_for_ones()).unwrap();
        let late = Exchange::new(known([FIVE + 1], 1), known(5..=9, 4)).unwrap();
        assert_eq!(counter.exchange(id(2), late), Err(Refused::NotInPool { sn: sn(5) }));
        assert!(counter.holds(&known([FIVE + 1], 1)) && counter.holds(&known([5], 2)));
    });
}

#[test]
fn after_its_cancel_a_request_is_refused_for_ever_also_after_a_start() {
    for place in Place::both() {
        let counter = Counter::on(&place);
        for _ in 0..2 {
            assert_eq!(counter.cancel(id(1), known([FIVE], 1)), Ok(()));
        }
        drop(counter);
        let ledger = place.open();
        let counter = Counter { ledger, desk: Desk::default(), now: Instant::now() };
        assert_eq!(counter.exchange(id(1), five_for_ones()), Err(Refused::Cancelled));
        let reserved = counter.reserve(id(1), known([FIVE], 1), 1..=5);
        assert_eq!(reserved, Err(Refused::Cancelled));
        assert!(counter.is_untouched());
        assert_eq!(counter.ledger.counts().unwrap().cancelled(), 1);
    }
}

#[test]
fn a_cancel_after_the_exchange_says_so_and_changes_nothing() {
    on_both(|counter| {
        counter.exchange(id(1), five_for_ones()).unwrap();
        assert_eq!(counter.cancel(id(1), known([FIVE], 1)), Err(Refused::Executed));
        let reserved = counter.reserve(id(1), known([FIVE + 1], 1), 11..=15);
        assert_eq!(reserved, Err(Refused::Executed));
        assert_eq!(counter.exchange(id(1), five_for_ones()), Ok(()));
        assert_eq!(counter.ledger.counts().unwrap().cancelled(), 0);
    });
}

#[test]
fn a_request_without_an_id_is_remembered_for_an_hour_with_its_secrets() {
    on_both(|counter| {
        let first = counter.hashed(five_for_ones(), 1000).unwrap();
        assert!(first.salt.is_some());
        let again = Exchanged { origin: None, ..first };
        assert_eq!(counter.hashed(five_for_ones(), 1000 + 3599), Ok(again));
        let late = counter.hashed(five_for_ones(), 1000 + 3600);
        assert_eq!(late, Err(Refused::NotHeld { sn: sn(FIVE) }));
        assert_eq!(counter.ledger.counts().unwrap().exchanged(), 1);
    });
}

#[test]
fn a_request_that_is_executed_again_after_its_hour_has_one_record_and_one_count() {
    on_both(|counter| {
        counter.hashed(five_for_ones(), 1000).unwrap();
        let back = Exchange::new(known(1..=5, 2), known([FIVE], 1)).unwrap();
        counter.exchange(id(1), back).unwrap();
        counter.hashed(five_for_ones(), 1000 + 3600).unwrap();
        assert!(counter.holds(&known(1..=5, 2)));
        assert_eq!(counter.ledger.counts().unwrap().exchanged(), 2);
    });
}

#[test]
fn what_is_reserved_is_kept_from_others_for_a_minute_and_executed_by_its_id() {
    on_both(|mut counter| {
        counter.reserve(id(1), known([FIVE], 1), 1..=5).unwrap();
        let others = || Exchange::new(known([FIVE + 1], 1), known(5..=9, 2)).unwrap();
        let refused = Err(Refused::Reserved { sn: sn(5) });
        assert_eq!(counter.exchange(id(2), others()), refused);
        assert_eq!(counter.reserve(id(2), known([FIVE + 1], 1), [5, 6]), refused);
        assert!(counter.is_untouched());
        counter.now += RESERVATION_LIFE - Duration::from_millis(1);
        assert_eq!(counter.exchange(id(2), others()), refused);
        counter.now += Duration::from_millis(1);
        assert_eq!(counter.exchange(id(2), others()), Ok(()));

        counter.reserve(id(3), known([FIVE], 1), 11..=15).unwrap();
        let mine = Exchange::new(known([FIVE], 1), known(11..=15, 2)).unwrap();
        assert_eq!(counter.exchange(id(3), mine), Ok(()));
        assert_eq!(counter.desk.open().count(), 0);
    });
}

#[test]
fn a_coin_is_shown_by_one_reservation_which_it_takes_along_when_it_leaves() {
    on_both(|counter| {
        counter.reserve(id(1), known([FIVE], 1), 1..=5).unwrap();
        let second = || counter.reserve(id(2), known([FIVE], 1), 11..=15);
        assert_eq!(second(), Err(Refused::Shown { sn: sn(FIVE) }));
        // The same id may choose again, also the same numbers.
        assert_eq!(counter.reserve(id(1), known([FIVE], 1), 3..=7), Ok(()));
        assert_eq!(counter.reserve(id(3), known([FIVE + 1], 1), [1, 2]), Ok(()));
        let ask = raida::api::CoinQuestion { sn: sn(FIVE), an: an(1), pan: an(7) };
        assert_eq!(counter.carry_out(take(vec![ask])), [PASS]);
        assert_eq!(counter.reserve(id(2), known([FIVE], 7), 3..=7), Ok(()));
        assert_eq!(counter.desk.open().count(), 2);
    });
}

#[test]
fn a_reservation_shows_coins_that_are_held_and_numbers_of_the_pool() {
    on_both(|counter| {
        let counterfeit = counter.reserve(id(1), known([FIVE], 9), 1..=5);
        assert_eq!(counterfeit, Err(Refused::NotHeld { sn: sn(FIVE) }));
        let taken = counter.reserve(id(1), known([FIVE], 1), [FIVE + 1]);
        assert_eq!(taken, Err(Refused::NotInPool { sn: sn(FIVE + 1) }));
        assert_eq!(counter.desk.open().count(), 0);
    });
}

#[test]
fn a_cancel_sets_free_what_was_reserved() {
    on_both(|counter| {
        counter.reserve(id(1), known([FIVE], 1), 1..=5).unwrap();
        counter.cancel(id(1), Vec::new()).unwrap();
        assert_eq!(counter.reserve(id(2), known([FIVE], 1), 1..=5), Ok(()));
    });
}

#[test]
fn reservations_are_bounded() {
    let [_, place] = Place::both();
    let counter = Counter::on(&place);
    let each = 10_000;
    for request in 0..2 {
        let from = 6_291_457 + u32::from(request) * each;
        let own = known(from..from + each / 2, 1);
        put(counter.ledger.as_ref(), &own).unwrap();
        let numbers = from + each / 2..from + each;
        assert_eq!(counter.reserve(id(10 + request), own, numbers), Ok(()));
    }
    let entries = counter.desk.open().count() * 10_000;
    assert_eq!(entries, RESERVED_COINS_MAX);
    let one_more = counter.reserve(id(1), known([FIVE], 1), [1]);
    assert_eq!(one_more, Err(Refused::TooManyReservations));
    let from = 6_291_457;
    assert_eq!(counter.reserve(id(10), known(from..from + 1, 1), [1]), Ok(()));
    assert_eq!(counter.reserve(id(1), known([FIVE], 1), [2]), Ok(()));
}

#[test]
fn strangers_cannot_fill_the_disk_with_cancellations_and_owners_always_cancel() {
    let mut reservations = Reservations::default();
    let now = Instant::now();
    let allowed = (0..CANCELLATIONS_MAX + 5).filter(|_| reservations.allows_cancellation(now));
    assert_eq!(allowed.count(), CANCELLATIONS_MAX as usize);
    let later = now + Duration::from_secs(3);
    assert_eq!((0..9).filter(|_| reservations.allows_cancellation(later)).count(), 3);

    let [_, place] = Place::both();
    let counter = Counter::on(&place);
    *counter.desk.open() = reservations;
    let counter = Counter { now: later, ..counter };
    let refused = Err(Refused::TooManyCancellations);
    assert_eq!(counter.cancel(id(1), Vec::new()), refused);
    assert_eq!(counter.cancel(id(1), known([FIVE], 9)), refused);
    assert_eq!(counter.exchange(id(1), five_for_ones()), Ok(()));
    assert_eq!(counter.cancel(id(2), known([FIVE + 1], 1)), Ok(()));
}

#[test]
fn a_fix_of_a_number_that_is_reserved_wins() {
    on_both(|counter| {
        counter.reserve(id(1), known([FIVE], 1), 1..=5).unwrap();
        counter.carry_out(fix_of(vec![Fixing {
            sn: sn(3),
            seen: None,
            origin: Origin::Minted,
            pan: an(9),
        }]));
        assert_eq!(counter.exchange(id(1), five_for_ones()), Err(Refused::NotInPool { sn: sn(3) }));
        assert!(counter.holds(&known([FIVE, FIVE + 1], 1)) && counter.holds(&known([3], 9)));
    });
}
