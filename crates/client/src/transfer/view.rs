//! What the relay told, and what the person has been shown of it.

use std::net::IpAddr;
use std::time::Duration;

use protocol::waits::{Waiting, WaitingFor};
use tokio::time::Instant;

use crate::screen::Screen;
use crate::words;

/// A wait of this side's own work is shown when it lasts: most end within a moment.
const SHOWN_AFTER: Duration = Duration::from_millis(900);

/// So many lines of chat are shown in so long a while.
const CHAT_LINES_MAX: usize = 20;
const CHAT_WHILE: Duration = Duration::from_secs(10);

/// What the relay told and what was shown.
#[derive(Default)]
pub(super) struct View {
    /// This side's address.
    pub(super) me: Option<IpAddr>,
    /// The peer's address.
    pub(super) peer: Option<IpAddr>,
    /// Whether the relay let this program in.
    pub(super) joined: Joined,
    /// Since when the connection is up.
    pub(super) up_since: Option<Instant>,
    /// Since when this program is alone in the room, until that was hinted at.
    pub(super) alone_since: Option<Instant>,
    /// Since when the room is full.
    pub(super) full_since: Option<Instant>,
    /// Whether there are keys.
    pub(super) linked: Linked,
    /// Whether the peer was ever there.
    pub(super) met: Met,
    waits: Option<Shown>,
    chat: Option<Chat>,
}

/// Chat lines of the present while: a peer that floods must not fill the screen.
struct Chat {
    since: Instant,
    lines: usize,
}

/// Whether the peer was ever there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Met {
    /// Not in this run.
    #[default]
    Never,
    /// At least once.
    Once,
}

struct Shown {
    what: WaitingFor,
    since: Instant,
    said: bool,
}

/// Whether the relay let this program in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Joined {
    /// Never in this run.
    #[default]
    Never,
    /// On an earlier connection.
    Before,
    /// On this connection.
    Now,
}

/// Whether there are keys on this connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Linked {
    /// No.
    #[default]
    No,
    /// Yes.
    Yes,
}

impl View {
    /// Returns the peer's address as the relay noticed it, or this name.
    pub(super) fn peer_name(&self, unknown: &str) -> String {
        self.peer.map_or_else(|| unknown.to_owned(), |ip| ip.to_string())
    }

    /// Shows a line of chat; of a flood only its beginning.
    pub(super) fn show_chat(&mut self, screen: &Screen, from: &str, text: &str) {
        let chat = match &mut self.chat {
            Some(chat) if chat.since.elapsed() < CHAT_WHILE => chat,
            other => other.insert(Chat { since: Instant::now(), lines: 0 }),
        };
        chat.lines += 1;
        match chat.lines {
            lines if lines < CHAT_LINES_MAX => screen.say(&format!("chat {from}: {text}")),
            CHAT_LINES_MAX => screen.warn("more chat than can be read; some of it is not shown"),
            _ => {}
        }
    }

    /// Shows what is waited for: at once where it is a person, else when it lasts.
    pub(super) fn show_waiting(&mut self, screen: &Screen, waiting: Waiting, now: Duration) {
        let at_once = matches!(waiting.what, WaitingFor::Peer | WaitingFor::Person);
        let shown = match &mut self.waits {
            Some(shown) if shown.what == waiting.what => shown,
            other => other.insert(Shown { what: waiting.what, since: Instant::now(), said: false }),
        };
        if !shown.said && (at_once || shown.since.elapsed() > SHOWN_AFTER) {
            shown.said = true;
            screen.waiting(&words::waiting(waiting.what), waiting.until.saturating_sub(now));
        }
    }
}
