//! What a program said and how it ended; what every ending owes to people and to programs.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use tests::world::Running;

/// How long a program of these tests may take.
const WITHIN: Duration = Duration::from_secs(60);

/// What a program said and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    /// The exit code, or 128 and the signal that ended it.
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A program that runs; what it says is listened to all the time.
pub(crate) struct Talking {
    pub(crate) process: Running,
    out: JoinHandle<Vec<u8>>,
    err: JoinHandle<Vec<u8>>,
}

/// Starts a command with its output in pipes, and nobody at its input.
pub(crate) fn start(command: &mut Command) -> Talking {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (out, err) = (listen(child.stdout.take().unwrap()), listen(child.stderr.take().unwrap()));
    Talking { process: Running::of(child, "the program"), out, err }
}

fn listen(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Said {
    start(command).ends()
}

impl Talking {
    /// Waits for its end.
    pub(crate) fn ends(mut self) -> Said {
        let status = self.process.wait(WITHIN).unwrap();
        Said::of(status, self.out.join().unwrap(), self.err.join().unwrap())
    }
}

impl Said {
    fn of(status: ExitStatus, out: Vec<u8>, err: Vec<u8>) -> Said {
        let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
        let text = |bytes| String::from_utf8(bytes).expect("programs write UTF-8");
        let said = Said { code, out: text(out), err: text(err) };
        let odd = |char: char| char.is_control() && char != '\n';
        assert!(!said.all().contains(odd), "control characters without a terminal: {said:?}");
        assert!(!said.err.contains("panicked"), "{said:?}");
        said
    }

    /// Returns all that was said.
    pub(crate) fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// Checks the exit code.
    pub(crate) fn exits(self, code: i32) -> Said {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// Checks that something was said.
    pub(crate) fn says(self, words: &str) -> Said {
        assert!(self.all().contains(words), "nothing of {words:?} in {self:#?}");
        self
    }

    /// Checks that something was not said.
    pub(crate) fn never_says(self, words: &str) -> Said {
        assert!(!self.all().contains(words), "{words:?} in {self:#?}");
        self
    }

    /// Checks that it said one error, and one way out of it.
    pub(crate) fn fails(self, code: i32, words: &[&str]) -> Said {
        let said = self.exits(code);
        let line = |start: &str| said.err.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!(
            (line("error: "), line("try: ")),
            (1, 1),
            "one error and one way out: {said:#?}"
        );
        words.iter().fold(said, |said, words| said.says(words))
    }

    /// Checks how a transfer ended: the result on stdout, and a way on for everything but success.
    pub(crate) fn ends_with(self, code: i32, words: &[&str]) -> Said {
        let said = self.exits(code);
        assert_eq!(said.out.lines().count(), 1, "one result: {said:#?}");
        let ways = said.err.lines().filter(|line| line.starts_with("try: ")).count();
        if std::env::var_os("SOFT").is_none() {
            assert_eq!(ways, usize::from(code != 0), "a way on: {said:#?}");
        }
        words.iter().fold(said, |said, words| said.says(words))
    }

    /// Returns the objects on stdout; each line has to be one, the last the result or an error that
    /// names the exit code.
    pub(crate) fn objects(&self) -> Vec<Value> {
        let objects: Vec<Value> = self
            .out
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect();
        assert!(objects.iter().all(|object| object["v"] == 1), "{self:#?}");
        let last = objects.last().unwrap_or_else(|| panic!("no object: {self:#?}"));
        assert!(last["event"] == "result" || last["event"] == "error", "{self:#?}");
        assert_eq!(last["exit"], self.code, "{self:#?}");
        objects
    }
}

/// Runs a command that has to refuse before it does anything: once for people, once for programs.
pub(crate) fn refuses(command: impl Fn() -> Command, code: i32, words: &[&str]) {
    let text = run(&mut command()).fails(code, words);
    assert_eq!(text.out, "", "a result without a result: {text:#?}");
    let said = run(command().arg("--json")).fails(code, words);
    let objects = said.objects();
    let [error] = &objects[..] else { panic!("more than an error: {said:#?}") };
    assert_eq!(error["event"], "error", "{said:#?}");
    for (name, start) in [("message", "error: "), ("try", "try: ")] {
        let value = error[name].as_str().unwrap();
        assert!(!value.is_empty() && said.err.contains(&format!("{start}{value}")), "{said:#?}");
    }
}
