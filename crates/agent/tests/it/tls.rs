//! Agents behind TLS: who pins their certificate owns coins there as anywhere, and whoever does
//! not finish a handshake does no harm.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use agent::Tls;
use raida::{AddressBook, Authority, Fingerprint, Trouble};
use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::process::Home;
use super::town::{TIMING, Town, ans, claims, coins, quiet};

/// Much longer than anything takes, on any machine.
const LONG: Duration = Duration::from_secs(60);

/// A folder with a certificate and its key.
struct Files {
    dir: TempDir,
}

impl Files {
    fn new() -> Files {
        let files = Files { dir: TempDir::new().unwrap() };
        files.put();
        files
    }

    /// Makes a certificate of a new key.
    fn put(&self) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        fs::write(self.path("cert.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        fs::write(self.path("key.pem"), key.serialize_pem()).unwrap();
        fs::set_permissions(self.path("key.pem"), Permissions::from_mode(0o600)).unwrap();
    }

    fn load(&self) -> Tls {
        Tls::load(Path::new(&self.path("cert.pem")), Path::new(&self.path("key.pem"))).unwrap()
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    fn arguments(&self) -> [String; 4] {
        let [cert, key] = ["cert.pem", "key.pem"].map(|name| self.path(name));
        ["--tls-cert".to_owned(), cert, "--tls-key".to_owned(), key]
    }
}

fn authority(town: &Town, pin: Fingerprint) -> Authority {
    let lines = town.addresses.iter().map(|at| format!("https://{at} {pin}\n"));
    Authority::new(&AddressBook::parse(&lines.collect::<String>()).unwrap(), TIMING)
}

/// Asks all agents in vain and returns the one trouble that they all have.
async fn trouble(authority: &Authority) -> Trouble {
    authority.network().await.unwrap_err();
    let mut troubles = authority.troubles().into_iter();
    let (_, trouble) = troubles.next().unwrap();
    assert!(troubles.all(|(_, other)| other == trouble));
    trouble
}

#[tokio::test]
async fn a_wallet_owns_a_coin_at_25_agents_whose_certificate_it_pins() {
    let tls = Files::new().load();
    let coins = coins(1);
    let town = Town::behind(&coins, &tls).await;
    let authority = authority(&town, tls.fingerprint());
    assert_eq!(authority.network().await.unwrap().as_str(), super::town::NETWORK);
    authority.pown(&claims(&coins, 2), &quiet).await;
    assert_eq!(town.holders(coins[0].sn, &ans(2)).await, 25);
    assert_eq!(authority.troubles(), []);
    assert_eq!(tls.failures(), 0);
}

#[tokio::test]
async fn another_certificate_than_the_pinned_one_is_asked_nothing() {
    let tls = Files::new().load();
    let coins = coins(1);
    let town = Town::behind(&coins, &tls).await;
    let authority = authority(&town, Files::new().load().fingerprint());
    let shown = tls.fingerprint();
    assert_eq!(trouble(&authority).await, Trouble::OtherFingerprint { shown });
}

#[tokio::test]
async fn plain_http_at_a_port_in_tls_is_told_so() {
    let tls = Files::new().load();
    let town = Town::behind(&[], &tls).await;
    assert_eq!(trouble(&town.authority()).await, Trouble::NeedsTls);
    assert!(tls.failures() >= 25);
}

#[tokio::test]
async fn tls_at_a_port_in_the_clear_is_told_so() {
    let town = Town::new(&[]).await;
    let authority = authority(&town, Files::new().load().fingerprint());
    assert_eq!(trouble(&authority).await, Trouble::NoTls);
}

#[tokio::test]
async fn versions_that_are_given_up_and_noise_are_refused_at_once() {
    let tls = Files::new().load();
    let town = Town::behind(&[], &tls).await;
    // A hello of TLS 1.1: version 3.2, 32 random bytes, no session, one cipher, no compression.
    let mut hello = vec![22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0, 47, 1, 0]);
    for noise in [hello.as_slice(), b"GET / HTTP/1.1\r\n\r\n", &[0; 600], &[22, 3, 3, 255, 255, 1]]
    {
        let mut stream = TcpStream::connect(town.addresses[3]).await.unwrap();
        stream.write_all(noise).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        let _ = timeout(LONG, stream.read_to_end(&mut answer)).await.unwrap();
        assert!(answer.is_empty() || answer[0] == 21, "{answer:?}");
    }
    assert_eq!(tls.failures(), 4);
    let authority = authority(&town, tls.fingerprint());
    assert!(authority.network().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_is_never_finished_is_given_up_in_time() {
    let tls = Files::new().load();
    let town = Town::behind(&[], &tls).await;
    let mut stream = TcpStream::connect(town.addresses[0]).await.unwrap();
    stream.write_all(&[22, 3, 1]).await.unwrap();
    let mut answer = Vec::new();
    let began = tokio::time::Instant::now();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.is_empty());
    assert!(began.elapsed() <= agent::limits::HANDSHAKE_WAIT + Duration::from_secs(1));
    assert_eq!(tls.failures(), 1);
}

#[tokio::test]
async fn agents_ask_one_another_in_tls_and_learn_of_a_renewed_certificate() {
    let files = Files::new();
    let tls = files.load();
    let town = Town::behind(&[], &tls).await;
    let book = town.agents.agents()[0].settings().peers.clone();
    let before = Authority::new(&book, TIMING);
    assert!(before.network().await.is_ok());
    files.put();
    let renewed = tls.renew().unwrap();
    let fresh = || Authority::new(&book, TIMING);
    assert_eq!(trouble(&fresh()).await, Trouble::OtherFingerprint { shown: renewed });
    (0..25).for_each(|agent| book.pin(agent, renewed));
    assert!(fresh().network().await.is_ok());
    // Connections from before the renewal go on.
    assert!(before.network().await.is_ok());
}

#[test]
fn the_program_says_its_fingerprint_and_takes_up_a_renewed_certificate_on_sighup() {
    let (home, files) = (Home::with_coins("1x1"), Files::new());
    let arguments = files.arguments();
    let raida = home.start(&arguments.each_ref().map(String::as_str));
    let pin = files.load().fingerprint();
    let book = fs::read_to_string(home.data().join("agents.txt")).unwrap();
    assert!(book.lines().all(|line| line.ends_with(&pin.to_string())), "{book}");
    assert!(answers(&book));

    files.put();
    let renewed = files.load().fingerprint();
    raida.signal("HUP");
    let book = book.replace(&pin.to_string(), &renewed.to_string());
    let until = std::time::Instant::now() + LONG;
    while !answers(&book) {
        assert!(std::time::Instant::now() < until, "the new certificate was not taken up");
    }
    assert_eq!(fs::read_to_string(home.data().join("agents.txt")).unwrap(), book);
    fs::write(files.path("key.pem"), "").unwrap();
    raida.signal("HUP");
    let (ended, log) = raida.stop("TERM");
    assert_eq!(ended.code(), Some(20), "{log}");
    assert!(log.contains(&format!("agent 7 certificate {pin}")), "{log}");
    assert!(log.contains(&format!("agent 7 certificate {renewed}")), "{log}");
}

#[test]
fn a_certificate_that_cannot_be_used_does_not_start() {
    let (home, files) = (Home::with_coins("1x1"), Files::new());
    let arguments = files.arguments();
    let arguments = arguments.each_ref().map(String::as_str);
    fs::set_permissions(files.path("key.pem"), Permissions::from_mode(0o644)).unwrap();
    let (code, said) = home.start_fails(&arguments);
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.contains("can be read by others (mode 644)") && said.contains("chmod 600"),
        "{said}"
    );
    fs::remove_file(files.path("key.pem")).unwrap();
    let (code, said) = home.start_fails(&arguments);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("key.pem cannot be read: No such file"), "{said}");
}

#[test]
fn with_tls_agents_may_listen_to_other_machines() {
    let (home, files) = (Home::with_coins("1x1"), Files::new());
    let arguments = files.arguments();
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    arguments.extend(["--listen", "0.0.0.0:0"]);
    let raida = home.start(&arguments);
    assert!(raida.addresses.iter().all(|address| address.starts_with("0.0.0.0:")));
}

/// Asks the agents of an address book for their network.
fn answers(book: &str) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let authority = Authority::new(&AddressBook::parse(book).unwrap(), TIMING);
    runtime.block_on(authority.network()).is_ok()
}
