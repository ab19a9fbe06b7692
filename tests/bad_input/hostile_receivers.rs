//! Receivers that do not keep to the protocol, against the real `coin-send`: before the coins leave it
//! keeps them where they were, after that it keeps them in flight until the agents show that they are
//! another's.

mod taken_back;

use coin::{Coin, Grade, Letter, PownString};
use protocol::conn_file::ConnFile;
use protocol::message::{BatchHash, Chunk, DurableStep, Last, Manifest, Message, Number, Position};
use tests::programs::Program;
use tests::world::Home;
use wallet::{OperationId, Receipt, ReceiptCoin};

use crate::coins::{invented, read_below};
use crate::conn_files::{new_file, write};
use crate::listing::Listing;
use crate::peer::{Peer, units};
use crate::said::{Said, Talking, run, start};
use crate::town::town;

/// A sender of 7 that waits with a connection file.
pub(crate) struct Paying {
    pub(crate) home: Home,
    pub(crate) file: ConnFile,
    before: Listing,
    sending: Talking,
}

impl Paying {
    pub(crate) fn new() -> Paying {
        let home = town().home_with(&[25, 5, 1, 1]);
        let file = new_file();
        let conn = write(&file.to_text());
        let before = Listing::of_coins(&home.dir);
        let sending = start(town().send_known(&home, 7, &conn).args(["--wait", "3"]));
        Paying { home, file, before, sending }
    }

    /// It stops, and every coin lies where it lay.
    pub(crate) fn keeps_its_coins(self, code: i32, words: &[&str]) -> Said {
        let said = self.sending.ends().ends_with(code, words).says("nothing is at risk");
        assert_eq!(Listing::of_coins(&self.home.dir), self.before);
        assert_eq!(self.home.total().unwrap(), 32);
        said
    }

    /// It ends in doubt: the coins count for nothing, and for nobody else, until the agents decide.
    pub(crate) fn keeps_them_in_flight(self, words: &[&str]) -> (Home, Said) {
        let said =
            self.sending.ends().ends_with(21, words).says("in flight").says("coin-wallet resume");
        let balance = self.home.balance().unwrap();
        assert_eq!((&balance["total"], &balance["in_flight"]), (&25.into(), &7.into()));
        let sent = Listing::of_coins(&self.home.dir);
        assert_eq!(sent.files_in(&self.home.dir.join(".Sender/Sent")).len(), 3);
        (self.home, said)
    }
}

/// The receipt that says this of each coin.
fn receipt(file: &ConnFile, manifest: &Manifest, coins: &[Coin], grade: Grade) -> Vec<u8> {
    let letter = if grade == Grade::Final { Letter::Pass } else { Letter::Fail };
    let pown = PownString::all(letter);
    let coins = coins.iter().map(|coin| ReceiptCoin { sn: coin.sn, grade, pown }).collect();
    let transfer = OperationId::from_bytes(*file.transfer_id().as_bytes());
    let at = jiff::Timestamp::from_second(1_800_000_000).unwrap();
    Receipt::new(transfer, manifest.batch.0, at, coins).unwrap().to_bytes()
}

/// Takes the coins and says that they are being powned, which is not true.
fn take(peer: &mut Peer) -> (Manifest, Vec<Coin>) {
    let manifest = peer.get_ready(7);
    let batch = peer.hear_bytes(Number::Coins);
    peer.say(&Message::Received);
    peer.say(&Message::DecryptingCoins);
    peer.say(&Message::PowningCoins);
    (manifest, coin::batch::decode(&batch).unwrap())
}

#[test]
fn another_amount_is_not_confirmed() {
    let paying = Paying::new();
    let mut peer = Peer::receiver(&paying.file);
    peer.agree(8);
    assert!(peer.hear_abort().contains('8'));
    paying.keeps_its_coins(7, &["other side", "another amount, 8"]);
}

#[test]
fn a_receiver_that_declines_is_no_loss() {
    let paying = Paying::new();
    let mut peer = Peer::receiver(&paying.file);
    peer.hear(Number::EmptyImportExport);
    peer.say(&Message::ImportExportEmpty);
    peer.hear(Number::Money);
    peer.abort("the person here declined");
    paying.keeps_its_coins(7, &["other side", "the person here declined"]);
}

#[test]
fn a_receiver_that_leaves_before_the_coins_do_is_no_loss() {
    let paying = Paying::new();
    let mut peer = Peer::receiver(&paying.file);
    peer.agree(7);
    peer.hear(Number::ReadyToSendCoins);
    peer.abort("not today");
    paying.keeps_its_coins(20, &["other side", "not today"]);
}

#[test]
fn received_is_not_believed_before_the_coins_have_left() {
    let paying = Paying::new();
    let mut peer = Peer::receiver(&paying.file);
    peer.agree(7);
    peer.hear(Number::ReadyToSendCoins);
    peer.say(&Message::Received);
    assert!(peer.hear_abort().contains("message 14"));
    paying.keeps_its_coins(20, &["other side", "message 14"]);
}

#[test]
fn a_step_that_has_no_place_ends_the_conversation() {
    let chunk = Chunk { index: 0, last: Last::Yes };
    for message in [
        Message::ReadyToReceive,
        Message::Received,
        Message::PowningCoins,
        Message::Receipt(chunk),
        Message::CoinsConfirmed,
        Message::EmptyImportExport,
    ] {
        let paying = Paying::new();
        let words = format!("message {}", message.number().get());
        let mut peer = Peer::receiver(&paying.file);
        peer.say(&message);
        assert!(peer.hear_abort().contains(&words));
        paying.keeps_its_coins(7, &["other side", &words]);
    }
}

#[test]
fn a_place_where_a_receiver_cannot_stand_ends_the_conversation() {
    let batch = Some(BatchHash([7; 32]));
    for step in [DurableStep::Open, DurableStep::InFlight, DurableStep::Settled] {
        let paying = Paying::new();
        let mut peer = Peer::joined_as_receiver(&paying.file);
        peer.meet_at(Position { step, batch });
        peer.hear_abort();
        paying.keeps_its_coins(7, &["other side", "cannot stand"]);
    }
}

#[test]
fn coins_that_a_receiver_says_it_holds_stay_where_they_are_and_are_not_called_safe() {
    // A home that was restored from a backup could not tell the truth of this from a lie.
    let batch = Some(BatchHash([7; 32]));
    for step in [DurableStep::Received, DurableStep::Receipted, DurableStep::Refused] {
        let paying = Paying::new();
        Peer::joined_as_receiver(&paying.file).meet_at(Position { step, batch });
        let said = paying.sending.ends().ends_with(21, &["other side"]);
        said.never_says("nothing is at risk");
        assert_eq!(Listing::of_coins(&paying.home.dir), paying.before);
        assert_eq!(paying.home.total().unwrap(), 32);
    }
}

#[test]
fn received_without_coins_and_then_nothing_leaves_the_coins_in_flight() {
    let paying = Paying::new();
    let mut peer = Peer::receiver(&paying.file);
    peer.get_ready(7);
    peer.say(&Message::Received);
    peer.abort("they never came");
    paying.keeps_them_in_flight(&["other side", "they never came"]);
}

#[test]
fn a_receipt_about_other_coins_is_no_receipt() {
    let paying = Paying::new();
    let mut peer = Peer::receiver(&paying.file);
    let (manifest, coins) = take(&mut peer);
    let others = invented([1, 2, 2_097_153]);
    for wrong in [&others[..], &coins[..2]] {
        assert_ne!(wrong, coins);
    }
    peer.say_bytes(Message::Receipt, &receipt(&paying.file, &manifest, &others, Grade::Final));
    assert!(peer.hear_abort().contains("other coins"));
    paying.keeps_them_in_flight(&["receipt", "other coins"]);
}

#[test]
fn a_receipt_of_another_transfer_or_batch_is_no_receipt() {
    for of in [new_file(), new_file()] {
        let paying = Paying::new();
        let mut peer = Peer::receiver(&paying.file);
        let (manifest, coins) = take(&mut peer);
        peer.say_bytes(Message::Receipt, &receipt(&of, &manifest, &coins, Grade::Final));
        peer.hear_abort();
        paying.keeps_them_in_flight(&["receipt"]);
    }
    let paying = Paying::new();
    let mut peer = Peer::receiver(&paying.file);
    let (manifest, coins) = take(&mut peer);
    let other = Manifest { batch: BatchHash([7; 32]), ..manifest };
    peer.say_bytes(Message::Receipt, &receipt(&paying.file, &other, &coins, Grade::Final));
    peer.hear_abort();
    paying.keeps_them_in_flight(&["receipt"]);
}

#[test]
fn bytes_that_are_no_receipt_are_no_receipt() {
    for bytes in [&b""[..], b"{}", b"\xff\xfe", &[b'['; 100_000]] {
        let paying = Paying::new();
        let mut peer = Peer::receiver(&paying.file);
        take(&mut peer);
        peer.say_bytes(Message::Receipt, bytes);
        paying.keeps_them_in_flight(&[]);
    }
}

#[test]
fn a_receipt_without_end_is_cut_off() {
    let paying = Paying::new();
    let mut peer = Peer::receiver(&paying.file);
    take(&mut peer);
    let bytes = vec![b' '; 32 * 1024];
    for index in 0..100 {
        peer.say_frame(&Message::Receipt(Chunk { index, last: Last::No }), &bytes);
    }
    paying.keeps_them_in_flight(&["receiver's receipt"]);
}

#[test]
fn coins_that_were_never_powned_are_not_paid() {
    let paying = Paying::new();
    let mut peer = Peer::receiver(&paying.file);
    let (manifest, coins) = take(&mut peer);
    peer.say_bytes(Message::Receipt, &receipt(&paying.file, &manifest, &coins, Grade::Final));
    peer.hear(Number::ConfirmingChangeOfOwnership);
    assert!(peer.hear_abort().contains("old secrets"));
    let (home, _) = paying.keeps_them_in_flight(&["undecided"]);

    // Later nothing has changed: the transfer waits, and says so.
    let resumed =
        run(home.command(Program::CoinWallet, &["resume"]).args(["--wait", "1", "--json"]));
    assert_eq!(resumed.exits(21).objects().pop().unwrap()["open"], 1);
    assert_eq!(home.total().unwrap(), 25);
    assert_eq!(
        read_below(&home.dir.join(".Sender/Sent")),
        coins,
        "the coins are kept as they were"
    );
}

#[test]
fn coins_that_are_called_counterfeit_stay_in_flight() {
    let paying = Paying::new();
    let mut peer = Peer::receiver(&paying.file);
    let (manifest, coins) = take(&mut peer);
    let bytes = receipt(&paying.file, &manifest, &coins, Grade::Counterfeit);
    peer.say_bytes(Message::Receipt, &bytes);
    peer.hear(Number::ConfirmingChangeOfOwnership);
    paying.keeps_them_in_flight(&["7 called counterfeit"]);
}

#[test]
fn a_receipt_of_another_sum_is_no_receipt() {
    let paying = Paying::new();
    let mut peer = Peer::receiver(&paying.file);
    let (manifest, coins) = take(&mut peer);
    let bytes = receipt(&paying.file, &manifest, &coins[..2], Grade::Final);
    peer.say_bytes(Message::Receipt, &bytes);
    peer.hear_abort();
    paying.keeps_them_in_flight(&["receipt"]);
    assert_eq!(manifest.amount, units(7));
}
