//! A way to one agent on which an answer gets lost.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use raida::api::Route;
use rustix::process::Signal;
use tests::process::signal_process;

/// When whoever asks is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// Before the agent has heard of it.
    Unheard,
    /// When the agent has acted.
    Done,
}

/// Passes requests on to an agent and loses its answer to one of those for a certain route: the agent has
/// acted, and whoever asked does not know.
pub(super) struct Dropper {
    address: String,
    way: Arc<Way>,
}

/// Where it leads, and what happens on it.
struct Way {
    agent: String,
    path: String,
    nth: usize,
    asked: AtomicUsize,
    kills: Option<When>,
    target: OnceLock<u32>,
}

impl Dropper {
    /// Returns a way to the agent at HOST:PORT on which the n-th answer for a route gets lost, counted from 0.
    pub(super) fn before(agent: &str, route: Route, nth: usize) -> Dropper {
        Dropper::start(agent, route, nth, None)
    }

    /// Returns a way on which the program that asks for the n-th time is killed.
    pub(super) fn killing(agent: &str, route: Route, nth: usize, when: When) -> Dropper {
        Dropper::start(agent, route, nth, Some(when))
    }

    fn start(agent: &str, route: Route, nth: usize, kills: Option<When>) -> Dropper {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (agent, path, asked) = (agent.to_owned(), route.path(), AtomicUsize::new(0));
        let way = Arc::new(Way { agent, path, nth, asked, kills, target: OnceLock::new() });
        let open = Arc::clone(&way);
        // It ends with the process of the tests.
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let way = Arc::clone(&open);
                // A cut connection is what it is made for.
                thread::spawn(move || drop(way.pass_on(stream)));
            }
        });
        Dropper { address, way }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Names the process that is to be killed; without it the request waits.
    pub(super) fn aim(&self, process: u32) {
        let _ = self.way.target.set(process);
    }

    /// Tells whether an answer was lost.
    pub(super) fn has_lost(&self) -> bool {
        self.way.asked.load(Ordering::SeqCst) > self.way.nth
    }
}

impl Way {
    fn pass_on(&self, stream: TcpStream) -> io::Result<()> {
        let mut asking = BufReader::new(stream);
        let mut answering = BufReader::new(TcpStream::connect(&self.agent)?);
        loop {
            let request = message(&mut asking)?;
            let is_it = self.is_it(&request);
            if is_it && self.kills == Some(When::Unheard) {
                return self.kill();
            }
            answering.get_mut().write_all(&request)?;
            let answer = message(&mut answering)?;
            match (is_it, self.kills) {
                (true, None) => return Ok(()),
                (true, Some(_)) => return self.kill(),
                (false, _) => asking.get_mut().write_all(&answer)?,
            }
        }
    }

    fn is_it(&self, request: &[u8]) -> bool {
        let head = String::from_utf8_lossy(&request[..request.len().min(100)]).into_owned();
        let path = head.split(' ').nth(1).and_then(|at| at.split('?').next());
        path == Some(self.path.as_str()) && self.asked.fetch_add(1, Ordering::SeqCst) == self.nth
    }

    fn kill(&self) -> io::Result<()> {
        signal_process(*self.target.wait(), Signal::KILL).map_err(io::Error::other)
    }
}

/// Reads a request or an answer with its body.
fn message(from: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    let mut length = 0;
    loop {
        let before = message.len();
        if from.read_until(b'\n', &mut message)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = String::from_utf8_lossy(&message[before..]).to_ascii_lowercase();
        if let Some(bytes) = line.strip_prefix("content-length:") {
            length = bytes.trim().parse().map_err(io::Error::other)?;
        }
        if line == "\r\n" {
            break;
        }
    }
    let at = message.len();
    message.resize(at + length, 0);
    from.read_exact(&mut message[at..])?;
    Ok(message)
}
