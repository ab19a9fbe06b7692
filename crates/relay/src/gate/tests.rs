//! The gate at each of its limits.

use std::net::Ipv4Addr;

use super::*;

const LIMITS: GateLimits = GateLimits {
    connections_max: 4,
    connections_per_network_max: 2,
    joins_per_minute: 3,
    failures_per_minute: 2,
};

fn gate(limits: GateLimits) -> Arc<Gate> {
    Arc::new(Gate::new(limits))
}

fn at(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn a_network_is_an_ipv4_address_or_the_64_of_an_ipv6_address() {
    let (gate, now) = (gate(LIMITS), Instant::now());
    let enter = |address| gate.enter(at(address), now);
    let _a = enter("2001:db8:1:2::1").unwrap();
    let b = enter("2001:db8:1:2:ffff::").unwrap();
    assert_eq!(enter("2001:db8:1:2::3").err(), Some(Code::TooManyConnections));
    let _c = enter("2001:db8:1:3::1").unwrap();
    drop(b);
    let _d = enter("2001:db8:1:2::3").unwrap();
    let _e = enter("192.0.2.1").unwrap();
    // Four are all.
    assert_eq!(enter("192.0.2.2").err(), Some(Code::TooManyConnections));
    assert_eq!(gate.connections(), 4);
}

#[test]
fn joins_come_back_one_by_one() {
    let (gate, now) = (gate(LIMITS), Instant::now());
    let (visit, other) = (gate.enter(at("192.0.2.1"), now).unwrap(), at("192.0.2.2"));
    for _ in 0..3 {
        assert_eq!(visit.join(now), Ok(()));
    }
    assert_eq!(visit.join(now), Err(Code::RateLimited));
    assert_eq!(gate.enter(other, now).unwrap().join(now), Ok(()));
    let soon = now + Duration::from_secs(20);
    assert_eq!((visit.join(soon), visit.join(soon)), (Ok(()), Err(Code::RateLimited)));
    let later = now + Duration::from_secs(3600);
    for expected in [Ok(()), Ok(()), Ok(()), Err(Code::RateLimited)] {
        assert_eq!(visit.join(later), expected);
    }
}

#[test]
fn who_fails_too_often_waits_outside_and_those_inside_stay() {
    let (gate, now, address) = (gate(LIMITS), Instant::now(), at("192.0.2.1"));
    let _inside = gate.enter(address, now).unwrap();
    for _ in 0..2 {
        gate.enter(address, now).unwrap().fail(now);
    }
    assert_eq!(gate.enter(address, now).err(), Some(Code::RateLimited));
    assert!(gate.enter(address, now + Duration::from_secs(30)).is_ok());
    assert!(gate.enter(at("192.0.2.2"), now).is_ok());
}

#[test]
fn a_multitude_of_networks_is_forgotten_and_who_is_connected_is_not() {
    let limits = GateLimits { connections_max: usize::MAX, ..LIMITS };
    let (gate, now) = (gate(limits), Instant::now());
    let stays = at("192.0.2.1");
    let _both = [gate.enter(stays, now).unwrap(), gate.enter(stays, now).unwrap()];
    for number in 0..2 * NETWORKS_MAX as u32 {
        let visit = gate.enter(Ipv4Addr::from(number).into(), now).unwrap();
        visit.join(now).unwrap();
        drop(visit);
        assert!(gate.visitors().networks.len() <= NETWORKS_MAX);
    }
    assert_eq!(gate.enter(stays, now).err(), Some(Code::TooManyConnections));
    assert_eq!(gate.connections(), 2);
}
