//! A person at a terminal: asked before anything happens, and shown colours only where they are wanted.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use protocol::message::{Message, Number};
use tests::programs::Program;
use tests::world::{Home, Running};

use crate::conn_files::{new_file, write};
use crate::listing::unchanged;
use crate::peer::{Peer, units};
use crate::town::town;

/// A program on a terminal of its own, and the person before it.
struct AtTerminal {
    process: Running,
    keyboard: ChildStdin,
    screen: BufReader<ChildStdout>,
    seen: String,
}

impl AtTerminal {
    /// Starts a program with these arguments on a new terminal; `None`, and a word about it, where no
    /// terminal can be made.
    fn start(program: Program, arguments: &[&str], no_color: &str) -> Option<AtTerminal> {
        let words: Vec<String> = std::iter::once(town().program(program).to_str().unwrap())
            .chain(arguments.iter().copied())
            .map(|word| format!("'{word}'"))
            .collect();
        let mut command = Command::new("script");
        // `exec`: a shell that stays between would answer Ctrl-C with an exit code of its own.
        command.args(["-q", "-e", "-c", &format!("exec {}", words.join(" ")), "/dev/null"]);
        command.env_remove("LIVECONNECT_HOME").env("TERM", "xterm").env("NO_COLOR", no_color);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        match command.spawn() {
            Ok(mut child) => {
                let keyboard = child.stdin.take().unwrap();
                let screen = BufReader::new(child.stdout.take().unwrap());
                let process = Running::of(child, program.name());
                Some(AtTerminal { process, keyboard, screen, seen: String::new() })
            }
            Err(error) => {
                // Past the test's capture: a test that tests nothing has to be seen.
                let _ = writeln!(std::io::stderr(), "SKIPPED: no terminal here ({error})");
                None
            }
        }
    }

    /// Waits until a question stands on the screen.
    fn until_it_asks(&mut self) {
        while !self.seen.contains("[y/N]") {
            let mut bytes = Vec::new();
            self.screen.read_until(b']', &mut bytes).unwrap();
            assert!(!bytes.is_empty(), "it ended: {}", self.seen);
            self.seen += &String::from_utf8(bytes).unwrap();
        }
    }

    /// Types a line; it waits until the program asks.
    fn types(&mut self, line: &str) {
        writeln!(self.keyboard, "{line}").unwrap();
    }

    /// Presses Ctrl-C, and nothing else.
    fn presses_ctrl_c(&mut self) {
        self.keyboard.write_all(b"\x03").unwrap();
    }

    /// Waits for its end; returns the exit code and all that was on the screen.
    fn ends(mut self) -> (i32, String) {
        let status = self.process.wait(Duration::from_secs(30)).unwrap();
        self.screen.read_to_string(&mut self.seen).unwrap();
        (status.code().unwrap(), self.seen)
    }
}

fn arguments<'a>(home: &'a Home, conn: &'a Path, more: &[&'a str]) -> Vec<&'a str> {
    let base = ["--home", home.dir.to_str().unwrap(), "--conn", conn.to_str().unwrap()];
    [&base[..], more].concat()
}

#[test]
fn no_color_is_honoured_at_a_terminal() {
    for (value, coloured) in [("1", false), ("", true)] {
        let home = town().home();
        let conn = write(&new_file().to_text());
        let words = arguments(&home, &conn, &["--wait", "1", "--yes"]);
        let Some(program) = AtTerminal::start(Program::CoinReceive, &words, value) else { return };
        let (code, screen) = program.ends();
        assert_eq!(code, 5, "{screen}");
        assert_eq!(screen.contains('\u{1b}'), coloured, "NO_COLOR={value:?}: {screen:?}");
    }
}

#[test]
fn the_line_that_a_sender_sees_at_a_terminal_is_all_that_a_receiver_needs() {
    let (from, to) = (town().home_with(&[5]), town().home());
    let conn = town().path("conn.txt");
    let relay = &town().relay.address;
    let words =
        arguments(&from, &conn, &["--amount", "5", "--relay", relay, "--wait", "30", "--qr"]);
    let Some(mut sender) = AtTerminal::start(Program::CoinSend, &words, "1") else { return };
    sender.types("y");
    let mut line = String::new();
    while !line.starts_with("liveconnect:") {
        line.clear();
        assert_ne!(sender.screen.read_line(&mut line).unwrap(), 0, "no line to paste");
    }
    let mut receive = town().receive(&to, Path::new("-"));
    receive.args(["--wait", "30"]).stdin(File::open(write(&line)).unwrap());
    let mut receiver = Running::start("coin-receive", receive.stderr(Stdio::null())).unwrap();
    assert_eq!(receiver.wait(Duration::from_secs(60)).unwrap().code(), Some(0));
    let (code, screen) = sender.ends();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("QR code") && screen.contains('█'), "{screen}");
    assert_eq!((from.total().unwrap(), to.total().unwrap()), (0, 5));
}

#[test]
fn a_sender_who_declines_has_written_and_sent_nothing() {
    let home = town().home_with(&[5]);
    let conn = town().path("conn.txt");
    let relay = &town().relay.address;
    let words = arguments(&home, &conn, &["--amount", "5", "--relay", relay]);
    unchanged(&home.dir, || {
        for answer in ["n", "", "yess", "nyet"] {
            let Some(mut program) = AtTerminal::start(Program::CoinSend, &words, "1") else {
                return;
            };
            program.types(answer);
            let (code, screen) = program.ends();
            assert_eq!(code, 7, "{screen}");
            for words in ["send 5 (1 coins)", "[y/N]", "you declined", "try: "] {
                assert!(screen.contains(words), "no {words:?}: {screen}");
            }
        }
    });
    assert!(!conn.exists());
}

#[test]
fn a_receiver_who_declines_tells_the_sender_and_takes_nothing() {
    let home = town().home();
    let file = new_file();
    let conn = write(&file.to_text());
    let words = arguments(&home, &conn, &["--wait", "20"]);
    let Some(mut program) = AtTerminal::start(Program::CoinReceive, &words, "1") else { return };
    let mut peer = Peer::sender(&file);
    peer.say(&Message::EmptyImportExport);
    peer.hear(Number::ImportExportEmpty);
    peer.say(&Message::Money { amount: units(7), memo: Some("bread".to_owned()) });
    program.types("n");
    assert!(peer.hear_abort().contains("declined"));
    let (code, screen) = program.ends();
    assert_eq!(code, 7, "{screen}");
    for words in ["accept 7 from 127.0.0.1 for \"bread\"?", "[y/N]", "you declined"] {
        assert!(screen.contains(words), "no {words:?}: {screen}");
    }
    assert_eq!(home.total().unwrap(), 0);
}

#[test]
fn ctrl_c_at_a_question_stops_in_good_order() {
    let home = town().home_with(&[5]);
    let conn = town().path("conn.txt");
    let relay = &town().relay.address;
    let words = arguments(&home, &conn, &["--amount", "5", "--relay", relay]);
    let Some(mut program) = AtTerminal::start(Program::CoinSend, &words, "1") else { return };
    program.until_it_asks();
    program.presses_ctrl_c();
    let (code, screen) = program.ends();
    assert_eq!(code, 20, "{screen}");
    assert!(!conn.exists());
    assert_eq!(home.total().unwrap(), 5);

    let (receiver, file) = (town().home(), new_file());
    let conn = write(&file.to_text());
    let words = arguments(&receiver, &conn, &["--wait", "20"]);
    let Some(mut program) = AtTerminal::start(Program::CoinReceive, &words, "1") else { return };
    let mut peer = Peer::sender(&file);
    peer.say(&Message::EmptyImportExport);
    peer.hear(Number::ImportExportEmpty);
    peer.say(&Message::Money { amount: units(7), memo: None });
    program.until_it_asks();
    program.presses_ctrl_c();
    let reason = peer.hear_abort();
    assert!(reason.contains("stopped"), "{reason}");
    let (code, screen) = program.ends();
    assert_eq!(code, 20, "{screen}");
}
