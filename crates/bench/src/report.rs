//! All measurements, one after the other, and their tables.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::crowd;
use crate::forwarder::Manner;
use crate::machine::{self, Cores};
use crate::plot;
use crate::scenario::{SCENARIOS, Scenario, start};
use crate::subject::{self, Bare, Ours, Server, Subject};
use crate::{Measure, scenario::Work};

/// Pairs whose memory is measured: ten thousand connections, as many as fit below the usual limit
/// of open files on both sides.
const IDLE_PAIRS: u64 = 5000;
/// Connections that are held.
const HELD: u64 = 18_000;
/// How long they are held: several heartbeats.
const HELD_FOR: Duration = Duration::from_secs(12);

/// A figure of one subject: the lower quartile of its rounds.
pub(crate) struct Figure {
    pub(crate) subject: &'static str,
    /// Microseconds.
    pub(crate) value: f64,
    /// The middle half of the rounds.
    pub(crate) upper_quartile: f64,
}

/// What one measurement came to.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) figures: Vec<Figure>,
}

/// Measures everything that `args` asks for, and prints it.
pub(crate) fn measure_all(args: &Measure) -> Result<()> {
    let files = machine::open_files()?;
    let cores = Cores::choose()?;
    ensure!(args.relay.exists(), "{} is not there: build it first", args.relay.display());
    let dir = tempfile::tempdir()?;
    println!(
        "{}; {} rounds of {} ms, lower quartile\n",
        machine::description(),
        args.rounds,
        args.round
    );
    let subjects = present(subject::all(&args.relay, !args.no_peers), cores, dir.path());
    let wanted = |name: &str| {
        args.only.is_empty() || args.only.iter().any(|word| name.contains(word.as_str()))
    };

    let mut rows = Vec::new();
    heading(&subjects);
    for scenario in SCENARIOS.iter().filter(|scenario| wanted(scenario.name)) {
        let row =
            compare(scenario, &subjects, cores, dir.path(), args).with_context(|| scenario.name)?;
        print_row(scenario, &row);
        rows.push(row);
    }
    println!();
    if wanted("notices") {
        notices(args, cores, dir.path())?;
    }
    if wanted("memory of idle pairs") {
        memory(&subjects, cores, dir.path())?;
    }
    let ours = Ours::new(&args.relay);
    if wanted("arrival") {
        let server = cores.on_subjects(|| start(&ours, dir.path()))?;
        let arrival = crowd::arrive(&server, IDLE_PAIRS)?;
        let (took, lost) = (arrival.took.as_secs_f64(), arrival.lost);
        println!("arrival of {IDLE_PAIRS} pairs at once: {took:.2} s, {lost} attempts lost");
    }
    if wanted("held connections") {
        ensure!(files > HELD + 100, "{files} open files are not enough to hold {HELD}");
        let server = cores.on_subjects(|| start(&ours, dir.path()))?;
        let peak = crowd::hold(&server, HELD, HELD_FOR)?;
        println!("{HELD} held connections with a heartbeat every 5 s: {peak:.1} MiB at most");
    }
    if wanted("threads") {
        cores.release()?;
        threads(args, dir.path())?;
    }
    if let Some(place) = &args.plots {
        plot::draw(&rows, place)?;
    }
    Ok(())
}

/// Shows what is left of a short-lived pair's price when the bare forwarder has to say as many lines.
fn notices(args: &Measure, cores: Cores, dir: &Path) -> Result<()> {
    let subjects: Vec<Box<dyn Subject>> = vec![
        Box::new(Bare(Manner::Quiet)),
        Box::new(Bare(Manner::Telling)),
        Box::new(Ours::new(&args.relay)),
    ];
    let short_lives = SCENARIOS.iter().find(|scenario| matches!(scenario.work, Work::ShortLives));
    let scenario = short_lives.context("there are short-lived pairs")?;
    let row = compare(scenario, &subjects, cores, dir, args)?;
    let figures =
        row.figures.iter().map(|figure| format!("{} {} µs", figure.subject, digits(figure.value)));
    println!("short-lived pairs: {}\n", figures.collect::<Vec<_>>().join(", "));
    Ok(())
}

/// Leaves out, and names, the subjects whose program is not there.
fn present(mut all: Vec<Box<dyn Subject>>, cores: Cores, dir: &Path) -> Vec<Box<dyn Subject>> {
    all.retain(|subject| match cores.on_subjects(|| start(subject.as_ref(), dir)) {
        Ok(_) => true,
        Err(error) => {
            println!("absent: {} ({error:#})", subject.name());
            false
        }
    });
    all
}

fn compare(
    scenario: &Scenario,
    subjects: &[Box<dyn Subject>],
    cores: Cores,
    dir: &Path,
    args: &Measure,
) -> Result<Row> {
    let round = Duration::from_millis(args.round);
    let mut bouts = Vec::new();
    for subject in subjects {
        let subject = subject.as_ref();
        let server = cores.on_subjects(|| start(subject, dir))?;
        let begun = scenario.work.begin(subject, &server).and_then(|mut bout| {
            // Whatever is made on first use is made now.
            bout.round(subject, &server, round / 4)?;
            Ok(bout)
        });
        match begun {
            Ok(bout) => bouts.push((subject, server, bout, Vec::new())),
            Err(error) => println!("| {} cannot: {error:#} |", subject.name()),
        }
    }
    for _ in 0..args.rounds {
        for (subject, server, bout, values) in &mut bouts {
            let name = subject.name();
            values.push(bout.round(*subject, server, round).with_context(|| name)?);
        }
    }
    let figures = bouts.into_iter().map(|(subject, _, _, values)| figure(subject.name(), values));
    Ok(Row { name: scenario.name, figures: figures.collect() })
}

fn figure(subject: &'static str, mut values: Vec<f64>) -> Figure {
    values.sort_by(f64::total_cmp);
    let at = |share: usize| values[(values.len() - 1) * share / 4];
    Figure { subject, value: at(1), upper_quartile: at(3) }
}

fn heading(subjects: &[Box<dyn Subject>]) {
    let names: Vec<_> = subjects.iter().map(|subject| subject.name()).collect();
    println!("| work | {} | relay ÷ bare (at most) | nats ÷ relay (at least) |", names.join(" | "));
    println!("|---|{}---|---|", "---|".repeat(names.len()));
}

fn print_row(scenario: &Scenario, row: &Row) {
    let bare = row.of("bare");
    let cells: Vec<_> = row
        .figures
        .iter()
        .map(|figure| match bare {
            Some(bare) => format!("{} µs ({:.2})", digits(figure.value), figure.value / bare),
            None => format!("{} µs", digits(figure.value)),
        })
        .collect();
    let ratio = |one: Option<f64>, other: Option<f64>| match (one, other) {
        (Some(one), Some(other)) => format!("{:.2}", one / other),
        _ => "–".to_owned(),
    };
    println!(
        "| {} | {} | {} ({:.2}) | {} ({:.1}) |",
        row.name,
        cells.join(" | "),
        ratio(row.of("relay"), bare),
        scenario.at_most,
        ratio(row.of("nats-server"), row.of("relay")),
        scenario.nats_at_least,
    );
}

fn digits(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 1.0 => format!("{value:.2}"),
        value => format!("{value:.4}"),
    }
}

fn memory(subjects: &[Box<dyn Subject>], cores: Cores, dir: &Path) -> Result<()> {
    println!(
        "| {IDLE_PAIRS} idle pairs | base MiB | KiB a pair, joined | KiB a pair, has talked |"
    );
    println!("|---|---|---|---|");
    for subject in subjects {
        let subject = subject.as_ref();
        let server = cores.on_subjects(|| start(subject, dir))?;
        match crowd::idle(subject, &server, IDLE_PAIRS) {
            Ok(idle) => {
                let name = subject.name();
                println!("| {name} | {:.1} | {:.2} | {:.2} |", idle.base, idle.joined, idle.talked);
            }
            Err(error) => println!("| {} | {error:#} | | |", subject.name()),
        }
    }
    println!();
    Ok(())
}

/// Shows what a second thread brings, with all cores for everybody.
fn threads(args: &Measure, dir: &Path) -> Result<()> {
    println!("| threads | 1,000 rooms, one line in flight | 100 rooms, windowed |");
    println!("|---|---|---|");
    let works = [&SCENARIOS[0], &SCENARIOS[2]];
    for threads in [1, 2] {
        let ours = Ours::new(&args.relay).with_threads(threads);
        let mut cells = Vec::new();
        for scenario in works {
            cells.push(rate_and_cost(scenario.work, &ours, &start(&ours, dir)?, args)?);
        }
        println!("| {threads} | {} | {} |", cells[0], cells[1]);
    }
    println!();
    Ok(())
}

/// Returns lines a second, the upper quartile, and what a line costs, the lower one.
fn rate_and_cost(work: Work, subject: &Ours, server: &Server, args: &Measure) -> Result<String> {
    let Work::Stream(load) = work else { return Ok(String::new()) };
    let mut stream = crate::stream::Stream::open(subject, server, load)?;
    let (mut rates, mut costs) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        let (began, spent) = (std::time::Instant::now(), server.spent()?);
        let lines = stream.run(Duration::from_millis(args.round))? as f64;
        rates.push(lines / began.elapsed().as_secs_f64() / 1000.0);
        costs.push((server.spent()? - spent).as_secs_f64() * 1e6 / lines);
    }
    let (rate, cost) = (figure("relay", rates).upper_quartile, figure("relay", costs).value);
    Ok(format!("{rate:.0} k lines/s, {} µs a line", digits(cost)))
}

impl Row {
    /// Returns the figure of one subject.
    pub(crate) fn of(&self, subject: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.subject == subject).map(|figure| figure.value)
    }
}
