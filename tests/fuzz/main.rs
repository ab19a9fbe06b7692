//! Parsers under input that nobody would write: a short run, the same each time, of what `cargo fuzz` runs
//! for as long as one likes.
//!
//! A module here is a parser, with one function that takes any bytes and panics over a broken promise;
//! `fuzz/` at the root gives the same functions to libFuzzer, which learns from what the code does:
//!
//! ```sh
//! RUSTC_BOOTSTRAP=1 cargo fuzz run forms fuzz/corpus/forms tests/fuzz/seeds/forms -- -max_total_time=600
//! ```
//!
//! What it finds becomes a seed in `seeds/`, and stays one.

mod coin_files;
mod conn_files;
mod forms;
mod lines;

use std::fs;
use std::path::Path;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tests::world::files_below;

/// Inputs of one run.
const RUNS: usize = 5000;
/// Changes to a seed in one input.
const CHANGES_MAX: usize = 12;
/// Any number; another one is another run.
const SEED: u64 = 25;

#[test]
fn any_form_is_answered() {
    let words = [
        "sns[]=",
        "sns[0]=",
        "sns%5B1%5D=",
        "ans[]=",
        "pans[]=",
        "dn[]=",
        "denomination[]=",
        "nns[]=",
        "nn=",
        "id=",
        "csn[]=",
        "cpan[]=",
        "sn=",
        "&",
        "&&",
        "=",
        "[",
        "]",
        "[]",
        "[00]",
        "%",
        "%5b",
        "%00",
        "%ff",
        "+",
        "0",
        "1",
        "250",
        "16777217",
        "99999999999999999999",
        "00112233445566778899aabbccddeeff",
    ];
    fuzz("forms", forms::check, &words);
}

#[test]
fn any_coin_file_is_read_or_refused() {
    let words = [
        "{", "}", "[", "]", ",", ":", "\"", "null", "\"an\":", "\"pan\":", "\"sn\":", "(",
        "\\u0000", "1e9", "-",
    ];
    fuzz("coin_files", coin_files::check, &words);
}

#[test]
fn any_line_is_a_message_a_notice_or_chat() {
    let words = [
        "#",
        "<",
        ">",
        "{",
        "}",
        "[",
        "]",
        "\"",
        ",",
        ":",
        "\\u0023",
        "\\",
        "null",
        "None",
        "Message_Number",
        "\r",
        "\u{202e}",
        "\u{1b}[2J",
        "9007199254740993",
        "-1",
        "1e3",
        "side=",
        "token=",
    ];
    fuzz("lines", lines::check, &words);
}

#[test]
fn any_connection_file_is_read_or_refused() {
    let words = ["\n", "=", " ", "#", "relay", "room", "key", "check", "[::1]:7"];
    fuzz("conn_files", conn_files::check, &words);
}

/// Returns what stands in the files of a folder of seeds, in the order of their names.
fn seeds(parser: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(parser);
    let files = files_below(&folder).expect("a folder of seeds");
    files.iter().map(|file| fs::read(file).expect("a seed")).collect()
}

/// Checks the seeds, and inputs that are made from them by cutting, doubling, moving and replacing, and by
/// putting in words that mean something to the parser.
#[track_caller]
fn fuzz(parser: &str, check: fn(&[u8]), words: &[&str]) {
    let seeds = seeds(parser);
    let mut rng = StdRng::seed_from_u64(SEED);
    for run in 0..seeds.len() + RUNS {
        let mut input = seeds[run % seeds.len()].clone();
        if run >= seeds.len() {
            (0..rng.random_range(1..=CHANGES_MAX))
                .for_each(|_| change(&mut input, words, &mut rng));
        }
        let shown = Shown(&input);
        check(shown.0);
    }
}

fn change(input: &mut Vec<u8>, words: &[&str], rng: &mut StdRng) {
    let at = rng.random_range(0..=input.len());
    let end = rng.random_range(at..=input.len().min(at + 64));
    match rng.random_range(0..5) {
        0 => drop(input.drain(at..end)),
        1 => {
            let piece = input[at..end].to_vec();
            let to = rng.random_range(0..=input.len());
            input.splice(to..to, piece);
        }
        2 => input[at..end].iter_mut().take(1).for_each(|byte| *byte = rng.random()),
        _ => {
            let word = words[rng.random_range(0..words.len())].bytes();
            // Half of the words are put in, the others stand in place of something.
            let end = if rng.random() { at } else { end };
            input.splice(at..end, word);
        }
    }
}

/// Shows an input when a check breaks off over it.
struct Shown<'a>(&'a [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the input: b\"{}\"", self.0.escape_ascii());
        }
    }
}
