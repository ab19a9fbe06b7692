//! Coin files as other programs and this one write them, and files that are
//! none: what is read, what is answered, and that no answer tells a secret.

use coin::stack::{MAX_COINS, Place, Reason, StackError, read, write};
use coin::{
    AnSet, AuthenticityNumber, AuthenticityNumberError, Coin, Letter, PownString, SerialNumber,
    SerialNumberError, StoredCoin,
};
use proptest::prelude::{any, prop};
use proptest::{prop_assert, proptest};

const STANDARD: &str = include_str!("fixtures/01-standard-2-coins.stack");
const COMPACT: &str = include_str!("fixtures/02-compact.stack");
const OLD: &str = include_str!("fixtures/03-old-no-pown.stack");
const JUMBLED: &str = include_str!("fixtures/04-jumbled-order.stack");
const NUMERIC: &str = include_str!("fixtures/07-numeric-nn-sn.stack");
const WITH_PANS: &str = include_str!("fixtures/20-limbo-with-pans.stack");

/// The first secret of [`COMPACT`], the 24th and the last.
const FIRST_AN: &str = "2ede165dd7e861c849c1e6cbfde84ad6";
const AN_24: &str = "c59b5c0bdded1034aa22f82aa92efd9a";
const LAST_AN: &str = "cba0e7d8d5b94e0b08a92c27cde3e124";

fn coins(text: &str) -> Vec<StoredCoin> {
    read(text.as_bytes()).expect("the text is a coin file")
}

fn refusal(text: &str) -> StackError {
    read(text.as_bytes()).expect_err("the text is no coin file")
}

fn check_read(text: &str, sn: u32, first_an: &str, pown: &str, expires: Option<&str>) {
    let [coin] = coins(text).try_into().expect("one coin");
    assert_eq!(coin.coin.sn.get(), sn);
    assert_eq!(coin.coin.ans.get(0).to_hex().as_str(), first_an);
    assert_eq!(coin.pown.to_string(), pown);
    assert_eq!(coin.expires.as_deref(), expires);
    assert_eq!((coin.pans, coin.notes), (None, Vec::new()));
}

fn check_refused(text: &str, reason: Reason, place: (Option<usize>, Option<&str>, Option<usize>)) {
    let error = refusal(text);
    assert_eq!(error.reason, reason, "{error}");
    let Place { coin, field, entry, .. } = error.place;
    assert_eq!((coin, field, entry), place, "{error}");
}

/// Spoils the one coin of [`COMPACT`] and expects an answer about its `field`.
fn check_spoiled(from: &str, to: &str, reason: Reason, field: &str) {
    assert!(COMPACT.contains(from));
    let an_itself =
        matches!(reason, Reason::WrongCount { .. } | Reason::Missing | Reason::FieldTwice);
    let entry = (field == "an" && !an_itself).then_some(1);
    check_refused(&COMPACT.replacen(from, to, 1), reason, (Some(1), Some(field), entry));
}

#[test]
fn every_variant_of_a_coin_file_is_read() {
    let untried = "u".repeat(25);
    check_read(COMPACT, 16_776_213, FIRST_AN, "ppeppppppfppppppnpppupppp", Some("9-2027"));
    check_read(OLD, 16_776_212, "ba46c71a1d9c1cf7a0480e04ebb18f17", &untried, None);
    check_read(JUMBLED, 16_776_211, "3b78d55f453d1bac943518054289ff8e", &untried, None);
    let numeric_pown = "ffffffffeffffffffffffffff";
    let numeric_an = "af6026d0311c77a901dd8c35c0d57ce8";
    check_read(NUMERIC, 3_879_690, numeric_an, numeric_pown, Some("3-2027"));
}

#[test]
fn the_standard_file_is_read_and_written_byte_for_byte() {
    let read = coins(STANDARD);
    assert_eq!(
        read.iter().map(|coin| coin.coin.sn.get()).collect::<Vec<_>>(),
        [16_776_215, 24_589]
    );
    assert_eq!(write(&read).as_str(), STANDARD);
}

#[test]
fn pans_are_kept_and_written_byte_for_byte() {
    let read = coins(WITH_PANS);
    let pans = read[0].pans.as_ref().expect("the file has PANs");
    assert_eq!(pans.get(0), read[0].coin.ans.get(0));
    assert_ne!(pans.get(24), read[0].coin.ans.get(24));
    assert_eq!(read[0].notes, ["note=a \"b\" \\ c", "id=7"]);
    assert_eq!(write(&read).as_str(), WITH_PANS);
}

#[test]
fn spellings_of_other_programs_make_no_difference() {
    let expected = coins(COMPACT);
    for text in [
        COMPACT.replace("\r\n", ""),
        COMPACT.replace("\r\n", "\n"),
        format!("\u{feff}{COMPACT}"),
        COMPACT.replace("\"pown\"", "\"pownstring\""),
        COMPACT.replace(FIRST_AN, &FIRST_AN.to_uppercase()),
        COMPACT.replace("\"1\"", "1").replace("\"16776213\"", "16776213"),
        COMPACT.replace("\"nn\":", "\"pan\":null,\"nn\":"),
        COMPACT.replace("\"nn\":", "\"other\":{\"nn\":[\"2\"]},\"nn\":"),
        COMPACT.replace("{\"cloudcoin\"", "{\"made by\":\"x\",\"cloudcoin\""),
        COMPACT.replace("\"nn\"", "\"\\u006en\""),
    ] {
        assert_eq!(coins(&text), expected, "{text}");
    }
}

#[test]
fn remarks_that_cannot_be_understood_never_cost_a_coin() {
    for (from, to) in [
        ("\"ppeppppppfppppppnpppupppp\"", "\"pp\""),
        ("\"ppeppppppfppppppnpppupppp\"", "\"bbeppppppfppppppnpppupppp\""),
        ("\"ppeppppppfppppppnpppupppp\"", "7"),
        ("\"9-2027\"", "null"),
        ("\"9-2027\"", "[]"),
        ("[]}", "{}}"),
        ("[]}", "[1,null,{}]}"),
    ] {
        let read = coins(&COMPACT.replacen(from, to, 1));
        assert_eq!(read[0].coin, coins(COMPACT)[0].coin, "{to}");
    }
}

#[test]
fn a_file_cut_short_anywhere_is_answered() {
    for file in [STANDARD, COMPACT, NUMERIC] {
        for end in 0..file.trim_end().len() {
            let error = refusal(&file[..end]);
            assert_eq!(error.reason, Reason::CutShort, "{end}: {error}");
            assert_eq!(error.place.line, 1 + file[..end].matches('\n').count(), "{end}: {error}");
        }
    }
}

#[test]
fn what_is_no_json_is_answered_with_line_and_column() {
    let oops = COMPACT.replace("\"an\"", "an");
    let place = Place { line: 3, column: 17, coin: None, field: None, entry: None };
    assert_eq!(refusal(&oops), StackError { place, reason: Reason::NotJson });
    for text in ["coin", "{\"cloudcoin\":[]} x", "{'cloudcoin':[]}", "{\"cloudcoin\":[],}"] {
        assert_eq!(refusal(text).reason, Reason::NotJson, "{text}");
    }
    let image = read(b"{\n\xff\xd8\xff\xe0").expect_err("an image is no coin file");
    let place = Place { line: 2, column: 1, coin: None, field: None, entry: None };
    assert_eq!(image, StackError { place, reason: Reason::NotUtf8 });
}

#[test]
fn a_file_without_coins_is_answered() {
    let cloudcoin = (None, Some("cloudcoin"), None);
    check_refused("{}", Reason::Missing, cloudcoin);
    check_refused("{\"cloudcoin\":[]}", Reason::NoCoins, cloudcoin);
    check_refused("{\"cloudcoin\":{}}", Reason::WrongKind { expected: "an array" }, cloudcoin);
    check_refused("{\"cloudcoin\":[],\"cloudcoin\":[]}", Reason::FieldTwice, cloudcoin);
    check_refused("[]", Reason::WrongKind { expected: "an object" }, (None, None, None));
    let no_coin = Reason::WrongKind { expected: "an object" };
    check_refused("{\"cloudcoin\":[7]}", no_coin, (Some(1), None, None));
}

#[test]
fn secrets_that_are_missing_too_many_or_too_short_are_answered() {
    let an = (Some(1), Some("an"), None);
    let without_last = COMPACT.replace(&format!(",\"{LAST_AN}\""), "");
    check_refused(&without_last, Reason::WrongCount { found: 24 }, an);
    let one_more = COMPACT.replace(LAST_AN, &format!("{LAST_AN}\",\"{LAST_AN}"));
    check_refused(&one_more, Reason::WrongCount { found: 26 }, an);
    let short = AuthenticityNumberError::WrongLength { found: 31 };
    check_spoiled(FIRST_AN, &FIRST_AN[1..], Reason::Secret(short), "an");
    let not_hex = AuthenticityNumberError::NotHexadecimal;
    check_spoiled(FIRST_AN, &FIRST_AN.replace('2', "g"), Reason::Secret(not_hex), "an");
    let kind = Reason::WrongKind { expected: "a text of 32 hexadecimal digits" };
    check_spoiled(&format!("\"{FIRST_AN}\""), "7", kind, "an");
    check_spoiled(&format!("\"{FIRST_AN}\""), "null", kind, "an");
    check_spoiled(FIRST_AN, &format!("\\u0032{}", &FIRST_AN[1..]), kind, "an");
}

#[test]
fn the_place_names_the_secret_that_is_wrong() {
    let text = COMPACT.replace(AN_24, &AN_24[..31]);
    let error = refusal(&text);
    let said = error.to_string();
    let place = "line 4, column 806, coin 1, an, entry 24";
    assert_eq!(said, format!("{place}: a secret of 31 characters instead of 32"));
}

#[test]
fn encrypted_secrets_have_an_answer_of_their_own() {
    let vaulted = format!("{}({}){}", &FIRST_AN[..8], &FIRST_AN[8..16], &FIRST_AN[16..]);
    check_spoiled(FIRST_AN, &vaulted, Reason::Encrypted, "an");
    check_spoiled(FIRST_AN, "(113c0871)", Reason::Encrypted, "an");
}

#[test]
fn pans_that_are_partly_there_are_answered() {
    let pan = (Some(1), Some("pan"), None);
    let text = COMPACT.replace("\"nn\":", &format!("\"pan\":[\"{FIRST_AN}\"],\"nn\":"));
    check_refused(&text, Reason::WrongCount { found: 1 }, pan);
    let text = COMPACT.replace("\"nn\":", "\"pan\":\"\",\"nn\":");
    check_refused(&text, Reason::WrongKind { expected: "an array" }, pan);
    let last = coins(WITH_PANS)[0].pans.clone().expect("the file has PANs").get(24).to_hex();
    let place = (Some(1), Some("pan"), Some(25));
    let kind = Reason::WrongKind { expected: "a text of 32 hexadecimal digits" };
    check_refused(&WITH_PANS.replace(&format!("\"{}\"", last.as_str()), "null"), kind, place);
}

#[test]
fn numbers_that_no_coin_has_are_answered() {
    let range = |found| Reason::SerialNumber(SerialNumberError::OutOfRange { found });
    check_spoiled("16776213", "0", range(0), "sn");
    check_spoiled("16776213", "16777217", range(16_777_217), "sn");
    check_spoiled("16776213", &"9".repeat(40), range(u64::MAX), "sn");
    let no_number = Reason::SerialNumber(SerialNumberError::NotANumber);
    for text in ["", "-1", "1.0", "0x10", "1 "] {
        check_spoiled("16776213", text, no_number, "sn");
    }
    check_spoiled("\"16776213\"", "-1", no_number, "sn");
    check_spoiled("\"16776213\"", "1e3", no_number, "sn");
    check_spoiled("\"16776213\"", "null", no_number, "sn");
    check_spoiled("\"1\"", "\"2\"", Reason::OtherNetwork { found: 2 }, "nn");
    check_spoiled("\"1\"", "0", Reason::OtherNetwork { found: 0 }, "nn");
    let no_network = Reason::WrongKind { expected: "a network number" };
    check_spoiled("\"1\"", "true", no_network, "nn");
}

#[test]
fn fields_that_are_missing_or_there_twice_are_answered() {
    check_spoiled("\"nn\"", "\"NN\"", Reason::Missing, "nn");
    check_spoiled("\"sn\"", "\"SN\"", Reason::Missing, "sn");
    check_spoiled("\"an\"", "\"ans\"", Reason::Missing, "an");
    check_spoiled("\"nn\":", "\"nn\":\"1\",\"nn\":", Reason::FieldTwice, "nn");
    check_spoiled("\"an\":", "\"an\":[],\"an\":", Reason::FieldTwice, "an");
    check_spoiled("\"ed\":", "\"ed\":1,\"ed\":2,\"ed\":", Reason::FieldTwice, "ed");
    check_spoiled("\"pown\":", "\"pownstring\":\"\",\"pown\":", Reason::FieldTwice, "pownstring");
}

#[test]
fn a_coin_twice_in_one_file_is_answered() {
    let twice = STANDARD.replace("24589", "16776215");
    let sn = SerialNumber::new(16_776_215).unwrap();
    check_refused(&twice, Reason::CoinTwice { sn, first: 1 }, (Some(2), None, None));
}

#[test]
fn files_beyond_the_bounds_are_answered() {
    use coin::limits::{STACK_BYTES_READ_MAX, STACK_COINS_READ_MAX};
    let bytes = STACK_BYTES_READ_MAX + 1;
    let too_long = read(&vec![b' '; bytes]).expect_err("the file is too long");
    assert_eq!(too_long.reason, Reason::TooLong { bytes });
    let found = STACK_COINS_READ_MAX + 1;
    let text = format!("{{\"cloudcoin\":[{}{{}}]}}", "{},".repeat(STACK_COINS_READ_MAX));
    check_refused(&text, Reason::TooManyCoins { found }, (None, Some("cloudcoin"), None));
    assert_eq!(refusal(&"[".repeat(100_000)).reason, Reason::WrongKind { expected: "an object" });
}

#[test]
fn a_full_file_is_written_and_read() {
    let coin = |sn: usize| {
        let number = |agent| AuthenticityNumber::from_bytes([(sn + agent) as u8; 16]);
        let sn = SerialNumber::new(sn as u32).expect("a small serial number");
        let coin = Coin { sn, ans: AnSet::from_fn(number) };
        StoredCoin {
            pans: Some(coin.ans.clone()),
            ..StoredCoin::new(coin, PownString::all(Letter::Pass))
        }
    };
    let coins: Vec<StoredCoin> = (1..=MAX_COINS).map(coin).collect();
    assert_eq!(read(write(&coins).as_bytes()), Ok(coins));
}

/// Eight digits of a secret are a part of it; an answer has none of them.
fn tells_a_secret(said: &str) -> bool {
    let secrets = coins(STANDARD)
        .into_iter()
        .flat_map(|coin| coin.coin.ans.iter().map(AuthenticityNumber::to_hex).collect::<Vec<_>>());
    secrets
        .into_iter()
        .any(|secret| (0..=24).any(|at| said.to_lowercase().contains(&secret[at..at + 8])))
}

proptest! {
    #[test]
    fn no_damage_makes_the_reader_panic_or_tell_a_secret(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
    ) {
        let mut text = STANDARD.as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at.index(text.len());
            text[at] = byte;
        }
        for at in cuts {
            let at = at.index(text.len());
            text.remove(at);
        }
        if let Err(error) = read(&text) {
            prop_assert!(!tells_a_secret(&format!("{error} {error:?} {error:#?}")), "{}", error);
        }
    }

    #[test]
    fn the_reader_reads_what_the_writer_wrote(
        sn in 1..=16_777_216_u32,
        bytes in prop::collection::vec(any::<u8>(), AnSet::BYTES),
        letters in "[pfenu]{25}",
        expires in prop::option::of(".{0,12}"),
        notes in prop::collection::vec(".{0,12}", 0..4),
    ) {
        let bytes: &[u8; AnSet::BYTES] = bytes.as_slice().try_into().unwrap();
        let coin = Coin { sn: SerialNumber::new(sn).unwrap(), ans: AnSet::from_bytes(bytes) };
        let pans = expires.is_some().then(|| coin.ans.clone());
        let stored = StoredCoin { coin, pans, pown: letters.parse().unwrap(), expires, notes };
        let text = write(std::slice::from_ref(&stored));
        prop_assert!(read(text.as_bytes()) == Ok(vec![stored]), "{}", sn);
    }
}
