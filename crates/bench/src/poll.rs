//! Readiness of many sockets, as plainly as the kernel gives it (epoll, level-triggered).

use std::net::TcpStream;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use anyhow::Result;
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

/// Events taken at once.
const EVENTS: usize = 1024;

/// A set of sockets, each with a number of its owner's choice.
pub(crate) struct Poll {
    epoll: OwnedFd,
    events: Vec<Event>,
}

impl Poll {
    pub(crate) fn new() -> Result<Poll> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        Ok(Poll { epoll, events: Vec::with_capacity(EVENTS) })
    }

    /// Watches a socket for something to read.
    pub(crate) fn watch(&self, socket: impl AsFd, number: usize) -> Result<()> {
        Ok(epoll::add(&self.epoll, socket, EventData::new_u64(number as u64), EventFlags::IN)?)
    }

    /// Watches a socket that is watched already for room to write alone.
    pub(crate) fn until_writable(&self, socket: &TcpStream, number: usize) -> Result<()> {
        let data = EventData::new_u64(number as u64);
        Ok(epoll::modify(&self.epoll, socket, data, EventFlags::OUT)?)
    }

    /// Watches a socket for something to read again.
    pub(crate) fn until_readable(&self, socket: &TcpStream, number: usize) -> Result<()> {
        let data = EventData::new_u64(number as u64);
        Ok(epoll::modify(&self.epoll, socket, data, EventFlags::IN)?)
    }

    /// Watches a socket for nothing but its end.
    pub(crate) fn pause(&self, socket: &TcpStream, number: usize) -> Result<()> {
        let data = EventData::new_u64(number as u64);
        Ok(epoll::modify(&self.epoll, socket, data, EventFlags::empty())?)
    }

    pub(crate) fn forget(&self, socket: &TcpStream) -> Result<()> {
        Ok(epoll::delete(&self.epoll, socket)?)
    }

    /// Waits for events, at most for `wait`, and puts their numbers into `ready`.
    pub(crate) fn wait(&mut self, wait: Duration, ready: &mut Vec<usize>) -> Result<()> {
        self.events.clear();
        let timeout =
            Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: wait.subsec_nanos().into() };
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        ready.clear();
        ready.extend(self.events.iter().map(|event| { event.data }.u64() as usize));
        Ok(())
    }
}
