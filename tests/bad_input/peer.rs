//! A peer that can say what no program of ours says: the link of the `protocol` crate over a socket to
//! the real relay, with the file's key and no machine behind it.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use coin::Amount;
use protocol::conn_file::ConnFile;
use protocol::limits::CHUNK_BYTES_MAX;
use protocol::link::{Link, LinkEvent, ReceiverMemory, SenderMemory};
use protocol::message::{Chunk, DurableStep, Last, Manifest, Message, Number, Position};
use protocol::room::{Notice, Side};

/// How long the other side may take for anything.
const WITHIN: Duration = Duration::from_secs(40);

/// One side of a transfer, led by a test.
pub(crate) struct Peer {
    side: Side,
    link: Link,
    socket: TcpStream,
    unread: Vec<u8>,
    linked: bool,
    members: u8,
    heard: Vec<(Message, Vec<u8>)>,
}

impl Peer {
    /// Meets a receiver.
    pub(crate) fn sender(file: &ConnFile) -> Peer {
        let mut peer = Peer::joined_as_sender(file);
        peer.meet();
        peer
    }

    /// Meets a sender.
    pub(crate) fn receiver(file: &ConnFile) -> Peer {
        let mut peer = Peer::joined_as_receiver(file);
        peer.meet();
        peer
    }

    /// Enters the room as the sender and says nothing there.
    pub(crate) fn joined_as_sender(file: &ConnFile) -> Peer {
        Peer::join(file, Side::S, Link::sender(file, SenderMemory::default()))
    }

    /// Enters the room as the receiver and says nothing there.
    pub(crate) fn joined_as_receiver(file: &ConnFile) -> Peer {
        Peer::join(file, Side::R, Link::receiver(file, ReceiverMemory::default()))
    }

    fn join(file: &ConnFile, side: Side, mut link: Link) -> Peer {
        let socket = TcpStream::connect(&file.relay).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        link.connected(rand::random());
        let line = link.join_line();
        let (unread, heard) = (Vec::new(), Vec::new());
        let mut peer = Peer { side, link, socket, unread, linked: false, members: 0, heard };
        peer.say_line(&line);
        peer
    }

    /// Leaves and comes back, with what the link remembers.
    pub(crate) fn rejoin(&mut self, file: &ConnFile) {
        self.socket = TcpStream::connect(&file.relay).unwrap();
        self.link.connected(rand::random());
        self.socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        (self.linked, self.members) = (false, 0);
        self.unread.clear();
        self.heard.clear();
        self.say_line(&self.link.join_line());
    }

    /// Waits until the relay has let this side in.
    pub(crate) fn until_in_the_room(&mut self) {
        self.read_until(|peer| peer.members > 0);
    }

    /// Waits until the other side is in the room.
    pub(crate) fn until_two_are_here(&mut self) {
        self.read_until(|peer| peer.members == 2);
    }

    /// Makes keys with the other side and exchanges positions: nothing has begun.
    pub(crate) fn meet(&mut self) {
        self.meet_at(Position { step: DurableStep::Open, batch: None });
    }

    /// The same at another position.
    pub(crate) fn meet_at(&mut self, ours: Position) {
        self.shake_hands();
        self.say(&Message::Heartbeat(Some(ours)));
        self.hear(Number::Heartbeat);
    }

    /// Makes keys with the other side.
    pub(crate) fn shake_hands(&mut self) {
        self.until_two_are_here();
        let until = Instant::now() + WITHIN;
        while !self.linked {
            assert!(Instant::now() < until, "the other side made no keys with us");
            if let Some(line) = self.link.handshake_due() {
                self.say_line(&line);
            }
            self.read();
        }
    }

    /// Steps 2 to 4 as they should be.
    pub(crate) fn agree(&mut self, amount: u32) {
        self.name(amount, None);
    }

    /// Steps 2 to 4; a sender says what it is for.
    pub(crate) fn name(&mut self, amount: u32, memo: Option<&str>) {
        let money = Message::Money { amount: units(amount), memo: memo.map(str::to_owned) };
        match self.side {
            Side::S => {
                self.say(&Message::EmptyImportExport);
                self.hear(Number::ImportExportEmpty);
                self.say(&money);
                self.hear(Number::Money);
            }
            Side::R => {
                self.hear(Number::EmptyImportExport);
                self.say(&Message::ImportExportEmpty);
                self.hear(Number::Money);
                self.say(&money);
            }
        }
    }

    /// A sender's steps 5 to 11, which only tell.
    pub(crate) fn prepare(&mut self) {
        for message in [
            Message::MakingChange,
            Message::JoiningCoins,
            Message::FindingChange,
            Message::FixingChange,
            Message::MovingCoinsToSender,
            Message::DetectingCoins,
            Message::FixingCoins,
            Message::PuttingCoinsInExport,
        ] {
            self.say(&message);
        }
    }

    /// A sender's steps from 4 to 13 for a batch of this manifest.
    pub(crate) fn offer(&mut self, amount: u32, manifest: Manifest) {
        self.agree(amount);
        self.prepare();
        self.say(&Message::EncryptingCoins(manifest));
        self.say(&Message::ReadyToSendCoins);
        self.hear(Number::ReadyToReceive);
    }

    /// A receiver's steps from 4 to 13; returns what was announced.
    pub(crate) fn get_ready(&mut self, amount: u32) -> Manifest {
        self.agree(amount);
        let Message::EncryptingCoins(manifest) = self.hear(Number::EncryptingCoins).0 else {
            unreachable!("hear returns a message of the number asked for")
        };
        self.hear(Number::ReadyToSendCoins);
        self.say(&Message::ReadyToReceive);
        manifest
    }

    /// Says 24 or 17, in as many frames as needed.
    pub(crate) fn say_bytes(&mut self, of: fn(Chunk) -> Message, bytes: &[u8]) {
        let frames = bytes.len().div_ceil(CHUNK_BYTES_MAX).max(1);
        for index in 0..frames {
            let last = if index + 1 == frames { Last::Yes } else { Last::No };
            let start = index * CHUNK_BYTES_MAX;
            let part = &bytes[start..bytes.len().min(start + CHUNK_BYTES_MAX)];
            self.say_frame(&of(Chunk { index: index as u32, last }), part);
        }
    }

    /// Hears 24 or 17 to its last frame.
    pub(crate) fn hear_bytes(&mut self, number: Number) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let (message, bytes) = self.hear(number);
            all.extend(bytes);
            if let Message::Coins(Chunk { last: Last::Yes, .. })
            | Message::Receipt(Chunk { last: Last::Yes, .. }) = message
            {
                return all;
            }
        }
    }

    /// Says 23.
    pub(crate) fn abort(&mut self, reason: &str) {
        self.say(&Message::Abort(reason.to_owned()));
    }

    /// Says a message.
    pub(crate) fn say(&mut self, message: &Message) {
        self.say_frame(message, &[]);
    }

    /// Says a message with its bytes.
    pub(crate) fn say_frame(&mut self, message: &Message, bytes: &[u8]) {
        let line = self.link.say(message, bytes).unwrap();
        self.say_line(&line);
    }

    /// Says a line as it is; a relay that has closed the connection is no matter here.
    pub(crate) fn say_line(&mut self, line: &str) {
        let _ = self.socket.write_all(format!("{line}\n").as_bytes());
    }

    /// Returns another handle to the socket, for a test that floods it.
    pub(crate) fn socket(&self) -> TcpStream {
        self.socket.try_clone().unwrap()
    }

    /// Waits for the next message of this number and returns it; others are passed over.
    pub(crate) fn hear(&mut self, number: Number) -> (Message, Vec<u8>) {
        self.read_until(|peer| peer.heard.iter().any(|(message, _)| message.number() == number));
        let place = self.heard.iter().position(|(message, _)| message.number() == number).unwrap();
        self.heard.drain(..=place).next_back().unwrap()
    }

    /// Waits for the other side's 23 and returns its reason.
    pub(crate) fn hear_abort(&mut self) -> String {
        match self.hear(Number::Abort).0 {
            Message::Abort(reason) => reason,
            _ => unreachable!("hear returns a message of the number asked for"),
        }
    }

    fn read_until(&mut self, there: impl Fn(&Peer) -> bool) {
        let until = Instant::now() + WITHIN;
        while !there(self) {
            assert!(Instant::now() < until, "nothing came; heard so far: {:?}", self.heard);
            self.read();
        }
    }

    /// Reads what has come, or waits a moment.
    fn read(&mut self) {
        let mut bytes = [0; 65_536];
        match self.socket.read(&mut bytes) {
            Ok(0) => panic!("the relay closed the connection; heard so far: {:?}", self.heard),
            Ok(count) => self.unread.extend(&bytes[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error}"),
        }
        while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unread.drain(..=end).collect();
            for event in self.link.heard_line(line.trim_ascii_end()).unwrap() {
                self.take(event);
            }
        }
    }

    fn take(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Notice(Notice::Members { members, .. }) => self.members = members,
            LinkEvent::Notice(Notice::Refused { code, .. }) => {
                panic!("the relay refuses: {code:?}")
            }
            LinkEvent::Reply(line) => self.say_line(&line),
            LinkEvent::Linked => self.linked = true,
            LinkEvent::Heard(Message::Heartbeat(None), _) => self.say(&Message::Heartbeat(None)),
            LinkEvent::Heard(message, bytes) => self.heard.push((message, bytes.to_vec())),
            // A test remembers nothing, and reads nothing but the messages.
            LinkEvent::Persist(_)
            | LinkEvent::Chat { .. }
            | LinkEvent::FilesDiffer
            | LinkEvent::OddSender { .. } => {}
        }
    }
}

/// Returns an amount of money.
pub(crate) fn units(amount: u32) -> Amount {
    Amount::new(amount.into()).unwrap()
}
