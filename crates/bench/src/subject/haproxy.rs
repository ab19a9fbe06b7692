//! haproxy in TCP mode: it passes on what a client says to the server behind it, and rewrites
//! nothing.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Server, Subject, free_port};
use crate::room::{Pair, Wire, connect};

/// The program `haproxy`; the load stands on both of its sides.
pub(crate) struct Haproxy;

impl Subject for Haproxy {
    fn name(&self) -> &'static str {
        "haproxy"
    }

    fn start(&self, dir: &Path) -> Result<Server> {
        let behind = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (port, backend) = (free_port()?, behind.local_addr()?);
        let config = dir.join("haproxy.cfg");
        let text = format!(
            "global\n  maxconn 9000\n  nbthread 1\n\
             defaults\n  mode tcp\n  timeout connect 10s\n  timeout client 1h\n  timeout server 1h\n\
             listen all\n  bind 127.0.0.1:{port}\n  server behind {backend}\n"
        );
        fs::write(&config, text)?;
        let mut server =
            Server::on_port(Command::new("haproxy").arg("-db").arg("-f").arg(&config), port)?;
        // The knock that found it listening has come through.
        behind.accept()?;
        server.behind = Some(behind);
        Ok(server)
    }

    fn join(&self, server: &Server, _: u64) -> Result<Pair> {
        let talker = connect(server.address)?;
        let behind = server.behind.as_ref().context("it passes on to us")?;
        let (listener, _) = behind.accept()?;
        listener.set_nodelay(true)?;
        Ok(Pair { talker, listener })
    }

    fn wire(&self, _: u64, line: &str) -> Wire {
        Wire { sent: line.as_bytes().to_vec(), arrives: line.len() }
    }
}
