//! `tests/fuzz/conn_files.rs` under libFuzzer.
#![no_main]

#[path = "../../tests/fuzz/conn_files.rs"]
mod conn_files;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| conn_files::check(bytes));
