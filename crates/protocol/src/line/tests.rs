//! Which lines are numbered messages, and what they say.

use proptest::prelude::{any, proptest};

use super::{Details, NumberedLine};

fn check(line: &str, number: u64, details: Details<'_>) {
    let parsed = NumberedLine::parse(line.as_bytes());
    let parsed = parsed.unwrap_or_else(|| panic!("{line} is a message"));
    assert_eq!((parsed.number, parsed.details), (number, details), "{line}");
}

fn check_chat(line: &str) {
    assert_eq!(NumberedLine::parse(line.as_bytes()), None, "{line}");
}

#[test]
fn the_seeds_sample_is_understood() {
    let sample = "{\r\n\"from\": \"192.168.1.54\",\r\n\"Message Number\": 1,\r\n\"Message_Details\": \"dfsdfs\",\r\n}";
    check(sample, 1, Details::text("dfsdfs"));
    check(&sample.replace("\r\n", ""), 1, Details::text("dfsdfs"));
    let line = NumberedLine::parse(sample.as_bytes()).unwrap();
    assert_eq!(line.from.as_deref(), Some("192.168.1.54"));
    assert_eq!((line.seq, line.auth), (None, None));
}

#[test]
fn both_spellings_of_a_field_are_understood_but_not_at_once() {
    check(r#"{"Message_Number":4,"Message Details":3439}"#, 4, Details::Integer(3439));
    check(r#"{"Message Number":4,"Message_Details":3439}"#, 4, Details::Integer(3439));
    check_chat(r#"{"Message Number":4,"Message_Number":4,"Message_Details":3439}"#);
    check_chat(r#"{"Message Number":4,"Message_Details":3439,"Message Details":3439}"#);
    check_chat(r#"{"Message Number":4,"Message_Details":null,"Message Details":null}"#);
}

#[test]
fn no_field_stands_there_twice() {
    for twice in [
        r#""from":"a","from":"a""#,
        r#""Message Number":4"#,
        r#""seq":1,"seq":1"#,
        r#""ack":1,"ack":1"#,
        r#""chunk":1,"chunk":1"#,
        r#""last":true,"last":true"#,
        r#""auth":"a","auth":null"#,
        r#""sealed":"a","sealed":"a""#,
        r#""handshake":"a","handshake":"a""#,
    ] {
        check_chat(&format!(r#"{{"Message Number":4,{twice}}}"#));
    }
}

#[test]
fn nothing_is_written_in_four_ways() {
    for details in ["", r#","Message_Details":null"#, r#","Message_Details":"""#] {
        check(&format!(r#"{{"Message Number":2{details}}}"#), 2, Details::None);
    }
    check(r#"{"Message Number":2,"Message_Details":"None"}"#, 2, Details::None);
    check(r#"{"Message Number":2,"Message_Details":"none"}"#, 2, Details::text("none"));
    check(r#"{"Message Number":2,"seq":null,"auth":null,"last":null}"#, 2, Details::None);
}

#[test]
fn unknown_fields_are_ignored_however_deep() {
    let deep = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
    let line = format!(r#"{{"Message Number":4,"later":{deep},"Message_Details":7}}"#);
    check(&line, 4, Details::Integer(7));
    check(r#"{"Message Number":4,"x":{"Message Number":5},"x":0}"#, 4, Details::None);
    check_chat(&format!(r#"{{"Message Number":4,"Message_Details":{deep}}}"#));
}

#[test]
fn texts_are_decoded() {
    check(
        r#"{"Message Number":23,"Message_Details":"room \u00237 \"é\""}"#,
        23,
        Details::text("room #7 \"é\""),
    );
}

#[test]
fn everything_else_is_chat() {
    for line in [
        "",
        "hello",
        "<127.0.0.1 Heartbeat>",
        "{",
        "{}",
        "[1]",
        "1",
        "null",
        r#"{"Message Number":null}"#,
        r#"{"Message Number":"4"}"#,
        r#"{"Message Number":4.0}"#,
        r#"{"Message Number":-4}"#,
        r#"{"Message Number":18446744073709551616}"#,
        r#"{"Message Number":4,"Message_Details":34.39}"#,
        r#"{"Message Number":4,"Message_Details":-3439}"#,
        r#"{"Message Number":4,"Message_Details":true}"#,
        r#"{"Message Number":4,"Message_Details":[3439]}"#,
        r#"{"Message Number":4,"seq":"1"}"#,
        r#"{"Message Number":4,"chunk":4294967296}"#,
        r#"{"Message Number":4,"last":1}"#,
        r#"{"Message Number":4} {"Message Number":4}"#,
        r#"{"Message Number":4,,}"#,
        r#"{"message number":4}"#,
    ] {
        check_chat(line);
    }
    assert_eq!(NumberedLine::parse(b"{\"Message Number\":4,\"from\":\"\xff\"}"), None);
    assert_eq!(NumberedLine::parse(b"\xff\xfe"), None);
}

proptest! {
    #[test]
    fn no_line_makes_the_reader_panic(line: Vec<u8>) {
        NumberedLine::parse(&line);
    }

    #[test]
    fn no_fields_make_the_reader_panic(number: u64, details in any::<String>(), rest in "[ -~]{0,60}") {
        let details = serde_json::to_string(&details).unwrap();
        let line = format!(r#"{{"Message Number":{number},"Message_Details":{details},{rest}}}"#);
        NumberedLine::parse(line.as_bytes());
    }

    #[test]
    fn texts_come_back_as_they_were_said(text: String) {
        let details = Details::text(text.clone());
        let frame = super::SealedFrame {
            number: 23,
            details: &details,
            seq: 1,
            ack: 0,
            chunk: None,
            place: super::Place::Auth,
            body: b"tag",
        };
        let line = frame.to_line();
        assert_eq!(line.matches('#').count(), 1, "the only one stands in `from`: {line}");
        assert!(!line.contains(['\n', '\r']), "{line}");
        assert_eq!(NumberedLine::parse(line.as_bytes()).unwrap().details, details);
    }
}
