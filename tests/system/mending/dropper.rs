//! A way to one agent on which an answer gets lost.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use raida::api::Route;

/// Passes requests on to an agent and loses its answer to one of those for a certain route: the agent has
/// acted, and whoever asked does not know.
pub(super) struct Dropper {
    address: String,
    asked: Arc<AtomicUsize>,
    nth: usize,
}

impl Dropper {
    /// Returns a way to the agent at HOST:PORT on which the n-th answer for a route gets lost, counted from 0.
    pub(super) fn before(agent: &str, route: Route, nth: usize) -> Dropper {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(AtomicUsize::new(0));
        let (agent, path, counter) = (agent.to_owned(), route.path(), Arc::clone(&asked));
        // It ends with the process of the tests.
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (agent, path, asked) = (agent.clone(), path.clone(), Arc::clone(&counter));
                // A cut connection is what it is made for.
                thread::spawn(move || drop(pass_on(stream, &agent, &path, (&asked, nth))));
            }
        });
        Dropper { address, asked, nth }
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Tells whether an answer was lost.
    pub(super) fn has_lost(&self) -> bool {
        self.asked.load(Ordering::SeqCst) > self.nth
    }
}

fn pass_on(
    stream: TcpStream,
    agent: &str,
    path: &str,
    (asked, nth): (&AtomicUsize, usize),
) -> io::Result<()> {
    let mut asking = BufReader::new(stream);
    let mut answering = BufReader::new(TcpStream::connect(agent)?);
    loop {
        let request = message(&mut asking)?;
        answering.get_mut().write_all(&request)?;
        let answer = message(&mut answering)?;
        let head = String::from_utf8_lossy(&request[..request.len().min(100)]).into_owned();
        let is_it = head.split(' ').nth(1).is_some_and(|at| at.split('?').next() == Some(path));
        if is_it && asked.fetch_add(1, Ordering::SeqCst) == nth {
            return Ok(());
        }
        asking.get_mut().write_all(&answer)?;
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
