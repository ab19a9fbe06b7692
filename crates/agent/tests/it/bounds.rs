//! Slow and greedy clients, under a simulated clock: none of them holds a connection or memory
//! for longer than its share.

use std::sync::Arc;
use std::time::Duration;

use agent::limits::{BODY_WAIT, HEAD_BYTES_MAX, HEAD_WAIT, MEMORY_KIB_MAX, WRITE_WAIT};
use agent::{Agent, Bounds, Charter, Ledger, SimDisk, serve_connection};
use raida::limits::REQUEST_BYTES_MAX;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::town::settings;

const ECHO: &[u8] = b"GET /service/echo HTTP/1.1\r\nhost: a\r\n\r\n";

/// An agent whose connections are pipes in memory.
struct Booth {
    agent: Arc<Agent>,
    bounds: Bounds,
    stop: CancellationToken,
}

impl Booth {
    fn open() -> Booth {
        let disk = SimDisk::found(Charter { network: "booth".parse().unwrap(), agent: 0 });
        let ledger: Arc<dyn Ledger> = Arc::new(disk.open());
        let (agent, work) = Agent::new(ledger, &settings(&[]), CancellationToken::new());
        tokio::spawn(work);
        Booth { agent: Arc::new(agent), bounds: Bounds::default(), stop: CancellationToken::new() }
    }

    fn connect(&self) -> DuplexStream {
        let (ours, theirs) = duplex(REQUEST_BYTES_MAX * 2);
        let (agent, bounds, stop) =
            (Arc::clone(&self.agent), self.bounds.clone(), self.stop.clone());
        tokio::spawn(async move { serve_connection(&agent, theirs, &bounds, &stop).await });
        ours
    }
}

fn head_of_post(length: usize) -> String {
    format!("POST /service/multi_detect HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n")
}

async fn all_that_comes(stream: &mut DuplexStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(start_paused = true)]
async fn one_byte_a_second_is_cut_off_in_time() {
    let booth = Booth::open();
    let (began, mut stream) = (Instant::now(), booth.connect());
    stream.write_all(head_of_post(1000).as_bytes()).await.unwrap();
    let (mut reads, mut writes) = tokio::io::split(stream);
    let drip = async {
        loop {
            sleep(Duration::from_secs(1)).await;
            if writes.write_all(b"a").await.is_err() {
                sleep(Duration::MAX).await;
            }
        }
    };
    let mut answer = String::new();
    tokio::select! {
        read = reads.read_to_string(&mut answer) => { read.unwrap(); }
        () = drip => {}
    }
    assert!(answer.contains("the request did not arrive within 20 s"), "{answer}");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert_eq!(began.elapsed().as_secs(), BODY_WAIT.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_says_nothing_is_closed() {
    let booth = Booth::open();
    let (began, mut silent) = (Instant::now(), booth.connect());
    assert_eq!(all_that_comes(&mut silent).await, "");
    assert_eq!(began.elapsed().as_secs(), HEAD_WAIT.as_secs());

    let (began, mut idle) = (Instant::now(), booth.connect());
    idle.write_all(ECHO).await.unwrap();
    assert!(all_that_comes(&mut idle).await.contains("\"ready\""));
    assert_eq!(began.elapsed().as_secs(), HEAD_WAIT.as_secs());
}

#[tokio::test(start_paused = true)]
async fn requests_that_fill_the_memory_make_others_wait_and_not_for_ever() {
    let booth = Booth::open();
    let greedy = REQUEST_BYTES_MAX - 1;
    let mut hoard = Vec::new();
    for _ in 0..MEMORY_KIB_MAX / (REQUEST_BYTES_MAX / 1024) {
        let mut stream = booth.connect();
        stream.write_all(head_of_post(greedy).as_bytes()).await.unwrap();
        stream.write_all(&vec![b'a'; greedy - 1]).await.unwrap();
        hoard.push(stream);
    }
    // Each of them has been read up to its last byte, which does not come.
    sleep(Duration::from_secs(1)).await;
    let (began, mut modest) = (Instant::now(), booth.connect());
    modest.write_all(ECHO).await.unwrap();
    let mut first = [0; 15];
    modest.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    let waited = began.elapsed().as_secs();
    assert!((BODY_WAIT.as_secs() - 2..=BODY_WAIT.as_secs()).contains(&waited), "{waited}");
}

#[tokio::test(start_paused = true)]
async fn a_stopping_agent_finishes_the_request_under_way() {
    let booth = Booth::open();
    let mut stream = booth.connect();
    stream.write_all(head_of_post(1).as_bytes()).await.unwrap();
    sleep(Duration::from_millis(1)).await;
    booth.stop.cancel();
    sleep(Duration::from_millis(1)).await;
    stream.write_all(b"a").await.unwrap();
    let answer = all_that_comes(&mut stream).await;
    assert!(answer.contains("the field sns is missing"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_head_of_one_byte_a_second_is_cut_off_in_time() {
    let booth = Booth::open();
    let (began, stream) = (Instant::now(), booth.connect());
    let (mut reads, mut writes) = tokio::io::split(stream);
    let drip = async {
        loop {
            sleep(Duration::from_secs(1)).await;
            if writes.write_all(b"a").await.is_err() {
                sleep(Duration::MAX).await;
            }
        }
    };
    let mut answer = Vec::new();
    tokio::select! {
        read = reads.read_to_end(&mut answer) => { read.unwrap(); }
        () = drip => {}
    }
    assert_eq!(began.elapsed().as_secs(), HEAD_WAIT.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_head_without_end_is_cut_off() {
    let booth = Booth::open();
    let mut stream = booth.connect();
    stream.write_all(b"GET /service/echo HTTP/1.1\r\nx: ").await.unwrap();
    let pour = async {
        let mut poured = 0;
        while stream.write_all(&[b'x'; 1024]).await.is_ok() && poured < 1 << 24 {
            poured += 1024;
            tokio::task::yield_now().await;
        }
        poured
    };
    let poured = pour.await;
    assert!(poured <= REQUEST_BYTES_MAX * 2 + 2 * HEAD_BYTES_MAX, "{poured}");
}

/// 10,000 coins are answered with 2 MB, which the client does not read.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_read_is_given_up_and_its_memory_is_free_again() {
    let booth = Booth::open();
    let coin = |sn: usize| format!("sns[]={sn}&ans[]=a&pans[]=a&dn[]=1&");
    let body: String = (1..=10_000).map(coin).collect();
    let (mut ours, theirs) = duplex(1024);
    let (agent, bounds) = (Arc::clone(&booth.agent), booth.bounds.clone());
    let stop = booth.stop.clone();
    let ended = tokio::spawn(async move { serve_connection(&agent, theirs, &bounds, &stop).await });
    ours.write_all(head_of_post(body.len()).as_bytes()).await.unwrap();
    ours.write_all(body.as_bytes()).await.unwrap();
    let began = Instant::now();
    ended.await.unwrap();
    assert_eq!(began.elapsed().as_secs(), WRITE_WAIT.as_secs());

    let (began, mut honest) = (Instant::now(), booth.connect());
    honest.write_all(ECHO).await.unwrap();
    honest.read_exact(&mut [0; 15]).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 0);
}
