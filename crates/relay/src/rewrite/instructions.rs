//! What rewriting costs, counted by callgrind: instructions do not depend on what else the machine
//! does. Of a debug build they say nothing; run this with `--release`.

use std::process::Command;
use std::{env, hint};

use super::*;

const CHUNKS: usize = 20;
const WORK: &str = "LIVECONNECT_INSTRUCTIONS_OF";

/// Rewrites chunks of that many lines; what is in here is counted.
#[inline(never)]
fn counted_work(lines: &[u8], address: &Address, desk: &mut Desk) {
    for _ in 0..CHUNKS {
        let batch = rewrite(hint::black_box(lines), address, LineLimits::default(), desk);
        assert_eq!(hint::black_box(batch).taken, lines.len());
    }
}

/// Runs this very test under callgrind with the work alone; returns instructions for each byte, or
/// `None` without callgrind.
fn instructions_for_a_byte(line_bytes: usize) -> Option<f64> {
    let folder = tempfile::tempdir().unwrap();
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--toggle-collect=*counted_work*"]);
    valgrind.arg(format!("--callgrind-out-file={}", folder.path().join("out").display()));
    valgrind.arg(env::current_exe().unwrap());
    valgrind.args(["--exact", "rewrite::instructions::of_a_byte_are_few"]);
    let counted = valgrind.env(WORK, line_bytes.to_string()).output().ok()?;
    let told = String::from_utf8_lossy(&counted.stderr).into_owned();
    assert!(counted.status.success(), "{told}");
    let count = told.split("Collected : ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let count: f64 = count.unwrap_or_else(|| panic!("no count: {told}")).parse().unwrap();
    Some(count / (CHUNKS * chunk_of(line_bytes).len()) as f64)
}

/// A chunk of lines with one `#` each.
fn chunk_of(line_bytes: usize) -> Vec<u8> {
    let mut line = vec![b'x'; line_bytes];
    line[9.min(line_bytes / 2)] = b'#';
    line[line_bytes - 1] = b'\n';
    line.repeat(65_536 / line_bytes)
}

#[test]
#[cfg_attr(debug_assertions, ignore = "a debug build makes a hundred instructions of one")]
fn of_a_byte_are_few() {
    if let Ok(line_bytes) = env::var(WORK) {
        let lines = chunk_of(line_bytes.parse().unwrap());
        let address = Address::new("203.0.113.9".parse().unwrap());
        return counted_work(&lines, &address, &mut Desk::default());
    }
    // Counted with AVX2, which is the most that valgrind knows.
    for (line_bytes, most) in [(65_536, 0.6), (100, 1.3)] {
        let Some(counted) = instructions_for_a_byte(line_bytes) else {
            assert!(env::var_os("LIVECONNECT_CI").is_none(), "valgrind is not installed");
            return eprintln!("SKIPPED: valgrind is not installed, instructions are not counted");
        };
        assert!(counted <= most, "{counted:.2} instructions for a byte of lines of {line_bytes}");
    }
}
