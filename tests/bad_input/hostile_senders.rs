//! Senders that do not keep to the protocol, against the real `coin-receive`: it ends with a reason and
//! owns nothing that is not its own.

use coin::Coin;
use protocol::conn_file::ConnFile;
use protocol::message::{BatchHash, Chunk, DurableStep, Last, Manifest, Message, Number, Position};
use tests::world::Home;
use wallet::Receipt;

use crate::coins::{batch_of, counterfeit, invented, manifest_of, read_below};
use crate::conn_files::{new_file, write};
use crate::listing::Listing;
use crate::peer::{Peer, units};
use crate::said::{Said, Talking, start};
use crate::town::town;

/// A receiver that waits, and the connection file that leads to it.
pub(crate) struct Waiting {
    pub(crate) home: Home,
    pub(crate) file: ConnFile,
    receiving: Talking,
}

impl Waiting {
    pub(crate) fn at(home: Home) -> Waiting {
        let file = new_file();
        let conn = write(&file.to_text());
        let receiving = start(town().receive(&home, &conn).args(["--wait", "3"]));
        Waiting { home, file, receiving }
    }

    pub(crate) fn new() -> Waiting {
        Waiting::at(town().home())
    }

    /// It ends so, with this much money in its home.
    pub(crate) fn ends(self, code: i32, words: &[&str], total: u64) -> (Home, Said) {
        let said = self.receiving.ends().ends_with(code, words);
        assert_eq!(self.home.total().unwrap(), total, "{said:#?}");
        (self.home, said)
    }
}

fn coins_below(home: &Home, folder: &str) -> usize {
    Listing::of_coins(&home.dir).files_in(&home.dir.join(folder)).len()
}

#[test]
fn a_step_that_has_no_place_ends_the_conversation() {
    let chunk = Chunk { index: 0, last: Last::Yes };
    let money = Message::Money { amount: units(7), memo: None };
    for message in [
        money,
        Message::MakingChange,
        Message::ReadyToSendCoins,
        Message::Coins(chunk),
        Message::CoinsConfirmed,
        Message::Received,
        Message::Receipt(chunk),
    ] {
        let waiting = Waiting::new();
        let number = message.number().get();
        let mut peer = Peer::sender(&waiting.file);
        peer.say(&message);
        let words = format!("message {number}");
        assert!(peer.hear_abort().contains(&words));
        waiting.ends(7, &["nothing is at risk", "other side", &words], 0);
    }
}

#[test]
fn a_step_that_has_no_place_after_the_agreement_puts_nothing_at_risk() {
    let waiting = Waiting::new();
    let mut peer = Peer::sender(&waiting.file);
    peer.agree(7);
    peer.say(&Message::ReadyToSendCoins);
    assert!(peer.hear_abort().contains("message 22"));
    waiting.ends(20, &["nothing is at risk", "other side", "message 22"], 0);
}

#[test]
fn a_place_where_a_sender_cannot_stand_ends_the_conversation() {
    for step in [DurableStep::Received, DurableStep::Receipted, DurableStep::Settled] {
        let waiting = Waiting::new();
        let mut peer = Peer::joined_as_sender(&waiting.file);
        peer.meet_at(Position { step, batch: Some(BatchHash([7; 32])) });
        peer.hear_abort();
        waiting.ends(7, &["nothing is at risk", "other side", "cannot stand"], 0);
    }
}

#[test]
fn another_amount_than_was_agreed_is_refused_before_any_coin_comes() {
    let waiting = Waiting::new();
    let mut peer = Peer::sender(&waiting.file);
    peer.agree(7);
    peer.prepare();
    peer.say(&Message::EncryptingCoins(manifest_of(&invented([1, 2, 3, 4, 5, 6, 7, 8]))));
    assert!(peer.hear_abort().contains('8'));
    waiting.ends(20, &["nothing is at risk", "8", "agreed was 7"], 0);
}

#[test]
fn a_manifest_that_does_not_add_up_is_not_taken() {
    let waiting = Waiting::new();
    let mut peer = Peer::sender(&waiting.file);
    peer.agree(7);
    peer.prepare();
    let manifest = Manifest { amount: units(7), ..manifest_of(&invented([1, 2, 3])) };
    peer.say(&Message::EncryptingCoins(manifest));
    drop(peer);
    waiting.ends(20, &["nothing is at risk"], 0).1.says("does not keep to the protocol");
}

/// Hands this over instead of the batch of the manifest; the receiver must refuse it for good.
fn refuses_batch(coins: &[Coin], batch: &[u8], words: &[&str]) {
    let waiting = Waiting::new();
    let mut peer = Peer::sender(&waiting.file);
    let hash = BatchHash(coin::batch::hash(batch));
    let manifest = Manifest { batch: hash, ..manifest_of(coins) };
    peer.offer(coins.len() as u32, manifest);
    peer.say_bytes(Message::Coins, batch);
    peer.hear_abort();
    let words = [&["nothing is at risk", "sender's coins"], words].concat();
    let (home, _) = waiting.ends(20, &words, 0);
    assert_eq!(coins_below(&home, "Default/Bank") + coins_below(&home, ".Receiver/Bank"), 0);
}

#[test]
fn a_batch_that_is_none_is_refused_before_a_coin_is_powned() {
    let coins = invented([11, 12, 13]);
    let good = batch_of(&coins);
    let with = |place: usize, bytes: &[u8]| {
        let mut batch = good.clone();
        batch[place..place + bytes.len()].copy_from_slice(bytes);
        batch
    };
    let turned = batch_of(&[coins[1].clone(), coins[0].clone(), coins[2].clone()]);
    let twice = batch_of(&[coins[0].clone(), coins[0].clone(), coins[2].clone()]);
    refuses_batch(&coins, &turned, &["ascending"]);
    refuses_batch(&coins, &twice, &["ascending"]);
    refuses_batch(&coins, &good[..good.len() - 1], &["whole number of coins"]);
    refuses_batch(&coins, &with(405, &[2]), &["network 2"]);
    refuses_batch(&coins, &with(1, &[0, 0, 0, 0]), &["serial number"]);
    refuses_batch(&coins, &with(811, &[1, 0, 0, 1]), &["serial number"]);
    refuses_batch(&coins, b"", &[]);
}

#[test]
fn a_batch_of_other_coins_than_announced_is_refused_before_a_coin_is_powned() {
    let coins = invented([11, 12, 13]);
    refuses_batch(&coins, &batch_of(&coins[..2]), &["2"]);
    refuses_batch(&coins, &batch_of(&invented([11, 12, 2_097_153])), &["7", "3"]);
    refuses_batch(&coins, &batch_of(&invented([11, 12, 13, 14])), &[]);
}

#[test]
fn a_batch_whose_hash_is_not_the_announced_one_is_refused() {
    let waiting = Waiting::new();
    let real = town().purse.take(&[5, 1, 1]);
    let mut peer = Peer::sender(&waiting.file);
    let manifest = Manifest { batch: BatchHash([7; 32]), ..manifest_of(&real) };
    peer.offer(7, manifest);
    peer.say_bytes(Message::Coins, &batch_of(&real));
    assert!(peer.hear_abort().contains("manifest"));
    let (home, _) = waiting.ends(20, &["nothing is at risk", "sender's coins"], 0);
    // They are set aside, and were not powned: their owner can still use them.
    assert_eq!(coins_below(&home, ".Receiver/Import"), 0);
    let owner = town().home();
    let coins = town().path("coins.stack");
    std::fs::write(&coins, crate::coins::stack(&real)).unwrap();
    owner.import(&coins).unwrap();
    assert_eq!(owner.total().unwrap(), 7);
}

#[test]
fn more_bytes_than_the_announced_coins_have_are_not_kept() {
    let waiting = Waiting::new();
    let coins = invented([11, 12, 13]);
    let mut peer = Peer::sender(&waiting.file);
    peer.offer(3, manifest_of(&coins));
    let bytes = vec![1; 32 * 1024];
    for index in 0..40 {
        peer.say_frame(&Message::Coins(Chunk { index, last: Last::No }), &bytes);
    }
    waiting.ends(20, &["nothing is at risk", "more"], 0);
}

#[test]
fn invented_coins_are_found_out_and_nothing_is_owned() {
    let waiting = Waiting::new();
    let real = town().purse.take(&[5]);
    let mut coins = vec![counterfeit(&real[0])];
    coins.extend(invented([16_777_000]));
    coins.sort_by_key(|coin| coin.sn);
    let mut peer = Peer::sender(&waiting.file);
    let receipt = pay(&mut peer, &coins, 255);
    assert_eq!(receipt.totals().counterfeit, units(255));
    let (home, _) = waiting.ends(22, &["0 changed hands", "255", "counterfeit"], 0);
    assert_eq!(coins_below(&home, ".Receiver/Counterfeit"), 2);
}

#[test]
fn of_a_batch_with_invented_coins_the_real_ones_are_owned() {
    let waiting = Waiting::new();
    let mut coins = town().purse.take(&[5, 1]);
    coins.extend(invented([16_777_001]));
    let mut peer = Peer::sender(&waiting.file);
    let receipt = pay(&mut peer, &coins, 256);
    assert_eq!((receipt.totals().last, receipt.totals().counterfeit), (units(6), units(250)));
    let (home, _) = waiting.ends(22, &["6 changed hands", "250", "counterfeit"], 6);
    assert_eq!(coins_below(&home, "Default/Bank"), 2);
}

/// An honest transfer of these coins, to its end; returns the receipt.
pub(crate) fn pay(peer: &mut Peer, coins: &[Coin], amount: u32) -> Receipt {
    peer.offer(amount, manifest_of(coins));
    peer.say_bytes(Message::Coins, &batch_of(coins));
    for number in [Number::Received, Number::DecryptingCoins, Number::PowningCoins] {
        peer.hear(number);
    }
    let receipt = Receipt::parse(&peer.hear_bytes(Number::Receipt)).unwrap();
    peer.say(&Message::ConfirmingChangeOfOwnership);
    peer.say(&Message::CoinsConfirmed);
    receipt
}

/// A receiver that owns the first of these coins, under secrets of its own; the others are unused.
fn with_first_of(coins: &[Coin]) -> Home {
    let file = town().path("coins.stack");
    std::fs::write(&file, crate::coins::stack(&coins[..1])).unwrap();
    let home = town().home();
    home.import(&file).unwrap();
    home
}

#[test]
fn an_old_copy_of_a_coin_that_the_receiver_has_changes_nothing_about_it() {
    let coins = town().purse.take(&[5, 5, 5]);
    let home = with_first_of(&coins);
    let bank = home.dir.join("Default/Bank");
    let own = read_below(&bank);
    let waiting = Waiting::at(home);
    let receipt = pay(&mut Peer::sender(&waiting.file), &coins, 15);
    assert_eq!((receipt.totals().last, receipt.totals().counterfeit), (units(10), units(5)));
    let (home, _) = waiting.ends(22, &["10 changed hands", "5 is called counterfeit"], 15);
    let (new, own) = (read_below(&bank), &own[0]);
    assert!(new.len() == 3 && new.contains(own), "its own secrets are kept");
    assert_eq!(coins_below(&home, ".Receiver/Counterfeit"), 1);
}

#[test]
fn a_coin_of_the_receivers_own_counts_once() {
    let mut coins = town().purse.take(&[5, 5, 5]);
    let home = with_first_of(&coins);
    coins[0] = read_below(&home.dir.join("Default/Bank")).remove(0);
    let waiting = Waiting::at(home);
    let receipt = pay(&mut Peer::sender(&waiting.file), &coins, 15);
    assert_eq!(receipt.totals().last, units(15));
    let (home, _) = waiting.ends(0, &["15 changed hands"], 15);
    assert_eq!(coins_below(&home, "Default/Bank"), 3);
    // What is in the Bank is good: it can be paid on.
    let (next, conn) = (town().home(), town().path("conn.txt"));
    let (sent, received) = town().pay(&home, &next, 15, &conn);
    sent.ends_with(0, &["15 changed hands"]);
    received.ends_with(0, &["15 changed hands"]);
}
