//! Connection files that were used: one file, one transfer, one amount.

use tests::programs::Program;
use tests::world::Home;

use crate::coins::invented;
use crate::conn_files::{new_file, write};
use crate::hostile_senders::{Waiting, pay};
use crate::listing::{Listing, unchanged};
use crate::peer::Peer;
use crate::said::{Said, refuses, run, start};
use crate::town::town;

/// Both say again how it ended, in their own time and without the other.
fn says_again(home: &Home, again: impl Fn() -> Said, code: i32, words: &[&str]) {
    unchanged(&home.dir, || {
        let said = again().exits(code).says("a connection file works once");
        words.iter().fold(said, |said, words| said.says(words));
    });
}

#[test]
fn a_file_that_was_paid_pays_nothing_more_and_says_so() {
    let town = town();
    let (sender, receiver) = (town.home_with(&[5, 1, 1, 5]), town.home());
    let conn = town.path("conn.txt");
    let (sent, received) = town.pay(&sender, &receiver, 7, &conn);
    sent.ends_with(0, &["7 changed hands"]);
    received.ends_with(0, &["7 changed hands"]);
    says_again(
        &sender,
        || run(&mut town.send_known(&sender, 7, &conn)),
        0,
        &["7 of 7 changed hands"],
    );
    says_again(
        &receiver,
        || run(&mut town.receive(&receiver, &conn)),
        0,
        &["7 of 7 changed hands"],
    );
    let said = run(town.send_known(&sender, 7, &conn).arg("--json")).exits(0);
    let last = said.objects().pop().unwrap();
    assert_eq!((&last["status"], &last["owned"]), (&"done".into(), &7.into()), "{last}");
    assert_eq!((sender.total().unwrap(), receiver.total().unwrap()), (5, 7));

    let other = || town.send_known(&sender, 5, &conn);
    unchanged(&sender.dir, || refuses(other, 2, &["begun with 7", "not with 5", "another --conn"]));
    let mut moved = town.send_known(&sender, 7, &conn);
    moved.args(["--relay", "127.0.0.1:1"]);
    unchanged(&sender.dir, || run(&mut moved).fails(2, &["names the relay"]));
}

#[test]
fn a_file_whose_transfer_was_returned_pays_nothing_and_exits_as_it_ended() {
    let town = town();
    let (sender, receiver) = (town.home_with(&[5, 1, 1]), town.home());
    let coins = Listing::of_coins(&sender.dir);

    let file = new_file();
    let conn = write(&file.to_text());
    let sending = start(&mut town.send_known(&sender, 7, &conn));
    let mut peer = Peer::receiver(&file);
    peer.agree(7);
    peer.abort("I changed my mind");
    sending.ends().ends_with(20, &["nothing is at risk", "I changed my mind"]);
    assert_eq!(Listing::of_coins(&sender.dir), coins, "the coins are back where they were");
    says_again(
        &sender,
        || run(&mut town.send_known(&sender, 7, &conn)),
        20,
        &["nothing changed hands"],
    );

    let file = new_file();
    let conn = write(&file.to_text());
    let receiving = start(&mut town.receive(&receiver, &conn));
    let mut peer = Peer::sender(&file);
    peer.agree(7);
    peer.abort("I changed my mind");
    receiving.ends().ends_with(20, &["nothing is at risk", "I changed my mind"]);
    says_again(
        &receiver,
        || run(&mut town.receive(&receiver, &conn)),
        20,
        &["nothing changed hands"],
    );
    assert_eq!((sender.total().unwrap(), receiver.total().unwrap()), (7, 0));
}

#[test]
fn a_file_of_an_open_transfer_takes_neither_another_amount_nor_the_other_side() {
    let town = town();
    let home = town.home_with(&[5, 1, 1]);
    let conn = town.path("conn.txt");
    // The relay is not there: the transfer stays open.
    let mut send = town.send_known(&home, 7, &conn);
    run(send.args(["--relay", "127.0.0.1:1"])).exits(4);
    let other = || town.send_known(&home, 5, &conn);
    unchanged(&home.dir, || refuses(other, 2, &["begun with 7", "not with 5"]));
    let receive = || town.receive(&home, &conn);
    unchanged(&home.dir, || refuses(receive, 2, &["other side", "coin-send"]));
    assert_eq!(home.total().unwrap(), 7);
}

#[test]
fn a_file_that_was_settled_in_part_exits_22_again() {
    let waiting = Waiting::new();
    let mut coins = town().purse.take(&[5]);
    coins.extend(invented([16_777_002]));
    let mut peer = Peer::sender(&waiting.file);
    pay(&mut peer, &coins, 255);
    let conn = write(&waiting.file.to_text());
    let (home, _) = waiting.ends(22, &["5 changed hands", "250"], 5);
    let again = run(town().receive(&home, &conn).args(["--wait", "1"]));
    again.ends_with(22, &["5 changed hands", "250"]);
    let said = run(home.command(Program::CoinWallet, &["resume"]).args(["--wait", "1"]));
    assert!([0, 21].contains(&said.code), "{said:#?}");
    assert_eq!(home.total().unwrap(), 5);
}
