//! A relay of one's own for each test, and members that wait for lines with a deadline.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use relay::{GateLimits, Listeners, Settings};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// No wait of a test is longer; it is reached only when the test fails.
const DEADLINE: Duration = Duration::from_secs(20);

/// The default settings, changed at the gate.
pub(crate) fn at_the_gate(change: impl FnOnce(&mut GateLimits)) -> Settings {
    let mut settings = Settings::default();
    change(&mut settings.gate);
    settings
}

/// Token of 16 zero bytes.
pub(crate) const TOKEN: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// A relay in this process.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    /// Where its counters are.
    watched: SocketAddr,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Relay {
    pub(crate) fn start() -> Relay {
        Relay::start_with(Settings::default())
    }

    pub(crate) fn start_with(settings: Settings) -> Relay {
        Relay::start_at((Ipv4Addr::LOCALHOST, 0).into(), settings)
    }

    pub(crate) fn start_at(address: SocketAddr, settings: Settings) -> Relay {
        let chat = relay::listen(address).unwrap();
        let metrics = relay::listen((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let (address, watched) = (chat.local_addr().unwrap(), metrics.local_addr().unwrap());
        let stop = CancellationToken::new();
        let listeners = Listeners { chat, metrics: Some(metrics) };
        let serving = tokio::spawn(relay::serve(listeners, settings, stop.clone()));
        Relay { address, watched, stop, serving }
    }

    /// Asks it to stop; [`Relay::stopped`] waits for it.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    pub(crate) async fn stopped(self) {
        self.stop();
        timeout(DEADLINE, self.serving).await.expect("the relay stops").unwrap();
    }

    pub(crate) async fn connect(&self) -> Member {
        self.connect_from(Ipv4Addr::LOCALHOST.into()).await
    }

    /// Connects from that address of the loopback network.
    pub(crate) async fn connect_from(&self, from: IpAddr) -> Member {
        let socket =
            if from.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.unwrap();
        socket.bind((from, 0).into()).unwrap();
        let to: IpAddr = match from {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        let to = SocketAddr::new(to, self.address.port());
        Member::new(timeout(DEADLINE, socket.connect(to)).await.expect("connects").unwrap())
    }

    /// Asks the port for watchers; returns the status and the body.
    pub(crate) async fn watch(&self, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.watched).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(DEADLINE, stream.read_to_string(&mut answer)).await.expect("answers").unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// Returns a number of its counters.
    pub(crate) async fn count(&self, name: &str) -> u64 {
        let (status, page) = self.watch("/metrics").await;
        assert_eq!(status, 200);
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in\n{page}")).parse().unwrap()
    }

    /// Waits until a counter says so.
    pub(crate) async fn until_counted(&self, name: &str, expected: u64) {
        let until = tokio::time::Instant::now() + DEADLINE;
        loop {
            let count = self.count(name).await;
            if count == expected {
                return;
            }
            assert!(tokio::time::Instant::now() < until, "{name} is {count}, not {expected}");
        }
    }

    /// Connects, says the join line, and hears the answer.
    pub(crate) async fn join(&self, line: &str) -> (Member, String) {
        let mut member = self.connect().await;
        member.say(line).await;
        let answer = member.hear().await;
        (member, answer)
    }

    /// Two members in the public room 7, both notices heard; the first at 127.0.0.1, the second at
    /// 127.0.0.2.
    pub(crate) async fn pair(&self) -> (Member, Member) {
        let (mut first, _) = self.join("<# Join_Room 7>").await;
        let mut second = self.connect_from([127, 0, 0, 2].into()).await;
        second.say("<# Join_Room 7>").await;
        first.expect("<#relay Join_Room 7 you=127.0.0.1 members=2 peer=127.0.0.2>").await;
        second.expect("<#relay Join_Room 7 you=127.0.0.2 members=2 peer=127.0.0.1>").await;
        (first, second)
    }
}

/// A client that reads lines.
pub(crate) struct Member {
    pub(crate) reader: BufReader<OwnedReadHalf>,
    pub(crate) writer: OwnedWriteHalf,
}

impl Member {
    fn new(stream: TcpStream) -> Member {
        let (reader, writer) = stream.into_split();
        Member { reader: BufReader::new(reader), writer }
    }

    pub(crate) async fn say(&mut self, line: &str) {
        self.send(format!("{line}\n").as_bytes()).await;
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        timeout(DEADLINE, self.writer.write_all(bytes)).await.expect("takes bytes").unwrap();
    }

    /// Returns the next line without its end, or "" at the end of the connection.
    pub(crate) async fn hear_bytes(&mut self) -> Vec<u8> {
        let mut line = Vec::new();
        let read = self.reader.read_until(b'\n', &mut line);
        timeout(DEADLINE, read).await.expect("a line in time").unwrap();
        line
    }

    pub(crate) async fn hear(&mut self) -> String {
        let line = String::from_utf8(self.hear_bytes().await).unwrap();
        line.strip_suffix('\n').expect("a whole line").to_owned()
    }

    pub(crate) async fn expect(&mut self, line: &str) {
        assert_eq!(self.hear().await, line);
    }

    /// Hears the last line of the relay, with that code, and the end of the connection.
    pub(crate) async fn expect_refusal(&mut self, code: &str) {
        let line = self.hear().await;
        let tag = line.starts_with(&format!("<#relay Abort {code}: ")) && line.ends_with('>');
        let json = line
            .starts_with(r##"{"from":"#relay","Message Number":23,"Message_Details":""##)
            && line.ends_with(&format!(r#"","code":"{code}"}}"#));
        assert!(tag || json, "{line}");
        self.expect_end().await;
    }

    pub(crate) async fn expect_end(&mut self) {
        assert_eq!(String::from_utf8_lossy(&self.hear_bytes().await), "");
    }

    /// Closes without a word: the other end sees a reset.
    pub(crate) fn reset(self) {
        let stream = self.reader.into_inner().reunite(self.writer).unwrap();
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    }
}
