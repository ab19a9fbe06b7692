//! Our relay, with all its checks, and its limits on but above the load.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;

use super::{Server, Subject};
use crate::room::{Pair, Wire, connect, hear};

/// What the relay puts in place of a `#` of somebody on loopback.
const ADDRESS: &str = "127.0.0.1";

/// All limits stay on; the load is what a small town would make, from one address.
const ABOVE_THE_LOAD: &[&str] = &[
    "--max-connections=25000",
    "--max-connections-per-address=25000",
    "--max-rooms=25000",
    "--joins-per-minute=10000000",
    "--failed-joins-per-minute=10000000",
    "--max-bytes-per-second=100000000000",
];

/// The program `relay`.
pub(crate) struct Ours {
    program: PathBuf,
    threads: Option<u8>,
    limits: Limits,
}

/// Which limits it is started with.
#[derive(Clone, Copy)]
enum Limits {
    AboveTheLoad,
    Default,
}

impl Ours {
    pub(crate) fn new(program: &Path) -> Ours {
        Ours { program: program.to_owned(), threads: None, limits: Limits::AboveTheLoad }
    }

    /// Lets it run as a user would start it.
    pub(crate) fn with_default_limits(program: &Path) -> Ours {
        Ours { limits: Limits::Default, ..Ours::new(program) }
    }

    /// Lets it run with so many threads, whatever the cores it may use.
    pub(crate) fn with_threads(self, threads: u8) -> Ours {
        Ours { threads: Some(threads), ..self }
    }

    /// Returns the first line of a member of a public room.
    pub(crate) fn join_line(room: u64) -> String {
        format!("{{\"from\":\"#\",\"Message Number\":20,\"Message_Details\":{room}}}\n")
    }
}

impl Subject for Ours {
    fn name(&self) -> &'static str {
        "relay"
    }

    fn start(&self, _: &Path) -> Result<Server> {
        let mut command = Command::new(&self.program);
        command.args(["--port", "0"]);
        match self.limits {
            Limits::AboveTheLoad => command.args(ABOVE_THE_LOAD),
            Limits::Default => &mut command,
        };
        if let Some(threads) = self.threads {
            command.args(["--threads", &threads.to_string()]);
        }
        Server::that_tells(command.env("RUST_LOG", "warn").stdin(Stdio::null()))
    }

    fn join(&self, server: &Server, room: u64) -> Result<Pair> {
        let (mut talker, mut listener) = (connect(server.address)?, connect(server.address)?);
        let line = Ours::join_line(room);
        talker.write_all(line.as_bytes())?;
        hear(&mut talker, &[b"\"members\":1}\n"])?;
        listener.write_all(line.as_bytes())?;
        // The last word of the notice that says who the other one is.
        hear(&mut listener, &[b"\"}\n"])?;
        hear(&mut talker, &[b"\"}\n"])?;
        Ok(Pair { talker, listener })
    }

    fn wire(&self, _: u64, line: &str) -> Wire {
        let arrives = line.replace('#', ADDRESS).len();
        Wire { sent: line.as_bytes().to_vec(), arrives }
    }
}
