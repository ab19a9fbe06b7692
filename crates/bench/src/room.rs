//! Two members of one room of a subject, and how they got in.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// How long a subject may take to let somebody in.
const JOIN_WAIT: Duration = Duration::from_secs(10);

/// Both members of a room, let in and silent.
pub(crate) struct Pair {
    pub(crate) talker: TcpStream,
    pub(crate) listener: TcpStream,
}

impl Pair {
    /// Makes both sockets ones that never wait.
    pub(crate) fn without_waiting(self) -> Result<Pair> {
        self.talker.set_nonblocking(true)?;
        self.listener.set_nonblocking(true)?;
        Ok(self)
    }
}

/// What a talker's line looks like on its way.
pub(crate) struct Wire {
    /// As the talker sends it.
    pub(crate) sent: Vec<u8>,
    /// How many bytes of it reach the listener, whatever is put around it.
    pub(crate) arrives: usize,
}

/// Connects to a subject; reads wait at most as long as a join may take.
pub(crate) fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, JOIN_WAIT).context("not reachable")?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(JOIN_WAIT))?;
    Ok(stream)
}

/// Says something and reads until the answer ends with one of these endings.
pub(crate) fn say(stream: &mut TcpStream, said: &[u8], endings: &[&[u8]]) -> Result<Vec<u8>> {
    stream.write_all(said)?;
    hear(stream, endings)
}

/// Reads until what was heard contains one of these words.
pub(crate) fn hear(stream: &mut TcpStream, words: &[&[u8]]) -> Result<Vec<u8>> {
    let until = Instant::now() + JOIN_WAIT;
    let (mut heard, mut bytes) = (Vec::new(), [0; 4096]);
    while !words.iter().any(|word| contains(&heard, word)) {
        ensure!(Instant::now() < until, "no answer: {}", String::from_utf8_lossy(&heard));
        match stream.read(&mut bytes) {
            Ok(0) => bail!("closed after {:?}", String::from_utf8_lossy(&heard)),
            Ok(count) => heard.extend_from_slice(&bytes[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error).context("no answer"),
        }
    }
    Ok(heard)
}

/// Tells whether `word` stands in `text`.
pub(crate) fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}
