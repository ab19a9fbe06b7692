//! People with the programs that every system has: `nc`, `telnet` and `socat`.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use crate::support::Relay;

/// A person at the keyboard of one of these programs.
struct Person {
    program: Child,
    keyboard: Option<ChildStdin>,
    screen: Receiver<String>,
}

/// What people use, and how they say where to connect.
#[derive(Clone, Copy, Debug)]
enum With {
    Nc,
    Telnet,
    Socat,
}

impl With {
    const ALL: [With; 3] = [With::Nc, With::Telnet, With::Socat];

    fn command(self, relay: SocketAddr) -> Command {
        let (address, port) = (relay.ip().to_string(), relay.port().to_string());
        let words = match self {
            With::Nc => vec!["nc".to_owned(), address, port],
            With::Telnet => vec!["telnet".to_owned(), address, port],
            With::Socat => vec!["socat".to_owned(), "-".to_owned(), format!("TCP:{relay}")],
        };
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        command
    }

    /// Returns whether the program is there; says so loudly where it is not, and fails where it has
    /// to be.
    fn is_there(self) -> bool {
        let relay = SocketAddr::from(([127, 0, 0, 1], 1));
        let command = self.command(relay);
        let name = command.get_program();
        let path = env::var_os("PATH").unwrap_or_default();
        let there = env::split_paths(&path).any(|folder| folder.join(name).is_file());
        if !there {
            assert!(env::var_os("LIVECONNECT_CI").is_none(), "{name:?} is not installed");
            eprintln!("SKIPPED: {name:?} is not installed, nobody talks with it");
        }
        there
    }
}

impl Person {
    fn at(with: With, relay: SocketAddr) -> Person {
        let mut command = with.command(relay);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut program = command.spawn().unwrap();
        let screen = BufReader::new(program.stdout.take().unwrap());
        let (shown, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in screen.lines().map_while(Result::ok) {
                if shown.send(line).is_err() {
                    return;
                }
            }
        });
        Person { keyboard: program.stdin.take(), program, screen: lines }
    }

    fn types(&mut self, line: &str) {
        let keyboard = self.keyboard.as_mut().unwrap();
        keyboard.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Waits for a line, whatever the program itself says before it.
    fn reads(&self, expected: &str) {
        let mut shown = Vec::new();
        while let Ok(line) = self.screen.recv_timeout(Duration::from_secs(20)) {
            if line == expected {
                return;
            }
            shown.push(line);
        }
        panic!("{expected:?} does not come, but {shown:?}");
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn two_people_talk_with_whatever_they_have() {
    let relay = Relay::start();
    for first in With::ALL {
        for second in With::ALL {
            if first.is_there() && second.is_there() {
                talk(first, second, relay.address);
                relay.until_counted("relay_rooms", 0).await;
            }
        }
    }
}

fn talk(first: With, second: With, relay: SocketAddr) {
    let mut alice = Person::at(first, relay);
    alice.types("<# Join_Room 12>");
    alice.reads("<#relay Join_Room 12 you=127.0.0.1 members=1>");
    let mut bob = Person::at(second, relay);
    bob.types("<# Join_Room 12>");
    bob.reads("<#relay Join_Room 12 you=127.0.0.1 members=2 peer=127.0.0.1>");
    alice.reads("<#relay Join_Room 12 you=127.0.0.1 members=2 peer=127.0.0.1>");
    alice.types("hello, it is # here");
    bob.reads("hello, it is 127.0.0.1 here");
    bob.types("<# Heartbeat>");
    alice.reads("<127.0.0.1 Heartbeat>");
    // telnet has bytes of its own above 127.
    let words = match second {
        With::Telnet => "plain words",
        With::Nc | With::Socat => "gr\u{fc}\u{df} dich \u{1f980}",
    };
    bob.types(words);
    alice.reads(words);
    drop(bob);
    alice.reads("<#relay Join_Room 12 you=127.0.0.1 members=1>");
}
