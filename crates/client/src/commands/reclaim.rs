//! `coin-wallet reclaim`: takes coins back that left and that nobody took. Says what it found and what it
//! will do before it does it.

use std::time::Duration;

use coin::Amount;
use coin::reclaim::{Obstacle, Will};
use serde_json::json;
use wallet::{Ended, Kind, OperationId};

use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::operations::export;
use crate::operations::reclaim::course::{Contested, Course, Found, Tally};
use crate::record::Summary;
use crate::screen::Screen;
use crate::session::Session;
use crate::words;

/// Digits of a transfer's number that are enough to name it.
const DIGITS_MIN: usize = 4;

/// What the command line asks for.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// The transfer or export, by the first digits of its number; all that are open when there is none.
    pub(crate) transfer: Option<String>,
    /// Whether it is done or only shown.
    pub(crate) extent: Extent,
    /// How much it is wanted.
    pub(crate) will: Will,
}

/// Whether something is done or only shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// It is done.
    All,
    /// It is shown.
    DryRun,
}

/// Runs the command.
pub(crate) async fn run(wish: Wish, common: Common, screen: &Screen) -> Result<Exit, Failure> {
    take_back(&Session::open(common, screen)?, &wish).await
}

/// Takes back what is wished for, as far as it may be.
pub(crate) async fn take_back(session: &Session, wish: &Wish) -> Result<Exit, Failure> {
    let screen = &session.screen;
    let open = match &wish.transfer {
        Some(digits) => match named(session, digits).await? {
            Named::Open(open) => vec![open],
            Named::Ended(exit) => return Ok(exit),
        },
        None => all_open(session).await?,
    };
    let mut courses = Vec::new();
    for (id, kind) in open {
        courses.extend(course(session, id, kind).await?);
    }
    if courses.is_empty() {
        screen.result(
            "nothing is in flight: there is nothing to take back",
            &json!({"v": 1, "event": "result", "status": "done", "back": 0, "in_flight": 0, "exit": 0}),
        );
        return Ok(Exit::Done);
    }
    session.network().await?;
    let mut found = Vec::new();
    for course in courses {
        if wish.extent == Extent::All {
            course.carry_on().await?;
        }
        let look = course.look(wish.will).await?;
        tell(session, &course, &look).await?;
        found.push((course, look));
    }
    if wish.extent == Extent::DryRun {
        return Ok(dry_run_ends(session, &found));
    }
    consent(session, &found, wish.will).await?;
    begin(session, found).await
}

async fn begin(session: &Session, found: Vec<(Course, Found)>) -> Result<Exit, Failure> {
    let mut tallies = Vec::new();
    for (course, look) in found {
        course.call_gone(&look).await?;
        if !look.begin.is_empty() {
            course.begin(&look).await?;
        }
        let tally = course.tally().await?;
        course.close(session, &tally).await?;
        session.screen.found(&json!({
            "v": 1, "event": "reclaimed", "transfer": course.id().to_string(),
            "status": tally.summary().status, "amount": tally.amount, "owned": tally.given(),
            "back": tally.back, "settling": tally.settling, "disputed": tally.disputed, "in_flight": tally.in_flight(),
        }));
        tallies.push((course.id(), tally));
    }
    Ok(result(session, &tallies))
}

/// Prints the last line and returns the exit code.
fn result(session: &Session, tallies: &[(OperationId, Tally)]) -> Exit {
    let exit = exit_of(tallies);
    let status = match exit {
        Exit::Done => "done",
        Exit::Partly => "partly",
        _ => "in_doubt",
    };
    let sum = |of: fn(&Tally) -> Amount| {
        let amounts = tallies.iter().map(|(_, tally)| of(tally));
        Amount::try_sum(amounts).unwrap_or(Amount::MAX)
    };
    let lines: Vec<String> = tallies
        .iter()
        .map(|(id, tally)| format!("{}: {}", short(*id), words::homecoming(tally)))
        .collect();
    if exit == Exit::InFlight {
        session.screen.advise(words::WHEN_AGENTS_ARE_THERE);
    }
    let transfer = match tallies {
        [(id, _)] => Some(id.to_string()),
        _ => None,
    };
    session.screen.result(
        &lines.join("\n"),
        &json!({
            "v": 1, "event": "result", "status": status, "transfer": transfer,
            "amount": sum(|tally| tally.amount), "owned": sum(Tally::given),
            "back": sum(|tally| tally.back), "in_flight": sum(Tally::in_flight), "exit": exit.code(),
        }),
    );
    exit
}

/// What was asked for is done when it is back, or was the other's all the time.
fn exit_of(tallies: &[(OperationId, Tally)]) -> Exit {
    let whole = |tally: &Tally| tally.back == tally.amount || tally.given() == tally.amount;
    if tallies.iter().any(|(_, tally)| !tally.in_flight().is_zero()) {
        Exit::InFlight
    } else if tallies.iter().all(|(_, tally)| whole(tally)) {
        Exit::Done
    } else {
        Exit::Partly
    }
}

fn short(id: OperationId) -> String {
    id.to_string().chars().take(8).collect()
}

fn dry_run_ends(session: &Session, found: &[(Course, Found)]) -> Exit {
    let amount = Amount::try_sum(found.iter().map(|(_, look)| look.begin_amount));
    let amount = amount.unwrap_or(Amount::MAX);
    session.screen.result(
        &format!("nothing was done: {amount} could be taken back now"),
        &json!({"v": 1, "event": "result", "status": "dry_run", "back": amount, "exit": 0}),
    );
    Exit::Done
}

/// Says what was found of one transfer or export, and what will be done.
async fn tell(session: &Session, course: &Course, look: &Found) -> Result<(), Failure> {
    let tally = course.tally().await?;
    let (id, screen) = (course.id(), &session.screen);
    let short = short(id);
    let stays: Vec<_> = look
        .stays
        .iter()
        .map(|(why, amount)| json!({"why": code(why), "agents": agents(why), "amount": amount}))
        .collect();
    screen.found(&json!({
        "v": 1, "event": "found", "transfer": id.to_string(), "amount": tally.amount,
        "in_flight": tally.in_flight(), "reclaim": look.begin_amount, "stays": stays,
        "reclaiming": tally.reclaiming, "yielding": tally.yielding, "back": tally.back,
        "gone": tally.gone,
    }));
    screen.say(&format!("{short}: {} of {} is in flight", tally.in_flight(), tally.amount));
    if !look.begin_amount.is_zero() {
        let how = "by new secrets of your own at the 25 agents";
        screen.say(&format!("{short}: {} can be taken back, {how}", look.begin_amount));
    }
    for (why, amount) in &look.stays {
        screen.say(&format!("{short}: {amount} stays in flight: {}", sentence(why, course)));
    }
    Ok(())
}

/// Asks on a terminal. Who insists is warned, and has to say yes wherever they are.
async fn consent(session: &Session, found: &[(Course, Found)], will: Will) -> Result<(), Failure> {
    let screen = session.screen.clone();
    let begins = found.iter().any(|(_, look)| !look.begin.is_empty());
    let contested = found.iter().any(|(_, look)| look.contested == Contested::Yes);
    let insists = will == Will::Insisted && contested;
    if insists {
        screen.warn(
            "some agents show that somebody may be taking these coins: if that is the person you paid, \
             taking them back contests what you have paid, and the coins may end at either of you",
        );
    }
    if !begins || !(insists || screen.asks_on_terminal()) {
        return Ok(());
    }
    let answer = match screen.can_ask() {
        true => {
            let asked = tokio::task::spawn_blocking(move || screen.ask("take them back?"));
            asked.await.unwrap_or(false)
        }
        false => false,
    };
    match answer {
        true => Ok(()),
        false => Err(Failure::new(
            Exit::Refused,
            "it was not confirmed, and nothing was taken back",
            "the same command again, with --yes where nobody can be asked",
        )),
    }
}

/// An operation that the command line named.
enum Named {
    Open((OperationId, Kind)),
    /// It has ended: it was told how.
    Ended(Exit),
}

async fn named(session: &Session, digits: &str) -> Result<Named, Failure> {
    let digits = digits.to_ascii_lowercase();
    let shown = protocol::line::shown(&digits);
    let is_number = digits.len() >= DIGITS_MIN && digits.chars().all(|c| c.is_ascii_hexdigit());
    let advice = "coin-wallet history lists the transfers of this home with their numbers";
    if !is_number {
        let what =
            format!("{shown} is no number of a transfer: 32 hex digits, or the first of them");
        return Err(Failure::new(Exit::Usage, what, advice));
    }
    let listed = session
        .desk
        .run(|work| Ok((work.wallet.open_operations()?, work.wallet.history()?.ended)))
        .await;
    let (mut open, mut ended) = session.disk(listed)?;
    open.retain(|(id, _)| id.to_string().starts_with(&digits));
    ended.retain(|ended| ended.id.to_string().starts_with(&digits));
    match (open.as_slice(), ended.as_slice()) {
        ([(id, kind @ (Kind::Send | Kind::Export))], []) => Ok(Named::Open((*id, *kind))),
        ([(_, kind)], []) => Err(Failure::new(
            Exit::Usage,
            format!("{shown} is no payment of yours but: {kind}"),
            "only coins that left can be taken back; coin-wallet resume carries on the rest",
        )),
        ([], [one]) => match session.ended(one.id).await? {
            Some(summary) => Ok(Named::Ended(tell_ended(session, one, &summary))),
            None => Err(Failure::new(Exit::Usage, format!("{shown} has ended"), advice)),
        },
        ([], []) => {
            let what = format!("this home knows no transfer {shown}");
            Err(Failure::new(Exit::Usage, what, advice))
        }
        (_, _) => {
            let what = format!("several transfers begin with {shown}");
            Err(Failure::new(Exit::Usage, what, "more digits of its number"))
        }
    }
}

fn tell_ended(session: &Session, ended: &Ended, summary: &Summary) -> Exit {
    if ended.kind == Kind::Send {
        return session.tell_ended(ended.id, summary);
    }
    let Summary { amount, owned, .. } = summary;
    let text = format!("this {} has ended: {owned} of {amount} is another's", ended.kind);
    session.tell_result(ended.id, summary, &text, "");
    Exit::from_code(summary.exit)
}

async fn all_open(session: &Session) -> Result<Vec<(OperationId, Kind)>, Failure> {
    let listed = session.desk.run(|work| work.wallet.open_operations()).await;
    let mut open = session.disk(listed)?;
    open.retain(|(_, kind)| matches!(kind, Kind::Send | Kind::Export));
    Ok(open)
}

async fn course(session: &Session, id: OperationId, kind: Kind) -> Result<Option<Course>, Failure> {
    if kind == Kind::Export {
        return export::course(session, id).await;
    }
    let open = session.load(id, Duration::ZERO).await?;
    Ok(open.and_then(|open| Course::of_transfer(session, &open)))
}

fn sentence(why: &Obstacle, course: &Course) -> String {
    match why {
        Obstacle::TooEarly => {
            let until = course.expires_secs.and_then(|secs| i64::try_from(secs).ok());
            let until = until.and_then(|secs| jiff::Timestamp::from_second(secs).ok());
            let until = until.map_or("the file expires".to_owned(), |at| at.to_string());
            format!("it is too early, the receiver may take it; after {until} it can be taken back")
        }
        Obstacle::BeingTaken { .. } => {
            format!("{why}: somebody may be taking it; if you know better, --insist contests it")
        }
        Obstacle::Taken { .. } => {
            format!("{why}: it is the other's, coin-wallet resume settles it")
        }
        Obstacle::TooFewAgents { .. } | Obstacle::NotHeld { .. } => format!("{why}, 13 are needed"),
    }
}

fn code(why: &Obstacle) -> &'static str {
    match why {
        Obstacle::TooEarly => "too_early",
        Obstacle::TooFewAgents { .. } => "too_few_agents",
        Obstacle::Taken { .. } => "taken",
        Obstacle::BeingTaken { .. } => "being_taken",
        Obstacle::NotHeld { .. } => "not_held",
    }
}

fn agents(why: &Obstacle) -> Option<u8> {
    match *why {
        Obstacle::TooEarly => None,
        Obstacle::TooFewAgents { answered: agents }
        | Obstacle::Taken { neither: agents }
        | Obstacle::BeingTaken { lost: agents }
        | Obstacle::NotHeld { holds: agents } => Some(agents),
    }
}
