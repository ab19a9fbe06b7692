//! What the kernel accounts for: processor time and memory of a process, cores, lost connections.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The cores that a run uses: one for the subject, one for the load.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    subject: usize,
    load: usize,
    all: CpuSet,
}

impl Cores {
    /// Takes the first two cores that this process may use.
    pub(crate) fn choose() -> Result<Cores> {
        let allowed = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core));
        let (subject, load) = (cores.next(), cores.next());
        let cores = subject.zip(load).map(|(subject, load)| Cores { subject, load, all: allowed });
        cores.context("two cores are needed: one for the relay, one for the load")
    }

    /// Runs `start` on the subject's core, which a process that it starts inherits, and comes back
    /// to the core of the load.
    pub(crate) fn on_subjects<T>(self, start: impl FnOnce() -> Result<T>) -> Result<T> {
        stay_on(self.subject)?;
        let started = start();
        stay_on(self.load)?;
        started
    }

    /// Lets this process, and what it starts, run on all cores again.
    pub(crate) fn release(self) -> Result<()> {
        Ok(sched_setaffinity(None, &self.all)?)
    }
}

fn stay_on(core: usize) -> Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    Ok(sched_setaffinity(None, &set)?)
}

/// Returns the processor time, user and system, that the living threads of a process have spent.
pub(crate) fn spent(process: u32) -> Result<Duration> {
    let mut nanoseconds = 0;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread may end in between.
        let Ok(text) = fs::read_to_string(task?.path().join("schedstat")) else { continue };
        let first = text.split_whitespace().next().context("the kernel keeps no schedstat")?;
        nanoseconds += first.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// Returns the resident memory of a process, in KiB.
pub(crate) fn resident_kib(process: u32) -> Result<u64> {
    status_kib(process, "VmRSS:")
}

/// Returns the largest resident memory that a process has had, in KiB.
pub(crate) fn peak_kib(process: u32) -> Result<u64> {
    status_kib(process, "VmHWM:")
}

fn status_kib(process: u32, name: &str) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("the kernel does not tell the memory")?.parse()?)
}

/// Returns how many first packets of connections this machine has sent a second time, and how many
/// connections found a full queue, since it was started.
pub(crate) fn lost_attempts() -> Result<u64> {
    let text = fs::read_to_string("/proc/net/netstat")?;
    let mut lines = text.lines().filter_map(|line| line.strip_prefix("TcpExt:"));
    let (names, values) = lines.next().zip(lines.next()).context("no TcpExt in netstat")?;
    let both = names.split_whitespace().zip(values.split_whitespace());
    let of_interest = both.filter(|(name, _)| matches!(*name, "ListenOverflows" | "TCPSynRetrans"));
    of_interest.map(|(_, value)| Ok(value.parse::<u64>()?)).sum()
}

/// Raises the soft limit of open files to the hard one, and returns it.
pub(crate) fn open_files() -> Result<u64> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(1 << 20);
    setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })?;
    Ok(wanted)
}

/// Describes the machine in a few words: its processor, its cores and its kernel.
pub(crate) fn description() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("processor unknown", |line| line.trim_start_matches(['\t', ' ', ':']));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} cores of {model}, Linux {}", kernel.trim())
}
