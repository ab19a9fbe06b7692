//! Which seeds are played, side by side on two threads, and what is said of one that fails.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::chance::Chance;
use crate::trace::{Broken, Trace};

/// Runs at a time.
const THREADS: usize = 2;
/// Lines of a failing run that are shown.
const LINES_SHOWN: usize = 60;
/// Simulated time after which a run has no end.
const TIME_MAX: Duration = Duration::from_secs(12 * 60 * 60);

/// A story that a seed tells.
pub(crate) trait Story:
    AsyncFn(Chance, Trace) -> Result<(), Broken> + Copy + Send + Sync
{
}

impl<S: AsyncFn(Chance, Trace) -> Result<(), Broken> + Copy + Send + Sync> Story for S {}

/// Plays the seeds that the environment names, else 0 and as many as are usual.
pub(crate) fn play_all(usual: u64, story: impl Story) {
    let number = |name| env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    if let Some(seed) = number("LIVECONNECT_SEED") {
        return play(&[seed], story);
    }
    let first = number("LIVECONNECT_FIRST_SEED").unwrap_or(0);
    let count = number("LIVECONNECT_SEEDS").unwrap_or(usual);
    let began = Instant::now();
    play(&(first..first + count).collect::<Vec<_>>(), story);
    println!("{count} seeds from {first} on: no fault, {:.1} s", began.elapsed().as_secs_f64());
}

/// Plays these seeds.
pub(crate) fn play(seeds: &[u64], story: impl Story) {
    let (next, failed) = (AtomicU64::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|threads| {
        for _ in 0..THREADS.min(seeds.len()) {
            threads.spawn(|| {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    if let Err(why) = run(*seed, story) {
                        failed.lock().unwrap().push((*seed, why));
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap();
    failed.sort_by_key(|(seed, _)| *seed);
    if let Some((first, (why, lines))) = failed.first() {
        let all: Vec<String> =
            failed.iter().map(|(seed, (why, _))| format!("seed {seed}: {why}")).collect();
        panic!(
            "{lines}\nseed {first}: {why}\n\n{} of {} seeds found a fault:\n{}\nplay one again: \
             LIVECONNECT_SEED={first} cargo test -p tests --test simulation no_coin -- --nocapture",
            failed.len(),
            seeds.len(),
            all.join("\n"),
        );
    }
}

/// Plays one seed; what went wrong is told with the last lines of the run.
pub(crate) fn run(seed: u64, story: impl Story) -> Result<Trace, (String, String)> {
    let shown = env::var("LIVECONNECT_SEED").is_ok();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let trace = runtime.as_ref().unwrap().block_on(async { Trace::begin(shown) });
    let told = catch_unwind(AssertUnwindSafe(|| {
        runtime.unwrap().block_on(async {
            let told = timeout(TIME_MAX, story(Chance::of(seed), trace.clone()));
            told.await.unwrap_or_else(|_| Err(Broken("the run has no end".to_owned())))
        })
    }));
    let why = match told {
        Ok(Ok(())) => return Ok(trace),
        Ok(Err(Broken(why))) => why,
        Err(panicked) => match panicked.downcast_ref::<String>() {
            Some(text) => format!("panicked: {text}"),
            None => "panicked".to_owned(),
        },
    };
    Err((why, trace.last(LINES_SHOWN)))
}
