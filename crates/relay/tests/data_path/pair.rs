//! Two members of a room that move bytes without an allocation of their own.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use relay::{Listeners, Settings};
use tokio_util::sync::CancellationToken;

/// Bytes that `127.0.0.1` has more than the `#` that it stands for.
const GROWTH: usize = 8;

/// Starts a relay on a thread of its own, until this process ends.
pub(crate) fn relay_in_a_thread() -> SocketAddr {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let chat = runtime.block_on(async { relay::listen(([127, 0, 0, 1], 0).into()) }).unwrap();
    let address = chat.local_addr().unwrap();
    std::thread::spawn(move || {
        let listeners = Listeners { chat, metrics: None };
        let never = CancellationToken::new();
        runtime.block_on(relay::serve(listeners, Settings::default(), never));
    });
    address
}

/// Both members.
pub(crate) struct Pair {
    first: TcpStream,
    second: TcpStream,
    heard: Vec<u8>,
}

impl Pair {
    /// Joins two members in one room until the process ends: what a relay does when they leave would be
    /// counted in the turn of another test.
    pub(crate) fn that_stays(address: SocketAddr) -> &'static mut Pair {
        Box::leak(Box::new(Pair::join(address)))
    }

    /// Joins two members in one room, and hears all that the relay says about it.
    pub(crate) fn join(address: SocketAddr) -> Pair {
        Pair::join_room(address, 7)
    }

    /// The same in that room.
    pub(crate) fn join_room(address: SocketAddr, room: u64) -> Pair {
        let connect = || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_nodelay(true).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            stream.write_all(format!("<# Join_Room {room}>\n").as_bytes()).unwrap();
            hear_line(&mut stream);
            stream
        };
        let mut first = connect();
        let second = connect();
        hear_line(&mut first);
        Pair { first, second, heard: vec![0; 1 << 18] }
    }

    /// The first one says the lines, the second one hears them.
    pub(crate) fn carry_forth(&mut self, lines: &[u8]) {
        carry(&mut self.first, &mut self.second, lines, &mut self.heard);
    }

    /// The other way round.
    pub(crate) fn carry_back(&mut self, lines: &[u8]) {
        carry(&mut self.second, &mut self.first, lines, &mut self.heard);
    }
}

fn hear_line(stream: &mut TcpStream) {
    let mut byte = [0];
    while byte != *b"\n" {
        stream.read_exact(&mut byte).unwrap();
    }
}

/// Writes and reads in turns, so that no socket between them is ever full for long.
fn carry(from: &mut TcpStream, to: &mut TcpStream, lines: &[u8], heard: &mut [u8]) {
    let marks = lines.iter().filter(|byte| **byte == b'#').count();
    let mut waiting = lines.len() + marks * GROWTH;
    from.set_nonblocking(true).unwrap();
    let mut written = 0;
    while waiting > 0 {
        if written < lines.len() {
            match from.write(&lines[written..]) {
                Ok(length) => written += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error}"),
            }
        }
        waiting -= to.read(heard).unwrap();
    }
    from.set_nonblocking(false).unwrap();
}
