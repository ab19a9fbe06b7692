//! What is and what is not an address book.

use super::*;

fn shown(text: &str) -> Vec<String> {
    AddressBook::parse(text).unwrap().iter().map(ToString::to_string).collect()
}

fn error(text: &str) -> String {
    AddressBook::parse(text).unwrap_err().to_string()
}

#[test]
fn a_template_names_25_agents() {
    let book = shown("127.0.0.1:90{i:02}");
    assert_eq!((book[0].as_str(), book[24].as_str()), ("127.0.0.1:9000", "127.0.0.1:9024"));
    let book = shown(" 127.{i}.0.1:18080\n");
    assert_eq!((book[0].as_str(), book[24].as_str()), ("127.0.0.1:18080", "127.24.0.1:18080"));
    assert_eq!(shown("http://[::1]:90{i:02}/")[7], "[::1]:9007");
    assert_eq!(shown("localhost:90{i:02}")[7], "localhost:9007");
}

#[test]
fn a_file_has_25_lines_and_may_have_comments() {
    let lines: String = (0..25).map(|i| format!("127.0.0.1:{}\r\n\n", 4000 + i)).collect();
    let book = shown(&format!("# our agents\n{lines}"));
    assert_eq!((book.len(), book[3].as_str()), (25, "127.0.0.1:4003"));
}

const PIN: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn other_machines_are_spoken_to_in_tls() {
    for far in ["192.0.2.{i}:80", "[2001:db8::{i}]:80", "0.0.0.0:90{i:02}", "raida{i}.example:443"]
    {
        let book = shown(far);
        assert!(book.iter().all(|address| address.starts_with("https://")), "{book:?}");
        let error = AddressBook::parse(&format!("http://{far}")).unwrap_err();
        assert!(matches!(error, AddressError::NeedsTls { agent: 0, .. }), "{far}: {error}");
        let in_the_clear = format!("http://{far}");
        let book = AddressBook::parse_with(&in_the_clear, PlainHttp::Anywhere).unwrap();
        assert!(book.iter().all(|at| matches!(at.transport(), Transport::Clear)), "{book:?}");
    }
    assert_eq!(shown("https://RAIDA{i}.example/")[7], "https://raida7.example:443");
    assert_eq!(shown("https://127.0.0.1:90{i:02}")[7], "https://127.0.0.1:9007");
    assert_eq!(shown("https://[::1]:90{i:02}")[7], "https://[::1]:9007");
    assert_eq!(shown("https://[2001:db8::{i}]")[7], "https://[2001:db8::7]:443");
}

#[test]
fn allowing_plain_http_makes_no_other_address_plain() {
    let book = AddressBook::parse_with("raida{i}.example:443", PlainHttp::Anywhere).unwrap();
    assert_eq!(book.agent(7).transport(), &Transport::Tls { pins: Pins::default() });
}

#[test]
fn pins_stand_behind_the_address() {
    let pins = |text: &str| match AddressBook::parse(text).unwrap().agent(7).transport() {
        Transport::Tls { pins } => pins.list().iter().map(ToString::to_string).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(pins(&format!("https://raida{{i}}.example  {PIN}")), [PIN]);
    assert_eq!(pins(&format!("192.0.2.{{i}}:8443\t{PIN} {PIN}")), [PIN, PIN]);
    let book = AddressBook::parse(&format!("https://raida{{i}}.example {PIN}")).unwrap();
    let renewed = Fingerprint::of(b"renewed");
    book.clone().pin(7, renewed);
    let both = Pins::new(vec![PIN.parse().unwrap(), renewed]);
    assert_eq!(book.agent(7).transport(), &Transport::Tls { pins: both });
    let as_before = Pins::new(vec![PIN.parse().unwrap()]);
    assert_eq!(book.agent(8).transport(), &Transport::Tls { pins: as_before });
    for (pinned, expected) in [
        (format!("https://h{{i}}.example {PIN}0"), "64 hex digits"),
        ("https://h{i}.example Sha1:00".to_owned(), "64 hex digits"),
        (format!("https://h{{i}}.example {PIN} {PIN} {PIN}"), "3 fingerprints, 2 are the most"),
        (format!("127.0.0.1:90{{i:02}} {PIN}"), "has a fingerprint but no https://"),
        (format!("http://localhost:90{{i:02}} {PIN}"), "has a fingerprint but no https://"),
    ] {
        let error = error(&pinned);
        assert!(error.contains(expected) && error.contains("agent 0"), "{pinned}: {error}");
    }
}

#[test]
fn what_is_no_address_book_is_refused_with_the_agent_and_the_text() {
    assert_eq!(error(""), "expected a template or 25 lines, got 0 lines");
    assert_eq!(
        error("127.0.0.1:9000\n127.0.0.1:9001"),
        "expected a template or 25 lines, got 2 lines"
    );
    assert_eq!(
        error("127.0.0.1:{j}"),
        "in the template \"127.0.0.1:{j}\" only {i} and {i:02} stand for the agent's number"
    );
    for bad in [
        "127.0.0.1{i}",
        "127.0.0.1:{i}",
        "h/x:90{i:02}",
        ":90{i:02}",
        "127.0.0.1:99{i:03}0",
        "ftp://127.0.0.1:90{i:02}",
        "https://127.0.0.1:0{i}:1",
        "https://{i}:",
        "https://a..b{i}",
        "http://127.0.0.1{i}",
        "https://[::1{i}",
        "https://h{i}.example:0",
    ] {
        let error = AddressBook::parse(bad).unwrap_err();
        assert!(matches!(error, AddressError::BadAddress { agent: 0, .. }), "{bad}: {error}");
    }
}

#[test]
fn no_address_votes_twice() {
    let mut lines: Vec<String> = (0..25).map(|i| format!("127.0.0.1:{}", 4000 + i)).collect();
    lines[9] = lines[4].clone();
    assert_eq!(error(&lines.join("\n")), "agents 4 and 9 have the same address 127.0.0.1:4004");
    for same in ["localhost:4004", "https://LocalHost:4004", "http://127.0.0.1:4004/"] {
        lines[9] = same.to_owned();
        let error = error(&lines.join("\n"));
        assert!(error.starts_with("agents 4 and 9 have the same address"), "{error}");
    }
    lines[9] = "127.0.0.2:4004".to_owned();
    assert!(AddressBook::parse(&lines.join("\n")).is_ok());
}
