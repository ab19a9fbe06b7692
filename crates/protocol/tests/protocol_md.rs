//! What `PROTOCOL.md` says is what the code does: its tables and its transcript.

use protocol::line::NumberedLine;
use protocol::message::{Details, Number, Speaker};
use protocol::room::{Code, JoinLine, Notice};

const PAGE: &str = include_str!("../../../PROTOCOL.md");
const CONN_FILE: &str = include_str!("../testdata/conn.txt");

/// The rows of the table whose head begins so, cell by cell.
fn table(head: &str) -> Vec<Vec<&'static str>> {
    let start = PAGE.find(head).unwrap_or_else(|| panic!("no table {head}"));
    let rows = PAGE[start..].lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

fn speaker(speaker: Speaker) -> &'static str {
    match speaker {
        Speaker::Sender => "S",
        Speaker::Receiver => "R",
        Speaker::Both => "S, R",
        Speaker::BothAndRelay => "S, R, relay",
    }
}

fn details(details: Details) -> &'static str {
    match details {
        Details::None => "none",
        Details::Integer => "integer",
        Details::Encrypted => "base64",
        Details::Text => "text",
    }
}

#[test]
fn the_page_has_every_message_as_the_table_has_it() {
    let expected = Number::ALL.map(|number| {
        vec![
            number.get().to_string(),
            number.wire_name().to_owned(),
            speaker(number.speaker()).to_owned(),
            details(number.details()).to_owned(),
            number.meaning().to_owned(),
        ]
    });
    assert_eq!(table("| no | name | says | details | meaning |"), expected);
}

#[test]
fn the_page_has_every_code_of_the_relay() {
    let words: Vec<_> = Code::ALL.iter().map(|code| format!("`{}`", code.wire())).collect();
    let page: Vec<_> = table("| code | when |").iter().map(|row| row[0]).collect();
    assert_eq!(page, words);
    for line in PAGE.lines().filter(|line| line.contains("relay") && line.contains("room_full")) {
        assert!(Notice::parse(line.as_bytes()).is_some(), "{line}");
    }
}

#[test]
fn the_page_shows_the_golden_connection_file() {
    assert!(PAGE.contains(CONN_FILE));
}

/// The lines of the transcript: who says it or is told it, and the line.
fn transcript() -> impl Iterator<Item = (&'static str, &'static str)> {
    let marks = ["S> ", "R> ", "S< ", "R< "];
    let lines = PAGE.lines().filter(move |line| marks.iter().any(|mark| line.starts_with(mark)));
    lines.map(|line| line.split_at(3))
}

#[test]
fn the_transcript_has_every_message_but_abort_said_by_its_speaker() {
    let mut said = Vec::new();
    for (mark, line) in transcript().filter(|(mark, _)| mark.contains('>')) {
        let numbered = NumberedLine::parse(line.as_bytes()).unwrap();
        let number = Number::from_wire(numbered.number).unwrap();
        assert!(speaker(number.speaker()).contains(&mark[..1]), "{mark}{line}");
        said.push(number);
    }
    for number in Number::ALL {
        assert_eq!(said.contains(&number), number != Number::Abort, "{number:?}");
    }
}

#[test]
fn the_transcript_counts_as_frames_do() {
    let (mut said, mut frames) = ([0, 0], 0);
    for (mark, line) in transcript() {
        let numbered = NumberedLine::parse(line.as_bytes()).unwrap();
        let (Some(seq), Some(ack)) = (numbered.seq, numbered.ack) else {
            continue;
        };
        let (ours, theirs) = if mark == "S> " { (0, 1) } else { (1, 0) };
        said[ours] += 1;
        assert_eq!((seq, ack), (said[ours], said[theirs]), "{mark}{line}");
        frames += 1;
    }
    assert_eq!(frames, 24);
}

#[test]
fn the_transcripts_other_lines_are_join_lines_notices_and_handshakes() {
    for (mark, line) in transcript() {
        let numbered = NumberedLine::parse(line.as_bytes()).unwrap();
        if mark.contains('<') {
            assert!(Notice::parse(line.as_bytes()).is_some(), "{line}");
        } else if numbered.seq.is_none() && numbered.handshake.is_none() {
            let token = "xrv13QQTGEPslTVzegFrig";
            assert!(JoinLine::parse(line.replace('…', token).as_bytes()).is_ok(), "{line}");
        }
    }
}
