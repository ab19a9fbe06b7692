//! The text of connection files: one golden file, and each way in which one can be wrong.

use proptest::proptest;

use super::{ConnFile, ConnFileError, FileKey, NetworkPrint, NotARelay};
use crate::room::RoomNumber;

const GOLDEN: &str = include_str!("../../testdata/conn.txt");

fn golden() -> ConnFile {
    ConnFile {
        relay: "127.0.0.1:7000".to_owned(),
        room: RoomNumber::new(4831).unwrap(),
        key: FileKey::from_bytes(std::array::from_fn(|place| u8::try_from(place).unwrap())),
        network: NetworkPrint::from_bytes([0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef]),
        expires_secs: 1_795_428_000,
    }
}

/// The golden file with a line replaced and, if it is not the check itself, the check made right.
fn with(line: &str, replacement: &str) -> String {
    use sha2::Digest;
    let text = GOLDEN.replace(line, replacement);
    let mut hash = sha2::Sha256::new();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("check")) {
        hash.update(line.replace(' ', "") + "\n");
    }
    text.replace("b915ab18", &hex::encode(&hash.finalize()[..4]))
}

fn check(text: &str, expected: ConnFileError) {
    assert_eq!(ConnFile::parse(text), Err(expected), "{text}");
}

#[test]
fn the_golden_file_is_written_and_read() {
    assert_eq!(*golden().to_text(), GOLDEN);
    assert_eq!(ConnFile::parse(GOLDEN), Ok(golden()));
}

/// The golden file on one line, by hand.
const ONE_LINE: &str = "liveconnect:relay=127.0.0.1:7000&room=4831&\
    key=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8&network=0123456789abcdef&\
    expires=2026-11-23T10:00:00Z&check=b915ab18";

#[test]
fn the_one_line_form_says_the_same_as_the_file() {
    assert_eq!(*golden().to_line(), ONE_LINE);
    let wrapped = ONE_LINE.replace("&key", "\n  &key").replace("network=01", "network=\r\n01");
    for line in [ONE_LINE, &format!("  {ONE_LINE}\n"), &format!("\u{feff}{ONE_LINE}"), &wrapped] {
        assert_eq!(ConnFile::parse(line), Ok(golden()), "{line}");
    }
    check(&ONE_LINE.replace("4831", "4832"), ConnFileError::Mistyped { at: 1 });
    check(&ONE_LINE.replace("room", "r00m"), ConnFileError::UnknownName { at: 1 });
    check(&ONE_LINE[..ONE_LINE.len() - 15], ConnFileError::Missing { name: "check" });
    check(&format!("{ONE_LINE}&room=5"), ConnFileError::AfterCheck { at: 1 });
    check("liveconnect:", ConnFileError::Missing { name: "relay" });
}

#[test]
fn what_editors_and_mail_do_to_a_file_is_understood() {
    let same = [
        GOLDEN.replace('\n', "\r\n"),
        GOLDEN.replace("# LiveConnect", "\n#LiveConnect"),
        GOLDEN.replace("   = ", "="),
        GOLDEN.replace(" = ", "\t =  "),
        GOLDEN.replace("\nroom", "\n\n# a note = of my own\n  room"),
        GOLDEN.replace("b915ab18", "B915AB18"),
        format!("\u{feff}{GOLDEN}\n\n# end\n"),
        GOLDEN.trim_end().to_owned(),
    ];
    for text in same {
        assert_ne!(text, GOLDEN);
        assert_eq!(ConnFile::parse(&text), Ok(golden()), "{text}");
    }
    let moved = with("room    = 4831\n", "").replacen("network", "room    = 4831\nnetwork", 1);
    let moved = moved.replace(moved.lines().last().unwrap(), "check = d7618546");
    assert_eq!(ConnFile::parse(&moved), Ok(golden()), "{moved}");
}

#[test]
fn every_single_wrong_character_is_found() {
    for (place, old) in GOLDEN.char_indices().skip(GOLDEN.find('\n').unwrap() + 1) {
        if old.is_whitespace() || old == '=' {
            continue;
        }
        let new = if old == '7' { '8' } else { '7' };
        let text = format!("{}{new}{}", &GOLDEN[..place], &GOLDEN[place + 1..]);
        assert!(ConnFile::parse(&text).is_err(), "{text}");
    }
}

#[test]
fn what_is_missing_twice_or_unknown_is_named() {
    for (at, name) in [(2, "relay"), (3, "room"), (4, "key"), (5, "network"), (6, "expires")] {
        let line = format!("{}\n", GOLDEN.lines().nth(at - 1).unwrap());
        check(&with(&line, ""), ConnFileError::Missing { name });
        check(&with(&line, &line.repeat(2)), ConnFileError::Twice { at: at + 1, name });
    }
    check(&GOLDEN.replace("check   = b915ab18\n", ""), ConnFileError::Missing { name: "check" });
    check("", ConnFileError::Missing { name: "relay" });
    check(&with("relay", "realy"), ConnFileError::UnknownName { at: 2 });
    check(&with("relay", "Relay"), ConnFileError::UnknownName { at: 2 });
    check(&with("\nkey", "\namount = 3439\nkey"), ConnFileError::UnknownName { at: 4 });
    check(&with("\nkey", "\n # only at the start\nkey"), ConnFileError::NotNameValue { at: 4 });
    check(&format!("{GOLDEN}room = 4831\n"), ConnFileError::AfterCheck { at: 8 });
    check(&format!("{GOLDEN}check = b915ab18\n"), ConnFileError::AfterCheck { at: 8 });
}

#[test]
fn a_mistyped_file_is_told_from_a_wrong_one() {
    check(&GOLDEN.replace("4831", "4832"), ConnFileError::Mistyped { at: 7 });
    check(&GOLDEN.replace("b915ab18", "b915ab1"), ConnFileError::Mistyped { at: 7 });
    check(&GOLDEN.replace("= 4831", "= 48 31"), ConnFileError::Room { at: 3 });
}

#[test]
fn a_value_that_is_none_is_refused_with_its_line() {
    for relay in
        ["127.0.0.1", ":7000", "a:0", "a:65536", "a:+7", "a b:7", "::1:7000", "[a]:7", "a:"]
    {
        check(&with("127.0.0.1:7000", relay), ConnFileError::Relay { at: 2 });
    }
    for room in ["0", "-1", "9007199254740993", "seven", "48.31"] {
        check(&with("4831", room), ConnFileError::Room { at: 3 });
    }
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    for bad in [&key[1..], &format!("{key}="), &key.replace('8', "9"), &key.replace('A', "+")] {
        check(&with(key, bad), ConnFileError::Key { at: 4 });
    }
    for network in ["0123456789abcde", "0123456789abcdef0", "0123456789abcdeg"] {
        check(&with("0123456789abcdef", network), ConnFileError::Network { at: 5 });
    }
    for expires in [
        "2026-11-23",
        "2026-11-23T10:00:00",
        "2026-11-23T10:00:00+01:00",
        "2026-11-23T10:00:00.5Z",
        "2026-13-23T10:00:00Z",
        "1969-12-31T23:59:59Z",
    ] {
        check(&with("2026-11-23T10:00:00Z", expires), ConnFileError::Expires { at: 6 });
    }
    check(&"#".repeat(5000), ConnFileError::TooLong { bytes: 5000 });
}

#[test]
fn relays_have_a_host_and_a_port() {
    for good in ["127.0.0.1:7000", "relay.example.org:1", "[::1]:65535"] {
        assert_eq!(ConnFile::check_relay(good).as_deref(), Ok(good));
    }
    for bad in ["[::1:7000", "::1]:7000", "[127.0.0.1]:7", "host", "http://host:7", "ho\u{e9}st:7"]
    {
        assert_eq!(ConnFile::check_relay(bad), Err(NotARelay), "{bad}");
    }
}

#[test]
fn debug_hides_the_key() {
    let shown = format!("{:?}", golden());
    assert!(shown.contains("FileKey(…)"), "{shown}");
    assert!(!shown.contains("AAECAw") && !shown.contains("0, 1, 2, 3"), "{shown}");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text: String, value in "[ -~]{0,50}") {
        let _ = ConnFile::parse(&text);
        let _ = ConnFile::parse(&with("4831", &value));
        let _ = ConnFile::check_relay(&text);
    }

    #[test]
    fn every_file_reads_back(
        key: [u8; 32],
        network: [u8; 8],
        room in 1..=RoomNumber::MAX.get(),
        expires_secs in 0..253_402_207_200_u64,
    ) {
        let file = ConnFile {
            relay: "[2001:db8::7]:443".to_owned(),
            room: RoomNumber::new(room).unwrap(),
            key: FileKey::from_bytes(key),
            network: NetworkPrint::from_bytes(network),
            expires_secs,
        };
        assert_eq!(ConnFile::parse(&file.to_text()), Ok(file));
    }
}
