//! Connections to servers with all kinds of certificates, over real sockets: what is taken, and
//! the sentence for each that is not.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CertifiedKey, DnType, IsCa, KeyPair,
    date_time_ymd, generate_simple_self_signed,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::roots::checked_against;
use super::{Checks, Layer, PROVIDER};
use crate::backoff::Jitter;
use crate::connector::{self, Connector, Dial};
use crate::trouble::{Board, Trouble};
use crate::{AddressBook, Fingerprint};

/// Never too short, however busy this machine is; what must run into it waits less.
const PATIENT: Duration = Duration::from_secs(60);

/// A chain, the key of its first certificate, and the root that it leads to.
struct Papers {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    root: CertificateDer<'static>,
}

impl Papers {
    fn self_signed() -> Papers {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["somewhere.example".to_owned()]).unwrap();
        let certificate = cert.der().clone();
        let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
        Papers { chain: vec![certificate.clone()], key, root: certificate }
    }

    /// Papers of a certificate authority of their own, for this name and until this year.
    fn signed(name: &str, not_after: i32) -> Papers {
        Papers::signed_by("an authority", name, not_after)
    }

    fn signed_by(authority: &str, name: &str, not_after: i32) -> Papers {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, authority);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(not_after, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        Papers {
            chain: vec![certificate.der().clone()],
            key: PrivateKeyDer::Pkcs8(key.serialize_der().into()),
            root: authority.der().clone(),
        }
    }

    fn print(&self) -> Fingerprint {
        Fingerprint::of(&self.chain[0])
    }

    /// Serves one line of text in TLS to each who connects, and returns the port.
    async fn serve(&self, versions: &[&'static rustls::SupportedProtocolVersion]) -> u16 {
        let config = ServerConfig::builder_with_provider(PROVIDER.clone())
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.key.clone_key())
            .unwrap();
        let acceptor = TlsAcceptor::from(std::sync::Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                // Who does not trust it hangs up.
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    let _ = stream.write_all(b"hello").await;
                    let _ = stream.shutdown().await;
                }
            }
        });
        port
    }
}

/// Listens and treats each connection as `answer` says; returns the port.
async fn serve_plain(answer: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut heard = [0; 64];
                let _ = stream.read(&mut heard).await;
                let _ = stream.write_all(answer).await;
                let _ = stream.shutdown().await;
                // Closing with unread bytes would reset the connection under the answer.
                let _ = stream.read_to_end(&mut Vec::new()).await;
            });
        }
    });
    port
}

fn connector(address: &str, deadline: Duration) -> Connector {
    let others = (1..25).map(|agent| format!("\nhttps://agent{agent}.example"));
    let book = AddressBook::parse(&(address.to_owned() + &others.collect::<String>())).unwrap();
    let layer = Layer::of(book.agent(0));
    Connector { agent: 0, dial: connector::tcp(book), layer, deadline, board: Board::default() }
}

fn trusting(address: &str, root: &CertificateDer<'static>) -> Connector {
    let mut roots = RootCertStore::empty();
    roots.add(root.clone()).unwrap();
    let mut connector = connector(address, PATIENT);
    let Layer::Tls { checks, .. } = &mut connector.layer else { panic!("no tls: {address}") };
    *checks = Checks::By(std::sync::Arc::new(checked_against(roots)));
    connector
}

/// Connects and reads to the end.
async fn heard(connector: Connector) -> Result<String, Trouble> {
    let mut text = String::new();
    connector.connect().await?.read_to_string(&mut text).await?;
    Ok(text)
}

/// Connects in vain; returns the sentence after it was seen on the board too.
async fn refused(connector: Connector) -> String {
    let board = connector.board.clone();
    let trouble = heard(connector).await.unwrap_err();
    assert_eq!(board.all(), [(0, trouble.clone())]);
    trouble.to_string()
}

#[tokio::test]
async fn a_pin_makes_any_certificate_good_and_nothing_else_does() {
    for versions in [rustls::ALL_VERSIONS, &[&rustls::version::TLS12]] {
        for papers in [Papers::self_signed(), Papers::signed("other.example", 2021)] {
            let port = papers.serve(versions).await;
            let pinned = format!("https://127.0.0.1:{port} {}", papers.print());
            assert_eq!(heard(connector(&pinned, PATIENT)).await.unwrap(), "hello");

            let renewed = format!(
                "https://localhost:{port} {} {}",
                Papers::self_signed().print(),
                papers.print()
            );
            assert_eq!(heard(connector(&renewed, PATIENT)).await.unwrap(), "hello");
        }
    }
}

#[tokio::test]
async fn another_certificate_than_the_pinned_one_is_shown_whoever_signed_it() {
    let papers = Papers::signed("127.0.0.1", 2999);
    let port = papers.serve(rustls::ALL_VERSIONS).await;
    let wrong = format!("https://127.0.0.1:{port} {}", Papers::self_signed().print());
    assert_eq!(
        refused(connector(&wrong, PATIENT)).await,
        format!("its certificate is {}, the address pins another", papers.print())
    );
}

#[tokio::test]
async fn a_chain_to_a_trusted_root_is_good_for_its_names_and_in_its_time() {
    let check = async |named: &str, not_after| {
        let papers = Papers::signed(named, not_after);
        let port = papers.serve(rustls::ALL_VERSIONS).await;
        heard(trusting(&format!("https://localhost:{port}"), &papers.root)).await
    };
    assert_eq!(check("localhost", 2999).await.unwrap(), "hello");
    let other = check("raida7.example", 2999).await.unwrap_err().to_string();
    assert!(other.contains("is for") && other.contains("raida7.example"), "{other}");
    let expired = check("localhost", 2021).await.unwrap_err().to_string();
    let days = expired.strip_prefix("its certificate expired ").unwrap();
    let days: u32 = days.strip_suffix(" days ago").unwrap().parse().unwrap();
    assert!(days > 365, "{expired}");
}

#[tokio::test]
async fn an_issuer_that_nobody_knows_is_refused() {
    let papers = Papers::signed("localhost", 2999);
    let port = papers.serve(rustls::ALL_VERSIONS).await;
    for name in ["an authority", "another"] {
        let stranger = Papers::signed_by(name, "localhost", 2999);
        assert_eq!(
            refused(trusting(&format!("https://localhost:{port}"), &stranger.root)).await,
            "its certificate is signed by nobody whom this machine trusts"
        );
    }
}

#[tokio::test]
async fn a_port_in_the_clear_is_told_from_a_wrong_certificate() {
    let port = serve_plain(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let address = format!("https://127.0.0.1:{port} {}", Papers::self_signed().print());
    assert_eq!(refused(connector(&address, PATIENT)).await, "it does not speak tls at this port");
}

#[tokio::test]
async fn a_port_in_tls_is_told_from_an_odd_answer() {
    let port = serve_plain(&[21, 3, 3, 0, 2, 2, 50]).await;
    let connector = connector(&format!("http://127.0.0.1:{port}"), PATIENT);
    let board = connector.board.clone();
    let mut stream = connector.connect().await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\n\r\n").await.unwrap();
    let error = stream.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(error.to_string(), "it speaks tls at this port and was asked in plain http");
    assert_eq!(board.all(), [(0, Trouble::NeedsTls)]);
}

#[tokio::test]
async fn an_alert_about_the_version_says_that_nothing_is_in_common() {
    let port = serve_plain(&[21, 3, 1, 0, 2, 2, 70]).await;
    let address = format!("https://127.0.0.1:{port} {}", Papers::self_signed().print());
    assert_eq!(
        refused(connector(&address, PATIENT)).await,
        "it has no version or cipher of tls in common with this program"
    );
}

#[tokio::test]
async fn a_handshake_that_is_broken_off_is_no_matter_of_trust() {
    let port = serve_plain(b"").await;
    let address = format!("https://127.0.0.1:{port} {}", Papers::self_signed().print());
    let trouble = heard(connector(&address, PATIENT)).await.unwrap_err();
    assert_eq!(trouble, Trouble::HungUp);
    assert!(!trouble.is_about_trust());
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_given_up_at_the_deadline() {
    // Takes connections into its queue and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let address = format!("https://127.0.0.1:{port} {}", Papers::self_signed().print());
    let within = Duration::from_millis(50);
    let given_up = tokio::time::timeout(PATIENT, heard(connector(&address, within))).await.unwrap();
    assert_eq!(given_up, Err(Trouble::Deadline { within }));
}

#[tokio::test]
async fn a_good_connection_takes_the_trouble_off_the_board() {
    let papers = Papers::self_signed();
    let port = papers.serve(rustls::ALL_VERSIONS).await;
    let connector = connector(&format!("https://127.0.0.1:{port} {}", papers.print()), PATIENT);
    connector.board.note(0, Some(Trouble::HungUp));
    connector.clone().connect().await.unwrap();
    assert_eq!(connector.board.all(), []);
}

#[tokio::test]
async fn tls_lies_on_top_of_whatever_stream_is_dialled() {
    let papers = Papers::self_signed();
    let port = papers.serve(rustls::ALL_VERSIONS).await;
    let mut connector = connector(&format!("https://raida.example {}", papers.print()), PATIENT);
    let dials = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = dials.clone();
    let dial = move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        async move {
            let far = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
            let (ours, theirs) = tokio::io::duplex(512);
            tokio::spawn(async move {
                let (mut far, mut theirs) = (far, theirs);
                tokio::io::copy_bidirectional(&mut far, &mut theirs).await
            });
            Ok(crate::Stream::new(ours))
        }
    };
    connector.dial = Dial::over(dial, Jitter::Even);
    assert_eq!(heard(connector).await.unwrap(), "hello");
    assert_eq!(dials.load(Ordering::Relaxed), 1);
}
