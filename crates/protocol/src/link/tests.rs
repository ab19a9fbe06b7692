//! A link's two sides with a relay between them, and what they promise.

mod golden;
mod hostile;
mod notices;
mod resume;

use crate::conn_file::{ConnFile, FileKey, NetworkPrint};
use crate::link::{Link, LinkBroken, LinkEvent, Memory, ReceiverMemory, SenderMemory, TransferId};
use crate::message::{DurableStep, Message, Position};
use crate::room::RoomNumber;

const START: Message = Message::Heartbeat(Some(Position { step: DurableStep::Open, batch: None }));

/// A file whose key is 0, 1, 2 … 31.
fn file() -> ConnFile {
    ConnFile {
        relay: "127.0.0.1:7000".to_owned(),
        room: RoomNumber::new(4831).unwrap(),
        key: FileKey::from_bytes(std::array::from_fn(|place| u8::try_from(place).unwrap())),
        network: NetworkPrint::from_bytes([0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]),
        expires_secs: 1_795_428_000,
    }
}

/// A file of which nothing fits but the room.
fn other_file() -> ConnFile {
    ConnFile { key: FileKey::from_bytes([9; 32]), ..file() }
}

/// What the relay makes of a line of the member at 127.0.0.1.
fn relayed(line: &str) -> String {
    line.replace('#', "127.0.0.1")
}

fn members(count: u8) -> String {
    let peer = if count == 2 { r#","peer":"127.0.0.1""# } else { "" };
    format!(
        r##"{{"from":"#relay","Message Number":20,"Message_Details":4831,"you":"127.0.0.2","members":{count}{peer}}}"##
    )
}

/// One side with its disk.
struct Desk {
    link: Link,
    disk: Memory,
}

impl Desk {
    fn sender() -> Desk {
        Desk::load(&file(), Memory::Sender(SenderMemory::default()))
    }

    fn receiver() -> Desk {
        Desk::load(&file(), Memory::Receiver(ReceiverMemory::default()))
    }

    /// A start of the program with what is on disk.
    fn load(file: &ConnFile, disk: Memory) -> Desk {
        let text = serde_json::to_string(&disk).unwrap();
        let link = match serde_json::from_str(&text).unwrap() {
            Memory::Sender(memory) => Link::sender(file, memory),
            Memory::Receiver(memory) => Link::receiver(file, memory),
        };
        Desk { link, disk }
    }

    fn restarted(self) -> Desk {
        Desk::load(&file(), self.disk)
    }

    /// A new connection into a room where the other one is.
    fn connect(&mut self, seed: u8) {
        self.link.connected([seed; 32]);
        self.link.heard_line(members(2).as_bytes()).unwrap();
    }

    /// Hears a line through the relay and keeps what has to be durable.
    fn hear(&mut self, line: &str) -> Result<Vec<LinkEvent>, LinkBroken> {
        let events = self.link.heard_line(relayed(line).as_bytes())?;
        for event in &events {
            if let LinkEvent::Persist(memory) = event {
                self.disk = memory.clone();
            }
        }
        Ok(events)
    }

    fn say(&mut self, message: &Message) -> String {
        self.link.say(message, &[]).unwrap()
    }
}

/// The one line that is to be sent at once.
fn reply(events: &[LinkEvent]) -> String {
    let mut replies = events.iter().filter_map(|event| match event {
        LinkEvent::Reply(line) => Some(line.clone()),
        _ => None,
    });
    let reply = replies.next().expect("a reply");
    assert_eq!(replies.next(), None);
    reply
}

fn heard(events: &[LinkEvent]) -> Vec<&Message> {
    let heard = events.iter().filter_map(|event| match event {
        LinkEvent::Heard(message, _) => Some(message),
        _ => None,
    });
    heard.collect()
}

/// The handshake of two connected sides and the first frame of each.
fn handshake(sender: &mut Desk, receiver: &mut Desk) {
    let first = sender.link.handshake_due().unwrap();
    let answer = reply(&receiver.hear(&first).unwrap());
    let events = sender.hear(&answer).unwrap();
    assert_eq!(events.last(), Some(&LinkEvent::Linked));
    assert_eq!(sender.link.handshake_due(), None);
    let events = receiver.hear(&sender.say(&START)).unwrap();
    assert_eq!(heard(&events), [&START]);
    assert_eq!(heard(&sender.hear(&receiver.say(&START)).unwrap()), [&START]);
}

/// Two sides that are linked.
fn linked() -> (Desk, Desk) {
    let (mut sender, mut receiver) = (Desk::sender(), Desk::receiver());
    sender.connect(0x11);
    receiver.connect(0x22);
    handshake(&mut sender, &mut receiver);
    (sender, receiver)
}

#[test]
fn linked_sides_hear_each_other_in_order() {
    let (mut sender, mut receiver) = linked();
    for _ in 0..3 {
        let line = sender.say(&Message::MakingChange);
        assert_eq!(heard(&receiver.hear(&line).unwrap()), [&Message::MakingChange]);
        let line = receiver.say(&Message::Heartbeat(None));
        assert_eq!(heard(&sender.hear(&line).unwrap()), [&Message::Heartbeat(None)]);
    }
    let reason = Message::Abort("room #7 \"x\"\n\u{1f}é".to_owned());
    assert_eq!(heard(&receiver.hear(&sender.say(&reason)).unwrap()), [&reason]);
}

#[test]
fn nothing_is_said_without_keys() {
    let mut sender = Desk::sender();
    assert!(sender.link.say(&START, &[]).is_err());
    sender.connect(0x11);
    assert!(sender.link.say(&START, &[]).is_err());
    let (mut sender, _) = linked();
    sender.connect(0x12);
    assert!(sender.link.say(&START, &[]).is_err());
}

#[test]
fn both_sides_name_the_transfer_alike() {
    let id = TransferId::from_bytes(hex_16("89b0453114bb740ad3b26721fce4cddc"));
    assert_eq!(Desk::sender().link.transfer_id(), id);
    assert_eq!(Desk::receiver().link.transfer_id(), id);
    assert_eq!(id.to_string(), "89b0453114bb740ad3b26721fce4cddc");
}

#[test]
fn debug_shows_no_secret() {
    let (mut sender, mut receiver) = linked();
    let chunk = crate::message::Chunk { index: 0, last: crate::message::Last::Yes };
    let line = sender.link.say(&Message::Coins(chunk), b"secret coin bytes").unwrap();
    let events = receiver.hear(&line).unwrap();
    let shown = format!("{events:?} {:?} {:?} {:?}", sender.link, sender.disk, receiver.disk);
    assert!(shown.contains("17 bytes"), "{shown}");
    let secret = match &sender.disk {
        Memory::Sender(memory) => hex::encode(memory.secret.as_ref().unwrap().expose()),
        Memory::Receiver(_) => unreachable!("it is the sender's disk"),
    };
    for leak in ["secret coin", &secret, "115, 101, 99", &hex::encode(b"secret coin")] {
        assert!(!shown.contains(leak), "{leak} in {shown}");
    }
}

fn hex_16(text: &str) -> [u8; 16] {
    hex::decode(text).unwrap().try_into().unwrap()
}
