//! `coin-send`: writes the connection file if there is none, then pays; or continues, or says how it ended.

use std::path::Path;
use std::time::Duration;

use coin::{Amount, AmountError};
use protocol::conn_file::{ConnFile, FileKey, NetworkPrint};
use protocol::room::RoomNumber;
use protocol::sender::Sender;
use protocol::waits::Patience;
use tokio_util::sync::CancellationToken;
use wallet::OperationId;

use crate::cli::SendArgs;
use crate::conn;
use crate::exit::{Exit, Failure};
use crate::hand_out::{Code, hand_out};
use crate::machine::Machine;
use crate::operations::{Affordable, affordable};
use crate::record::Open;
use crate::screen::Screen;
use crate::session::{Session, operation_id};
use crate::signals;
use crate::transfer::NoRelay;

/// Where the relay is when nobody says.
const RELAY: &str = "127.0.0.1:7000";
/// How long a connection file can be used for the first handshake.
const VALID_SECS: u64 = 24 * 60 * 60;
/// Rooms are drawn from this many: easy to read out, and the token keeps strangers apart.
const RANDOM_ROOMS: u64 = 1_000_000;

/// Runs the program.
pub(crate) async fn run(args: SendArgs, screen: &Screen) -> Result<Exit, Failure> {
    let amount = parse_amount("--amount", &args.amount)?;
    let memo = args.memo.as_deref().map(parse_memo).transpose()?;
    let room = args.room.as_deref().map(parse_room).transpose()?;
    let peer_wait = Duration::from_secs(args.wait);
    let session = Session::open(args.common.clone(), screen)?;
    let stop = signals::stop_token().map_err(|error| Failure::new(Exit::File, error, ""))?;
    if args.conn == Path::new("-") {
        return Err(Failure::new(
            Exit::Usage,
            "--conn - is for coin-receive: coin-send writes a file",
            "name a file that does not exist yet, such as --conn conn.txt",
        ));
    }
    let known = conn::read(&args.conn)?;
    if let Some(file) = &known {
        refuse_other_flags(file, args.relay.as_deref(), room)?;
        if let Some(exit) = go_on(&session, file, amount, peer_wait, stop.clone()).await? {
            return Ok(exit);
        }
    }
    let coins = match exact_coins(&session, amount).await? {
        Affordable::AsTheyAre(coins) => format!("{coins} coins"),
        Affordable::WithChange => "a coin is broken first".to_owned(),
    };
    let file = match known {
        Some(file) => {
            session.same_network(&file).await?;
            file
        }
        None => {
            let relay =
                args.relay.clone().or(session.config.relay.clone()).unwrap_or(RELAY.to_owned());
            let file = new_file(&session, relay, room).await?;
            let question = format!("send {amount} ({coins}) by way of {}?", file.relay);
            if screen.asks_on_terminal() {
                consent(screen.clone(), question, &stop).await?;
            }
            conn::write(&args.conn, &file)?;
            file
        }
    };
    hand_out(screen, &file, &args.conn, if args.qr { Code::Shown } else { Code::NotAsked })?;
    begin(&session, file, amount, memo, peer_wait, stop).await
}

/// Goes on with the transfer of a file or says how it ended; `None` when it has not begun.
pub(crate) async fn go_on(
    session: &Session,
    file: &ConnFile,
    amount: Amount,
    peer_wait: Duration,
    stop: CancellationToken,
) -> Result<Option<Exit>, Failure> {
    let id = operation_id(file);
    if let Some(summary) = session.ended(id).await? {
        same_amount(amount, summary.amount)?;
        return Ok(Some(session.tell_ended(id, &summary)));
    }
    if let Some(open) = session.load(id, peer_wait).await? {
        return continue_transfer(session, open, amount, stop).await.map(Some);
    }
    session.not_expired(file).map(|()| None)
}

/// Begins the transfer of a file and runs it.
pub(crate) async fn begin(
    session: &Session,
    file: ConnFile,
    amount: Amount,
    memo: Option<String>,
    peer_wait: Duration,
    stop: CancellationToken,
) -> Result<Exit, Failure> {
    let machine = Machine::Sender(Sender::new(amount, memo, Patience { peer_wait }));
    let open = Open::new(machine, file, amount);
    session.begin(&open).await?;
    session.run(open, NoRelay::Fails, stop).await
}

/// Asks before anything is written; a signal ends the question, too.
async fn consent(
    screen: Screen,
    question: String,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let nothing =
        "the same command again, when you want to: nothing was written and nothing was sent";
    let asked = tokio::task::spawn_blocking(move || screen.ask(&question));
    tokio::select! {
        answer = asked => match answer {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(Failure::new(Exit::Refused, "you declined", nothing)),
        },
        () = stop.cancelled() => Err(Failure::new(Exit::Returned, "you stopped it", nothing)),
    }
}

async fn continue_transfer(
    session: &Session,
    open: Open,
    amount: Amount,
    stop: CancellationToken,
) -> Result<Exit, Failure> {
    let id = operation_id(&open.file);
    if !open.machine.is_sender() {
        return Err(other_side(id, "coin-receive"));
    }
    same_amount(amount, open.amount)?;
    session.screen.say(&format!("continuing the transfer {id} of {amount}"));
    session.run(open, NoRelay::Fails, stop).await
}

/// One file is one payment: it cannot be used for another amount.
fn same_amount(amount: Amount, begun_with: Amount) -> Result<(), Failure> {
    match amount == begun_with {
        true => Ok(()),
        false => Err(Failure::new(
            Exit::Usage,
            format!("the transfer of this file was begun with {begun_with}, not with {amount}"),
            format!("--amount {begun_with} for this file, or another --conn for another payment"),
        )),
    }
}

/// Returns the failure of the wrong program for a file.
pub(crate) fn other_side(id: OperationId, program: &str) -> Failure {
    Failure::new(
        Exit::Usage,
        format!("in this home the transfer {id} is on the other side"),
        format!("{program} with this file, or another --home"),
    )
}

pub(crate) async fn exact_coins(session: &Session, amount: Amount) -> Result<Affordable, Failure> {
    let found = session.desk.run(move |work| affordable(&work.wallet, amount)).await;
    session.disk(found)?.map_err(|error| {
        let advice =
            "coin-wallet balance shows what there is; coin-wallet import takes coin files in";
        Failure::new(Exit::NotEnough, error, advice)
    })
}

async fn new_file(
    session: &Session,
    relay: String,
    room: Option<RoomNumber>,
) -> Result<ConnFile, Failure> {
    let relay = ConnFile::check_relay(&relay).map_err(|error| {
        let what = format!("--relay {}: {error}", protocol::line::shown(&relay));
        Failure::new(Exit::Usage, what, "write it as HOST:PORT, such as 127.0.0.1:7000")
    })?;
    let network = NetworkPrint::from_bytes(session.network().await?.print());
    let room = match room {
        Some(room) => room,
        None => RoomNumber::new(rand::random_range(1..=RANDOM_ROOMS))
            .expect("the range lies within the rooms"),
    };
    Ok(ConnFile {
        relay,
        room,
        key: FileKey::from_bytes(rand::random()),
        network,
        expires_secs: session.desk.clock.now_secs() + VALID_SECS,
    })
}

fn refuse_other_flags(
    file: &ConnFile,
    relay: Option<&str>,
    room: Option<RoomNumber>,
) -> Result<(), Failure> {
    let advice = "leave --relay and --room out, or name a file that does not exist yet";
    if let Some(relay) = relay.filter(|relay| *relay != file.relay) {
        let what =
            format!("the connection file exists and names the relay {}, not {relay}", file.relay);
        return Err(Failure::new(Exit::Usage, what, advice));
    }
    if let Some(room) = room.filter(|room| *room != file.room) {
        let what =
            format!("the connection file exists and names the room {}, not {room}", file.room);
        return Err(Failure::new(Exit::Usage, what, advice));
    }
    Ok(())
}

/// Reads an amount that stands behind these words on the command line.
pub(crate) fn parse_amount(words: &str, text: &str) -> Result<Amount, Failure> {
    let advice = &*format!("a whole number of units, such as {words} 3439");
    match text.parse::<Amount>() {
        Ok(amount) if amount.is_zero() => Err(Failure::new(Exit::Usage, "the amount is 0", advice)),
        Ok(amount) => Ok(amount),
        Err(error) => {
            let advice = match &error {
                AmountError::TooLarge { .. } => "there are not that many coins",
                _ => advice,
            };
            Err(Failure::new(
                Exit::Usage,
                format!("{words} {}: {error}", protocol::line::shown(text)),
                advice,
            ))
        }
    }
}

fn parse_memo(text: &str) -> Result<String, Failure> {
    match text.len() <= protocol::limits::MEMO_BYTES_MAX {
        true => Ok(text.to_owned()),
        false => Err(Failure::new(
            Exit::Usage,
            format!("the memo has {} bytes", text.len()),
            format!("at most {} bytes", protocol::limits::MEMO_BYTES_MAX),
        )),
    }
}

fn parse_room(text: &str) -> Result<RoomNumber, Failure> {
    text.parse().map_err(|error| {
        Failure::new(
            Exit::Usage,
            format!("--room {}: {error}", protocol::line::shown(text)),
            "a number from 1 to 9007199254740992",
        )
    })
}
