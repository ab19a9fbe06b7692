//! Any number of coins: drawn as earlier ones settle, and judged like those of one round.

use std::cell::Cell;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt;
use tokio::sync::Semaphore;

use super::*;
use crate::api::Form;
use crate::limits::{BATCH_COINS, PARTS_OUT, QUESTIONS_OUT, SILENCES_IN_A_ROW};

/// Answers that each coin in a question passes, or holds the PAN.
fn good(word: &str, body: &str) -> Vec<u8> {
    let form = Form::parse(body.as_bytes()).unwrap();
    let replies =
        form.all("sns").iter().map(|sn| format!(r#"{{"status":"{word}","sn":{}}}"#, &**sn));
    http(&format!("[{}]", replies.collect::<Vec<_>>().join(",")))
}

fn claim(number: u32) -> Claim {
    Claim { sn: sn(number), ans: ans(1), pans: ans(2) }
}

#[tokio::test(start_paused = true)]
async fn claims_are_drawn_as_earlier_ones_settle_and_come_back_in_their_order() {
    let authority = authority(|_, body| good("pass", body));
    let drawn = Cell::new(0);
    let claims = (1..=11).map(|number| {
        drawn.set(number);
        claim(number)
    });
    let mut back = Vec::new();
    let mut settled = std::pin::pin!(authority.pown_parts(claims, 2));
    while let Some(part) = settled.next().await {
        let out = drawn.get() as usize - back.len();
        assert!(out <= 2 * (PARTS_OUT + 1), "{out} claims are held");
        assert_eq!((part.round.answered, part.round.coins.len()), (25, part.claims.len()));
        assert!(part.round.coins.iter().all(|coin| coin.grade() == Grade::Final));
        back.extend(part.claims.into_iter().map(|claim| claim.sn.get()));
    }
    assert_eq!(back, (1..=11).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn no_claims_settle_at_once() {
    let authority = authority(|_, body| good("pass", body));
    assert!(authority.pown_all(Vec::new()).next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_was_given_up_is_asked_once_in_later_parts_until_it_answers() {
    let book = AddressBook::parse("127.0.0.1:90{i:02}").unwrap();
    let dials = Arc::new(AtomicUsize::new(0));
    let is_up = Arc::new(Mutex::new(false));
    let (dialled, up) = (Arc::clone(&dials), Arc::clone(&is_up));
    let authority = Authority::over(&book, Timing::default(), move |agent| {
        if agent == 3 {
            dialled.fetch_add(1, Ordering::Relaxed);
            if !*up.lock().unwrap() {
                return std::future::ready(Err(io::ErrorKind::ConnectionRefused.into()));
            }
        }
        let (ours, theirs) = duplex(1 << 16);
        let odd: Arc<Odd> = Arc::new(|_, body| good("pass", body));
        tokio::spawn(answer_one(agent, theirs, odd));
        std::future::ready(Ok(Stream::new(ours)))
    });
    let mut settled = std::pin::pin!(authority.pown_parts((1..=6).map(claim), 1));
    let mut answered = Vec::new();
    for number in 1..=6 {
        let part = settled.next().await.unwrap();
        assert_eq!(part.round.coins[0].grade(), Grade::Final);
        answered.push(part.round.answered);
        *is_up.lock().unwrap() = number >= 4;
    }
    assert_eq!(answered, [24, 24, 24, 24, 24, 25]);
    let (patient, once) = (2 * SILENCES_IN_A_ROW as usize, 4);
    assert_eq!(dials.load(Ordering::Relaxed), patient + once);
}

#[tokio::test(start_paused = true)]
async fn two_questions_at_most_are_out_at_an_agent() {
    let book = AddressBook::parse("127.0.0.1:90{i:02}").unwrap();
    let most = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&most);
    let out: Arc<Vec<Semaphore>> = Arc::new((0..25).map(|_| Semaphore::new(100)).collect());
    let authority = Authority::over(&book, Timing::default(), move |agent| {
        let (ours, mut theirs) = duplex(1 << 16);
        let (out, seen) = (Arc::clone(&out), Arc::clone(&seen));
        tokio::spawn(async move {
            let _here = out[agent].acquire().await.unwrap();
            seen.fetch_max(100 - out[agent].available_permits(), Ordering::Relaxed);
            let mut asked = Vec::new();
            let body = loop {
                if let Some(body) = whole_body(&asked) {
                    break body;
                }
                theirs.read_buf(&mut asked).await.unwrap();
            };
            // On a clock that stands still until everybody waits.
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            theirs.write_all(&good("pass", &body)).await.unwrap();
        });
        std::future::ready(Ok(Stream::new(ours)))
    });
    let coins = u32::try_from(2 * BATCH_COINS + 1).unwrap();
    let began = tokio::time::Instant::now();
    let claims: Vec<Claim> = (1..=coins).map(claim).collect();
    let round = authority.pown(&claims, &quiet).await;
    assert_eq!((round.answered, most.load(Ordering::Relaxed)), (25, QUESTIONS_OUT));
    // Three batches in the time of two.
    assert_eq!(began.elapsed().as_secs(), 2);
}
