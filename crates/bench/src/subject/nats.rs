//! nats-server: a room is a subject that two subscribe to, without hearing themselves.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{Server, Subject, free_port};
use crate::room::{Pair, Wire, connect, hear, say};

/// The program `nats-server`.
pub(crate) struct Nats;

impl Subject for Nats {
    fn name(&self) -> &'static str {
        "nats-server"
    }

    fn start(&self, _: &Path) -> Result<Server> {
        let port = free_port()?;
        let mut command = Command::new("nats-server");
        Server::on_port(command.args(["-a", "127.0.0.1", "-p", &port.to_string()]), port)
    }

    fn join(&self, server: &Server, room: u64) -> Result<Pair> {
        let member = || {
            let mut member = connect(server.address)?;
            hear(&mut member, &[b"\r\n"])?;
            let hello = format!(
                "CONNECT {{\"verbose\":false,\"pedantic\":false,\"echo\":false}}\r\nSUB {} 1\r\nPING\r\n",
                topic(room)
            );
            say(&mut member, hello.as_bytes(), &[b"PONG\r\n"])?;
            anyhow::Ok(member)
        };
        Ok(Pair { talker: member()?, listener: member()? })
    }

    fn wire(&self, room: u64, line: &str) -> Wire {
        let (topic, length) = (topic(room), line.len());
        let sent = format!("PUB {topic} {length}\r\n{line}\r\n").into_bytes();
        let arrives = format!("MSG {topic} 1 {length}\r\n{line}\r\n").len();
        Wire { sent, arrives }
    }
}

fn topic(room: u64) -> String {
    format!("room.{room:06}")
}
