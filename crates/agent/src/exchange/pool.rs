//! The pool: serial numbers that are not in circulation, in an order that a seed decides.
//!
//! All agents that are given the same seed walk through the same numbers in the same order, so
//! that they offer the same ones as far as they agree on what is in circulation.

use std::collections::HashSet;

use coin::{Denomination, SerialNumber};
use raida::api::Wanted;
use sha2::{Digest, Sha256};

use crate::limits::OFFER_STEPS_MAX;

/// Returns serial numbers that are free, at most so many of each denomination as are wanted; fewer
/// when few are left.
///
/// # Errors
///
/// What `is_free` says.
pub(crate) fn offer<E>(
    wanted: &Wanted,
    is_free: impl Fn(SerialNumber) -> Result<bool, E>,
) -> Result<Vec<SerialNumber>, E> {
    let mut missing =
        Denomination::ALL.map(|of| if wanted.includes(of) { wanted.count } else { 0 });
    let mut offered = HashSet::new();
    let mut offer = Vec::new();
    for sn in walk(wanted.seed).take(OFFER_STEPS_MAX) {
        if missing.iter().all(|missing| *missing == 0) {
            break;
        }
        let of = Denomination::ALL.into_iter().position(|of| of == sn.denomination());
        let missing = &mut missing[of.expect("all denominations are in the list of all")];
        if *missing > 0 && !offered.contains(&sn) && is_free(sn)? {
            offered.insert(sn);
            offer.push(sn);
            *missing -= 1;
        }
    }
    Ok(offer)
}

/// Walks through all serial numbers without end: there are 2^24, so that each three bytes are one.
fn walk(seed: [u8; 4]) -> impl Iterator<Item = SerialNumber> {
    (0_u32..).flat_map(move |block| {
        let mut hash = Sha256::new_with_prefix("liveconnect/1 pool");
        hash.update(seed);
        hash.update(block.to_be_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        let numbers: [SerialNumber; 10] = std::array::from_fn(|i| {
            let number = u32::from_be_bytes([0, hash[3 * i], hash[3 * i + 1], hash[3 * i + 2]]);
            SerialNumber::new(number + 1).expect("three bytes and one are a serial number")
        });
        numbers
    })
}

/// Returns the secret of a coin that the agent brings into circulation by itself.
pub(crate) fn secret(
    salt: &coin::AuthenticityNumber,
    sn: SerialNumber,
) -> coin::AuthenticityNumber {
    let mut hash = Sha256::new_with_prefix("liveconnect/1 change");
    hash.update(salt.expose());
    hash.update(sn.get().to_be_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    coin::AuthenticityNumber::from_bytes(std::array::from_fn(|i| hash[i]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(below: Option<Denomination>, count: usize) -> Wanted {
        Wanted { seed: [1, 2, 3, 4], below, count }
    }

    fn offered(wanted: &Wanted, is_free: impl Fn(SerialNumber) -> bool) -> Vec<SerialNumber> {
        offer(wanted, |sn| Ok::<_, std::convert::Infallible>(is_free(sn))).unwrap()
    }

    #[test]
    fn a_seed_offers_the_same_numbers_everywhere_and_another_seed_others() {
        let all = offered(&wanted(None, 20), |_| true);
        assert_eq!(all.len(), 100);
        assert_eq!(offered(&wanted(None, 20), |_| true), all);
        let other = Wanted { seed: [1, 2, 3, 5], ..wanted(None, 20) };
        let other: HashSet<_> = offered(&other, |_| true).into_iter().collect();
        assert!(all.iter().filter(|sn| other.contains(sn)).count() < 3);
    }

    #[test]
    fn one_number_that_is_taken_leaves_the_others_as_they_were() {
        let all = offered(&wanted(None, 20), |_| true);
        let fewer = offered(&wanted(None, 20), |sn| sn != all[7]);
        assert!(!fewer.contains(&all[7]));
        assert!(all.iter().filter(|sn| !fewer.contains(sn)).count() == 1);
    }

    #[test]
    fn only_what_is_smaller_is_offered_and_fewer_when_few_are_left() {
        let change = offered(&wanted(Some(Denomination::TwentyFive), 5), |_| true);
        assert_eq!(change.len(), 10);
        assert!(change.iter().all(|sn| sn.denomination() < Denomination::TwentyFive));
        let most = offered(&wanted(None, 1000), |_| true);
        assert_eq!(most.len(), 5000);
        assert!(offered(&wanted(None, 20), |_| false).is_empty());
    }

    #[test]
    fn an_agents_own_secrets_differ_by_salt_and_coin() {
        let salt = |byte| coin::AuthenticityNumber::from_bytes([byte; 16]);
        let sn = |number| SerialNumber::new(number).unwrap();
        assert_eq!(secret(&salt(1), sn(1)), secret(&salt(1), sn(1)));
        assert_ne!(secret(&salt(1), sn(1)), secret(&salt(1), sn(2)));
        assert_ne!(secret(&salt(1), sn(1)), secret(&salt(2), sn(1)));
    }
}
