//! What programs do with a wallet, written as they have to write it: each can
//! be run again after a crash, and goes on where it was.

use std::collections::BTreeMap;
use std::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use coin::{
    AnSet, AuthenticityNumber, Coin, CoinName, Letter, PownString, SerialNumber, StoredCoin, stack,
};
use wallet::{
    Folder, Kind, Loss, Operation, OperationId, Place, Regrade, SimDisk, Wallet, WalletName,
};

pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// A program, and what is on the disk before it runs.
#[derive(Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) before: fn(&SimDisk),
    pub(crate) run: fn(&SimDisk, &mut Witness) -> Outcome,
    /// The least and the most of total and in flight together while it is open.
    pub(crate) worth_open: (u64, u64),
    /// The same when it has ended.
    pub(crate) worth_ended: u64,
}

/// Remembers every coin that the wallet has said to have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Witness {
    pub(crate) given: Vec<StoredCoin>,
}

pub(crate) const SCENARIOS: [Scenario; 3] = [
    Scenario { name: "receive", before: nothing, run: receive, worth_open: (0, 4), worth_ended: 4 },
    Scenario { name: "send", before: coins_in_bank, run: send, worth_open: (4, 4), worth_ended: 1 },
    Scenario {
        name: "return",
        before: coins_in_bank,
        run: put_back,
        worth_open: (4, 4),
        worth_ended: 4,
    },
];

pub(crate) const ID: OperationId = OperationId::from_bytes(*b"sixteen letters!");

pub(crate) const BANK: Place = WalletName::Default.place(Folder::Bank);
pub(crate) const SENDER_BANK: Place = WalletName::Sender.place(Folder::Bank);
pub(crate) const SENDER_EXPORT: Place = WalletName::Sender.place(Folder::Export);
pub(crate) const SENDER_SENT: Place = WalletName::Sender.place(Folder::Sent);
pub(crate) const IMPORT: Place = WalletName::Receiver.place(Folder::Import);
pub(crate) const RECEIVER_BANK: Place = WalletName::Receiver.place(Folder::Bank);

/// A coin with secrets of its own; `version` tells its contents apart.
pub(crate) fn coin(sn: u32, version: u8) -> StoredCoin {
    StoredCoin {
        coin: Coin { sn: SerialNumber::new(sn).unwrap(), ans: secrets(sn, version) },
        pans: None,
        pown: PownString::all(Letter::Pass),
        expires: Some("9-2031".to_owned()),
        notes: Vec::new(),
    }
}

/// The same coin as it comes in: with proposed secrets.
pub(crate) fn incoming(sn: u32) -> StoredCoin {
    let pown = PownString::all(Letter::Untried);
    StoredCoin { pans: Some(secrets(sn, 1)), pown, ..coin(sn, 0) }
}

fn secrets(sn: u32, version: u8) -> AnSet {
    AnSet::from_fn(|agent| {
        let mut bytes = [version; 16];
        bytes[..4].copy_from_slice(&sn.to_be_bytes());
        bytes[4] = u8::try_from(agent).unwrap();
        AuthenticityNumber::from_bytes(bytes)
    })
}

pub(crate) fn begin_or_load(
    wallet: &mut Wallet<SimDisk>,
    kind: Kind,
) -> Result<Option<Operation<SimDisk>>, Box<dyn Error>> {
    if wallet.ended(ID)?.is_some() {
        return Ok(None);
    }
    let open = wallet.open_operations()?.iter().any(|(id, _)| *id == ID);
    Ok(Some(if open { wallet.load(ID)? } else { wallet.begin(ID, kind, "a test")? }))
}

/// Coins come in, are taken over with every verdict, and go to Default.
pub(crate) fn receive(disk: &SimDisk, witness: &mut Witness) -> Outcome {
    let (mut wallet, _) = Wallet::open(disk.clone())?;
    let Some(mut operation) = begin_or_load(&mut wallet, Kind::Receive)? else { return Ok(()) };
    let coins = match operation.kept("coins") {
        Some(coins) => coins,
        None => {
            let coins: Vec<StoredCoin> = (1..=5).map(incoming).collect();
            operation.keep("coins", &coins)?;
            coins
        }
    };
    witness.given.extend(coins.iter().cloned());
    let placed = operation.place(&mut wallet, IMPORT, &coins)?;
    operation.note("pown", "begun")?;
    let regrades: Vec<Regrade> = placed.names.iter().zip(&coins).map(verdict).collect();
    let graded = operation.regrade(&mut wallet, &regrades)?;
    witness.given.extend(regrades.iter().map(|regrade| regrade.now.clone()));
    // The coin in Limbo is decided later.
    let decided = Regrade {
        from: regrades[3].to,
        name: graded.names[3].clone(),
        now: coin(4, 1),
        to: RECEIVER_BANK,
    };
    let fourth = operation.regrade(&mut wallet, std::slice::from_ref(&decided))?;
    witness.given.push(decided.now);
    operation.receipt(&mut wallet, WalletName::Receiver, b"{\"receipt\":1}")?;
    let banked = [graded.names[0].clone(), graded.names[1].clone(), fourth.names[0].clone()];
    operation.shift(&mut wallet, RECEIVER_BANK, BANK, &banked)?;
    let (from, to) = (regrades[2].to, WalletName::Default.place(Folder::Fracked));
    operation.shift(&mut wallet, from, to, &graded.names[2..3])?;
    operation.end(&mut wallet, "done")?;
    Ok(())
}

/// Coins 1 and 2 are good, 3 is fracked, 4 in limbo, 5 not ours.
fn verdict((name, coin_in): (&CoinName, &StoredCoin)) -> Regrade {
    let (folder, now) = match name.sn.get() {
        1 | 2 => (Folder::Bank, coin(name.sn.get(), 1)),
        3 => (Folder::Fracked, with_pown(coin_in, 3)),
        4 => (Folder::Limbo, with_pown(coin_in, 12)),
        _ => (Folder::Counterfeit, with_pown(coin_in, 25)),
    };
    Regrade { from: IMPORT, name: name.clone(), now, to: WalletName::Receiver.place(folder) }
}

fn with_pown(coin: &StoredCoin, fails: usize) -> StoredCoin {
    let letter = |agent| if agent < fails { Letter::Fail } else { Letter::Pass };
    StoredCoin { pown: PownString::from_fn(letter), ..coin.clone() }
}

fn nothing(_: &SimDisk) {}

fn coins_in_bank(disk: &SimDisk) {
    drop(Wallet::open(disk.clone()).unwrap());
    for coin in (1..=4).map(|sn| coin(sn, 0)) {
        let name = format!("1.CloudCoin.1.{}.old.stack", coin.coin.sn);
        disk.put(&Path::new("Default/Bank").join(name), stack::write(&[coin]).as_bytes());
    }
}

/// Three of four coins leave.
pub(crate) fn send(disk: &SimDisk, witness: &mut Witness) -> Outcome {
    witness.given.extend((1..=4).map(|sn| coin(sn, 0)));
    let (mut wallet, _) = Wallet::open(disk.clone())?;
    let Some(mut operation) = begin_or_load(&mut wallet, Kind::Send)? else { return Ok(()) };
    let names = chosen();
    operation.shift(&mut wallet, BANK, SENDER_BANK, &names)?;
    operation.note("step", "detected")?;
    operation.shift(&mut wallet, SENDER_BANK, SENDER_EXPORT, &names)?;
    operation.mark_in_flight()?;
    operation.shift(&mut wallet, SENDER_EXPORT, SENDER_SENT, &names)?;
    operation.receipt(&mut wallet, WalletName::Sender, b"{\"receipt\":1}")?;
    operation.end(&mut wallet, "paid")?;
    Ok(())
}

/// Three of four coins get ready, and come back.
fn put_back(disk: &SimDisk, witness: &mut Witness) -> Outcome {
    witness.given.extend((1..=4).map(|sn| coin(sn, 0)));
    let (mut wallet, _) = Wallet::open(disk.clone())?;
    let Some(mut operation) = begin_or_load(&mut wallet, Kind::Send)? else { return Ok(()) };
    let names = chosen();
    if operation.last_note("peer").is_none() {
        operation.shift(&mut wallet, BANK, SENDER_BANK, &names)?;
        operation.shift(&mut wallet, SENDER_BANK, SENDER_EXPORT, &names)?;
        operation.note("peer", "gone")?;
    }
    operation.shift(&mut wallet, SENDER_EXPORT, BANK, &names)?;
    operation.end(&mut wallet, "returned")?;
    Ok(())
}

fn chosen() -> Vec<CoinName> {
    (1..=3).map(|sn| format!("1.CloudCoin.1.{sn}.old.stack").parse().unwrap()).collect()
}

/// What lies in the folders of the wallets, Trash apart: each file and a hash of it.
pub(crate) fn in_folders(disk: &SimDisk) -> BTreeMap<PathBuf, u64> {
    let counts = |path: &Path| {
        let text = path.to_str().unwrap();
        !text.starts_with(".journal") && text != ".lock" && !text.contains("/Trash/")
    };
    let hash = |bytes: Vec<u8>| {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        hasher.finish()
    };
    let files = disk.files().into_iter().filter(|(path, _)| counts(path));
    files.map(|(path, bytes)| (path, hash(bytes))).collect()
}

/// A home with a begun operation.
pub(crate) fn home() -> (SimDisk, Wallet<SimDisk>, Operation<SimDisk>) {
    let disk = SimDisk::new();
    let (mut wallet, _) = Wallet::open(disk.clone()).unwrap();
    let operation = wallet.begin(ID, Kind::Send, "a test").unwrap();
    (disk, wallet, operation)
}

/// A serial number.
pub(crate) fn sn(number: u32) -> SerialNumber {
    SerialNumber::new(number).unwrap()
}

/// What a power cut leaves.
pub(crate) fn reopened(disk: &SimDisk) -> (SimDisk, Wallet<SimDisk>) {
    let disk = disk.restart(Loss::Unsynced);
    let (wallet, _) = Wallet::open(disk.clone()).unwrap();
    (disk, wallet)
}

/// The bytes of a coin's file.
pub(crate) fn coin_file(coin: &StoredCoin) -> Vec<u8> {
    stack::write(std::slice::from_ref(coin)).as_bytes().to_vec()
}
