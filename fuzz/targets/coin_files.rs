//! `tests/fuzz/coin_files.rs` under libFuzzer.
#![no_main]

#[path = "../../tests/fuzz/coin_files.rs"]
mod coin_files;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| coin_files::check(bytes));
