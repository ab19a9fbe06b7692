//! The bare forwarder, which is part of this program.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{Server, Subject};
use crate::forwarder::{Manner, PAIRED, WAITING};
use crate::room::{Pair, Wire, connect, hear};

/// Two who say the same first line belong together.
pub(crate) struct Bare(pub(crate) Manner);

impl Subject for Bare {
    fn name(&self) -> &'static str {
        match self.0 {
            Manner::Quiet => "bare",
            Manner::Telling => "bare that tells",
        }
    }

    fn start(&self, _: &Path) -> Result<Server> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("forward");
        if self.0 == Manner::Telling {
            command.arg("--telling");
        }
        Server::that_tells(&mut command)
    }

    fn join(&self, server: &Server, room: u64) -> Result<Pair> {
        use std::io::Write;
        let (mut talker, mut listener) = (connect(server.address)?, connect(server.address)?);
        let line = format!("room {room}\n");
        talker.write_all(line.as_bytes())?;
        if self.0 == Manner::Telling {
            hear(&mut talker, &[WAITING])?;
        }
        listener.write_all(line.as_bytes())?;
        hear(&mut talker, &[PAIRED])?;
        hear(&mut listener, &[PAIRED])?;
        Ok(Pair { talker, listener })
    }

    fn wire(&self, _: u64, line: &str) -> Wire {
        Wire { sent: line.as_bytes().to_vec(), arrives: line.len() }
    }
}
