//! One person: a home on a simulated disk, and the programs that are run on it one after the other, each
//! of which may die at any moment.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use client::{Clock, Dial, Ground};
use coin::reclaim::Will;
use coin::{AGENTS, Amount, Coin};
use jiff::{SignedDuration, Timestamp};
use protocol::conn_file::ConnFile;
use raida::Stream;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;
use wallet::{AnyDisk, Loss, OperationId, SimDisk};

use crate::chance::Chance;
use crate::inn::Inn;
use crate::town::Town;
use crate::trace::Trace;
use crate::weather::Weather;

/// When each run begins, by the clock of day.
const BEGINNING: i64 = 1_800_000_000;
/// Room on a disk that is not full.
pub(crate) const PLENTY_BYTES: u64 = 1 << 40;

/// A person's home and ways out.
pub(crate) struct Purse {
    pub(crate) name: &'static str,
    address: IpAddr,
    /// Where `config.toml` lies.
    pub(crate) home: PathBuf,
    disk: Mutex<SimDisk>,
    town: Town,
    inn: Inn,
    pub(crate) to_agents: Vec<Weather>,
    pub(crate) to_relay: Weather,
    /// How far the clock of day is off, in seconds.
    clock_off: Arc<AtomicI64>,
    began: Instant,
    chance: Chance,
    trace: Trace,
}

/// What a program is run for.
#[derive(Clone, Debug)]
pub(crate) enum Errand {
    Send(ConnFile, Amount),
    Receive(ConnFile),
    Import(Vec<Coin>),
    Change(Amount),
    Join,
    Export(Amount, PathBuf),
    Resume,
    Find,
    Fix,
    Detect,
    Reclaim(Will),
}

/// How a run of a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Exit(u8),
    Died,
}

/// When a run of a program is to die.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    Never,
    /// At this act of the disk, in the middle of it.
    AtDiskAct(usize),
    /// After so many turns of the program.
    AfterTurns(u64),
    /// After so long.
    After(Duration),
}

impl Purse {
    pub(crate) fn new(
        name: &'static str,
        address: IpAddr,
        home: PathBuf,
        town: &Town,
        inn: &Inn,
        chance: Chance,
        trace: &Trace,
    ) -> Purse {
        let weather = |most: u64| Weather::fair(chance.number(1..=most));
        Purse {
            name,
            address,
            home,
            disk: Mutex::new(SimDisk::new()),
            town: town.clone(),
            inn: inn.clone(),
            to_agents: (0..AGENTS).map(|_| weather(60)).collect(),
            to_relay: weather(60),
            clock_off: Arc::default(),
            began: Instant::now(),
            chance,
            trace: trace.clone(),
        }
    }

    /// Returns the disk as it is now.
    pub(crate) fn disk(&self) -> SimDisk {
        self.now().clone()
    }

    /// Sets the clock of day forward or back.
    pub(crate) fn set_clock(&self, seconds: i64) {
        self.clock_off.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Returns the time by the clock of day, in seconds since 1970.
    pub(crate) fn day_secs(&self) -> u64 {
        let off = self.clock_off.load(Ordering::Relaxed);
        (BEGINNING + off) as u64 + self.began.elapsed().as_secs()
    }

    /// Runs a program until it ends or dies.
    pub(crate) async fn run(&self, errand: Errand, wait: Duration, death: Death) -> Ended {
        self.trace.say(self.name, &format!("runs {} {death:?}", errand.word()));
        let disk = self.disk();
        if let Death::AtDiskAct(n) = death {
            disk.crash_at(n);
        }
        let life = Life { dead: Arc::new(Mutex::new(false)), disk: disk.clone() };
        let program = Box::pin(errand.on(self.ground(&life), wait));
        let timer = match death {
            Death::After(time) => Some(Box::pin(tokio::time::sleep(time))),
            Death::Never | Death::AtDiskAct(_) | Death::AfterTurns(_) => None,
        };
        let turns_left = match death {
            Death::AfterTurns(turns) => turns,
            Death::Never | Death::AtDiskAct(_) | Death::After(_) => u64::MAX,
        };
        let ended = Mortal { program, timer, turns_left, disk: disk.clone() }.await;
        life.end();
        match ended {
            Ended::Exit(exit) => {
                self.trace.say(self.name, &format!("exit {exit}"));
                *self.now() = disk.restart(Loss::Nothing);
            }
            Ended::Died => {
                let loss = match self.chance.below(4) {
                    0 => Loss::Nothing,
                    1 => Loss::Unsynced,
                    _ => Loss::Some { seed: self.chance.number(0..=u64::MAX) },
                };
                self.trace.say(self.name, &format!("died: {}", loss_word(loss)));
                *self.now() = disk.restart(loss);
            }
        }
        ended
    }

    fn ground(&self, life: &Life) -> Ground {
        let wrap = {
            let life = life.clone();
            move |stream| Stream::new(life.over(stream))
        };
        let (inn, weather, address) = (self.inn.clone(), self.to_relay.clone(), self.address);
        let part = 0.5 + self.chance.number(0..=50) as f64 / 100.0;
        let over = wrap.clone();
        let relay = Dial::over(part, move |_| {
            let (inn, weather, over) = (inn.clone(), weather.clone(), over.clone());
            async move { inn.reach(weather, address).await.map(over) }
        });
        let (off, began) = (Arc::clone(&self.clock_off), self.began);
        let clock = Clock::new(move || {
            let elapsed = SignedDuration::from_secs(began.elapsed().as_secs() as i64);
            let day = Timestamp::from_second(BEGINNING + off.load(Ordering::Relaxed)).unwrap();
            day.saturating_add(elapsed).unwrap()
        });
        let (trace, name) = (self.trace.clone(), self.name);
        let (home, chance) = (self.home.display().to_string(), self.chance.clone());
        Ground {
            home: self.home.clone(),
            disk: AnyDisk::Sim(life.disk.clone()),
            relay,
            agents: self.town.seen_through(self.to_agents.clone(), wrap),
            clock,
            numbers: Arc::new(move || OperationId::from_bytes(chance.bytes())),
            lines: Arc::new(move |line| {
                // The only line that names a time of the machine.
                if !line.contains("waiting for") {
                    trace.say(name, &line.replace(&home, "HOME"));
                }
            }),
            stop: CancellationToken::new(),
        }
    }

    fn now(&self) -> MutexGuard<'_, SimDisk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn loss_word(loss: Loss) -> &'static str {
    match loss {
        Loss::Nothing => "killed",
        Loss::Unsynced => "the power fails, nothing unsynced is left",
        Loss::Some { .. } => "the power fails, some of what was not synced is left",
    }
}

impl Errand {
    fn word(&self) -> String {
        match self {
            Errand::Send(_, amount) => format!("coin-send --amount {amount}"),
            Errand::Receive(_) => "coin-receive".to_owned(),
            Errand::Import(coins) => format!("coin-wallet import of {} coins", coins.len()),
            Errand::Change(amount) => format!("coin-wallet change {amount}"),
            Errand::Join => "coin-wallet join --all".to_owned(),
            Errand::Export(amount, _) => format!("coin-wallet export {amount}"),
            Errand::Resume => "coin-wallet resume".to_owned(),
            Errand::Find => "coin-wallet find".to_owned(),
            Errand::Fix => "coin-wallet fix".to_owned(),
            Errand::Detect => "coin-wallet detect".to_owned(),
            Errand::Reclaim(will) => format!("coin-wallet reclaim ({will:?})"),
        }
    }

    async fn on(self, ground: Ground, wait: Duration) -> u8 {
        match self {
            Errand::Send(file, amount) => ground.send(&file, amount, wait).await,
            Errand::Receive(file) => ground.receive(file, wait).await,
            Errand::Import(coins) => ground.import(coins).await,
            Errand::Change(amount) => ground.change(amount).await,
            Errand::Join => ground.join().await,
            Errand::Export(amount, out) => ground.export(amount, &out).await,
            Errand::Resume => ground.resume(wait).await,
            Errand::Find => ground.find().await,
            Errand::Fix => ground.fix().await,
            Errand::Detect => ground.detect().await,
            Errand::Reclaim(will) => ground.reclaim(will).await,
        }
    }
}

/// The life of a process: when it is over, nothing that it left behind says a word any more.
#[derive(Clone)]
struct Life {
    dead: Arc<Mutex<bool>>,
    disk: SimDisk,
}

impl Life {
    fn end(&self) {
        *self.dead.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    fn is_over(&self) -> bool {
        self.disk.is_off() || *self.dead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn over(&self, stream: DuplexStream) -> Living {
        Living { stream, life: self.clone() }
    }
}

/// A stream that ends with its process.
struct Living {
    stream: DuplexStream,
    life: Life,
}

impl AsyncRead for Living {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.life.is_over() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Living {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.life.is_over() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A program that may die between any two of its turns.
struct Mortal<F> {
    program: Pin<Box<F>>,
    timer: Option<Pin<Box<Sleep>>>,
    turns_left: u64,
    disk: SimDisk,
}

impl<F: Future<Output = u8>> Future for Mortal<F> {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        if let Some(timer) = &mut self.timer
            && timer.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Ended::Died);
        }
        let polled = self.program.as_mut().poll(cx);
        if self.disk.is_off() {
            return Poll::Ready(Ended::Died);
        }
        if let Poll::Ready(exit) = polled {
            return Poll::Ready(Ended::Exit(exit));
        }
        match self.turns_left.checked_sub(1) {
            Some(left) => self.turns_left = left,
            None => return Poll::Ready(Ended::Died),
        }
        Poll::Pending
    }
}
