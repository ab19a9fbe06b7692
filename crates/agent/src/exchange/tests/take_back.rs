//! Who holds all that an exchange made has again what he gave, with its origin; nobody else has.

use coin::Origin;

use super::*;
use crate::acts::Vouch;
use crate::settings::Shown;

/// The coin of 5 with another secret for the coins 1 to 5 with AN 2.
fn back() -> Exchange {
    Exchange::new(known([FIVE], 7), known(1..=5, 2)).unwrap()
}

/// Where an exchange was carried out and nothing else has happened.
fn is_exchanged(counter: &Counter) -> bool {
    let counts = counter.ledger.counts().unwrap();
    counter.holds(&known(1..=5, 2))
        && counter.ledger.coin(sn(FIVE)).unwrap().is_none()
        && (counts.coins(), counts.exchanged(), counts.cancelled()) == (6, 1, 0)
}

#[test]
fn an_exchange_is_taken_back_once_for_all_and_never_executed_under_its_id() {
    on_both(|counter| {
        counter.exchange(id(1), five_for_ones()).unwrap();
        for _ in 0..3 {
            assert_eq!(counter.take_back(id(1), back()), Ok(()));
            assert!(counter.holds(&known([FIVE], 7)) && counter.holds(&known([FIVE + 1], 1)));
            let counts = counter.ledger.counts().unwrap();
            assert_eq!((counts.coins(), counts.exchanged(), counts.cancelled()), (2, 0, 1));
            assert_eq!(counter.exchange(id(1), five_for_ones()), Err(Refused::Cancelled));
            assert_eq!(counter.cancel(id(1), Vec::new()), Ok(()));
        }
        let five = counter.ledger.coin(sn(FIVE)).unwrap().unwrap();
        assert_eq!(five.origin, Origin::Minted);
    });
}

#[test]
fn what_was_made_of_made_coins_is_taken_back_to_them() {
    on_both(|counter| {
        counter.exchange(id(1), five_for_ones()).unwrap();
        let made = counter.ledger.coin(sn(1)).unwrap().unwrap().origin;
        counter.exchange(id(2), ones_for_five()).unwrap();
        let again = counter.ledger.coin(sn(FIVE)).unwrap().unwrap().origin;
        assert!(made != Origin::Minted && again != made, "the number came back as another coin");
        let back = Exchange::new(known(1..=5, 8), known([FIVE], 3)).unwrap();
        assert_eq!(counter.take_back(id(2), back), Ok(()));
        assert!((1..=5).all(|number| {
            let coin = counter.ledger.coin(sn(number)).unwrap();
            coin.is_some_and(|coin| coin.origin == made && coin.an == an(8))
        }));
        let back = Exchange::new(known([FIVE], 9), known(1..=5, 8)).unwrap();
        assert_eq!(counter.take_back(id(1), back), Ok(()));
        let first = counter.ledger.coin(sn(FIVE)).unwrap().unwrap();
        assert_eq!((first.an, first.origin), (an(9), Origin::Minted));
    });
}

#[test]
fn an_id_that_was_never_executed_is_cancelled_as_ever() {
    on_both(|counter| {
        assert_eq!(counter.take_back(id(1), back()), Ok(()));
        assert!(counter.is_untouched());
        assert_eq!(counter.exchange(id(1), five_for_ones()), Err(Refused::Cancelled));
    });
}

#[test]
fn nothing_is_taken_back_for_less_than_all_of_it() {
    on_both(|counter| {
        counter.exchange(id(1), five_for_ones()).unwrap();
        let check = |inputs, outputs, kept| {
            let back = Exchange::new(inputs, outputs).unwrap();
            assert_eq!(counter.take_back(id(1), back), Err(Refused::Kept(kept)));
            assert!(is_exchanged(&counter));
        };
        let mut one_wrong = known(1..=5, 2);
        one_wrong[4].1 = an(9);
        check(known([FIVE], 7), one_wrong, Kept::NotHeld { sn: sn(5) });
        check(known([FIVE], 7), known(2..=6, 2), Kept::OtherCoins);
        check(known([FIVE + 2], 7), known(1..=5, 2), Kept::OtherCoins);
        check(known([FIVE, FIVE + 2], 7), known(1..=10, 2), Kept::OtherCoins);
    });
}

#[test]
fn a_coin_of_the_same_number_and_secret_that_another_exchange_made_is_another() {
    on_both(|counter| {
        counter.exchange(id(1), five_for_ones()).unwrap();
        counter.exchange(id(2), ones_for_five()).unwrap();
        let other = Exchange::new(known([FIVE + 1], 1), known(1..=5, 2)).unwrap();
        counter.exchange(id(3), other).unwrap();
        let refused = counter.take_back(id(1), back());
        assert!(matches!(refused, Err(Refused::Kept(Kept::NotHeld { .. }))), "{refused:?}");
        assert!(counter.holds(&known(1..=5, 2)) && counter.holds(&known([FIVE], 3)));
    });
}

#[test]
fn nothing_is_taken_back_while_its_number_is_used_again_or_a_word_stands() {
    on_both(|counter| {
        counter.exchange(id(1), five_for_ones()).unwrap();
        let more = known(11..=15, 4);
        put(counter.ledger.as_ref(), &more).unwrap();
        let taken = Exchange::new(more, known([FIVE], 5)).unwrap();
        counter.exchange(id(2), taken).unwrap();
        let refused = Err(Refused::Kept(Kept::NotInPool { sn: sn(FIVE) }));
        assert_eq!(counter.take_back(id(1), back()), refused);
        assert!(counter.holds(&known([FIVE], 5)) && counter.holds(&known(1..=5, 2)));
    });
    on_both(|counter| {
        counter.exchange(id(1), five_for_ones()).unwrap();
        let words = counter.desk.words.clone();
        let vouch = Vouch { coins: known([4], 2), shown: Shown::All, words };
        assert!(counter.carry_out(vouch)[0].is_some());
        let refused = Err(Refused::Kept(Kept::Vouched { sn: sn(4) }));
        assert_eq!(counter.take_back(id(1), back()), refused);
        assert!(is_exchanged(&counter));
    });
}

#[test]
fn what_an_earlier_version_executed_is_not_taken_back() {
    on_both(|counter| {
        counter.exchange(id(1), five_for_ones()).unwrap();
        let mut draft = Draft::over(counter.ledger.as_ref());
        draft.note(id(1), Record::Exchanged { content: [0; 32], origin: None }).unwrap();
        draft.commit().unwrap();
        let refused = Err(Refused::Kept(Kept::Forgotten));
        assert_eq!(counter.take_back(id(1), back()), refused);
        assert!(is_exchanged(&counter));
    });
}
