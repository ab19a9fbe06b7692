//! No secret is given up that an agent may hold, and none that somebody else knows is taken for one's own.

use super::{Holdings, holdings, known};
use crate::AGENTS;
use crate::an_set::AnSet;
use crate::authenticity_number::AuthenticityNumber;
use crate::coin::{Coin, StoredCoin};
use crate::origin::Origin;
use crate::ownership::{Answer, Holding};
use crate::pown::{Letter, PownString};
use crate::serial_number::SerialNumber;

/// The giver's secret, one's own, and a fresh one.
const OLD: u8 = 1;
const OWN: u8 = 2;
const FRESH: u8 = 3;

fn an(byte: u8) -> AuthenticityNumber {
    AuthenticityNumber::from_bytes([byte; 16])
}

/// A coin with these secrets and letters, by agent; the last of each stands for all further agents.
fn coin(ans: &[u8], pans: Option<&[u8]>, letters: &str) -> StoredCoin {
    let of = |bytes: &[u8]| AnSet::from_fn(|agent| an(bytes[agent.min(bytes.len() - 1)]));
    let letters: Vec<char> = letters.chars().collect();
    let letter = |agent: usize| Letter::from_char(letters[agent.min(letters.len() - 1)]).unwrap();
    let coin = Coin { sn: SerialNumber::MIN, ans: of(ans) };
    StoredCoin { pans: pans.map(of), ..StoredCoin::new(coin, PownString::from_fn(letter)) }
}

/// What agents hold; the last stands for all further ones.
fn held(first: &[Holding]) -> Holdings {
    std::array::from_fn(|agent| first[agent.min(first.len() - 1)])
}

fn at(coin: &StoredCoin, agent: usize) -> (u8, Option<u8>, char) {
    let byte = |an: &AuthenticityNumber| an.expose()[0];
    let letter = coin.pown.get(agent).as_char();
    (byte(coin.coin.ans.get(agent)), coin.proposal(agent).map(byte), letter)
}

#[test]
fn each_answer_leads_to_the_secret_that_the_agent_holds() {
    use Holding::{HoldsAn, HoldsPan, Neither, Unknown};
    let fracked = coin(&[OLD, OLD, OLD, OLD, OWN], Some(&[OWN]), "nnnnp");
    let now = fracked.as_held(&held(&[HoldsPan, HoldsAn, Neither, Unknown, HoldsAn]));
    assert_eq!(at(&now, 0), (OWN, None, 'p'));
    assert_eq!(at(&now, 1), (OLD, Some(OWN), 'e'));
    assert_eq!(at(&now, 2), (OLD, Some(OWN), 'f'));
    assert_eq!(at(&now, 3), (OLD, Some(OWN), 'n'));
    assert_eq!(at(&now, 4), (OWN, None, 'p'));
    assert!(!now.is_whole());
}

#[test]
fn a_coin_that_all_agents_hold_waits_for_nothing() {
    let fracked = coin(&[OLD, OWN], Some(&[OWN]), "fp");
    let now = fracked.as_held(&held(&[Holding::HoldsPan, Holding::HoldsAn]));
    assert!(now.is_whole() && now.pans.is_none());
}

#[test]
fn a_coin_whose_giver_knows_a_secret_is_not_whole() {
    let fracked = coin(&[OLD, OWN], Some(&[OWN]), "np");
    let now = fracked.as_held(&held(&[Holding::HoldsAn]));
    assert!(!now.is_whole());
    assert_eq!(at(&now, 0), (OLD, Some(OWN), 'e'));
}

#[test]
fn only_an_agent_that_refuses_and_has_no_proposal_gets_one() {
    let fresh = || an(FRESH);
    let now = coin(&[OWN], None, "fnpe").proposing(fresh);
    assert_eq!(at(&now, 0), (OWN, Some(FRESH), 'f'));
    for agent in 1..AGENTS {
        assert_eq!(at(&now, agent).1, None, "agent {agent}");
    }
    let now = coin(&[OLD, OLD, OWN], Some(&[OWN]), "fnp").proposing(fresh);
    assert_eq!(at(&now, 0), (OLD, Some(OWN), 'f'));
    assert_eq!(at(&now, 1), (OLD, Some(OWN), 'n'));
    assert_eq!(at(&now, 2), (OWN, None, 'p'));
}

#[test]
fn of_two_secrets_that_cannot_be_told_apart_neither_is_offered() {
    let now = coin(&[OWN], Some(&[OLD, OWN]), "p").proposing(|| an(FRESH));
    assert_eq!(at(&now, 0), (OWN, Some(FRESH), 'p'));
    assert_eq!(at(&now, 1), (OWN, None, 'p'));
}

#[test]
fn a_coin_that_needs_nothing_gets_nothing() {
    let whole = coin(&[OWN], None, "p");
    assert_eq!(whole.clone().proposing(|| an(FRESH)), whole);
    assert!(whole.is_whole());
}

#[test]
fn silence_says_nothing_about_a_coin() {
    let mut answers = [Answer::Silent; AGENTS];
    let of = Origin::Minted;
    answers[..3].copy_from_slice(&[Answer::HoldsAn(of), Answer::HoldsPan(of), Answer::Neither]);
    let found = holdings(&answers);
    assert_eq!(
        found[..4],
        [Holding::HoldsAn, Holding::HoldsPan, Holding::Neither, Holding::Unknown]
    );
    assert_eq!(known(&found), 2);
}

#[test]
fn an_agent_that_holds_the_coin_of_another_origin_refuses_it_and_costs_no_secret() {
    let [one, other] = [1, 2].map(|byte| Origin::Exchange([byte; 32]));
    let mut answers = [Answer::HoldsAn(one); AGENTS];
    answers[0] = Answer::HoldsPan(other);
    answers[1] = Answer::HoldsAn(other);
    let found = holdings(&answers);
    assert_eq!(found[..3], [Holding::OtherOrigin, Holding::OtherOrigin, Holding::HoldsAn]);
    assert_eq!(known(&found), 23);
    let now = coin(&[OLD, OLD, OWN], Some(&[OWN]), "nnp").as_held(&found);
    assert_eq!(at(&now, 0), (OLD, Some(OWN), 'f'));
    assert_eq!(at(&now, 1), (OLD, Some(OWN), 'f'));
}
