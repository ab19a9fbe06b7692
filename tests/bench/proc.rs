//! What the kernel says of a process: its CPU time and its memory.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};

/// Returns the CPU time that a process has used, all its threads together.
pub(crate) fn cpu_seconds(process: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let after_name = stat.rsplit_once(')').context("not the form of /proc/PID/stat")?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// Returns the most memory that a process has had so far, in KiB: the kernel's own high-water mark.
pub(crate) fn peak_kib(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|text| text.split_whitespace().next());
    Ok(kib.context("no VmHWM in /proc/PID/status")?.parse()?)
}

/// Watches the peak memory of a process until it ends.
pub(crate) struct Peak {
    kib: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Peak {
    pub(crate) fn watch(process: u32) -> Peak {
        let (kib, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (seen, stopped) = (Arc::clone(&kib), Arc::clone(&stop));
        std::thread::spawn(move || {
            // The last reading before the end is the peak.
            while let (false, Ok(peak)) = (stopped.load(Ordering::Relaxed), peak_kib(process)) {
                seen.fetch_max(peak, Ordering::Relaxed);
                std::thread::park_timeout(Duration::from_millis(2));
            }
        });
        Peak { kib, stop }
    }

    pub(crate) fn kib(&self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.kib.load(Ordering::Relaxed)
    }
}
