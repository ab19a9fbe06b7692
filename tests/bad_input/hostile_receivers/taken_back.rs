//! What a receiver refused, or called counterfeit, comes back to the sender; what it took does not.

use coin::Grade;
use protocol::message::{DurableStep, Message, Number, Position};
use tests::programs::Program;
use tests::world::Home;

use super::{Paying, receipt, take};
use crate::coins;
use crate::peer::Peer;
use crate::said::{Said, run};
use crate::town::town;

fn reclaim(home: &Home, words: &[&str]) -> Said {
    run(&mut home.command(Program::CoinWallet, &[&["reclaim"], words].concat()))
}

/// Everything is the sender's again, and can be paid with.
fn is_whole(home: &Home) {
    let balance = home.balance().unwrap();
    assert_eq!((&balance["total"], &balance["in_flight"]), (&32.into(), &0.into()));
    let to = town().home();
    let (sent, received) = town().pay(home, &to, 32, &town().path("conn.txt"));
    sent.exits(0);
    received.exits(0);
}

#[test]
fn what_the_receiver_refused_for_good_comes_back() {
    let paying = Paying::new();
    let mut peer = Peer::receiver(&paying.file);
    let manifest = peer.get_ready(7);
    peer.hear_bytes(Number::Coins);
    peer.rejoin(&paying.file);
    peer.meet_at(Position { step: DurableStep::Refused, batch: Some(manifest.batch) });
    peer.abort("a coin is there twice");
    paying.sending.ends().ends_with(21, &["refused the coins", "coin-wallet reclaim"]);
    assert_eq!(paying.home.total().unwrap(), 25);
    let shown = reclaim(&paying.home, &["--dry-run", "--json"]).exits(0);
    assert_eq!(shown.objects()[0]["reclaim"], 7);
    let back = reclaim(&paying.home, &["--json"]).exits(0);
    let result = back.objects().pop().unwrap();
    assert_eq!((&result["status"], &result["back"]), (&"done".into(), &7.into()));
    is_whole(&paying.home);
}

#[test]
fn coins_that_are_called_counterfeit_and_that_the_agents_hold_as_they_left_come_back() {
    let paying = Paying::new();
    let mut peer = Peer::receiver(&paying.file);
    let (manifest, coins) = take(&mut peer);
    let bytes = receipt(&paying.file, &manifest, &coins, Grade::Counterfeit);
    peer.say_bytes(Message::Receipt, &bytes);
    peer.hear(Number::ConfirmingChangeOfOwnership);
    let (home, _) = paying.keeps_them_in_flight(&["7 called counterfeit"]);
    reclaim(&home, &[]).exits(0).says("7 is yours again");
    is_whole(&home);
}

#[test]
fn coins_that_are_called_counterfeit_and_were_taken_are_disputed_and_stay_sent() {
    let paying = Paying::new();
    let mut peer = Peer::receiver(&paying.file);
    let (manifest, coins) = take(&mut peer);
    let thief = town().home();
    let file = town().path("stolen.stack");
    std::fs::write(&file, coins::stack(&coins)).unwrap();
    thief.import(&file).unwrap();
    let bytes = receipt(&paying.file, &manifest, &coins, Grade::Counterfeit);
    peer.say_bytes(Message::Receipt, &bytes);
    let (home, _) = paying.keeps_them_in_flight(&["7 called counterfeit"]);
    reclaim(&home, &["--insist"]).exits(22).says("7 is disputed");
    assert_eq!((home.total().unwrap(), thief.total().unwrap()), (25, 7));
    assert_eq!(home.balance().unwrap()["in_flight"], 0);
}

#[test]
fn what_a_receipt_calls_owned_is_not_taken_back_before_the_file_expires() {
    let paying = Paying::new();
    let mut peer = Peer::receiver(&paying.file);
    let (manifest, coins) = take(&mut peer);
    peer.say_bytes(Message::Receipt, &receipt(&paying.file, &manifest, &coins, Grade::Final));
    peer.hear_abort();
    let (home, _) = paying.keeps_them_in_flight(&["undecided"]);
    reclaim(&home, &["--insist"]).exits(21).says("too early").says("7 is in flight");
    assert_eq!(home.total().unwrap(), 25);
}
