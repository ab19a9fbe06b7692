//! What must hold at any moment, and what must hold when everything is mended.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::error::Error as _;
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use coin::{AGENTS, AnSet, AuthenticityNumber, Coin, Rule, SerialNumber, StoredCoin, stack};
use wallet::{Folder, SimDisk, Wallet, WalletName};

use crate::purse::{PLENTY_BYTES, Purse};
use crate::town::Town;
use crate::trace::Broken;

/// The auditor of a run.
pub(crate) struct Audit {
    town: Town,
    purses: Vec<Arc<Purse>>,
    /// Everything that was minted, with the secrets of the first files.
    coins: Vec<Coin>,
    /// Agents that forget or lie.
    bad: BTreeSet<usize>,
}

/// The coins of one home that it counts as its own, with their files.
type Counted = BTreeMap<SerialNumber, Vec<StoredCoin>>;

impl Audit {
    pub(crate) fn new(
        town: &Town,
        purses: &[Arc<Purse>],
        coins: Vec<Coin>,
        bad: BTreeSet<usize>,
    ) -> Audit {
        Audit { town: town.clone(), purses: purses.to_vec(), coins, bad }
    }

    /// Checks what holds whenever a program has died: no secret that an agent holds is forgotten by all,
    /// no coin has two owners, and whoever counts a coin has it.
    pub(crate) fn at_any_moment(&self) -> Result<(), Broken> {
        self.circulation()?;
        self.no_secret_is_forgotten()?;
        let counted =
            self.purses.iter().map(|purse| self.counted(purse)).collect::<Result<_, _>>()?;
        self.one_owner(&counted)?;
        self.booked_means_owned(&counted)
    }

    /// Checks that every coin has found its owner, and nothing waits.
    pub(crate) fn in_the_end(&self) -> Result<(), Broken> {
        self.at_any_moment()?;
        let counted: Vec<Counted> =
            self.purses.iter().map(|purse| self.counted(purse)).collect::<Result<_, _>>()?;
        for sn in &self.town.in_circulation() {
            // Where few agents missed an exchange, or executed one that is void, it is nobody's.
            let holders = self.town.held(*sn).into_iter().flatten().count();
            if holders < usize::from(Rule::CLOUDCOIN.own) {
                continue;
            }
            let owners = counted.iter().filter(|counted| counted.contains_key(sn)).count();
            if owners != 1 {
                let where_it_is: Vec<String> =
                    self.purses.iter().map(|purse| places(purse, *sn)).collect();
                return broken(format!(
                    "coin {} has {owners} owners in the end: {}",
                    sn.get(),
                    where_it_is.join("; ")
                ));
            }
        }
        let minted = worth(self.coins.iter().map(|coin| coin.sn));
        let owned = worth(counted.iter().flat_map(|counted| counted.keys().copied()));
        match owned == minted {
            true => Ok(()),
            false => broken(format!("{minted} were minted, and {owned} are owned in the end")),
        }
    }

    /// Returns the coins that a home counts as its own, when it is opened now.
    pub(crate) fn counted(&self, purse: &Purse) -> Result<Counted, Broken> {
        // Whoever looks has room.
        let disk = purse.disk().fork();
        disk.limit_space(PLENTY_BYTES);
        let (wallet, _) = Wallet::open(disk).map_err(|error| {
            Broken(format!(
                "the home of {} does not open: {error}: {:?}",
                purse.name,
                error.source()
            ))
        })?;
        let mut counted = Counted::new();
        for place in WalletName::ALL
            .iter()
            .flat_map(|of| [of.place(Folder::Bank), of.place(Folder::Fracked)])
        {
            let names = wallet.list(place).map_err(|error| Broken(error.to_string()))?;
            for name in names {
                let stored = wallet.read(place, &name).map_err(|error| {
                    Broken(format!("{}: {place}/{name} is torn: {error}", purse.name))
                })?;
                counted.entry(name.sn).or_default().push(stored);
            }
        }
        Ok(counted)
    }

    fn circulation(&self) -> Result<(), Broken> {
        let minted = worth(self.coins.iter().map(|coin| coin.sn));
        let right = (0..AGENTS).filter(|a| worth(self.town.circulation(*a)) == minted).count();
        match right >= usize::from(Rule::CLOUDCOIN.own) {
            true => Ok(()),
            false => broken(format!("only {right} agents have in circulation what was minted")),
        }
    }

    fn no_secret_is_forgotten(&self) -> Result<(), Broken> {
        let mut known: HashSet<(SerialNumber, usize, [u8; 16])> = HashSet::new();
        let mut learn = |coin: &Coin| {
            known.extend(coin.ans.iter().enumerate().map(|(n, an)| (coin.sn, n, *an.expose())));
        };
        self.coins.iter().for_each(&mut learn);
        for purse in &self.purses {
            secrets_on(&purse.disk()).iter().for_each(&mut learn);
        }
        let minted: HashSet<SerialNumber> = self.coins.iter().map(|coin| coin.sn).collect();
        for sn in &self.town.in_circulation() {
            let held: Vec<_> = self.town.held(*sn).into_iter().enumerate().collect();
            let held = held.into_iter().filter_map(|(agent, held)| Some((agent, held?)));
            let (remembered, forgotten): (Vec<_>, Vec<_>) =
                held.partition(|(agent, held)| known.contains(&(*sn, *agent, *held.expose())));
            // An agent that catches up on an exchange gives the coins beside the one that is fixed a secret that
            // nobody knows, until they are fixed as well; a bad one may keep coins of an exchange that was taken
            // back. The 13 others can have it fixed.
            let heals = |(agent, _): &(usize, AuthenticityNumber)| {
                let can_be_fixed = remembered.len() >= usize::from(Rule::CLOUDCOIN.own);
                !minted.contains(sn) && (can_be_fixed || self.bad.contains(agent))
            };
            if let Some((agent, _)) = forgotten.iter().find(|it| !heals(it)) {
                return broken(format!(
                    "agent {agent} holds a secret of coin {} that nobody knows any more",
                    sn.get()
                ));
            }
        }
        Ok(())
    }

    /// With bad agents a coin may be counted twice for a while, but not as final.
    fn one_owner(&self, counted: &Vec<Counted>) -> Result<(), Broken> {
        let mut owned = BTreeSet::new();
        for counted in counted {
            for (sn, files) in counted {
                let passes = files.iter().map(|stored| stored.pown.passes()).max().unwrap_or(0);
                let is_sure = self.bad.is_empty() || passes >= Rule::CLOUDCOIN.last;
                if is_sure && !owned.insert(*sn) {
                    return broken(format!("coin {} is counted by two wallets", sn.get()));
                }
            }
        }
        Ok(())
    }

    fn booked_means_owned(&self, counted: &[Counted]) -> Result<(), Broken> {
        for (purse, counted) in self.purses.iter().zip(counted) {
            for (sn, files) in counted {
                let held = self.town.held(*sn);
                let ours = |agent: usize, held: &AuthenticityNumber| {
                    files.iter().any(|stored| {
                        stored.coin.ans.get(agent) == held
                            || stored.pans.as_ref().is_some_and(|pans| pans.get(agent) == held)
                    })
                };
                let holders = held
                    .iter()
                    .enumerate()
                    .filter(|(agent, held)| held.as_ref().is_some_and(|held| ours(*agent, held)))
                    .count();
                if holders + self.bad.len() < usize::from(Rule::CLOUDCOIN.own) {
                    return broken(format!(
                        "{} counts coin {}, of which {holders} agents know its secrets",
                        purse.name,
                        sn.get()
                    ));
                }
            }
        }
        Ok(())
    }
}

fn worth(coins: impl IntoIterator<Item = SerialNumber>) -> u64 {
    coins.into_iter().map(|sn| u64::from(sn.denomination().value())).sum()
}

fn broken<T>(what: String) -> Result<T, Broken> {
    Err(Broken(what))
}

/// Says where a home has files of a coin.
fn places(purse: &Purse, sn: SerialNumber) -> String {
    let mark = format!(".{}.", sn.get());
    let files = purse.disk().files();
    let named = files.iter().filter_map(|(path, _)| path.to_str().filter(|p| p.contains(&mark)));
    format!("{} has {:?}", purse.name, named.collect::<Vec<_>>())
}

/// Returns every set of secrets that a disk has, in coin files and in journals.
pub(crate) fn secrets_on(disk: &SimDisk) -> Vec<Coin> {
    let mut coins = Vec::new();
    for (path, bytes) in disk.files() {
        if has_extension(&path, "stack") {
            for StoredCoin { coin, pans, .. } in stack::read(&bytes).into_iter().flatten() {
                let sn = coin.sn;
                coins.push(coin);
                coins.extend(pans.map(|ans| Coin { sn, ans }));
            }
        } else if has_extension(&path, "journal") {
            let text = String::from_utf8_lossy(&bytes);
            // Each coin of a record stands there as its bytes.
            for part in text.split(r#""bytes":""#).skip(1) {
                let text = part.split('"').next().unwrap_or_default();
                let bytes = STANDARD.decode(text).unwrap_or_default();
                coins.extend(of_record(&bytes));
            }
        }
    }
    coins
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension == wanted)
}

/// Reads the bytes of a coin in a journal: network, serial number, secrets, and those proposed.
fn of_record(bytes: &[u8]) -> Vec<Coin> {
    let Some((head, secrets)) = bytes.split_first_chunk::<5>() else { return Vec::new() };
    let Ok(sn) = SerialNumber::new(u32::from_be_bytes([head[1], head[2], head[3], head[4]])) else {
        return Vec::new();
    };
    let sets = secrets.chunks_exact(AnSet::BYTES);
    sets.map(|set| Coin { sn, ans: AnSet::from_bytes(set.try_into().unwrap()) }).collect()
}
