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

#[test]
fn other_machines_need_tls() {
    for far in
        ["192.0.2.{i}:80", "https://127.0.0.1:90{i:02}", "[2001:db8::{i}]:80", "0.0.0.0:90{i:02}"]
    {
        let error = AddressBook::parse(far).unwrap_err();
        assert!(matches!(error, AddressError::NeedsTls { agent: 0, .. }), "{far}: {error}");
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
    for bad in ["127.0.0.1{i}", "127.0.0.1:{i}", "h/x:90{i:02}", ":90{i:02}", "127.0.0.1:99{i:03}0"]
    {
        let error = AddressBook::parse(bad).unwrap_err();
        assert!(matches!(error, AddressError::BadAddress { agent: 0, .. }), "{bad}: {error}");
    }
}

#[test]
fn no_address_votes_twice() {
    let mut lines: Vec<String> = (0..25).map(|i| format!("127.0.0.1:{}", 4000 + i)).collect();
    lines[9] = lines[4].clone();
    assert_eq!(error(&lines.join("\n")), "agents 4 and 9 have the same address 127.0.0.1:4004");
}
