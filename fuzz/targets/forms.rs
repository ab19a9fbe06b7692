//! `tests/fuzz/forms.rs` under libFuzzer.
#![no_main]

#[path = "../../tests/fuzz/forms.rs"]
mod forms;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| forms::check(bytes));
