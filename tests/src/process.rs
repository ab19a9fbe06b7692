//! Processes that never outlive their handle, and signals to them by their id.

use std::io::{BufReader, Read};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Output};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal};

/// A process that is killed when its handle goes.
#[derive(Debug)]
pub struct Running {
    child: Child,
    name: &'static str,
}

impl Running {
    /// Starts a command.
    pub fn start(name: &'static str, command: &mut Command) -> Result<Running> {
        let child = command.spawn().with_context(|| format!("{name} does not start"))?;
        Ok(Running { child, name })
    }

    /// Takes a process that was started already.
    pub fn of(child: Child, name: &'static str) -> Running {
        Running { child, name }
    }

    /// Returns how it ended, if it has.
    pub fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Returns the process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Takes the standard output that was asked for by `Stdio::piped`.
    pub fn stdout(&mut self) -> Result<BufReader<ChildStdout>> {
        self.child.stdout.take().map(BufReader::new).context("the standard output is not piped")
    }

    /// Takes the standard error that was asked for by `Stdio::piped`.
    pub fn stderr(&mut self) -> Result<BufReader<ChildStderr>> {
        self.child.stderr.take().map(BufReader::new).context("the standard error is not piped")
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        signal_process(self.child.id(), signal)
    }

    /// Kills it on the spot.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Waits until it ends; an error after `within`.
    pub fn wait(&mut self, within: Duration) -> Result<ExitStatus> {
        let until = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if Instant::now() > until {
                bail!("{} did not end within {within:?}", self.name);
            }
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// Waits until it ends and returns what it wrote to the pipes that were asked for.
    pub fn output(mut self, within: Duration) -> Result<Output> {
        let (mut out, mut err) = (self.child.stdout.take(), self.child.stderr.take());
        let out = std::thread::spawn(move || read_all(out.as_mut()));
        let err = std::thread::spawn(move || read_all(err.as_mut()));
        let status = self.wait(within)?;
        let text = |thread: std::thread::JoinHandle<Vec<u8>>| thread.join().unwrap_or_default();
        Ok(Output { status, stdout: text(out), stderr: text(err) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only when the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process by its id.
pub fn signal_process(id: u32, signal: Signal) -> Result<()> {
    let pid = i32::try_from(id).ok().and_then(Pid::from_raw).context("not a process id")?;
    Ok(rustix::process::kill_process(pid, signal)?)
}

fn read_all(from: Option<&mut impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        // What was read until an error is what there is.
        let _ = from.read_to_end(&mut bytes);
    }
    bytes
}
