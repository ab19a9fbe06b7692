//! The resume secret over crashes: neither side can lock the other out, and the file alone opens
//! nothing once a frame has come.

use super::{Desk, START, handshake, linked, reply};
use crate::limits::RESUME_SECRETS_MAX;
use crate::link::{LinkEvent, Memory};

/// What happens to a line, and to the program that hears it. After all but `Carries on` both
/// programs start again from their disks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Lost,
    DiesBeforeItIsDurable,
    DiesAfterItIsDurable,
    CarriesOn,
}

impl Fate {
    const BAD: [Fate; 3] = [Fate::Lost, Fate::DiesBeforeItIsDurable, Fate::DiesAfterItIsDurable];
}

/// The fates of the handshake, its answer and the first frame, in which at most one is bad.
fn all_attempts() -> Vec<[Fate; 3]> {
    let mut attempts = vec![[Fate::CarriesOn; 3]];
    for line in 0..3 {
        for fate in Fate::BAD {
            let mut attempt = [Fate::CarriesOn; 3];
            attempt[line] = fate;
            attempts.push(attempt);
        }
    }
    attempts
}

fn hears(desk: &mut Desk, line: &str, fate: Fate) -> Option<Vec<LinkEvent>> {
    if fate == Fate::Lost {
        return None;
    }
    let before = desk.disk.clone();
    let events = desk.hear(line).unwrap();
    if fate == Fate::DiesBeforeItIsDurable {
        desk.disk = before;
    }
    (fate == Fate::CarriesOn).then_some(events)
}

fn attempt(sender: &mut Desk, receiver: &mut Desk, seed: u8, fates: [Fate; 3]) -> Option<()> {
    sender.connect(2 * seed);
    receiver.connect(2 * seed + 1);
    let first = sender.link.handshake_due().unwrap();
    let answer = reply(&hears(receiver, &first, fates[0])?);
    hears(sender, &answer, fates[1])?;
    hears(receiver, &sender.say(&START), fates[2]).map(|_| ())
}

fn is_bound(receiver: &Desk) -> bool {
    matches!(&receiver.disk, Memory::Receiver(memory) if memory.bound.is_some())
}

#[test]
fn whoever_dies_at_whatever_moment_a_later_attempt_links() {
    let all = all_attempts();
    for run in 0..all.len().pow(3) {
        let fates = [run / 100, run / 10 % 10, run % 10].map(|attempt| all[attempt]);
        let (mut sender, mut receiver) = (Desk::sender(), Desk::receiver());
        for (seed, fates) in (1..).zip(fates) {
            attempt(&mut sender, &mut receiver, seed, fates);
            (sender, receiver) = (sender.restarted(), receiver.restarted());
        }
        sender.connect(100);
        receiver.connect(101);
        handshake(&mut sender, &mut receiver);
        assert!(is_bound(&receiver), "run {run:03}");
    }
}

#[test]
fn what_follows_a_persist_comes_after_it() {
    let (mut sender, mut receiver) = (Desk::sender(), Desk::receiver());
    sender.connect(1);
    receiver.connect(2);
    let events = receiver.hear(&sender.link.handshake_due().unwrap()).unwrap();
    assert!(matches!(&events[..], [LinkEvent::Persist(_), LinkEvent::Reply(_)]), "{events:?}");
    let events = sender.hear(&reply(&events)).unwrap();
    assert!(matches!(&events[..], [LinkEvent::Persist(_), LinkEvent::Linked]), "{events:?}");
    let events = receiver.hear(&sender.say(&START)).unwrap();
    assert!(
        matches!(&events[..], [LinkEvent::Persist(_), LinkEvent::Linked, LinkEvent::Heard(..)]),
        "{events:?}"
    );
}

#[test]
fn once_bound_the_file_alone_opens_nothing() {
    let (sender, receiver) = linked();
    let (mut thief, mut receiver) = (Desk::sender(), receiver.restarted());
    receiver.connect(3);
    for expected in [vec![], vec![], vec![LinkEvent::FilesDiffer], vec![]] {
        thief.connect(4);
        let first = thief.link.handshake_due().unwrap();
        assert_eq!(receiver.hear(&first), Ok(expected));
    }
    let mut sender = sender.restarted();
    sender.connect(5);
    handshake(&mut sender, &mut receiver);
}

#[test]
fn a_handshake_with_the_secret_makes_nothing_new_durable() {
    let (sender, receiver) = linked();
    let (mut sender, mut receiver) = (sender.restarted(), receiver.restarted());
    let disks = (sender.disk.clone(), receiver.disk.clone());
    sender.connect(3);
    receiver.connect(4);
    let events = receiver.hear(&sender.link.handshake_due().unwrap()).unwrap();
    assert!(matches!(&events[..], [LinkEvent::Reply(_)]), "{events:?}");
    assert_eq!(sender.hear(&reply(&events)), Ok(vec![LinkEvent::Linked]));
    let events = receiver.hear(&sender.say(&START)).unwrap();
    assert!(matches!(&events[..], [LinkEvent::Linked, LinkEvent::Heard(..)]), "{events:?}");
    assert_eq!(disks, (sender.disk, receiver.disk));
}

/// Handshakes made with the file alone, each by a sender that has never heard of a secret, and the
/// senders as they are once they were answered.
fn answered_senders(receiver: &mut Desk, count: usize) -> Vec<Desk> {
    let answered = (0..count).map(|seed| {
        let mut sender = Desk::sender();
        sender.connect(100 + u8::try_from(seed).unwrap());
        let answer = reply(&receiver.hear(&sender.link.handshake_due().unwrap()).unwrap());
        sender.hear(&answer).unwrap();
        sender
    });
    answered.collect()
}

#[test]
fn a_ninth_handshake_with_the_file_alone_gets_the_eighth_secret_again() {
    let mut receiver = Desk::receiver();
    receiver.connect(1);
    let senders = answered_senders(&mut receiver, RESUME_SECRETS_MAX);
    let disk = receiver.disk.clone();
    let ninth = answered_senders(&mut receiver, 9).pop().unwrap();
    assert_eq!(ninth.disk, senders[7].disk);
    assert_ne!(ninth.disk, senders[6].disk);
    assert_eq!(receiver.disk, disk, "and nothing is forgotten");
}

#[test]
fn each_secret_that_was_handed_out_links_after_a_crash_of_both() {
    for chosen in 0..=RESUME_SECRETS_MAX {
        let mut receiver = Desk::receiver();
        receiver.connect(1);
        let mut senders = answered_senders(&mut receiver, RESUME_SECRETS_MAX + 1);
        let (mut sender, mut receiver) =
            (senders.swap_remove(chosen).restarted(), receiver.restarted());
        sender.connect(2);
        receiver.connect(3);
        handshake(&mut sender, &mut receiver);
        let mut late = senders.swap_remove(if chosen == 0 { 3 } else { 0 }).restarted();
        late.connect(4);
        assert_eq!(receiver.hear(&late.link.handshake_due().unwrap()), Ok(vec![]));
    }
}

#[test]
fn the_first_frame_decides_between_two_that_were_answered() {
    let mut receiver = Desk::receiver();
    receiver.connect(1);
    let mut senders = answered_senders(&mut receiver, 2);
    let (mut second, mut first) = (senders.pop().unwrap(), senders.pop().unwrap());
    receiver.hear(&first.say(&START)).unwrap();
    assert!(receiver.hear(&second.say(&START)).is_err(), "it opens under nothing any more");
}
