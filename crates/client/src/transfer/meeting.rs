//! The side of a transfer that meets the relay and, through it, the peer.
//!
//! What the relay says changes what is shown and when a connection is given up; never the money.

use std::time::Duration;

use protocol::line::shown;
use protocol::link::LinkEvent;
use protocol::machine::Input;
use protocol::message::Message;
use protocol::room::{Code, Notice};
use tokio::time::Instant;

use super::view::{Joined, Linked, Met};
use super::work::is_shown;
use super::{NoRelay, Transfer};
use crate::connection::{Cut, Event};
use crate::exit::{Exit, Failure};
use crate::operations::freight::{Inbox, batch_room, receipt_room};
use crate::screen::Direction;

/// How long the first line of something that calls itself a relay may take.
const FIRST_LINE_WITHIN: Duration = Duration::from_secs(10);
/// After this long alone the person gets a hint.
const ALONE_HINT_AFTER: Duration = Duration::from_secs(15);
/// A place that a cut connection left behind is free after 15 s; `room_full` is final after that.
const ROOM_FULL_FOR: Duration = Duration::from_secs(25);

impl Transfer {
    /// Takes what the connection has to tell.
    pub(super) async fn on_connection(&mut self, event: Event) {
        match event {
            Event::Up => {
                self.view.up_since = Some(Instant::now());
                self.link.connected(rand::random());
                let line = self.link.join_line();
                self.send(line).await;
            }
            Event::Line(line) => self.on_line(&line).await,
            Event::Cut(cut) => self.on_cut(cut).await,
        }
    }

    /// Looks, once a second, whether the relay and the peer are there at all.
    pub(super) async fn watch_the_relay(&mut self) {
        let silent = self.view.up_since.is_some_and(|since| since.elapsed() > FIRST_LINE_WITHIN);
        if self.view.joined != Joined::Now && silent && self.connection.is_up() {
            self.no_relay_there().await;
        }
        if self.view.alone_since.is_some_and(|since| since.elapsed() > ALONE_HINT_AFTER) {
            self.view.alone_since = None;
            self.screen.warn(match self.view.met {
                Met::Never => "nobody here yet: do both use the same relay and the same file?",
                Met::Once => "the other person has not come back yet",
            });
        }
        self.send_handshake().await;
    }

    /// Seals a message, shows it, sends it.
    pub(super) async fn say(&mut self, message: &Message, secret: &[u8]) {
        let Ok(line) = self.link.say(message, secret) else { return };
        if is_shown(message) {
            self.screen.message(Direction::Out, message.number(), self.view.me, &details(message));
        }
        self.keep_manifest(message);
        if !self.machine.is_sender() {
            self.agree_on(message).await;
        }
        self.send(line).await;
    }

    /// Gives the connection up; another one follows.
    pub(super) async fn relink(&mut self) {
        self.connection.again();
        self.unlinked().await;
    }

    async fn send(&mut self, line: String) {
        if self.connection.send(line).await.is_err() {
            self.relink().await;
        }
    }

    async fn unlinked(&mut self) {
        if self.view.joined == Joined::Now {
            self.view.joined = Joined::Before;
        }
        if self.view.linked == Linked::Yes {
            self.view.linked = Linked::No;
            self.work.stop_streaming();
            Box::pin(self.feed(Input::Unlinked)).await;
        }
    }

    async fn on_cut(&mut self, cut: Cut) {
        let joined = self.view.joined;
        self.unlinked().await;
        self.view.alone_since = None;
        match (cut, joined) {
            (Cut::NotReachable(error), Joined::Never) if self.no_relay == NoRelay::Fails => {
                self.fail(Failure::new(
                    Exit::Relay,
                    format!("the relay {} cannot be reached: {error}", self.bench.relay),
                    "start one with `relay --port 7000`, or correct the relay's address",
                ));
            }
            (Cut::NotLines | Cut::Ended, Joined::Never) if self.view.full_since.is_none() => {
                self.no_relay_there().await;
            }
            (Cut::NotReachable(_) | Cut::NotLines | Cut::Ended, Joined::Now) => {
                self.screen.say("the connection to the relay is cut; taking it up again");
            }
            (Cut::NotReachable(_) | Cut::NotLines | Cut::Ended, Joined::Never | Joined::Before) => {
            }
        }
    }

    async fn on_line(&mut self, line: &str) {
        let events = match self.link.heard_line(line.as_bytes()) {
            Ok(events) => events,
            Err(broken) => {
                self.screen.warn(&format!("the link is given up and made again: {broken}"));
                self.relink().await;
                return;
            }
        };
        if self.view.joined != Joined::Now && !matches!(events.first(), Some(LinkEvent::Notice(_)))
        {
            self.no_relay_there().await;
            return;
        }
        for event in events {
            if self.over.is_none() {
                self.on_link(event).await;
            }
        }
    }

    async fn on_link(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Notice(notice) => self.on_notice(notice).await,
            LinkEvent::Chat { from, text } => self.view.show_chat(&self.screen, &from, &text),
            LinkEvent::Persist(memory) => {
                let persisted = self.bench.persist_link(&memory).await;
                self.stop_unless(persisted);
            }
            LinkEvent::Reply(line) => self.send(line).await,
            LinkEvent::Linked => self.on_linked().await,
            LinkEvent::Heard(message, secret) => self.on_message(message, &secret).await,
            LinkEvent::FilesDiffer => self.screen.warn(
                "the peer's handshakes do not open: the two connection files differ, or another \
                 program goes on with this transfer",
            ),
            LinkEvent::OddSender { said, noticed } => {
                self.screen
                    .warn(&format!("a line names {said} as its sender, the relay says {noticed}"));
            }
        }
    }

    async fn on_linked(&mut self) {
        let joined = self.view.joined;
        self.unlinked().await;
        self.view.joined = joined;
        self.connection.proven();
        self.view.linked = Linked::Yes;
        self.view.met = Met::Once;
        self.inbox = Inbox::default();
        self.screen
            .say(&format!("you have a connection with {}", self.view.peer_name("your peer")));
        self.feed(Input::Linked).await;
    }

    async fn on_message(&mut self, message: Message, secret: &[u8]) {
        if is_shown(&message) {
            self.screen.message(
                Direction::In,
                message.number(),
                self.view.peer,
                &details(&message),
            );
        }
        self.keep_manifest(&message);
        let message = match message {
            Message::Coins(chunk) => {
                Message::Coins(self.inbox.take(chunk, secret, batch_room(self.manifest.as_ref())))
            }
            Message::Receipt(chunk) => Message::Receipt(self.inbox.take(
                chunk,
                secret,
                receipt_room(self.manifest.as_ref()),
            )),
            other => other,
        };
        if self.machine.is_sender() {
            self.agree_on(&message).await;
        }
        self.feed(Input::Heard(message)).await;
    }

    /// What is announced bounds what is taken.
    fn keep_manifest(&mut self, message: &Message) {
        if let Message::EncryptingCoins(manifest) = message {
            self.manifest = Some(manifest.clone());
        }
    }

    async fn on_notice(&mut self, notice: Notice) {
        match notice {
            Notice::Members { you, members, peer, .. } => {
                if self.view.joined != Joined::Now {
                    self.screen.say(&format!(
                        "in room {} at {} as {you}",
                        self.bench.room, self.bench.relay
                    ));
                }
                self.view.joined = Joined::Now;
                self.view.full_since = None;
                self.view.me = Some(you);
                self.view.peer = peer.or(self.view.peer);
                if members < 2 && self.view.met == Met::Once {
                    self.screen.say("the other person has left the room");
                }
                self.view.alone_since = (members < 2).then(Instant::now);
                self.send_handshake().await;
            }
            Notice::Refused { code, sentence } => self.on_refused(code, &sentence).await,
        }
    }

    async fn on_refused(&mut self, code: Code, sentence: &str) {
        let what = format!("the relay refused: {} ({})", shown(sentence), code.wire());
        match code {
            Code::RoomFull => {
                let since = *self.view.full_since.get_or_insert_with(Instant::now);
                let patient = self.view.joined != Joined::Never || self.no_relay == NoRelay::Waits;
                if patient && since.elapsed() < ROOM_FULL_FOR {
                    self.relink().await;
                } else {
                    let advice = format!(
                        "{}; or both run the same program: one runs coin-send, the other coin-receive",
                        code.advice()
                    );
                    self.fail(Failure::new(Exit::Relay, what, advice));
                }
            }
            // Once it has let this program in, whatever it says is no reason to leave the coins.
            Code::BadJoin | Code::LineTooLong | Code::TooManyHashes | Code::NotUtf8
                if self.view.joined == Joined::Never =>
            {
                self.fail(Failure::new(Exit::Relay, what, code.advice()));
            }
            Code::BadJoin
            | Code::LineTooLong
            | Code::TooManyHashes
            | Code::NotUtf8
            | Code::JoinTimeout
            | Code::TooManyConnections
            | Code::TooManyRooms
            | Code::RateLimited
            | Code::Idle
            | Code::SlowReader
            | Code::Draining => {
                self.screen.warn(&format!("{what}; trying again"));
                self.relink().await;
            }
        }
    }

    /// Says the handshake that waits for its answer: when somebody came, and once a second.
    async fn send_handshake(&mut self) {
        if self.view.joined == Joined::Now
            && let Some(line) = self.link.handshake_due()
        {
            self.send(line).await;
        }
    }

    /// What answers is no relay. Where one was before, or where the wait is long, it may come back.
    async fn no_relay_there(&mut self) {
        if self.view.joined == Joined::Never && self.no_relay == NoRelay::Fails {
            self.fail(Failure::new(
                Exit::Relay,
                format!("what answers at {} is not a LiveConnect relay", self.bench.relay),
                "correct the relay's address: --relay, or `relay =` in the connection file",
            ));
        } else {
            self.relink().await;
        }
    }
}

fn details(message: &Message) -> String {
    match message {
        Message::Money { amount, .. } => amount.to_string(),
        Message::Abort(reason) => shown(reason),
        _ => String::new(),
    }
}
