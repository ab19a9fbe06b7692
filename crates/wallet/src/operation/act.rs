//! Puts together the records of what is about to be done, before it is done.

use std::collections::{HashMap, HashSet};

use coin::{CoinName, SerialNumber, StoredCoin};
use zeroize::Zeroizing;

use super::contents::{Blob, Content, Contents};
use super::state::State;
use crate::disk::Disk;
use crate::error::WalletError;
use crate::journal::record::{CoinRecord, MovedFile, NewFile, Part, Record, Secret, Span};
use crate::limits::{FILES_PER_RECORD_MAX, NUMBERS_PER_RECORD_MAX, PART_BYTES_MAX};
use crate::naming::Names;
use crate::place::Place;

/// What one call is about to do: contents that the journal does not have yet,
/// what is kept, what is written, what is moved.
pub(crate) struct Plan<'a> {
    state: &'a State,
    fresh: Contents,
    kept: Option<(String, Vec<Span>)>,
    writes: Vec<(Place, Vec<NewFile>)>,
    moves: Vec<(Place, Place, Vec<MovedFile>)>,
    sources: HashSet<(Place, String)>,
    targets: HashSet<(Place, u32)>,
    taken: HashMap<Place, Names>,
}

impl<'a> Plan<'a> {
    pub(crate) fn new(state: &'a State) -> Plan<'a> {
        Plan {
            state,
            fresh: Contents::after(&state.contents),
            kept: None,
            writes: Vec::new(),
            moves: Vec::new(),
            sources: HashSet::new(),
            targets: HashSet::new(),
            taken: HashMap::new(),
        }
    }

    pub(crate) fn keep(&mut self, label: &str, coins: &[StoredCoin]) -> Result<(), WalletError> {
        let mut spans: Vec<Span> = Vec::new();
        for coin in coins {
            let number = self.coin_content(coin)?;
            match spans.last_mut() {
                Some(span) if span.from + span.count == number => span.count += 1,
                Some(_) | None => spans.push(Span { from: number, count: 1 }),
            }
        }
        self.kept = Some((label.to_owned(), spans));
        Ok(())
    }

    pub(crate) fn write_coin(
        &mut self,
        to: Place,
        name: &CoinName,
        coin: &StoredCoin,
    ) -> Result<(), WalletError> {
        let content = self.coin_content(coin)?;
        self.write(to, name.to_string(), content);
        Ok(())
    }

    pub(crate) fn write_blob(&mut self, to: Place, name: String, bytes: &[u8]) {
        let known = self.state.contents.find_blob(bytes);
        let new = || Content::Blob(Blob(Zeroizing::new(bytes.to_vec())));
        let content = known.unwrap_or_else(|| self.fresh.add(new()));
        self.write(to, name, content);
    }

    /// A file named twice is moved once.
    pub(crate) fn move_coin(
        &mut self,
        (from, name): (Place, &CoinName),
        (to, new_name): (Place, &CoinName),
        coin: &StoredCoin,
    ) -> Result<(), WalletError> {
        if !self.sources.insert((from, name.to_string())) {
            return Ok(());
        }
        let content = self.coin_content(coin)?;
        let new_name = (name != new_name).then(|| new_name.to_string());
        let file = MovedFile { name: name.to_string(), content, new_name };
        match self.moves.iter_mut().find(|(of, there, _)| (*of, *there) == (from, to)) {
            Some((_, _, files)) => files.push(file),
            None => self.moves.push((from, to, vec![file])),
        }
        Ok(())
    }

    /// Returns `name`, with a suffix if it is taken in `place` or was returned before.
    pub(crate) fn free_name(
        &mut self,
        disk: &impl Disk,
        place: Place,
        name: &CoinName,
    ) -> Result<CoinName, WalletError> {
        let taken = match self.taken.entry(place) {
            std::collections::hash_map::Entry::Occupied(taken) => taken.into_mut(),
            std::collections::hash_map::Entry::Vacant(none) => {
                none.insert(Names::in_place(disk, place)?)
            }
        };
        taken.take_free(place, name)
    }

    /// Returns the records, each of bounded size.
    pub(crate) fn into_records(self) -> Vec<Record> {
        let mut records = content_records(self.fresh);
        if let Some((label, spans)) = self.kept {
            records.extend(keep_records(&label, &spans));
        }
        for (to, files) in self.writes {
            for files in files.chunks(FILES_PER_RECORD_MAX) {
                records.push(Record::Write { to, files: files.to_vec() });
            }
        }
        for (from, to, files) in self.moves {
            for files in files.chunks(FILES_PER_RECORD_MAX) {
                records.push(Record::Move { from, to, files: files.to_vec() });
            }
        }
        records
    }

    fn coin_content(&mut self, coin: &StoredCoin) -> Result<u32, WalletError> {
        let known = self.state.contents.find_coin(coin).or_else(|| self.fresh.find_coin(coin));
        match known {
            Some(number) => Ok(number),
            None => {
                check_remarks(coin)?;
                Ok(self.fresh.add(Content::Coin(coin.clone())))
            }
        }
    }

    fn write(&mut self, to: Place, name: String, content: u32) {
        if !self.targets.insert((to, content)) {
            return;
        }
        let file = NewFile { name, content };
        match self.writes.iter_mut().find(|(there, _)| *there == to) {
            Some((_, files)) => files.push(file),
            None => self.writes.push((to, vec![file])),
        }
    }
}

/// Returns the records of a note: a long text goes into several.
pub(crate) fn note_records(label: &str, text: &str) -> Vec<Record> {
    let mut records = Vec::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_at(char_boundary(rest, PART_BYTES_MAX));
        let continued = !records.is_empty();
        let (label, text) = (label.to_owned(), part.to_owned());
        records.push(Record::Note(Part { label, text, continued }));
        rest = after;
        if rest.is_empty() {
            return records;
        }
    }
}

/// Returns where a character of `text` begins, at or just before `at`.
fn char_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Returns the records that put coins in flight, or that land them.
pub(crate) fn serial_number_records(
    coins: &[SerialNumber],
    record: impl Fn(Vec<SerialNumber>) -> Record,
) -> Vec<Record> {
    coins.chunks(NUMBERS_PER_RECORD_MAX).map(|coins| record(coins.to_vec())).collect()
}

fn keep_records(label: &str, spans: &[Span]) -> Vec<Record> {
    let record = |(n, contents): (usize, &[Span])| Record::Keep {
        label: label.to_owned(),
        contents: contents.to_vec(),
        continued: n > 0,
    };
    if spans.is_empty() {
        return vec![record((0, spans))];
    }
    spans.chunks(NUMBERS_PER_RECORD_MAX).enumerate().map(record).collect()
}

fn content_records(contents: Contents) -> Vec<Record> {
    let mut records = Vec::new();
    let mut coins = Vec::new();
    let mut bytes = 0;
    for content in contents.into_list() {
        match content {
            Content::Coin(coin) => {
                bytes += bytes_in_record(&coin);
                coins.push(CoinRecord(coin));
                if bytes > PART_BYTES_MAX {
                    records.push(Record::Coins(std::mem::take(&mut coins)));
                    bytes = 0;
                }
            }
            Content::Blob(Blob(blob)) => {
                if !coins.is_empty() {
                    records.push(Record::Coins(std::mem::take(&mut coins)));
                }
                records.extend(blob_records(&blob));
            }
        }
    }
    if !coins.is_empty() {
        records.push(Record::Coins(coins));
    }
    records
}

fn blob_records(bytes: &[u8]) -> Vec<Record> {
    let part = |(n, part): (usize, &[u8])| Record::Blob {
        bytes: Secret(Zeroizing::new(part.to_vec())),
        continued: n > 0,
    };
    if bytes.is_empty() {
        return vec![part((0, bytes))];
    }
    bytes.chunks(PART_BYTES_MAX).enumerate().map(part).collect()
}

/// About: secrets and base64, and the remarks as they are.
fn bytes_in_record(coin: &StoredCoin) -> usize {
    2_000 + remark_bytes(coin)
}

fn remark_bytes(coin: &StoredCoin) -> usize {
    let notes: usize = coin.notes.iter().map(String::len).sum();
    notes + coin.notes.len() + coin.expires.as_ref().map_or(0, String::len)
}

fn check_remarks(coin: &StoredCoin) -> Result<(), WalletError> {
    match remark_bytes(coin) {
        found if found > PART_BYTES_MAX => {
            Err(WalletError::TooLong { what: "the notes of a coin", found, max: PART_BYTES_MAX })
        }
        _ => Ok(()),
    }
}
