//! What a journal says when its records are taken one after the other: the
//! same whether they were just appended or are read at the next start.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use coin::{CoinName, SerialNumber, StoredCoin};

use super::contents::{Blob, Content, Contents};
use super::id::{Kind, OperationId};
use crate::journal::Flaw;
use crate::journal::record::{CoinRecord, MovedFile, NewFile, Part, Record, Renamed, Secret, Span};
use crate::place::{Folder, Place};

/// The end of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// When, in seconds since 1970 UTC.
    pub at_secs: i64,
    /// What the caller said of it.
    pub summary: String,
}

/// A part of an act: files to one folder, or from one folder to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Write { to: Place, files: Vec<NewFile> },
    Move { from: Place, to: Place, files: Vec<MovedFile> },
}

/// All that a journal says so far.
pub(crate) struct State {
    id: OperationId,
    begun: Option<Begun>,
    notes: BTreeMap<String, String>,
    pub(crate) contents: Contents,
    kept: BTreeMap<String, Vec<Span>>,
    /// The act that was recorded last, until it is done.
    pub(crate) pending: Vec<Step>,
    written: HashMap<(Place, u32), String>,
    moved: HashMap<(Place, String, Place), String>,
    /// Where the files lie that this operation has put somewhere.
    holdings: BTreeMap<(Place, String), u32>,
    in_flight: BTreeSet<SerialNumber>,
    end: Option<End>,
}

struct Begun {
    kind: Kind,
    at_secs: i64,
    about: String,
}

impl State {
    pub(crate) fn new(id: OperationId) -> State {
        State {
            id,
            begun: None,
            notes: BTreeMap::new(),
            contents: Contents::default(),
            kept: BTreeMap::new(),
            pending: Vec::new(),
            written: HashMap::new(),
            moved: HashMap::new(),
            holdings: BTreeMap::new(),
            in_flight: BTreeSet::new(),
            end: None,
        }
    }

    /// Takes the next record, or says why it cannot be the next.
    pub(crate) fn take(&mut self, record: Record) -> Result<(), Flaw> {
        if self.end.is_some() || self.begun.is_none() != matches!(record, Record::Begin { .. }) {
            return Err(Flaw::OutOfOrder);
        }
        match record {
            Record::Begin { kind, at, about } => {
                self.begun = Some(Begun { kind, at_secs: at, about });
            }
            Record::Note(part) => self.take_note(part),
            Record::Coins(coins) => {
                for CoinRecord(coin) in coins {
                    self.contents.add(Content::Coin(coin));
                }
            }
            Record::Blob { bytes: Secret(bytes), continued: false } => {
                self.contents.add(Content::Blob(Blob(bytes)));
            }
            Record::Blob { bytes: Secret(bytes), continued: true } => {
                self.contents.extend_last(&bytes).ok_or(Flaw::OutOfOrder)?;
            }
            Record::Keep { label, contents, continued } => {
                let known = contents.iter().all(|span| self.knows(*span));
                known.then_some(()).ok_or(Flaw::NotUnderstood)?;
                let kept = self.kept.entry(label).or_default();
                if !continued {
                    kept.clear();
                }
                kept.extend(contents);
            }
            Record::Write { to, files } => self.take_write(to, files)?,
            Record::Move { from, to, files } => self.take_move(from, to, files)?,
            Record::Renamed(files) => self.take_renamed(&files),
            Record::Done => self.take_done(),
            Record::InFlight { coins } => self.in_flight.extend(coins),
            Record::Landed { coins } => coins.iter().for_each(|sn| {
                self.in_flight.remove(sn);
            }),
            Record::End { at, summary } => self.end = Some(End { at_secs: at, summary }),
        }
        Ok(())
    }

    pub(crate) fn id(&self) -> OperationId {
        self.id
    }

    pub(crate) fn kind(&self) -> Kind {
        self.begun().kind
    }

    pub(crate) fn about(&self) -> &str {
        &self.begun().about
    }

    pub(crate) fn began_at_secs(&self) -> i64 {
        self.begun().at_secs
    }

    pub(crate) fn note(&self, label: &str) -> Option<&str> {
        self.notes.get(label).map(String::as_str)
    }

    pub(crate) fn kept(&self, label: &str) -> Option<Vec<StoredCoin>> {
        let spans = self.kept.get(label)?;
        let numbers = spans.iter().flat_map(|span| span.from..span.from + span.count);
        Some(numbers.filter_map(|number| self.contents.coin(number).cloned()).collect())
    }

    pub(crate) fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// Returns the name under which a coin with these contents was written to `to`.
    pub(crate) fn written(&self, to: Place, coin: &StoredCoin) -> Option<CoinName> {
        let content = self.contents.find_coin(coin)?;
        self.written.get(&(to, content))?.parse().ok()
    }

    /// Returns the name under which other contents were written to `to`.
    pub(crate) fn written_blob(&self, to: Place, bytes: &[u8]) -> Option<&str> {
        let content = self.contents.find_blob(bytes)?;
        self.written.get(&(to, content)).map(String::as_str)
    }

    /// Returns the name that a file has got when it moved.
    pub(crate) fn moved(&self, from: Place, name: &CoinName, to: Place) -> Option<CoinName> {
        self.moved.get(&(from, name.to_string(), to))?.parse().ok()
    }

    /// Returns whether this operation has put this file there, or is about to take it away.
    pub(crate) fn holds(&self, place: Place, name: &str) -> bool {
        let to_move = |step: &Step| match step {
            Step::Move { from, files, .. } => {
                *from == place && files.iter().any(|file| file.name == name)
            }
            Step::Write { .. } => false,
        };
        self.holdings.contains_key(&(place, name.to_owned())) || self.pending.iter().any(to_move)
    }

    /// Returns the names of the files that this operation has put there.
    pub(crate) fn held(&self, place: Place) -> impl Iterator<Item = &str> {
        let here = self.holdings.keys().filter(move |(at, _)| *at == place);
        here.map(|(_, name)| name.as_str())
    }

    /// Returns the files that this operation has put somewhere, or is about to take away.
    pub(crate) fn all_held(&self) -> impl Iterator<Item = (Place, String)> {
        let to_move = self.pending.iter().flat_map(|step| match step {
            Step::Move { from, files, .. } => {
                files.iter().map(|file| (*from, file.name.clone())).collect()
            }
            Step::Write { .. } => Vec::new(),
        });
        self.holdings.keys().cloned().chain(to_move)
    }

    /// Returns the coins of which this operation has put a file somewhere, and where it put it last.
    pub(crate) fn placed(&self) -> impl Iterator<Item = (Place, SerialNumber)> {
        self.holdings.iter().filter_map(|((place, _), content)| Some((*place, self.sn(*content)?)))
    }

    /// Returns the coins that this operation keeps and that are undecided: it has no file of them yet, or
    /// one that waits for the agents. It may yet own them.
    pub(crate) fn undecided(&self) -> BTreeSet<SerialNumber> {
        let spans = self.kept.values().flatten();
        let numbers = spans.flat_map(|span| span.from..span.from + span.count);
        let mut undecided: BTreeSet<SerialNumber> = numbers.filter_map(|n| self.sn(n)).collect();
        for ((place, _), content) in &self.holdings {
            let waits = matches!(place.folder, Folder::Import | Folder::Suspect | Folder::Limbo);
            if let (false, Some(sn)) = (waits, self.sn(*content)) {
                undecided.remove(&sn);
            }
        }
        undecided
    }

    /// Returns the coins in flight.
    pub(crate) fn in_flight(&self) -> &BTreeSet<SerialNumber> {
        &self.in_flight
    }

    /// Returns the coins on their way out that are not in flight: in Export, or
    /// about to be moved from there.
    pub(crate) fn leaving(&self) -> BTreeSet<SerialNumber> {
        let held = self.holdings.iter().map(|((place, _), content)| (*place, *content));
        let on_the_move = self.pending_moves().map(|(from, _, content)| (from, content));
        let in_export = held.chain(on_the_move).filter(|(place, _)| place.folder == Folder::Export);
        let coins = in_export.filter_map(|(_, content)| self.sn(content));
        coins.filter(|sn| !self.in_flight.contains(sn)).collect()
    }

    fn begun(&self) -> &Begun {
        self.begun.as_ref().expect("no journal is read without its first record")
    }

    fn take_note(&mut self, part: Part) {
        if part.continued {
            self.notes.entry(part.label).or_default().push_str(&part.text);
        } else {
            self.notes.insert(part.label, part.text);
        }
    }

    fn take_write(&mut self, to: Place, files: Vec<NewFile>) -> Result<(), Flaw> {
        for file in &files {
            self.contents.get(file.content).ok_or(Flaw::NotUnderstood)?;
            self.written.insert((to, file.content), file.name.clone());
            self.holdings.insert((to, file.name.clone()), file.content);
        }
        self.pending.push(Step::Write { to, files });
        Ok(())
    }

    fn take_move(&mut self, from: Place, to: Place, files: Vec<MovedFile>) -> Result<(), Flaw> {
        for file in &files {
            self.contents.coin(file.content).ok_or(Flaw::NotUnderstood)?;
            let new_name = file.new_name().to_owned();
            self.holdings.remove(&(from, file.name.clone()));
            self.holdings.insert((to, new_name.clone()), file.content);
            self.moved.insert((from, file.name.clone(), to), new_name);
        }
        self.pending.push(Step::Move { from, to, files });
        Ok(())
    }

    /// A coin that is out of Export and Sent is no longer in flight.
    fn take_done(&mut self) {
        let back = self.pending_moves().filter(|(_, to, _)| !is_way_out(*to));
        let back: Vec<SerialNumber> = back.filter_map(|(_, _, content)| self.sn(content)).collect();
        for sn in back {
            self.in_flight.remove(&sn);
        }
        self.pending.clear();
    }

    fn take_renamed(&mut self, renamed: &[Renamed]) {
        for Renamed { place, name, new_name } in renamed {
            if let Some(content) = self.holdings.remove(&(*place, name.clone())) {
                self.holdings.insert((*place, new_name.clone()), content);
                self.written.entry((*place, content)).and_modify(|name| name.clone_from(new_name));
            }
            for step in &self.pending {
                let Step::Move { from, to, files } = step else { continue };
                for file in files.iter().filter(|file| to == place && file.new_name() == name) {
                    self.moved.insert((*from, file.name.clone(), *to), new_name.clone());
                }
            }
        }
    }

    fn pending_moves(&self) -> impl Iterator<Item = (Place, Place, u32)> {
        self.pending.iter().flat_map(|step| match step {
            Step::Move { from, to, files } => {
                files.iter().map(|file| (*from, *to, file.content)).collect()
            }
            Step::Write { .. } => Vec::new(),
        })
    }

    fn knows(&self, span: Span) -> bool {
        span.from.checked_add(span.count).is_some_and(|end| end <= self.contents.next())
    }

    fn sn(&self, content: u32) -> Option<SerialNumber> {
        self.contents.coin(content).map(|coin| coin.coin.sn)
    }
}

impl MovedFile {
    /// Returns the name that it gets.
    pub(crate) fn new_name(&self) -> &str {
        self.new_name.as_deref().unwrap_or(&self.name)
    }
}

/// Returns whether coins in flight may lie there.
fn is_way_out(place: Place) -> bool {
    matches!(place.folder, Folder::Export | Folder::Sent)
}
