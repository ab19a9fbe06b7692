//! The bare forwarder: the least that a program can do who passes bytes between two sockets.
//!
//! One thread, one epoll, one read and one write for what has arrived; nothing is looked at but the
//! first line of a connection, which says whom it belongs to. It is no relay: whoever never reads
//! or never joins is served just as patiently. It is the limit that relays are compared with.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write, stdout};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};
use socket2::{Domain, Socket, Type};

use crate::machine;
use crate::poll::Poll;

/// What is said to both ends once they belong together.
pub(crate) const PAIRED: &[u8] = b"paired\n";
/// What one that tells says to who came first.
pub(crate) const WAITING: &[u8] = b"waiting\n";
/// What one that tells says to who is left.
const LEFT: &[u8] = b"left\n";

/// How much it says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// What it cannot do without: [`PAIRED`].
    Quiet,
    /// A line at every moment at which the protocol of relays asks for one.
    Telling,
}

/// Connections that may wait to be taken.
const BACKLOG: i32 = 4096;
/// Bytes passed on at once.
const CHUNK: usize = 64 * 1024;
/// The number of the listener.
const LISTENER: usize = usize::MAX;
/// How long a wait for events lasts; nothing depends on it.
const WAIT: Duration = Duration::from_secs(60);

struct End {
    socket: TcpStream,
    peer: Option<usize>,
    /// What its socket did not take; its peer is not read meanwhile.
    owed: Vec<u8>,
}

struct Forwarder {
    poll: Poll,
    ends: Vec<Option<End>>,
    free: Vec<usize>,
    /// Those who wait for their peer, by their first line.
    waiting: HashMap<Vec<u8>, usize>,
    chunk: Vec<u8>,
    manner: Manner,
}

/// Serves until the process is ended from outside; says its address on stdout first.
pub(crate) fn run(manner: Manner) -> Result<()> {
    machine::open_files()?;
    let listener = listen()?;
    println!("{}", listener.local_addr()?);
    stdout().flush()?;
    listener.set_nonblocking(true)?;
    let (ends, free, waiting) = (Vec::new(), Vec::new(), HashMap::new());
    let mut forwarder =
        Forwarder { poll: Poll::new()?, ends, free, waiting, chunk: vec![0; CHUNK], manner };
    forwarder.poll.watch(&listener, LISTENER)?;
    let mut ready = Vec::new();
    loop {
        forwarder.poll.wait(WAIT, &mut ready)?;
        for &number in &ready {
            match number {
                LISTENER => forwarder.accept(&listener)?,
                number => forwarder.serve(number)?,
            }
        }
    }
}

fn listen() -> Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

impl Forwarder {
    fn accept(&mut self, listener: &TcpListener) -> Result<()> {
        loop {
            let socket = match listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            socket.set_nonblocking(true)?;
            socket.set_nodelay(true)?;
            let number = self.free.pop().unwrap_or(self.ends.len());
            self.poll.watch(&socket, number)?;
            let end = Some(End { socket, peer: None, owed: Vec::new() });
            match self.ends.get_mut(number) {
                Some(place) => *place = end,
                None => self.ends.push(end),
            }
        }
    }

    fn serve(&mut self, number: usize) -> Result<()> {
        let Some(end) = self.ends[number].as_mut() else { return Ok(()) };
        if !end.owed.is_empty() {
            return self.pay(number);
        }
        let read = end.socket.read(&mut self.chunk);
        let bytes = match read {
            Ok(0) => return self.part(number),
            Ok(bytes) => bytes,
            Err(error) if is_passing(&error) => return Ok(()),
            Err(_) => return self.part(number),
        };
        match end.peer {
            Some(peer) => self.pass_on(number, peer, bytes),
            None => self.join(number, bytes),
        }
    }

    fn pass_on(&mut self, from: usize, to: usize, bytes: usize) -> Result<()> {
        let end = self.ends[to].as_mut().context("a peer has an end")?;
        let written = match end.socket.write(&self.chunk[..bytes]) {
            Ok(written) => written,
            Err(error) if is_passing(&error) => 0,
            Err(_) => return self.part(to),
        };
        if written == bytes {
            return Ok(());
        }
        end.owed.extend_from_slice(&self.chunk[written..bytes]);
        self.poll.until_writable(&end.socket, to)?;
        let from_socket = &self.ends[from].as_ref().context("it has just been read")?.socket;
        self.poll.pause(from_socket, from)
    }

    /// Writes what is owed; what the other direction had to say waits for that long.
    fn pay(&mut self, number: usize) -> Result<()> {
        let end = self.ends[number].as_mut().context("it is owed something")?;
        match end.socket.write(&end.owed) {
            Ok(written) => drop(end.owed.drain(..written)),
            Err(error) if is_passing(&error) => return Ok(()),
            Err(_) => return self.part(number),
        }
        if !end.owed.is_empty() {
            return Ok(());
        }
        end.owed = Vec::new();
        self.poll.until_readable(&end.socket, number)?;
        if let Some(peer) = end.peer
            && let Some(other) = &self.ends[peer]
            && other.owed.is_empty()
        {
            self.poll.until_readable(&other.socket, peer)?;
        }
        Ok(())
    }

    /// Brings those together who say the same first line.
    fn join(&mut self, number: usize, bytes: usize) -> Result<()> {
        let line = self.chunk[..bytes].to_vec();
        let Some(peer) = self.waiting.remove(&line) else {
            self.waiting.insert(line, number);
            return self.tell(number, WAITING);
        };
        for (one, other) in [(number, peer), (peer, number)] {
            let end = self.ends[one].as_mut().context("who waits has an end")?;
            end.peer = Some(other);
            end.socket.write_all(PAIRED)?;
        }
        Ok(())
    }

    fn tell(&mut self, number: usize, line: &[u8]) -> Result<()> {
        if self.manner == Manner::Telling
            && let Some(end) = &mut self.ends[number]
        {
            // Whoever has gone too need not hear it.
            let _ = end.socket.write(line);
        }
        Ok(())
    }

    fn part(&mut self, number: usize) -> Result<()> {
        let Some(end) = self.ends[number].take() else { return Ok(()) };
        self.poll.forget(&end.socket)?;
        self.free.push(number);
        self.waiting.retain(|_, waiting| *waiting != number);
        match end.peer {
            Some(peer) => {
                self.tell(peer, LEFT)?;
                self.part(peer)
            }
            None => Ok(()),
        }
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
