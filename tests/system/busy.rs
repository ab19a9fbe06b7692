//! A home has one writer: a second one leaves at once and says who is there; readers are never kept out.

use std::process::Command;

use rustix::process::Signal;
use tests::programs::Program;

use crate::speaker::Speaker;
use crate::stage::{Stage, said};

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
