//! Many connections at once: what they cost a server while they are idle, and how fast they come in.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::machine;
use crate::room::{Pair, connect, hear};
use crate::stream::Load;
use crate::subject::{Ours, Server, Subject};

/// What idle pairs cost a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Idle {
    /// MiB without any connection.
    pub(crate) base: f64,
    /// KiB for each pair that has joined.
    pub(crate) joined: f64,
    /// KiB for each pair that has said 1 KiB each way.
    pub(crate) talked: f64,
}

/// Lets pairs in, lets each say a line each way, and looks at the server's memory in between.
pub(crate) fn idle(subject: &dyn Subject, server: &Server, pairs: u64) -> Result<Idle> {
    let base = machine::resident_kib(server.process())? as f64;
    let grown =
        || anyhow::Ok((machine::resident_kib(server.process())? as f64 - base) / pairs as f64);
    let mut all = Vec::new();
    for room in 1..=pairs {
        all.push(subject.join(server, room)?);
    }
    let joined = grown()?;
    let text = Load { rooms: 1, line: 1024, window: 1 }.text();
    let mut bytes = vec![0; 2 * text.len()];
    for (room, Pair { talker, listener }) in (1..).zip(&mut all) {
        let (there, back) = (subject.wire(room, &text), subject.wire_back(room, &text));
        talker.write_all(&there.sent)?;
        listener.read_exact(&mut bytes[..there.arrives])?;
        listener.write_all(&back.sent)?;
        talker.read_exact(&mut bytes[..back.arrives])?;
    }
    Ok(Idle { base: base / 1024.0, joined, talked: grown()? })
}

/// How a crowd came into our relay.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// Until the last pair was together.
    pub(crate) took: Duration,
    /// First packets sent twice, and connections that found a full queue.
    pub(crate) lost: u64,
}

/// Lets pairs come in all at once.
pub(crate) fn arrive(server: &Server, pairs: u64) -> Result<Arrival> {
    let lost = machine::lost_attempts()?;
    let began = Instant::now();
    let connected: Result<Vec<TcpStream>> =
        (0..2 * pairs).map(|_| connect(server.address)).collect();
    let mut members = connected?;
    for (room, both) in (1..).zip(members.chunks_mut(2)) {
        for member in both {
            member.write_all(Ours::join_line(room).as_bytes())?;
        }
    }
    for member in &mut members {
        hear(member, &[b"\"peer\""])?;
    }
    let took = began.elapsed();
    Ok(Arrival { took, lost: machine::lost_attempts()? - lost })
}

/// Holds so many connections, each of which says a heartbeat every five seconds, for so long;
/// returns the server's largest memory in MiB.
pub(crate) fn hold(server: &Server, connections: u64, time: Duration) -> Result<f64> {
    const HEARTBEAT: &str = "{\"from\":\"#\",\"Message Number\":1,\"Message_Details\":null}\n";
    const EVERY: Duration = Duration::from_secs(5);
    let mut members = Vec::new();
    for number in 0..connections {
        let mut member = connect(server.address)?;
        member.write_all(Ours::join_line(1 + number / 2).as_bytes())?;
        members.push(member);
    }
    let mut bytes = vec![0; 64 * 1024];
    let ends = Instant::now() + time;
    while Instant::now() < ends {
        let turn = Instant::now();
        for member in &mut members {
            member.write_all(HEARTBEAT.as_bytes())?;
        }
        for member in &mut members {
            ensure!(member.read(&mut bytes)? > 0, "a connection was not held");
        }
        std::thread::sleep(EVERY.saturating_sub(turn.elapsed()));
    }
    Ok(machine::peak_kib(server.process())? as f64 / 1024.0)
}
