//! Rewriting: golden lines, every limit at its edge, and any cut of any input.

use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof, proptest,
};

use memchr::memchr_iter;

use super::*;
use crate::inbox::{Inbox, Spares};
use crate::limits::CHUNK_BYTES;

/// Feeds the pieces as the pump does, a turn for each; returns what went out and how it ended.
fn feed<'a>(
    address: &str,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<u8>, Result<(), Code>) {
    feed_within(LineLimits::default(), address, pieces)
}

fn feed_within<'a>(
    limits: LineLimits,
    address: &str,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<u8>, Result<(), Code>) {
    let mut inbox = Inbox::new(Address::new(address.parse().unwrap()), Vec::new());
    let mut spares = Spares::default();
    let mut desk = Desk::default();
    let mut all = Vec::new();
    for piece in pieces.into_iter().flat_map(|piece| piece.chunks(CHUNK_BYTES)) {
        let mut chunk = inbox.take_up(&mut spares);
        if chunk.lines().is_empty() {
            chunk.space()[..piece.len()].copy_from_slice(piece);
            chunk.filled(piece.len());
        }
        loop {
            let batch = rewrite(chunk.lines(), &inbox.address, limits, &mut desk);
            let before = all.len();
            batch.text.append_rest(0, &mut all);
            assert!(all.len() - before <= BATCH_BYTES_MAX);
            assert_eq!(memchr_iter(b'\n', &all[before..]).count() as u64, batch.lines);
            let (taken, checked) = (batch.taken, batch.checked);
            chunk.take(taken);
            let checked = checked.and_then(|()| check_unfinished(chunk.unfinished(), limits));
            if checked.is_err() {
                return (all, checked);
            }
            if chunk.lines().is_empty() {
                break;
            }
        }
        inbox.put_aside(chunk, &mut spares);
    }
    (all, Ok(()))
}

/// What should come out, line by line and by the book.
fn by_the_book(limits: LineLimits, address: &str, given: &[u8]) -> (Vec<u8>, Result<(), Code>) {
    let mut all = Vec::new();
    let mut rest = given;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
        if line.len() > limits.sent_bytes_max {
            return (all, Err(Code::LineTooLong));
        }
        let Ok(line) = String::from_utf8(line.to_vec()) else {
            return (all, Err(Code::NotUtf8));
        };
        let line = line.replace('#', address);
        if line.len() > limits.delivered_bytes_max {
            return (all, Err(Code::TooManyHashes));
        }
        all.extend_from_slice(line.as_bytes());
        all.push(b'\n');
        rest = &rest[end + 1..];
    }
    let rest = rest.strip_suffix(b"\r").unwrap_or(rest);
    let too_long = rest.len() > limits.sent_bytes_max;
    (all, if too_long { Err(Code::LineTooLong) } else { Ok(()) })
}

fn check(given: &[u8], expected: &str, end: Result<(), Code>) {
    let (out, result) = feed("203.0.113.9", [given]);
    assert_eq!((String::from_utf8_lossy(&out).as_ref(), result), (expected, end));
}

#[test]
fn each_number_sign_becomes_the_address_and_nothing_else_changes() {
    check(b"<# Heartbeat>\n", "<203.0.113.9 Heartbeat>\n", Ok(()));
    check(b"##a#\n#", "203.0.113.9203.0.113.9a203.0.113.9\n", Ok(()));
    check(b"no mark\n\n\n", "no mark\n\n\n", Ok(()));
    check(b"a\0b\tc\x1b[0m \xef\xbc\x83\n", "a\0b\tc\x1b[0m \u{ff03}\n", Ok(()));
    check(
        b"{\"from\":\"#\",\"x\":\"\\u0023\"}\n",
        "{\"from\":\"203.0.113.9\",\"x\":\"\\u0023\"}\n",
        Ok(()),
    );
}

#[test]
fn both_ends_of_a_line_are_taken_and_one_goes_out() {
    check(b"a\r\nb\n", "a\nb\n", Ok(()));
    check(b"a\rb\r\r\n", "a\rb\r\n", Ok(()));
    check(b"\r\n", "\n", Ok(()));
}

#[test]
fn an_unfinished_line_never_goes_out() {
    check(b"whole\nhalf", "whole\n", Ok(()));
}

#[test]
fn lines_before_a_bad_one_go_out() {
    check(b"good\n\xff\xfe\nlater\n", "good\n", Err(Code::NotUtf8));
    check(b"\xc3\n\xa9\n", "", Err(Code::NotUtf8));
}

#[test]
fn a_line_has_65536_bytes_at_most() {
    let line = |length: usize, end: &str| format!("{}{end}", "x".repeat(length)).into_bytes();
    let check = |given: &[u8], delivered: usize, end: Result<(), Code>| {
        let (out, result) = feed("127.0.0.1", [given]);
        assert_eq!((out.len(), result), (delivered, end));
    };
    check(&line(65_536, "\n"), 65_537, Ok(()));
    check(&line(65_536, "\r\n"), 65_537, Ok(()));
    check(&line(65_536, "\r"), 0, Ok(()));
    check(&line(65_537, "\n"), 0, Err(Code::LineTooLong));
    check(&line(65_537, ""), 0, Err(Code::LineTooLong));
    check(&line(1 << 20, ""), 0, Err(Code::LineTooLong));
}

#[test]
fn a_line_is_delivered_with_131072_bytes_at_most() {
    // 9 bytes of address: n marks and m other bytes are delivered as 9 n + m.
    let check = |marks: usize, others: usize, end: Result<(), Code>| {
        let given = format!("{}{}\n", "#".repeat(marks), "x".repeat(others));
        assert_eq!(feed("127.0.0.1", [given.as_bytes()]).1, end);
    };
    check(14_563, 5, Ok(()));
    check(14_563, 6, Err(Code::TooManyHashes));
    check(65_536, 0, Err(Code::TooManyHashes));
}

#[test]
fn many_short_lines_of_marks_leave_in_bounded_batches() {
    let given = b"#\n".repeat(CHUNK_BYTES);
    let address = "2001:db8:1111:2222:3333:4444:5555:6666";
    let (out, result) = feed(address, given.chunks(CHUNK_BYTES));
    assert_eq!((out.len(), result), (CHUNK_BYTES * (address.len() + 1), Ok(())));
}

#[test]
fn a_mark_at_any_edge_of_a_chunk_is_replaced() {
    let given = b"a#b##\r\n#c\n";
    let whole = feed("::1", [&given[..]]);
    for cut in 0..=given.len() {
        let (left, right) = given.split_at(cut);
        assert_eq!(feed("::1", [left, right]), whole, "cut after byte {cut}");
    }
    assert_eq!(feed("::1", given.chunks(1)), whole);
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => Just(b"#".to_vec()),
        4 => Just(b"\n".to_vec()),
        2 => Just(b"\r\n".to_vec()),
        2 => Just("é＃🦀".as_bytes().to_vec()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
        2 => (0..70_000usize).prop_map(|length| vec![b'x'; length]),
        2 => (0..200usize).prop_map(|length| b"some words of #\n".repeat(length)),
        2 => (0..3_000usize).prop_map(|length| vec![b'#'; length]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_cut_of_any_input_gives_what_the_book_says(
        pieces in proptest::collection::vec(piece(), 0..12),
        cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..8),
        address in prop_oneof![Just("127.0.0.1"), Just("::1"), Just(LONGEST)],
        limits in prop_oneof![
            Just(LineLimits::default()),
            Just(LineLimits { sent_bytes_max: 100, delivered_bytes_max: 120 }),
            Just(LineLimits { sent_bytes_max: 30_000, delivered_bytes_max: 30_000 }),
        ],
    ) {
        let given = pieces.concat();
        let mut edges: Vec<usize> = cuts.iter().map(|cut| cut.index(given.len() + 1)).collect();
        edges.extend([0, given.len()]);
        edges.sort_unstable();
        let parts = edges.windows(2).map(|edge| &given[edge[0]..edge[1]]);
        let expected = by_the_book(limits, address, &given);
        prop_assert_eq!(feed_within(limits, address, parts), expected.clone());
        prop_assert_eq!(feed_within(limits, address, [&given[..]]), expected);
    }

    #[test]
    fn what_a_listener_does_not_take_is_kept_to_the_byte(
        pieces in proptest::collection::vec(piece(), 0..6),
        taken in any::<proptest::sample::Index>(),
    ) {
        let mut given = pieces.concat();
        given.truncate(CHUNK_BYTES - 1);
        given.push(b'\n');
        let (address, mut desk) = (Address::new("::1".parse().unwrap()), Desk::default());
        let batch = rewrite(&given, &address, LineLimits::default(), &mut desk);
        let (mut whole, mut rest) = (Vec::new(), Vec::new());
        batch.text.append_rest(0, &mut whole);
        let taken = taken.index(whole.len() + 1);
        batch.text.append_rest(taken, &mut rest);
        prop_assert_eq!(&rest, &whole[taken..]);
    }
}

const LONGEST: &str = "1111:2222:3333:4444:5555:6666:7777:8888";
