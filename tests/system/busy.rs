//! A home has one writer: a second one leaves at once and says who is there; readers are never kept out.

use std::process::Command;

use rustix::process::Signal;
use tests::programs::Program;

use crate::homes::ends_with;
use crate::speaker::Speaker;
use crate::stage::{Stage, said};
use crate::tried::{circulates, fault, wallet, with_faults};

#[test]
fn a_second_writer_leaves_at_once_and_names_the_first() {
    let stage = Stage::with_coins("2x5,4x1");
    let payment = stage.payment(7);
    let mut sender = Speaker::start("coin-send", payment.send(60));
    sender.says("waiting for the other person");
    let minted = &stage.ground.purses[0];
    let mut import = stage.sender.command(Program::CoinWallet, &["import"]);
    import.arg(minted);
    let mut elsewhere = stage.payment(7);
    elsewhere.conn = stage.ground.world.dir.join("another.txt");
    let resume = stage.sender.command(Program::CoinWallet, &["resume"]);
    let writers = [
        ("import", import),
        ("the same coin-send", payment.send(60)),
        ("another coin-send", elsewhere.send(60)),
        ("resume", resume),
    ];
    for (name, mut second) in writers {
        let output = second.output().unwrap();
        assert_eq!(output.status.code(), Some(10), "{name}: {}", said(&output));
        let holder = format!("{} (coin-send)", sender.program.id());
        assert!(said(&output).contains(&holder), "{name} names {holder}: {}", said(&output));
        assert!(sender.program.ended().unwrap().is_none(), "{name} came after the first writer");
    }
    assert!(!elsewhere.conn.exists(), "a file was written for a payment that never began");

    let reads = |mut reader: Command| {
        let output = reader.output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    };
    reads(stage.sender.command(Program::CoinWallet, &["history"]));
    reads(stage.sender.command(Program::CoinWallet, &["balance"]));
    assert_eq!(stage.totals(), (14, 0));

    sender.program.signal(Signal::TERM).unwrap();
    let (status, said) = sender.ends();
    assert_eq!(status.code(), Some(20), "{said}");
    assert_eq!(stage.totals(), (14, 0));
}

#[test]
fn coins_that_are_being_exchanged_are_in_nobody_elses_hands() {
    let stage = with_faults("1x25");
    let mut payment = stage.payment(7);
    let refused = |mut second: Command| {
        let output = second.output().unwrap();
        assert_eq!(output.status.code(), Some(10), "{}", said(&output));
    };
    let change = |amount: &str| wallet(&stage.sender, &["change", amount]);
    // A change while a payment changes the same coin, and the reverse.
    let mut sender = Speaker::start("coin-send", payment.send(60));
    sender.says("waiting for the other person");
    fault(&stage, "agent=0-24 kind=slow ms=300");
    let receiver = Speaker::start("coin-receive", payment.receive(60));
    sender.says("a coin of 25");
    refused(change("3"));
    refused(wallet(&stage.sender, &["join", "--all"]));
    fault(&stage, "agent=0-24 kind=none");
    sender.succeeds();
    receiver.succeeds();
    assert_eq!(stage.totals(), (18, 7));

    ends_with(0, wallet(&stage.sender, &["join", "--all"]));
    payment.amount = 4;
    payment.conn = stage.ground.world.dir.join("reverse.txt");
    fault(&stage, "agent=0-24 kind=slow ms=300");
    let mut changing = Speaker::start("coin-wallet", change("4"));
    changing.says("a coin of");
    refused(payment.send(60));
    assert!(!payment.conn.exists(), "a file was written for a payment that never began");
    fault(&stage, "agent=0-24 kind=none");
    changing.succeeds();
    payment.pay();
    assert_eq!(stage.totals(), (14, 11));
    circulates(&stage.ground.agents, 25);
}
