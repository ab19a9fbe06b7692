//! Who is let in, and who has to wait.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::advance;

use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn door(limits: Limits) -> Door {
    Door::new(limits)
}

#[tokio::test]
async fn an_address_has_its_share_of_connections_and_others_theirs() {
    let door = door(Limits { connections_per_address: 2, ..Limits::default() });
    let first = door.admit(ip("192.0.2.1")).ok().unwrap();
    let _second = door.admit(ip("::ffff:192.0.2.1")).ok().unwrap();
    assert_eq!(door.admit(ip("192.0.2.1")).err(), Some(Excess::Connections(2)));
    let _other = door.admit(ip("192.0.2.2")).ok().unwrap();
    drop(first);
    assert!(door.admit(ip("192.0.2.1")).is_ok());
}

#[tokio::test]
async fn one_network_of_64_bits_is_one_address() {
    let door = door(Limits { connections_per_address: 1, ..Limits::default() });
    let _first = door.admit(ip("2001:db8:1:2::1")).ok().unwrap();
    assert!(door.admit(ip("2001:db8:1:2:ffff::9")).is_err());
    assert!(door.admit(ip("2001:db8:1:3::1")).is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_address_asks_as_often_as_it_may_over_however_many_connections() {
    let requests_per_second = NonZeroU32::new(10);
    let door = door(Limits { requests_per_second, ..Limits::default() });
    let guests =
        [door.admit(ip("192.0.2.1")).ok().unwrap(), door.admit(ip("192.0.2.1")).ok().unwrap()];
    let granted = (0..40).filter(|turn| guests[turn % 2].may_ask().is_ok()).count();
    assert_eq!(granted, 10);
    assert_eq!(guests[0].may_ask(), Err(Excess::Requests(10)));
    assert_eq!(door.admit(ip("192.0.2.2")).ok().unwrap().may_ask(), Ok(()));
    advance(Duration::from_millis(100)).await;
    assert_eq!(guests[0].may_ask(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn coming_back_pays_no_debt() {
    let coins_per_second = NonZeroU32::new(1000);
    let door = door(Limits { coins_per_second, ..Limits::default() });
    let guest = door.admit(ip("192.0.2.1")).ok().unwrap();
    assert_eq!(guest.may_ask(), Ok(()));
    guest.answered(5000);
    drop(guest);
    let again = door.admit(ip("192.0.2.1")).ok().unwrap();
    assert_eq!(again.may_ask(), Err(Excess::Coins(1000)));
    advance(Duration::from_millis(4001)).await;
    assert_eq!(again.may_ask(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn the_memory_of_addresses_is_bounded_and_debtors_are_forgotten_last() {
    let requests_per_second = NonZeroU32::new(1);
    let door = door(Limits { requests_per_second, ..Limits::default() });
    let here = door.admit(ip("203.0.113.1")).ok().unwrap();
    let debtor = ip("203.0.113.2");
    assert_eq!(door.admit(debtor).ok().unwrap().may_ask(), Ok(()));
    for number in 0..3 * ADDRESSES_MAX as u32 {
        let _ = door.admit(IpAddr::V4(std::net::Ipv4Addr::from_bits(number)));
    }
    assert!(door.shares().len() <= ADDRESSES_MAX);
    assert!(door.admit(debtor).ok().unwrap().may_ask().is_err());
    assert!(door.shares().contains_key(&ip("203.0.113.1")));
    drop(here);

    for number in 0..2 * ADDRESSES_MAX as u32 {
        let _ =
            door.admit(IpAddr::V4(std::net::Ipv4Addr::from_bits(number))).ok().unwrap().may_ask();
    }
    assert!(door.shares().len() <= ADDRESSES_MAX, "{}", door.shares().len());
}
