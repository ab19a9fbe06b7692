//! redis-server: each member subscribes to a channel of its own and publishes to the other's.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{Server, Subject, free_port};
use crate::room::{Pair, Wire, connect, say};

/// The program `redis-server`, spoken to in RESP3, in which a subscriber may publish.
pub(crate) struct Redis;

impl Subject for Redis {
    fn name(&self) -> &'static str {
        "redis-server"
    }

    fn start(&self, dir: &Path) -> Result<Server> {
        let port = free_port()?.to_string();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.args(["--maxclients", "15000", "--client-output-buffer-limit", "pubsub 0 0 0"]);
        Server::on_port(command.arg("--dir").arg(dir), port.parse()?)
    }

    fn join(&self, server: &Server, room: u64) -> Result<Pair> {
        let member = |channel: String| {
            let mut member = connect(server.address)?;
            say(&mut member, &command(&["HELLO", "3"]), &[b"modules"])?;
            say(&mut member, &command(&["SUBSCRIBE", &channel]), &[b":1\r\n"])?;
            // It has no answer.
            std::io::Write::write_all(&mut member, &command(&["CLIENT", "REPLY", "OFF"]))?;
            anyhow::Ok(member)
        };
        Ok(Pair { talker: member(of_talker(room))?, listener: member(of_listener(room))? })
    }

    fn wire(&self, room: u64, line: &str) -> Wire {
        publish(&of_listener(room), line)
    }

    fn wire_back(&self, room: u64, line: &str) -> Wire {
        publish(&of_talker(room), line)
    }
}

fn publish(channel: &str, line: &str) -> Wire {
    let push = command(&["message", channel, line]);
    Wire { sent: command(&["PUBLISH", channel, line]), arrives: push.len() }
}

fn of_talker(room: u64) -> String {
    format!("t{room:06}")
}

fn of_listener(room: u64) -> String {
    format!("l{room:06}")
}

/// Writes words as an array; a push message differs in its first byte alone.
fn command(words: &[&str]) -> Vec<u8> {
    let mut text = format!("*{}\r\n", words.len());
    for word in words {
        text += &format!("${}\r\n{word}\r\n", word.len());
    }
    text.into_bytes()
}
