//! The program, looked at from outside: its system calls and its memory.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::PoisonError;
use std::{env, fs};

use rustix::process::{Pid, Signal, kill_process};

use crate::pair::Pair;
use crate::{TURN, line_of};

/// A relay that ends with the test.
struct Program {
    /// The relay, or strace around it.
    child: Child,
    /// The relay itself.
    relay: Pid,
    address: SocketAddr,
}

impl Program {
    fn start(mut command: Command) -> Program {
        command.args(["--port", "0", "--threads", "1", "--max-connections-per-address", "4096"]);
        command.args(["--joins-per-minute", "100000"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.strip_prefix("listening on ").unwrap().trim_end().parse().unwrap();
        let relay = Pid::from_child(&child);
        Program { child, relay, address }
    }

    /// Returns what it holds in memory, in bytes.
    fn memory_bytes(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // strace ends with it.
        let _ = kill_process(self.relay, Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Raises this process's own limit of open files as far as it goes.
fn allow_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
}

#[test]
fn an_idle_pair_costs_next_to_nothing_also_after_it_has_talked() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    allow_files();
    let program = Program::start(Command::new(env!("CARGO_BIN_EXE_relay")));
    // What the first pair costs once and for all, chunks of the thread included.
    let mut warm = Pair::join_room(program.address, 1_000);
    warm.carry_forth(&line_of(60_000).repeat(20));
    let base = program.memory_bytes();
    let pairs: Vec<Pair> = (1..=400).map(|room| Pair::join_room(program.address, room)).collect();
    let joined = (program.memory_bytes() - base) / pairs.len() as u64;
    let lines = line_of(30_000);
    let pairs: Vec<Pair> = pairs
        .into_iter()
        .map(|mut pair| {
            pair.carry_forth(&lines);
            pair.carry_back(&lines);
            pair
        })
        .collect();
    let talked = (program.memory_bytes() - base) / pairs.len() as u64;
    // Tasks of a debug build are about twice as large.
    let bytes_max = if cfg!(debug_assertions) { 8 << 10 } else { 4 << 10 };
    assert!(joined <= bytes_max, "{joined} bytes for a pair that joined");
    assert!(talked <= joined + 1024, "{talked} bytes for a pair that has talked, {joined} before");
}

#[test]
fn a_chunk_costs_two_system_calls() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let mut command = Command::new("strace");
    if !command.arg("-V").stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
        assert!(env::var_os("LIVECONNECT_CI").is_none(), "strace is not installed");
        return eprintln!("SKIPPED: strace is not installed, system calls are not counted");
    }
    let mut command = Command::new("strace");
    command.args(["-f", "-e", "trace=network,read,write,writev", "-o"]).arg(&trace);
    command.arg(env!("CARGO_BIN_EXE_relay"));
    let mut program = Program::start(command);
    let traced = fs::read_to_string(&trace).unwrap();
    let relay = traced.split_whitespace().next().unwrap().parse().unwrap();
    program.relay = Pid::from_raw(relay).unwrap();
    let mut pair = Pair::join(program.address);
    let before = calls(&trace);
    let lines = 500;
    let line = line_of(100);
    (0..lines).for_each(|_| pair.carry_forth(&line));
    drop(pair);
    drop(program);
    let of_each = (calls(&trace) - before) as f64 / lines as f64;
    assert!((1.9..=2.1).contains(&of_each), "{of_each} system calls for each chunk");
}

/// Returns how many calls move bytes of members: one comes from a socket and goes to one.
fn calls(trace: &std::path::Path) -> usize {
    let text = fs::read_to_string(trace).unwrap();
    let moves = ["recvfrom(", "sendto(", "sendmsg(", "writev(", "read(", "write("];
    text.lines().filter(|line| moves.iter().any(|call| line.contains(call))).count()
}
