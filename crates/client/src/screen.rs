//! What a person sees: steps in the seed's words, waits with their ends, questions, and the result;
//! or the same as JSON lines for a program.
//!
//! Results go to stdout, everything else to stderr.

use std::io::{BufRead, IsTerminal, Write};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::message::Number;
use serde_json::{Value, json};

use crate::exit::Failure;

/// Whether results are for people or for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Text.
    Text,
    /// One JSON object a line.
    Json,
}

/// Whether questions are answered by the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Questions {
    /// They are put to the person.
    Ask,
    /// `--yes`.
    Yes,
}

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From here.
    Out,
    /// From the peer.
    In,
}

/// The screen of one program; cheap to clone, one line at a time.
#[derive(Clone)]
pub(crate) struct Screen {
    format: Format,
    questions: Questions,
    colour: Colour,
    label: String,
    last: Arc<Mutex<String>>,
    to: Out,
}

/// Where the lines go.
#[derive(Clone)]
enum Out {
    /// To stdout and stderr.
    Process,
    /// To somebody who listens.
    Listener(Arc<dyn Fn(&str) + Send + Sync>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Colour {
    Off,
    On,
}

impl Screen {
    /// Returns the screen for these switches; colours only on a terminal and without `NO_COLOR`.
    pub(crate) fn new(format: Format, questions: Questions) -> Screen {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let colour =
            if wanted && std::io::stderr().is_terminal() { Colour::On } else { Colour::Off };
        Screen {
            format,
            questions,
            colour,
            label: String::new(),
            last: Arc::default(),
            to: Out::Process,
        }
    }

    /// Returns the same screen, whose lines go to a listener and not to the process's own outputs.
    pub(crate) fn heard_by(&self, listener: Arc<dyn Fn(&str) + Send + Sync>) -> Screen {
        Screen { to: Out::Listener(listener), ..self.clone() }
    }

    /// Returns the same screen with a label before each line, for several transfers at once.
    pub(crate) fn labelled(&self, label: &str) -> Screen {
        Screen { label: format!("{label} "), ..self.clone() }
    }

    /// Tells in which form results are wanted.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Shows a message of the transfer, its address as the relay tells it.
    pub(crate) fn message(
        &self,
        direction: Direction,
        number: Number,
        address: Option<IpAddr>,
        details: &str,
    ) {
        let (dir, arrow, paint) = match direction {
            Direction::Out => ("out", "->", "36"),
            Direction::In => ("in", "<-", "32"),
        };
        self.event(&json!({"v": 1, "event": "message", "dir": dir, "no": number.get(), "name": number.wire_name()}));
        let address = address.map_or("?".to_owned(), |ip| ip.to_string());
        let details = if details.is_empty() { String::new() } else { format!(" {details}") };
        self.line(
            &self.paint(paint, &format!("{arrow} <{address} {}{details}>", number.wire_name())),
        );
    }

    /// Shows what is waited for, and until when.
    pub(crate) fn waiting(&self, what: &str, left: Duration) {
        let until = jiff::Zoned::now()
            .saturating_add(jiff::SignedDuration::try_from(left).unwrap_or_default());
        self.event(&json!({"v": 1, "event": "waiting", "for": what, "seconds": left.as_secs()}));
        self.line(
            &self.paint(
                "2",
                &format!("   waiting for {what}, until {}", until.strftime("%H:%M:%S")),
            ),
        );
    }

    /// Shows how far a job has got; the same text is not repeated.
    pub(crate) fn progress(&self, what: &str, done: u64, all: u64) {
        let percent = done.saturating_mul(100).checked_div(all).unwrap_or(100);
        let text = format!("   {what}: {} %", percent / 25 * 25);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if percent >= 25 && *last != text {
            self.line(&self.paint("2", &text));
            *last = text;
        }
    }

    /// Says something to the person.
    pub(crate) fn say(&self, text: &str) {
        self.line(&format!("   {}", plain(text)));
    }

    /// Tells whether a person sees at once what is said, and no file keeps it.
    pub(crate) fn is_watched(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// Shows a secret of the person's own, as it is.
    pub(crate) fn secret(&self, text: &str) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// Tells a program what was found; the person is told in sentences.
    pub(crate) fn found(&self, object: &Value) {
        self.event(object);
    }

    /// Warns the person.
    pub(crate) fn warn(&self, text: &str) {
        self.event(&json!({"v": 1, "event": "warning", "text": text}));
        self.line(&self.paint("33", &format!("!  {}", plain(text))));
    }

    /// Shows an error with its advice.
    pub(crate) fn fail(&self, failure: &Failure) {
        self.event_of(failure);
        self.line(&format!("{} {}", self.paint("31", "error:"), plain(&failure.what)));
        self.advise(&failure.advice);
    }

    /// Tells a program of an error.
    pub(crate) fn event_of(&self, failure: &Failure) {
        self.event(&json!({
            "v": 1, "event": "error", "message": failure.what, "try": failure.advice, "exit": failure.exit.code(),
        }));
    }

    /// Shows what to do; nothing where nothing is to be done.
    pub(crate) fn advise(&self, advice: &str) {
        if !advice.is_empty() {
            self.line(&format!("try: {}", plain(advice)));
        }
    }

    /// Prints a result: the text for people, or the object for programs.
    pub(crate) fn result(&self, text: &str, object: &Value) {
        match (self.format, &self.to) {
            // A closed stdout is the reader's choice; the exit code tells the rest.
            (Format::Text, Out::Process) => {
                drop(writeln!(std::io::stdout(), "{}{text}", self.label));
            }
            (Format::Text, Out::Listener(_)) => self.line(text),
            (Format::Json, _) => self.event(object),
        }
    }

    /// Tells whether a question can be put to somebody at all.
    pub(crate) fn can_ask(&self) -> bool {
        self.questions == Questions::Yes || std::io::stdin().is_terminal()
    }

    /// Tells whether a question would be put to a person at a terminal.
    pub(crate) fn asks_on_terminal(&self) -> bool {
        self.questions == Questions::Ask && std::io::stdin().is_terminal()
    }

    /// Puts a question and waits for the answer on the terminal; blocks.
    pub(crate) fn ask(&self, question: &str) -> bool {
        match self.questions {
            Questions::Yes => {
                self.line(&format!("?  {question} yes (--yes)"));
                true
            }
            Questions::Ask => {
                // One question at a time: an answer belongs to the question above it.
                let mut input = std::io::stdin().lock();
                let _ = write!(std::io::stderr(), "?  {}{question} [y/N] ", self.label);
                let mut answer = String::new();
                let read = input.read_line(&mut answer);
                read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes" | "Yes" | "YES")
            }
        }
    }

    fn event(&self, object: &Value) {
        if self.format == Format::Json {
            let mut out = std::io::stdout().lock();
            let _ = writeln!(out, "{object}").and_then(|()| out.flush());
        }
    }

    fn line(&self, text: &str) {
        match &self.to {
            Out::Process => drop(writeln!(std::io::stderr(), "{}{text}", self.label)),
            Out::Listener(listener) => listener(&format!("{}{text}", self.label)),
        }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        match self.colour {
            Colour::On => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Colour::Off => text.to_owned(),
        }
    }
}

/// Returns a text without anything that a terminal would obey: names of files and folders are in it, and
/// whoever made them chose them. Text that was escaped before stays as it is.
fn plain(text: &str) -> String {
    text.split('\\').map(protocol::line::shown).collect::<Vec<_>>().join("\\")
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_cannot_move_the_cursor_and_nothing_is_escaped_twice() {
        assert_eq!(plain("a\u{1b}[2J\nb.stack"), r"a\u{1b}[2J\u{a}b.stack");
        assert_eq!(plain(r"a\u{1b}[2J"), r"a\u{1b}[2J");
        assert_eq!(plain("für Käse"), "für Käse");
    }
}
