//! `tests/fuzz/lines.rs` under libFuzzer.
#![no_main]

#[path = "../../tests/fuzz/lines.rs"]
mod lines;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| lines::check(bytes));
