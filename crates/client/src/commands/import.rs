//! `coin-wallet import`: reads coin files, refuses what is none, and takes the coins over.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use coin::{Coin, SerialNumber, stack};
use zeroize::Zeroizing;

use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::operations::import;
use crate::screen::Screen;
use crate::session::Session;

/// Files in one import: more are taken in several.
const FILES_MAX: usize = 100_000;

/// Runs the command: all files are understood, or none is taken.
pub(crate) async fn run(
    paths: &[PathBuf],
    common: Common,
    screen: &Screen,
) -> Result<Exit, Failure> {
    let coins = read_all(&coin_files(paths)?)?;
    take_in(&Session::open(common, screen)?, coins).await
}

/// Takes over those of the coins that are new to the home.
pub(crate) async fn take_in(session: &Session, coins: Vec<Coin>) -> Result<Exit, Failure> {
    let screen = &session.screen;
    match session.network().await {
        Err(failure) if failure.exit != Exit::Agents => return Err(failure),
        // Without enough agents the coins are kept and wait.
        Ok(_) | Err(_) => {}
    }
    let found = coins.len();
    let checked = session
        .desk
        .run(move |work| {
            let booked = work.wallet.bookings()?;
            Ok(coins.into_iter().partition::<Vec<Coin>, _>(|coin| !booked.contains(coin.sn)))
        })
        .await;
    let (new, known) = session.disk(checked)?;
    if let (Some(first), false) = (known.first(), new.is_empty()) {
        screen.warn(&format!(
            "{} of the coins are in this wallet already or a transfer or import of them is open, the first is {}; \
             they are left alone",
            known.len(),
            first.sn.get()
        ));
    }
    if new.is_empty() {
        let what = if found == 0 {
            "there are no coins in it".to_owned()
        } else {
            "all of its coins are in this wallet already, or an import or transfer of them is open"
                .to_owned()
        };
        return Err(Failure::new(
            Exit::File,
            what,
            "coin-wallet balance shows what the wallet holds; coin-wallet resume goes on with what is open",
        ));
    }
    screen.say(&format!("taking over {} coins", new.len()));
    import::begin(session, new).await
}

/// Returns the files named, and those in the folders named.
fn coin_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        let kind = fs::metadata(path).map_err(|error| unreadable(path, &error))?.file_type();
        if kind.is_fifo() || kind.is_socket() || kind.is_char_device() || kind.is_block_device() {
            return Err(Failure::new(
                Exit::File,
                format!("{} is not a file", path.display()),
                "name coin files, or folders of them",
            ));
        }
        if !kind.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = fs::read_dir(path)
            .and_then(|dir| dir.map(|e| e.map(|e| e.path())).collect::<Result<Vec<_>, _>>());
        let mut inside: Vec<PathBuf> = entries
            .map_err(|error| unreadable(path, &error))?
            .into_iter()
            .filter(|file| file.extension().is_some_and(|e| e.eq_ignore_ascii_case("stack")))
            .collect();
        if inside.is_empty() {
            return Err(Failure::new(
                Exit::File,
                format!("{} holds no .stack files", path.display()),
                "name coin files, or folders of them",
            ));
        }
        inside.sort();
        files.append(&mut inside);
    }
    match files.len() <= FILES_MAX {
        true => Ok(files),
        false => Err(Failure::new(
            Exit::Usage,
            format!("{} files at once", files.len()),
            format!("at most {FILES_MAX} in one import"),
        )),
    }
}

/// Reads all files; a coin in two of them is refused, whoever made the copy.
fn read_all(files: &[PathBuf]) -> Result<Vec<Coin>, Failure> {
    let mut coins = Vec::new();
    let mut seen: BTreeMap<SerialNumber, &Path> = BTreeMap::new();
    for path in files {
        for stored in read(path)? {
            let sn = stored.sn;
            if let Some(before) = seen.insert(sn, path) {
                return Err(Failure::new(
                    Exit::File,
                    format!(
                        "coin {} is in {} and in {}",
                        sn.get(),
                        before.display(),
                        path.display()
                    ),
                    "import one of the two files; nothing was taken",
                ));
            }
            coins.push(stored);
        }
    }
    Ok(coins)
}

fn read(path: &Path) -> Result<Vec<Coin>, Failure> {
    let file = fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    let length = file.metadata().map_err(|error| unreadable(path, &error))?.len();
    let bound = coin::limits::STACK_BYTES_READ_MAX as u64 + 1;
    // One byte more than its length, so that the buffer with the secrets never moves.
    let mut text = Zeroizing::new(Vec::with_capacity(length.min(bound) as usize + 1));
    file.take(bound).read_to_end(&mut text).map_err(|error| unreadable(path, &error))?;
    let stored = stack::read(&text).map_err(|error| {
        Failure::new(
            Exit::File,
            format!("{}: {error}", path.display()),
            "this file is not taken, and nothing else was",
        )
    })?;
    Ok(stored.into_iter().map(|stored| stored.coin).collect())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(
        Exit::File,
        format!("{} cannot be read: {error}", path.display()),
        "name coin files, or folders of them",
    )
}
