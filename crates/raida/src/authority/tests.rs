//! Agents that answer nonsense: whatever it is, it is silence, never a verdict, and never a panic.

mod stream;

use std::sync::Arc;

use coin::{AnSet, Answer, AuthenticityNumber, Coin, Grade, Letter, SerialNumber};
use proptest::prelude::{ProptestConfig, any, prop};
use proptest::{prop_assert_eq, proptest};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::{Authority, Claim};
use crate::limits::ANSWER_BYTES_MAX;
use crate::{AddressBook, Progress, Stream, Timing};

/// What an odd agent writes, given its number and the body of the question.
type Odd = dyn Fn(usize, &str) -> Vec<u8> + Send + Sync;

async fn answer_one(agent: usize, mut stream: DuplexStream, odd: Arc<Odd>) {
    let mut asked = Vec::new();
    loop {
        if let Some(body) = whole_body(&asked) {
            // Whoever asked may have hung up over the first bytes.
            let _ = stream.write_all(&odd(agent, &body)).await;
            return;
        }
        if stream.read_buf(&mut asked).await.unwrap_or(0) == 0 {
            return;
        }
    }
}

fn whole_body(request: &[u8]) -> Option<String> {
    let text = String::from_utf8(request.to_vec()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    (body.len() == length).then(|| body.to_owned())
}

fn authority(odd: impl Fn(usize, &str) -> Vec<u8> + Send + Sync + 'static) -> Authority {
    let odd: Arc<Odd> = Arc::new(odd);
    let book = AddressBook::parse("127.0.0.1:90{i:02}").unwrap();
    Authority::over(&book, Timing::default(), move |agent| {
        let (ours, theirs) = duplex(1 << 16);
        tokio::spawn(answer_one(agent, theirs, Arc::clone(&odd)));
        std::future::ready(Ok(Stream::new(ours)))
    })
}

fn http(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn ans(byte: u8) -> AnSet {
    AnSet::from_fn(|_| AuthenticityNumber::from_bytes([byte; 16]))
}

fn sn(number: u32) -> SerialNumber {
    SerialNumber::new(number).unwrap()
}

fn coins() -> Vec<Coin> {
    [7, 8].map(|number| Coin { sn: sn(number), ans: ans(1) }).into()
}

fn claims() -> Vec<Claim> {
    [7, 8].map(|number| Claim { sn: sn(number), ans: ans(1), pans: ans(2) }).into()
}

fn quiet(_: Progress) {}

fn send<T: Send>(work: T) -> T {
    work
}

async fn letters(authority: &Authority) -> String {
    let detection = send(authority.detect(&coins(), &quiet)).await;
    assert_eq!(detection.pown[0], detection.pown[1]);
    detection.pown[0].to_string()
}

fn on_a_simulated_clock<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().start_paused(true).build().unwrap().block_on(work)
}

#[tokio::test(start_paused = true)]
async fn an_answer_about_something_else_is_silence() {
    let pass = |sn: &str| format!(r#"{{"status":"pass",{sn}}}"#);
    let (seven, eight) = (pass(r#""sn":7"#), pass(r#""sn":"8""#));
    let cases = [
        ("in order", format!("[{seven},{eight}]"), "p"),
        ("in another order", format!("[{eight},{seven}]"), "n"),
        ("too short", format!("[{seven}]"), "n"),
        ("too long", format!("[{seven},{eight},{eight}]"), "n"),
        ("no number", format!("[{seven},{}]", pass(r#""x":1"#)), "n"),
        ("one coin twice", format!("[{seven},{seven}]"), "n"),
        ("not an array", seven.clone(), "n"),
        ("not json", format!("[{seven},{eight}"), "n"),
        ("nothing", String::new(), "n"),
        (
            "another agent",
            r#"[{"server":"RAIDA99","status":"pass","sn":7},{"status":"pass","sn":8}]"#.into(),
            "n",
        ),
        ("no status", r#"[{"sn":7},{"sn":8}]"#.into(), "n"),
        ("dud", r#"[{"status":"dud","sn":7},{"status":"Dud","sn":8}]"#.into(), "e"),
        ("no word", r#"[{"status":"passed","sn":7},{"status":"","sn":8}]"#.into(), "e"),
        ("another case", r#"[{"status":"PASS","sn":7},{"status":"Pass","sn":8}]"#.into(), "p"),
    ];
    for (name, answer, letter) in cases {
        let said = letters(&authority(move |_, _| http(&answer))).await;
        assert_eq!(said, letter.repeat(25), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_http_200_is_silence() {
    let fine = r#"[{"status":"pass","sn":7},{"status":"pass","sn":8}]"#;
    for head in ["500 Oh", "404 Not", "302 Found\r\nlocation: http://127.0.0.1:1/", "204 No"] {
        let answer = format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{fine}", fine.len());
        assert_eq!(letters(&authority(move |_, _| answer.clone().into())).await, "n".repeat(25));
    }
}

#[tokio::test(start_paused = true)]
async fn answers_without_end_are_cut_off() {
    let endless_body = |_: usize, _: &str| {
        let mut answer = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        answer.resize(answer.len() + 2 * ANSWER_BYTES_MAX, b' ');
        answer
    };
    assert_eq!(letters(&authority(endless_body)).await, "n".repeat(25));
    let endless_head = |_: usize, _: &str| {
        let mut answer = b"HTTP/1.1 200 OK\r\nx: ".to_vec();
        answer.resize(1 << 20, b'x');
        answer
    };
    assert_eq!(letters(&authority(endless_head)).await, "n".repeat(25));
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_never_answers_does_not_hold_up_the_others_verdict_for_ever() {
    let book = AddressBook::parse("127.0.0.1:90{i:02}").unwrap();
    let timing = Timing::default();
    let held = Arc::new(std::sync::Mutex::new(Vec::new()));
    let authority = Authority::over(&book, timing, move |agent| {
        let (ours, theirs) = duplex(1 << 16);
        if agent == 3 {
            held.lock().unwrap().push(theirs);
        } else {
            let odd: Arc<Odd> =
                Arc::new(|_, _| http(r#"[{"status":"pass","sn":7},{"status":"pass","sn":8}]"#));
            tokio::spawn(answer_one(agent, theirs, odd));
        }
        std::future::ready(Ok(Stream::new(ours)))
    });
    let began = tokio::time::Instant::now();
    let round = send(authority.pown(&claims(), &quiet)).await;
    assert!(began.elapsed() <= timing.round_of(2));
    assert_eq!((round.answered, round.coins[0].grade()), (24, Grade::Final));
    assert_eq!(round.coins[0].pown_string().get(3), Letter::NoReply);
}

#[tokio::test(start_paused = true)]
async fn a_fail_without_a_word_of_what_is_held_condemns_no_coin() {
    let answer = |_: usize, _: &str| http(r#"[{"status":"fail","sn":7},{"status":"fail","sn":8}]"#);
    let round = authority(answer).pown(&claims(), &quiet).await;
    assert_eq!((round.answered, round.coins[0].grade()), (0, Grade::Limbo));
    let found = send(authority(answer).find(&claims(), &quiet)).await;
    assert_eq!(found[1], [Answer::Silent; 25]);
}

/// Two coins that pass everywhere; the first 12 agents say that exchange 1 made coin 7, so many after
/// them that exchange 2 did, the others that it was minted.
fn of_two_exchanges(second: usize) -> impl Fn(usize, &str) -> Vec<u8> + Send + Sync + 'static {
    move |agent, body| {
        assert!(body.contains("&origins=t&"), "{body}");
        let origin = match agent {
            0..12 => format!(r#","origin":"{}""#, "01".repeat(32)),
            _ if agent < 12 + second => format!(r#","origin":"{}""#, "02".repeat(32)),
            _ => String::new(),
        };
        http(&format!(r#"[{{"status":"pass","sn":7{origin}}},{{"status":"pass","sn":8}}]"#))
    }
}

#[tokio::test(start_paused = true)]
async fn agents_that_hold_a_coin_of_different_origins_do_not_add_up() {
    for (second, grade, letters) in [
        (12, Grade::Counterfeit, "ppppppppppppfffffffffffff"),
        (13, Grade::Settling, "ffffffffffffppppppppppppp"),
        (1, Grade::Counterfeit, "fffffffffffffpppppppppppp"),
    ] {
        let authority = authority(of_two_exchanges(second));
        let round = authority.pown(&claims(), &quiet).await;
        assert_eq!((round.answered, round.coins[0].grade()), (25, grade), "{second}");
        assert_eq!(round.coins[1].grade(), Grade::Final);
        let detection = authority.detect(&coins(), &quiet).await;
        let pown: Vec<String> = detection.pown.iter().map(ToString::to_string).collect();
        assert_eq!(pown, [letters.to_owned(), "p".repeat(25)]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_origin_that_is_none_is_silence() {
    let answer = |_: usize, _: &str| {
        http(r#"[{"status":"pan","sn":7,"origin":"x"},{"status":"an","sn":8,"origin":"a7"}]"#)
    };
    let found = authority(answer).find(&claims(), &quiet).await;
    assert_eq!(found, [[Answer::Silent; 25]; 2]);
}

#[tokio::test(start_paused = true)]
async fn secrets_are_sent_to_their_own_agent_and_in_the_body_only() {
    let per_agent = AnSet::from_fn(|agent| AuthenticityNumber::from_bytes([agent as u8; 16]));
    let coin = Coin { sn: sn(7), ans: per_agent.clone() };
    let authority = authority(move |agent, body| {
        let theirs = per_agent.get(agent).to_hex();
        assert!(body.contains(&format!("ans%5B%5D={}&", *theirs)), "{body}");
        http(r#"[{"status":"pass","sn":7}]"#)
    });
    let detection = authority.detect(&[coin], &quiet).await;
    assert_eq!(detection.pown[0].passes(), 25);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_bytes_are_silence(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let said = on_a_simulated_clock(async { letters(&authority(move |_, _| bytes.clone())).await });
        prop_assert_eq!(said, "n".repeat(25));
    }

    #[test]
    fn random_bodies_are_silence(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let answer = [
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes(),
            body,
        ]
        .concat();
        let round = on_a_simulated_clock(async {
            authority(move |_, _| answer.clone()).pown(&claims(), &quiet).await
        });
        prop_assert_eq!((round.answered, round.coins[0].grade()), (0, Grade::Limbo));
    }

    #[test]
    fn random_json_is_never_a_panic(
        words in prop::collection::vec("pass|fail|dud|an|pan|neither|\\PC{0,8}", 0..4),
        numbers in prop::collection::vec(any::<i64>(), 4),
    ) {
        let replies = words.iter().zip(numbers).map(|(word, sn)| {
            serde_json::json!({"status": word, "sn": if sn % 2 == 0 { 7 } else { sn }, "nn": [sn]})
        });
        let answer = http(&serde_json::Value::Array(replies.collect()).to_string());
        on_a_simulated_clock(async {
            let authority = authority(move |_, _| answer.clone());
            authority.pown(&claims(), &quiet).await;
            authority.find(&claims(), &quiet).await;
            let _ = send(authority.network()).await;
        });
    }
}
