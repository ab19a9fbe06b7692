//! Parsers under input that nobody would write: a short run, the same each time, of what `cargo fuzz` runs
//! for as long as one likes.
//!
//! A module here is a parser, with one function that takes any bytes and panics over a broken promise;
//! `fuzz/` at the root gives the same functions to libFuzzer, which learns from what the code does:
//!
//! ```sh
//! RUSTC_BOOTSTRAP=1 cargo fuzz run forms -- -max_total_time=600
//! ```
//!
//! What it finds becomes a seed below, and stays one.

mod coin_files;
mod conn_files;
mod forms;
mod lines;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Inputs of one run.
const RUNS: usize = 5000;
/// Changes to a seed in one input.
const CHANGES_MAX: usize = 12;
/// Any number; another one is another run.
const SEED: u64 = 25;

const AN: &str = "00112233445566778899aabbccddeeff";

#[test]
fn any_form_is_answered() {
    let coin =
        |sn: &str, dn: &str| format!("sns[]={sn}&ans[]={AN}&pans[]={AN}&denomination[]={dn}");
    let seeds = [
        format!("nn=1&{}&{}", coin("1", "1"), coin("16777216", "250")),
        format!("{}&{}", coin("7", "1"), coin("7", "1")),
        format!("sns%5B0%5D=7&nns%5B0%5D=1&ans%5B0%5D={AN}&pans%5B0%5D={AN}&dn%5B0%5D=1&b=t"),
        format!("nn=1&sn=2097153&an={AN}&pan={AN}&denomination=5"),
    ];
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
        "&",
        "=",
        "[",
        "]",
        "%",
        "%5b",
        "+",
        "0",
        "1",
        "16777217",
        "99999999999999999999",
        "250",
        AN,
        "&&",
        "sn=",
        "[]",
        "[00]",
        "%00",
        "%ff",
    ];
    fuzz(forms::check, &seeds, &words);
}

#[test]
fn any_coin_file_is_read_or_refused() {
    let ans = vec![format!("\"{AN}\""); 25].join(",");
    let coin = |sn: u32| {
        format!(
            r#"{{"nn":"1","sn":"{sn}","an":[{ans}],"pown":"ppppppppppppppppppppppppp","ed":"9-2031","aoid":[]}}"#
        )
    };
    let batch = [vec![1, 0, 0, 0, 1], vec![7; 400]].concat();
    let seeds = [
        format!(r#"{{"cloudcoin":[{},{}]}}"#, coin(1), coin(16_777_216)),
        format!("\u{feff}{{\"cloudcoin\":[{}]}}", coin(2)),
        String::from_utf8(batch).expect("ASCII"),
    ];
    let words = [
        "{", "}", "[", "]", ",", ":", "\"", "null", "\"an\":", "\"pan\":", "\"sn\":", "(",
        "\\u0000", "1e9", "-",
    ];
    fuzz(coin_files::check, &seeds, &words);
}

#[test]
fn any_line_is_a_message_a_notice_or_chat() {
    let seeds = [
        r##"{"from":"#","Message Number":4,"Message_Details":3439,"seq":12,"ack":9,"auth":"AAAA"}"##,
        r##"{"from":"#","Message Number":20,"Message_Details":4831,"token":"AAECAwQFBgcICQoLDA0ODw","side":"S"}"##,
        "<# Join_Room 4831 token=AAECAwQFBgcICQoLDA0ODw side=R>",
        r##"{"from":"#relay","Message Number":20,"Message_Details":4831,"you":"127.0.0.1","members":2,"peer":"::1"}"##,
        "<#relay Join_Room 4831 you=127.0.0.1 members=2 peer=127.0.0.2>",
        r##"{"from":"#relay","Message Number":23,"Message_Details":"full","code":"room_full"}"##,
        "<#relay Abort room_full: two are in it>",
    ]
    .map(str::to_owned);
    let words = [
        "#",
        "<",
        ">",
        "{",
        "}",
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
        "[",
        "]",
    ];
    fuzz(lines::check, &seeds, &words);
}

#[test]
fn any_connection_file_is_read_or_refused() {
    let seed = include_str!("../../crates/protocol/testdata/conn.txt").to_owned();
    fuzz(
        conn_files::check,
        &[seed],
        &["\n", "=", " ", "#", "relay", "room", "key", "check", "[::1]:7"],
    );
}

/// Checks the seeds, and inputs that are made from them by cutting, doubling, moving and replacing, and by
/// putting in words that mean something to the parser.
#[track_caller]
fn fuzz(check: fn(&[u8]), seeds: &[String], words: &[&str]) {
    let mut rng = StdRng::seed_from_u64(SEED);
    for run in 0..seeds.len() + RUNS {
        let mut input = seeds[run % seeds.len()].clone().into_bytes();
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
