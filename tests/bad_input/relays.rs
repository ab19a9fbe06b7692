//! Relays that are not there, and other things that listen behind that port.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use protocol::conn_file::ConnFile;

use crate::conn_files::{new_file, write};
use crate::listing::Listing;
use crate::said::{Said, run, start};
use crate::town::town;

/// Something that listens, and does the same to everybody who comes.
struct Stub {
    address: String,
    over: Arc<AtomicBool>,
}

impl Stub {
    fn start(serve: impl Fn(TcpStream) + Send + 'static) -> Stub {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if told.load(Ordering::Relaxed) {
                    break;
                }
                serve(stream);
            }
        });
        Stub { address, over }
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the listener.
        let _ = TcpStream::connect(&self.address);
    }
}

/// Both programs meet at this address and find no relay; what they say and how they end. The coins
/// stay.
fn no_relay_at(address: &str, words: &[&str]) {
    let town = town();
    let (sender, receiver) = (town.home_with(&[5, 1, 1]), town.home());
    let coins = Listing::of_coins(&sender.dir);
    let conn = town.path("conn.txt");
    let mut send = town.send_known(&sender, 7, &conn);
    let sending = start(send.args(["--relay", address, "--wait", "40"]));
    let file = ConnFile { relay: address.to_owned(), ..new_file() };
    let theirs = write(&file.to_text());
    let received = run(town.receive(&receiver, &theirs).args(["--wait", "40", "--json"]));
    received.objects();
    let fails = |said: Said| said.fails(4, words).says(address);
    fails(received);
    fails(sending.ends());
    assert_eq!(Listing::of_coins(&sender.dir), coins);
    assert_eq!((sender.total().unwrap(), receiver.total().unwrap()), (7, 0));
}

#[test]
fn a_relay_that_is_not_there_is_named() {
    no_relay_at("127.0.0.1:1", &["cannot be reached", "relay --port"]);
}

#[test]
fn a_file_that_met_no_relay_can_be_tried_again() {
    let town = town();
    let (sender, receiver) = (town.home_with(&[5, 1, 1]), town.home());
    let conn = town.path("conn.txt");
    let mut relay = town.world.start_relay(0).unwrap();
    let port = relay.address.rsplit(':').next().unwrap().parse().unwrap();
    relay.process.kill().unwrap();
    run(town.send_known(&sender, 7, &conn).args(["--relay", &relay.address])).fails(4, &[]);
    run(&mut town.receive(&receiver, &conn)).fails(4, &["cannot be reached"]);
    run(&mut town.receive(&receiver, &conn)).fails(4, &["continuing"]);
    let _relay = town.world.start_relay(port).unwrap();
    let (sent, received) = town.pay(&sender, &receiver, 7, &conn);
    sent.ends_with(0, &["continuing"]);
    received.ends_with(0, &["continuing"]);
    assert_eq!((sender.total().unwrap(), receiver.total().unwrap()), (0, 7));
}

#[test]
fn a_web_server_is_no_relay() {
    let answer = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 3\r\n\r\nno\n";
    let stub = Stub::start(move |mut stream| {
        let mut heard = [0; 512];
        let _ = stream.read(&mut heard);
        let _ = stream.write_all(answer.as_bytes());
    });
    no_relay_at(&stub.address, &["not a LiveConnect relay"]);
}

#[test]
fn a_server_that_greets_first_is_no_relay() {
    let stub = Stub::start(|mut stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n");
        let _ = stream.read(&mut [0; 512]);
    });
    no_relay_at(&stub.address, &["not a LiveConnect relay"]);
}

#[test]
fn a_server_that_closes_at_once_is_no_relay() {
    let stub = Stub::start(drop);
    no_relay_at(&stub.address, &["not a LiveConnect relay"]);
}

#[test]
fn a_server_that_speaks_bytes_without_end_is_no_relay() {
    for bytes in [[b'x'; 4096], [0xff; 4096]] {
        let stub = Stub::start(move |mut stream| {
            std::thread::spawn(move || while stream.write_all(&bytes).is_ok() {});
        });
        no_relay_at(&stub.address, &["not a LiveConnect relay"]);
    }
}

#[test]
fn a_server_that_is_silent_is_no_relay() {
    let stub = Stub::start(|stream| {
        std::thread::spawn(move || {
            let mut stream = stream;
            while stream.read(&mut [0; 512]).is_ok_and(|bytes| bytes > 0) {}
        });
    });
    no_relay_at(&stub.address, &["not a LiveConnect relay"]);
}
