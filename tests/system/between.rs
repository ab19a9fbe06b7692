//! Somebody between a wallet and the 25 agents: requests and answers of a chosen kind get lost there, or are
//! answered with a refusal; everything else goes through.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use raida::api::Route;

/// What happens to requests.
#[derive(Clone, Debug)]
pub(crate) struct Mischief {
    /// Of this kind.
    pub(crate) route: Route,
    /// To these agents.
    pub(crate) agents: Vec<usize>,
    /// This.
    pub(crate) does: Does,
    /// So often at each agent.
    pub(crate) times: usize,
}

/// What somebody does to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    /// It never arrives.
    LosesRequest,
    /// It is carried out, and nobody hears it.
    LosesAnswer,
    /// It never arrives, and is answered `fail`.
    Refuses,
    /// It never arrives, and is answered `pass`, with nothing else: numbers that nobody keeps, an offer of
    /// none.
    Pretends,
    /// It is carried out, and answered `fail`.
    Denies,
}

/// The one between.
pub(crate) struct Between {
    addresses: Vec<String>,
    mischief: Arc<Mutex<Vec<Left>>>,
    heard: Heard,
}

/// The last request of each kind.
type Heard = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// What is left to do at one agent.
struct Left {
    agent: usize,
    path: String,
    does: Does,
    times: usize,
}

impl Between {
    /// Stands between whoever uses [`addresses`](Between::addresses) and these agents. Its threads end with
    /// the test's process.
    pub(crate) fn of(agents: &[String]) -> Between {
        let mischief = Arc::new(Mutex::new(Vec::new()));
        let heard = Heard::default();
        let mut addresses = Vec::new();
        for (agent, address) in agents.iter().cloned().enumerate() {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            addresses.push(listener.local_addr().unwrap().to_string());
            let (mischief, heard) = (Arc::clone(&mischief), Arc::clone(&heard));
            thread::spawn(move || {
                for wallet in listener.incoming().flatten() {
                    let address = address.clone();
                    let (mischief, heard) = (Arc::clone(&mischief), Arc::clone(&heard));
                    thread::spawn(move || pass_on(wallet, &address, agent, &mischief, &heard));
                }
            });
        }
        Between { addresses, mischief, heard }
    }

    /// Returns the addresses of agent 0 to 24 as a wallet shall know them.
    pub(crate) fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// Does this from now on, and nothing else.
    pub(crate) fn does(&self, mischief: Mischief) {
        self.is_good();
        self.also_does(mischief);
    }

    /// Does this from now on, and what was to be done before.
    pub(crate) fn also_does(&self, Mischief { route, agents, does, times }: Mischief) {
        let left = agents.into_iter().map(|agent| Left { agent, path: route.path(), does, times });
        self.mischief.lock().unwrap_or_else(PoisonError::into_inner).extend(left);
    }

    /// Lets everything through from now on.
    pub(crate) fn is_good(&self) {
        self.mischief.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Returns the body of the last request of a kind; there was one.
    pub(crate) fn last_body(&self, route: Route) -> Vec<u8> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let request = &heard[&route.path()];
        let head = request.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        request[head + 4..].to_vec()
    }

    /// Tells whether anything that was to be done has not been done as often as it should.
    pub(crate) fn has_something_left(&self) -> bool {
        let left = self.mischief.lock().unwrap_or_else(PoisonError::into_inner);
        left.iter().any(|left| left.times > 0)
    }
}

/// Passes requests of one connection on until either side hangs up.
fn pass_on(
    wallet: TcpStream,
    address: &str,
    agent: usize,
    mischief: &Mutex<Vec<Left>>,
    heard: &Heard,
) -> io::Result<()> {
    let mut to_agent = TcpStream::connect(address)?;
    let mut answers = BufReader::new(to_agent.try_clone()?);
    let mut to_wallet = wallet.try_clone()?;
    let mut requests = BufReader::new(wallet);
    loop {
        let request = message(&mut requests)?;
        let path = String::from_utf8_lossy(&request).split(' ').nth(1).unwrap_or("").to_owned();
        heard.lock().unwrap_or_else(PoisonError::into_inner).insert(path, request.clone());
        match taken(mischief, agent, &request) {
            Some(Does::LosesRequest) => return Ok(()),
            Some(Does::Refuses) => to_wallet.write_all(&status("fail"))?,
            Some(Does::Pretends) => to_wallet.write_all(&status("pass"))?,
            Some(Does::Denies) => {
                to_agent.write_all(&request)?;
                message(&mut answers)?;
                to_wallet.write_all(&status("fail"))?;
            }
            Some(Does::LosesAnswer) => {
                to_agent.write_all(&request)?;
                message(&mut answers)?;
                return Ok(());
            }
            None => {
                to_agent.write_all(&request)?;
                to_wallet.write_all(&message(&mut answers)?)?;
            }
        }
    }
}

fn status(word: &str) -> Vec<u8> {
    let body = format!(r#"{{"status":"{word}"}}"#);
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn taken(mischief: &Mutex<Vec<Left>>, agent: usize, request: &[u8]) -> Option<Does> {
    let mut mischief = mischief.lock().unwrap_or_else(PoisonError::into_inner);
    let is_it = |left: &&mut Left| {
        let start = format!("POST {} ", left.path);
        left.agent == agent && left.times > 0 && request.starts_with(start.as_bytes())
    };
    let left = mischief.iter_mut().find(is_it)?;
    left.times -= 1;
    Some(left.does)
}

/// Reads a request or an answer, as it is.
fn message(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut length = 0;
    loop {
        let start = bytes.len();
        if from.read_until(b'\n', &mut bytes)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = String::from_utf8_lossy(&bytes[start..]).to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    bytes.extend(body);
    Ok(bytes)
}
