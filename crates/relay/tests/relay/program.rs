//! The program `relay` as an operator meets it: what it says, and how it exits.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

struct Program(Child);

impl Program {
    fn start(arguments: &[&str]) -> Program {
        let mut command = Command::new(env!("CARGO_BIN_EXE_relay"));
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        Program(command.spawn().unwrap())
    }

    fn first_line(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        line
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.0), signal).unwrap();
    }

    /// Waits for its end; returns exit code and stderr.
    fn end(mut self) -> (Option<i32>, String) {
        let mut stderr = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        (self.0.wait().unwrap().code(), stderr)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has ended already, unless the test fails.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn listening_at(line: &str) -> SocketAddr {
    line.strip_prefix("listening on ").unwrap().trim_end().parse().unwrap()
}

#[test]
fn it_says_where_it_listens_and_a_signal_never_exits_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut program = Program::start(&["--port", "0"]);
        let address = listening_at(&program.first_line());
        let mut member = BufReader::new(TcpStream::connect(address).unwrap());
        member.get_mut().write_all(b"<# Join_Room 7>\n").unwrap();
        let mut line = String::new();
        member.read_line(&mut line).unwrap();
        assert_eq!(line, "<#relay Join_Room 7 you=127.0.0.1 members=1>\n");

        program.signal(signal);
        line.clear();
        member.read_line(&mut line).unwrap();
        assert!(line.starts_with("<#relay Abort draining: "), "{line}");
        drop(member);
        let (exit, stderr) = program.end();
        assert_eq!(exit, Some(20), "{stderr}");
        assert!(stderr.contains("Only programs on this machine can connect."), "{stderr}");
        assert!(stderr.contains("--bind 0.0.0.0"), "{stderr}");
    }
}

#[test]
fn an_address_for_everybody_is_announced_without_the_hint_and_ipv6_in_brackets() {
    let mut program = Program::start(&["--port", "0", "--bind", "::"]);
    let line = program.first_line();
    assert!(line.starts_with("listening on [::]:"), "{line}");
    program.signal(Signal::TERM);
    let (_, stderr) = program.end();
    assert!(!stderr.contains("Only programs"), "{stderr}");
}

#[test]
fn a_port_in_use_is_said_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (exit, stderr) = Program::start(&["--port", &port]).end();
    assert_eq!(exit, Some(3));
    assert!(stderr.starts_with(&format!("error: cannot listen on 127.0.0.1:{port}: ")), "{stderr}");
    assert!(stderr.contains("\ntry: another --port, or --port 0 for a free one"), "{stderr}");
}

#[test]
fn wrong_arguments_are_usage_errors() {
    for arguments in [&["--port", "70000"][..], &["--bind", "nowhere"], &["--idle", "0"], &["x"]] {
        assert_eq!(Program::start(arguments).end().0, Some(2), "{arguments:?}");
    }
}

#[test]
fn neither_contents_nor_tokens_are_logged() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relay"));
    command.args(["--port", "0"]).env("RUST_LOG", "trace");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = Program(command.spawn().unwrap());
    let address = listening_at(&program.first_line());
    let mut member = BufReader::new(TcpStream::connect(address).unwrap());
    let token = "c2VjcmV0IHNlY3JldCEhIQ";
    let join = format!("<# Join_Room 7 token={token} side=S>\nmy words\n\u{7f}\n");
    member.get_mut().write_all(join.as_bytes()).unwrap();
    let mut line = String::new();
    member.read_line(&mut line).unwrap();
    assert!(line.contains("members=1"), "{line}");
    program.signal(Signal::TERM);
    drop(member);
    let (_, stderr) = program.end();
    assert!(stderr.contains("joined"), "{stderr}");
    assert!(!stderr.contains(token) && !stderr.contains("my words"), "{stderr}");
}

/// Starts the program with a configuration file and stops it; returns exit code and stderr.
fn configured(
    file: &str,
    arguments: &[&str],
    variable: Option<(&str, &str)>,
) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relay.toml");
    std::fs::write(&path, file).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_relay"));
    command.args(["--port", "0", "--config"]).arg(&path).args(arguments).envs(variable);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = Program(command.spawn().unwrap());
    if program.first_line().starts_with("listening") {
        program.signal(Signal::TERM);
    }
    program.end()
}

#[test]
fn a_flag_goes_before_the_environment_and_that_before_the_file() {
    let says = |arguments: &[&str], variable, expected: &str| {
        let (exit, stderr) = configured("max-connections = 30\n", arguments, variable);
        assert_eq!(exit, Some(20), "{stderr}");
        assert!(stderr.contains(&format!("Memory for {expected} connections: 1 MiB")), "{stderr}");
    };
    let variable = Some(("LIVECONNECT_RELAY_MAX_CONNECTIONS", "20"));
    says(&[], None, "30");
    says(&[], variable, "20");
    says(&["--max-connections", "10"], variable, "10");
}

#[test]
fn what_a_file_says_wrong_is_named() {
    let refuses = |file: &str, expected: &str| {
        let (exit, stderr) = configured(file, &[], None);
        assert_eq!(exit, Some(3), "{stderr}");
        assert!(stderr.contains(expected) && stderr.contains("\ntry: "), "{stderr}");
    };
    refuses("max-rums = 3\n", "there is no option max-rums");
    refuses("config = \"x\"\n", "there is no option config");
    refuses("max-rooms = true\n", "max-rooms has to be a text or a number");
    refuses("idle = 0\n", "--idle");
    refuses("max-rooms\n", "is not TOML");
}

#[test]
fn a_second_signal_ends_a_drain_at_once() {
    let mut program = Program::start(&["--port", "0", "--drain", "600"]);
    let address = listening_at(&program.first_line());
    let mut member = BufReader::new(TcpStream::connect(address).unwrap());
    member.get_mut().write_all(b"<# Join_Room 7>\n").unwrap();
    let mut line = String::new();
    member.read_line(&mut line).unwrap();
    program.signal(Signal::TERM);
    // Whoever comes later than the signal is refused: it was heard.
    loop {
        let mut late = BufReader::new(TcpStream::connect(address).unwrap());
        late.get_mut().write_all(b"<# Join_Room 8>\n").unwrap();
        let mut line = String::new();
        late.read_line(&mut line).unwrap();
        if line.contains("draining") {
            break;
        }
    }
    program.signal(Signal::TERM);
    assert_eq!(program.end().0, Some(20));
}
