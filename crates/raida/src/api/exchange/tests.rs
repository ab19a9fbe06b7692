//! Which exchanges can be asked for, and that they are read as they were written.

use coin::{AuthenticityNumber, SerialNumber};
use proptest::prelude::{Strategy, any, prop};
use proptest::{prop_assert_eq, proptest};

use super::*;
use crate::api::{Form, RequestId};

const FIVES: u32 = 2_097_153;

fn known(number: u32) -> KnownCoin {
    let secret = AuthenticityNumber::from_bytes([number as u8; 16]);
    (SerialNumber::new(number).unwrap(), secret)
}

fn known_all(numbers: impl IntoIterator<Item = u32>) -> Vec<KnownCoin> {
    numbers.into_iter().map(known).collect()
}

fn id(byte: u8) -> RequestId {
    RequestId::from_bytes([byte; 16])
}

fn five_for_ones() -> Exchange {
    Exchange::new(known_all([FIVES]), known_all(1..=5)).unwrap()
}

#[test]
fn an_exchange_is_of_equal_value_and_has_no_serial_number_twice() {
    let check = |inputs: Vec<u32>, outputs: Vec<u32>, expected| {
        let made = Exchange::new(known_all(inputs), known_all(outputs));
        assert_eq!(made.map(drop), expected);
    };
    check(vec![FIVES], (1..=5).collect(), Ok(()));
    check((1..=5).collect(), vec![FIVES], Ok(()));
    check(vec![FIVES], (1..=4).collect(), Err(Dud::Unequal { inputs: 5, outputs: 4 }));
    check(vec![FIVES], (1..=6).collect(), Err(Dud::Unequal { inputs: 5, outputs: 6 }));
    check(vec![1, 1, 2, 3, 4], vec![FIVES], Err(Dud::Twice));
    check(vec![FIVES], vec![1, 2, 3, 4, 4], Err(Dud::Twice));
    check(vec![FIVES, 1], vec![FIVES, 2], Err(Dud::Twice));
    check(vec![], vec![1], Err(Dud::Missing { field: "sns" }));
    check(vec![1], vec![], Err(Dud::Missing { field: "csn" }));
    let many = |from: u32, count: u32| (from..from + count).collect();
    check(many(1, 5000), many(10_001, 5000), Ok(()));
    check(many(1, 5001), many(10_001, 5000), Err(Dud::TooManyCoins { got: 10_001 }));
}

#[test]
fn a_reservation_is_never_worth_more_than_its_coins() {
    let check = |inputs: Vec<u32>, numbers: std::ops::RangeInclusive<u32>, expected| {
        let numbers = numbers.map(|number| known(number).0).collect();
        assert_eq!(Reservation::new(known_all(inputs), numbers).map(drop), expected);
    };
    check(vec![FIVES], 1..=5, Ok(()));
    check(vec![FIVES], 1..=1, Ok(()));
    check(vec![FIVES], 1..=6, Err(Dud::Unequal { inputs: 5, outputs: 6 }));
    check(vec![1], 1..=1, Err(Dud::Twice));
}

#[test]
fn the_content_does_not_depend_on_the_order_and_on_everything_else() {
    let exchange = five_for_ones();
    let turned = Exchange::new(known_all([FIVES]), known_all((1..=5).rev())).unwrap();
    assert_eq!(turned.content(), exchange.content());
    let back = Exchange::new(known_all(1..=5), known_all([FIVES])).unwrap();
    assert_ne!(back.content(), exchange.content());
    let mut other = known_all(1..=5);
    other[2].1 = AuthenticityNumber::from_bytes([99; 16]);
    let other = Exchange::new(known_all([FIVES]), other).unwrap();
    assert_ne!(other.content(), exchange.content());
}

proptest! {
    #[test]
    fn what_was_written_is_read(
        numbers in prop::collection::hash_set(1_u32..=2_097_152, 2..40)
            .prop_filter("an even number", |numbers| numbers.len() % 2 == 0),
        byte in any::<u8>(),
    ) {
        let numbers: Vec<u32> = numbers.into_iter().collect();
        let (given, taken) = numbers.split_at(numbers.len() / 2);
        let inputs = known_all(given.iter().copied());
        let exchange = Exchange::new(inputs.clone(), known_all(taken.iter().copied())).unwrap();
        let body = write_exchange(id(byte), &exchange);
        prop_assert_eq!(read_exchange(&Form::parse(&body).unwrap()), Ok((id(byte), exchange.clone())));

        let wanted = taken.iter().map(|number| known(*number).0).collect();
        let reservation = Reservation::new(inputs.clone(), wanted).unwrap();
        let body = write_reservation(id(byte), &reservation);
        prop_assert_eq!(read_reservation(&Form::parse(&body).unwrap()), Ok((id(byte), reservation)));

        let body = write_cancel(id(byte), &inputs);
        prop_assert_eq!(read_cancel(&Form::parse(&body).unwrap()), Ok((id(byte), Cancellation::Plain(inputs))));
        let body = write_cancel(id(byte), &[]);
        prop_assert_eq!(read_cancel(&Form::parse(&body).unwrap()), Ok((id(byte), Cancellation::Plain(Vec::new()))));
        let (body, back) = (write_take_back(id(byte), &exchange), Cancellation::TakeBack(exchange));
        prop_assert_eq!(read_cancel(&Form::parse(&body).unwrap()), Ok((id(byte), back)));
    }
}

#[test]
fn the_forms_of_v1_are_read() {
    let an = |number: u32| known(number).1.to_hex().to_string();
    let broken = (1..=5).map(|n| format!("&csn[]={n}&cpan[]={}", an(n))).collect::<String>();
    let broken = format!("nn=1&sn={FIVES}&an={}&dn=5&change_server=2{broken}", an(FIVES));
    assert_eq!(read_break(&Form::parse(broken.as_bytes()).unwrap()), Ok(five_for_ones()));

    let joined = (1..=5).map(|n| format!("&sn[]={n}&an[]={}&dn[]=1", an(n))).collect::<String>();
    let joined = format!("return=5&csn={FIVES}&cpan={}&nn=1{joined}", an(FIVES));
    let back = Exchange::new(known_all(1..=5), known_all([FIVES])).unwrap();
    assert_eq!(read_join(&Form::parse(joined.as_bytes()).unwrap()), Ok(back));
    let other = joined.replace("return=5", "return=25");
    let refused = read_join(&Form::parse(other.as_bytes()).unwrap());
    assert_eq!(refused, Err(Dud::Denomination { expected: 5 }));

    let change = format!("nn=1&sn={FIVES}&an={}&denomination=5&sns[]=1&sns[]=2", an(FIVES));
    let breaking = read_change(&Form::parse(change.as_bytes()).unwrap()).unwrap();
    assert_eq!((breaking.coin.clone(), breaking.numbers.len()), (known(FIVES), 2));
    let refused = breaking.with_secrets(|sn| known(sn.get()).1);
    assert_eq!(refused, Err(Dud::Unequal { inputs: 5, outputs: 2 }));
}

#[test]
fn what_is_no_exchange_is_refused_with_its_reason() {
    let body = write_exchange(id(1), &five_for_ones());
    let whole = std::str::from_utf8(&body).unwrap();
    let check = |from: &str, to: &str, expected: Dud| {
        assert!(whole.contains(from), "{from}");
        let text = whole.replacen(from, to, 1);
        assert_eq!(read_exchange(&Form::parse(text.as_bytes()).unwrap()), Err(expected), "{to}");
    };
    let five = known(5).1.to_hex().to_string();
    check("&id=0101", "&id=101", Dud::RequestId);
    check("&id=", "&di=", Dud::Missing { field: "id" });
    check("csn%5B%5D=1&", "csn%5B%5D=0&", Dud::SerialNumber);
    check("csn%5B%5D=1&", "csn%5B%5D=16777217&", Dud::SerialNumber);
    check(
        &format!("cpan%5B%5D={five}"),
        &format!("cpan%5B%5D={}", &five[1..]),
        Dud::Secret { field: "cpan" },
    );
    check(
        &format!("cpan%5B%5D={five}"),
        &format!("cpan%5B%5D={five}0"),
        Dud::Secret { field: "cpan" },
    );
    check("denomination%5B%5D=5", "denomination%5B%5D=25", Dud::Denomination { expected: 5 });
    check("csn%5B%5D=1&", "", Dud::OtherLength { field: "cpan", expected: 4, got: 5 });
    check("nn=1", "nn=2", Dud::NetworkNumber);
}
