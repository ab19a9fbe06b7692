//! A program that a test listens to while it runs.

use std::fmt::Write;
use std::io::BufRead;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

use tests::process::Running;

use crate::stage::WITHIN;

/// A running program whose lines for people are heard as it says them.
pub(crate) struct Speaker {
    pub(crate) program: Running,
    lines: Receiver<String>,
    said: String,
}

impl Speaker {
    /// Starts a program and listens to it.
    pub(crate) fn start(name: &'static str, mut command: Command) -> Speaker {
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut program = Running::start(name, &mut command).unwrap();
        let stderr = program.stderr().unwrap();
        let (tell, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                // Nobody listens any more: the pipe is read all the same, a full one would block.
                let _ = tell.send(line);
            }
        });
        Speaker { program, lines, said: String::new() }
    }

    /// Waits until it says a line with this text; lines heard before do not count again.
    #[track_caller]
    pub(crate) fn says(&mut self, text: &str) {
        let until = Instant::now() + WITHIN;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("{text:?} was not said within {WITHIN:?}, but:\n{}", self.said)
            };
            let _ = writeln!(self.said, "{line}");
            if line.contains(text) {
                return;
            }
        }
    }

    /// Waits until it ends, and returns how, and all that it has said.
    pub(crate) fn ends(mut self) -> (ExitStatus, String) {
        let status = self.program.wait(WITHIN).unwrap();
        for line in self.lines.iter() {
            let _ = writeln!(self.said, "{line}");
        }
        (status, self.said)
    }

    /// Waits until it ends well.
    #[track_caller]
    pub(crate) fn succeeds(self) {
        let (status, said) = self.ends();
        assert!(status.success(), "{status}: {said}");
    }
}
