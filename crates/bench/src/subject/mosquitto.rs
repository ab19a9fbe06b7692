//! mosquitto: each member subscribes to a topic of its own and publishes to the other's (MQTT
//! 3.1.1, quality 0).

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{Server, Subject, free_port};
use crate::room::{Pair, Wire, connect, say};

/// The program `mosquitto`.
pub(crate) struct Mosquitto;

impl Subject for Mosquitto {
    fn name(&self) -> &'static str {
        "mosquitto"
    }

    fn start(&self, dir: &Path) -> Result<Server> {
        let port = free_port()?;
        let config = dir.join("mosquitto.conf");
        let text = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n\
             max_queued_messages 0\nlog_type none\n"
        );
        fs::write(&config, text)?;
        Server::on_port(Command::new("mosquitto").arg("-c").arg(&config), port)
    }

    fn join(&self, server: &Server, room: u64) -> Result<Pair> {
        let member = |topic: String| {
            let mut member = connect(server.address)?;
            let mut hello = text("MQTT");
            // Level 4, clean session, no keep-alive; the client's name is that of its topic.
            hello.extend_from_slice(&[4, 2, 0, 0]);
            hello.extend_from_slice(&text(&topic));
            say(&mut member, &packet(0x10, &hello), &[&[0x20, 2, 0, 0]])?;
            let mut subscribe = vec![0, 1];
            subscribe.extend_from_slice(&text(&topic));
            subscribe.push(0);
            say(&mut member, &packet(0x82, &subscribe), &[&[0x90, 3, 0, 1, 0]])?;
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

    // It writes every message on its own, so that a longer window would gain it nothing.
    fn window_max(&self) -> u64 {
        100
    }
}

fn publish(topic: &str, line: &str) -> Wire {
    let mut body = text(topic);
    body.extend_from_slice(line.as_bytes());
    let sent = packet(0x30, &body);
    let arrives = sent.len();
    Wire { sent, arrives }
}

fn of_talker(room: u64) -> String {
    format!("t{room:06}")
}

fn of_listener(room: u64) -> String {
    format!("l{room:06}")
}

/// Writes a text with its length before it.
fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("names here are short");
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

/// Writes a packet: its kind, its length in groups of seven bits, its body.
fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![kind];
    let mut length = body.len();
    loop {
        let group = (length % 128) as u8;
        length /= 128;
        packet.push(if length > 0 { group | 0x80 } else { group });
        if length == 0 {
            break;
        }
    }
    packet.extend_from_slice(body);
    packet
}
