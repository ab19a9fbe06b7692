//! A relay with a thousand rooms is killed and started again: everybody comes back and finishes.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tests::process::Running;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::stage::{Ground, Payment, WITHIN, succeeds};
use crate::tap::{Direction, Tap};

/// Rooms in which two people talk.
const TALKS: u64 = 980;
/// Rooms in which coins change hands.
const TRANSFERS: usize = 20;
/// The coins of each sender, and what they are worth.
const COINS: &str = "1x5,2x1";
const WORTH: u64 = 7;

#[test]
fn a_thousand_rooms_survive_a_restart_of_the_relay() {
    raise_open_files();
    let mut ground = Ground::with_purses(TRANSFERS, COINS);
    let address = ground.relay.address.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (restarted, restart) = watch::channel(false);
    let (talking, mut talks) = tokio::sync::mpsc::unbounded_channel();
    let mut rooms = JoinSet::new();
    let _inside = runtime.enter();
    for room in 1..=TALKS {
        rooms.spawn(talk(address.clone(), room, talking.clone(), restart.clone()));
    }
    runtime.block_on(async {
        for _ in 0..TALKS {
            timeout(WITHIN, talks.recv()).await.expect("everybody talks before the restart");
        }
    });

    let gate = Gate::default();
    let transfers: Vec<Transfer> =
        (0..TRANSFERS).map(|number| Transfer::start(&ground, number, &gate)).collect();
    for transfer in &transfers {
        transfer.is_halfway.recv_timeout(WITHIN).expect("every transfer gets halfway");
    }
    let port = address.rsplit(':').next().unwrap().parse().unwrap();
    ground.relay.process.kill().unwrap();
    ground.relay = ground.world.start_relay(port).unwrap();
    gate.open();
    restarted.send(true).unwrap();

    transfers.into_iter().for_each(Transfer::finishes);
    let talked = runtime.block_on(timeout(WITHIN, rooms.join_all())).expect("everybody comes back");
    for room in talked {
        room.unwrap();
    }
}

/// Two people in a room: each hears the other before the restart, and again after it.
async fn talk(
    address: String,
    room: u64,
    talking: tokio::sync::mpsc::UnboundedSender<u64>,
    mut restarted: watch::Receiver<bool>,
) -> Result<()> {
    let rooms = meet(&address, room).await?;
    talking.send(room)?;
    restarted.wait_for(|restarted| *restarted).await?;
    // Their connections are dead; whoever is there first waits for the other.
    drop(rooms);
    timeout(WITHIN, async {
        while meet(&address, room).await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .with_context(|| format!("room {room} did not come back"))
}

/// Lets two into a room and each hear a line of the other.
async fn meet(address: &str, room: u64) -> Result<[BufReader<TcpStream>; 2]> {
    let mut one = join(address, room).await?;
    let mut other = join(address, room).await?;
    for said in ["from one", "from the other"] {
        one.write_all(format!("{said} #\n").as_bytes()).await?;
        let heard = hear(&mut other, said).await?;
        ensure!(heard == format!("{said} 127.0.0.1\n"), "room {room}: {heard}");
        std::mem::swap(&mut one, &mut other);
    }
    Ok([one, other])
}

async fn join(address: &str, room: u64) -> Result<BufReader<TcpStream>> {
    let mut member = BufReader::new(TcpStream::connect(address).await?);
    member.write_all(format!("<# Join_Room {room}>\n").as_bytes()).await?;
    hear(&mut member, "members=").await?;
    Ok(member)
}

/// Reads lines until one contains a word.
async fn hear(member: &mut BufReader<TcpStream>, word: &str) -> Result<String> {
    loop {
        let mut line = String::new();
        ensure!(member.read_line(&mut line).await? > 0, "the relay closed the connection");
        if line.contains(word) {
            return Ok(line);
        }
    }
}

/// A transfer that is held in the middle until a gate opens.
struct Transfer {
    payment: Payment,
    sender: Running,
    receiver: Running,
    is_halfway: mpsc::Receiver<()>,
    _tap: Tap,
}

impl Transfer {
    fn start(ground: &Ground, number: usize, gate: &Gate) -> Transfer {
        let dir: PathBuf = ground.world.dir.join(format!("transfer-{number}"));
        let (from, to) = ground.homes(&dir, &ground.purses[number]).unwrap();
        let (halfway, is_halfway) = mpsc::channel();
        let gate = gate.clone();
        let tap = Tap::start(ground.relay.address.clone(), move |line| {
            if line.number() == Some(12) && line.direction == Direction::ToRelay {
                // Its test may have failed already.
                let _ = halfway.send(());
                gate.wait();
            }
        });
        let (conn, relay) = (dir.join("conn.txt"), tap.address());
        let payment = Payment { from, to, conn, relay, amount: WORTH };
        let (sender, receiver) = payment.start();
        Transfer { payment, sender, receiver, is_halfway, _tap: tap }
    }

    fn finishes(self) {
        succeeds(self.sender);
        succeeds(self.receiver);
        let totals = (self.payment.from.total().unwrap(), self.payment.to.total().unwrap());
        assert_eq!(totals, (0, WORTH), "{}", self.payment.conn.display());
    }
}

/// Holds everybody who waits until it is opened.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn wait(&self) {
        let is_open = self.0.0.lock().unwrap();
        let waited = self.0.1.wait_timeout_while(is_open, WITHIN, |is_open| !*is_open).unwrap();
        drop(waited);
    }
}

/// Two sockets for each talk are more than some systems let a process have by itself.
fn raise_open_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}
