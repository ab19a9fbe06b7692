//! A sender and a receiver talk to each other in memory: `cargo run -p protocol --example two_machines`.
//!
//! Their jobs succeed at once, nothing is persisted, and the link is a pair of calls.

use std::collections::VecDeque;
use std::time::Duration;

use coin::{Amount, Denomination};
use protocol::machine::{Consent, Input, Job, Now, OldSecrets, Output, Report, Totals};
use protocol::message::{BatchHash, Chunk, Last, Manifest, Message};
use protocol::{receiver::Receiver, sender::Sender, waits::Patience};

fn main() -> Result<(), coin::AmountError> {
    let amount = Amount::new(350)?;
    let now = Now { monotonic: Duration::ZERO, wall_secs: 1_800_000_000 };
    let mut sender = Sender::new(amount, Some("for the bread".into()), Patience::default());
    let mut receiver = Receiver::new(None, Patience::default());
    let mut inputs = VecDeque::from([('S', Input::Linked), ('R', Input::Linked)]);
    while let Some((side, input)) = inputs.pop_front() {
        let outputs;
        (sender, receiver, outputs) = if side == 'S' {
            let (sender, outputs) = sender.handle(now, input);
            (sender, receiver, outputs)
        } else {
            let (receiver, outputs) = receiver.handle(now, input);
            (sender, receiver, outputs)
        };
        let peer = if side == 'S' { 'R' } else { 'S' };
        for output in outputs {
            println!("{side} {output:?}");
            match output {
                Output::Say(message) => inputs.push_back((peer, Input::Heard(message))),
                Output::Start(job @ (Job::SendCoins(_) | Job::SendReceipt)) => {
                    inputs.push_back((peer, Input::Heard(one_frame(&job))));
                    inputs.push_back((side, Input::Done(report(&job, amount))));
                }
                Output::Start(job) => inputs.push_back((side, Input::Done(report(&job, amount)))),
                Output::Ask(_) => inputs.push_back((side, Input::Answered(Consent::Yes))),
                Output::Persist | Output::StopStreaming | Output::Relink | Output::End(_) => {}
            }
        }
    }
    assert!(sender.is_over() && receiver.is_over());
    Ok(())
}

fn one_frame(job: &Job) -> Message {
    let chunk = Chunk { index: 0, last: Last::Yes };
    if *job == Job::SendReceipt { Message::Receipt(chunk) } else { Message::Coins(chunk) }
}

/// What each job finds when all is well.
fn report(job: &Job, amount: Amount) -> Report {
    let totals = Totals { last: amount, ..Totals::default() };
    let secrets = OldSecrets { dead: amount, alive_or_unknown: Amount::ZERO };
    let batch = BatchHash([7; 32]);
    match job {
        Job::ClearFolders => Report::FoldersCleared,
        Job::Prepare(step) => Report::Prepared(*step),
        Job::Encrypt => Report::Encrypted(Manifest {
            amount,
            counts: vec![(Denomination::TwoHundredFifty, 1), (Denomination::Hundred, 1)],
            batch,
        }),
        Job::SendCoins(_) => Report::CoinsSent,
        Job::FileInSent => Report::FiledInSent,
        Job::ReadReceipt => Report::ReceiptRead(totals),
        Job::CheckOldSecrets => Report::Checked(secrets),
        Job::AskAgentsAlone => Report::CheckedAlone(secrets),
        Job::PutBack => Report::PutBack,
        Job::GetReady => Report::Ready,
        Job::Store => Report::Stored(batch),
        Job::CheckBatch(_) => Report::BatchChecked,
        Job::Pown => Report::Powned(totals),
        Job::SendReceipt => Report::ReceiptSent,
        Job::Bank => Report::Banked,
    }
}
