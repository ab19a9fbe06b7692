//! What is measured: our relay, the bare forwarder, and other servers that bring two together.

mod bare;
mod haproxy;
mod mosquitto;
mod nats;
mod ours;
mod redis;

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::forwarder::Manner;
use crate::machine;
use crate::room::{Pair, Wire};

pub(crate) use self::bare::Bare;
pub(crate) use self::ours::Ours;

/// How long a server may take to listen.
const START_WAIT: Duration = Duration::from_secs(10);

/// A kind of server: how it is started and how one speaks to it.
pub(crate) trait Subject {
    /// The name in the tables.
    fn name(&self) -> &'static str;

    /// Starts it on a free port of loopback; its files go into `dir`.
    ///
    /// # Errors
    ///
    /// When its program is not there or does not start.
    fn start(&self, dir: &Path) -> Result<Server>;

    /// Lets two into a room and waits until each hears the other.
    fn join(&self, server: &Server, room: u64) -> Result<Pair>;

    /// Returns what a line of the talker looks like on its way.
    fn wire(&self, room: u64, line: &str) -> Wire;

    /// Returns what the listener's answer looks like on its way; most servers see no difference.
    fn wire_back(&self, room: u64, line: &str) -> Wire {
        self.wire(room, line)
    }

    /// Returns how many lines may be under way in a room before it drops some.
    fn window_max(&self) -> u64 {
        u64::MAX
    }
}

/// A running server, which ends with this value.
pub(crate) struct Server {
    process: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Where it connects to, for a server that only passes on.
    behind: Option<TcpListener>,
}

impl Server {
    /// Starts a program that says where it listens, on the first line that has an address at its
    /// end.
    fn that_tells(command: &mut Command) -> Result<Server> {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut lines = BufReader::new(process.stdout.take().context("it was piped")?);
        let mut line = String::new();
        while lines.read_line(&mut line)? > 0 {
            let last = line.split_whitespace().last().unwrap_or_default();
            if let Ok(address) = last.parse() {
                // Whoever writes to a closed pipe might end.
                std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
                return Ok(Server { process, address, behind: None });
            }
            line.clear();
        }
        let _ = process.wait();
        anyhow::bail!("it did not say where it listens")
    }

    /// Starts a program that was told the port, and waits until it listens there.
    fn on_port(command: &mut Command, port: u16) -> Result<Server> {
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut server = Server { process, address, behind: None };
        let until = Instant::now() + START_WAIT;
        while TcpStream::connect(address).is_err() {
            ensure!(server.process.try_wait()?.is_none(), "it ended at once");
            ensure!(Instant::now() < until, "it does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(server)
    }

    /// Returns the process id.
    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }

    /// Returns the processor time that it has spent.
    pub(crate) fn spent(&self) -> Result<Duration> {
        machine::spent(self.process())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns a port that was free a moment ago.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Returns all subjects, our relay and the bare forwarder first.
pub(crate) fn all(relay: &Path, peers: bool) -> Vec<Box<dyn Subject>> {
    let mut subjects: Vec<Box<dyn Subject>> =
        vec![Box::new(Bare(Manner::Quiet)), Box::new(Ours::new(relay))];
    if peers {
        subjects.push(Box::new(haproxy::Haproxy));
        subjects.push(Box::new(nats::Nats));
        subjects.push(Box::new(redis::Redis));
        subjects.push(Box::new(mosquitto::Mosquitto));
    }
    subjects
}
