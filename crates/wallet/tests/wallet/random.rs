//! Random programs with crashes at random moments, against a model: every coin
//! is in one place with one content, and an act is done whole or not at all. A
//! failing program is shrunk and printed by proptest.

use std::collections::BTreeMap;
use std::io;

use coin::{CoinName, SerialNumber, StoredCoin};
use proptest::collection;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::test_runner::{Config, TestRunner};
use wallet::{
    Folder, Kind, Loss, Operation, OperationId, Place, Regrade, SimDisk, Wallet, WalletError,
    WalletName, balance,
};

use crate::scenario::coin;

/// Where each coin lies, and its contents.
type Coins = BTreeMap<SerialNumber, (Place, StoredCoin)>;

/// A step of a program. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Step {
    Note,
    Place { count: u8, to: u8 },
    Shift { from: u8, count: u8, to: u8 },
    Regrade { from: u8, count: u8, to: u8 },
    Clear,
    EndAndBegin,
    CrashIn { steps: u8 },
    FailIn { steps: u8, error: u8 },
}

struct Program {
    disk: SimDisk,
    wallet: Wallet<SimDisk>,
    operation: Option<Operation<SimDisk>>,
    coins: Coins,
    operations: u8,
    version: u8,
    crashes: u64,
}

const PLACES: [Place; 6] = [
    WalletName::Default.place(Folder::Bank),
    WalletName::Default.place(Folder::Fracked),
    WalletName::Sender.place(Folder::Bank),
    WalletName::Sender.place(Folder::Sent),
    WalletName::Receiver.place(Folder::Limbo),
    WalletName::Receiver.place(Folder::Bank),
];

#[test]
fn random_acts_and_crashes_lose_and_double_nothing() {
    let step = prop_oneof![
        1 => Just(Step::Note),
        4 => any::<(u8, u8)>().prop_map(|(count, to)| Step::Place { count, to }),
        6 => any::<(u8, u8, u8)>().prop_map(|(from, count, to)| Step::Shift { from, count, to }),
        6 => any::<(u8, u8, u8)>().prop_map(|(from, count, to)| Step::Regrade { from, count, to }),
        1 => Just(Step::Clear),
        2 => Just(Step::EndAndBegin),
        6 => any::<u8>().prop_map(|steps| Step::CrashIn { steps }),
        3 => any::<(u8, u8)>().prop_map(|(steps, error)| Step::FailIn { steps, error }),
    ];
    let config = Config { cases: 128, failure_persistence: None, ..Config::default() };
    let run = |steps: Vec<Step>| {
        let mut program = Program::new();
        for step in &steps {
            program.step(step);
        }
        program.restart(None);
        Ok(())
    };
    let ran = TestRunner::new(config).run(&collection::vec(step, 1..40), run);
    ran.unwrap_or_else(|failure| panic!("{failure}"));
}

impl Program {
    fn new() -> Program {
        let disk = SimDisk::new();
        let (wallet, _) = Wallet::open(disk.clone()).unwrap();
        let coins = Coins::new();
        Program { disk, wallet, operation: None, coins, operations: 0, version: 0, crashes: 0 }
    }

    fn step(&mut self, step: &Step) {
        let mut after = self.coins.clone();
        let done = self.act(step, &mut after);
        match done {
            Ok(()) => self.coins = after,
            Err(_) => self.restart(Some(&after)),
        }
        if self.operation.is_none() {
            self.disk.heal();
            self.operation = Some(self.next_operation());
        }
    }

    fn act(&mut self, step: &Step, after: &mut Coins) -> Result<(), WalletError> {
        let Program { wallet, operation, .. } = self;
        let Some(current) = operation.as_mut() else { return Ok(()) };
        match step {
            Step::Note => current.note("n", "text"),
            Step::Place { count, to } => {
                let first = u32::try_from(after.len()).unwrap() + 1;
                let sns = first..first + u32::from(count % 12);
                let coins: Vec<StoredCoin> = sns.map(|sn| coin(sn, 0)).collect();
                let placed = coins.iter().map(|coin| (coin.coin.sn, (place(*to), coin.clone())));
                after.extend(placed);
                current.place(wallet, place(*to), &coins).map(drop)
            }
            Step::Shift { from, count, to } => {
                let (from, to) = (place(*from), place(*to));
                let names = if from == to { Vec::new() } else { some(wallet, from, *count) };
                for name in &names {
                    after.get_mut(&name.sn).unwrap().0 = to;
                }
                current.shift(wallet, from, to, &names).map(drop)
            }
            Step::Regrade { from, count, to } => {
                self.version += 1;
                let (from, to) = (place(*from), place(*to));
                let regrade = |name: CoinName| {
                    let now = coin(name.sn.get(), self.version);
                    Regrade { from, name, now, to }
                };
                let regrades: Vec<Regrade> =
                    some(wallet, from, *count).into_iter().map(regrade).collect();
                for regrade in &regrades {
                    after.insert(regrade.name.sn, (to, regrade.now.clone()));
                }
                current.regrade(wallet, &regrades).map(drop)
            }
            Step::Clear => wallet.clear(WalletName::Sender).map(drop),
            Step::EndAndBegin => match operation.take() {
                Some(operation) => operation.end(wallet, "next"),
                None => Ok(()),
            },
            Step::CrashIn { steps } => {
                self.disk.crash_at(usize::from(steps % 64) + 1);
                Ok(())
            }
            Step::FailIn { steps, error } => {
                let errors = [io::ErrorKind::StorageFull, io::ErrorKind::Other];
                self.disk.fail_at(usize::from(steps % 64) + 1, errors[usize::from(error % 2)]);
                Ok(())
            }
        }
    }

    /// Starts again after a crash or a failure: all coins are as before the act
    /// that was under way, or all as after it.
    fn restart(&mut self, after: Option<&Coins>) {
        self.crashes += 1;
        let losses = [Loss::Unsynced, Loss::Nothing, Loss::Some { seed: self.crashes }];
        self.operation = None;
        self.disk = self.disk.restart(losses[usize::try_from(self.crashes % 3).unwrap()]);
        let (wallet, report) = Wallet::open(self.disk.clone()).unwrap();
        assert!(report.restored.is_empty() && report.conflicts.is_empty(), "{report:?}");
        self.wallet = wallet;
        let found = self.found();
        assert!(found == self.coins || Some(&found) == after, "neither before nor after");
        self.coins = found;
        let counted = self
            .coins
            .values()
            .filter(|(place, _)| matches!(place.folder, Folder::Bank | Folder::Fracked));
        let total = balance(&self.disk).unwrap().total.units();
        assert_eq!(total, counted.count() as u64);
        self.operation = self
            .wallet
            .open_operations()
            .unwrap()
            .first()
            .map(|(id, _)| self.wallet.load(*id).unwrap());
    }

    /// Reads every coin; each has one file.
    fn found(&self) -> Coins {
        let mut coins = Coins::new();
        for place in PLACES {
            for name in self.wallet.list(place).unwrap() {
                let coin = self.wallet.read(place, &name).unwrap();
                assert!(coins.insert(name.sn, (place, coin)).is_none(), "{} twice", name.sn);
            }
        }
        coins
    }

    fn next_operation(&mut self) -> Operation<SimDisk> {
        self.operations += 1;
        let id = OperationId::from_bytes([self.operations; 16]);
        self.wallet.begin(id, Kind::Import, "random").unwrap()
    }
}

fn place(number: u8) -> Place {
    PLACES[usize::from(number) % PLACES.len()]
}

fn some(wallet: &Wallet<SimDisk>, from: Place, count: u8) -> Vec<CoinName> {
    let names = wallet.list(from).unwrap_or_default();
    names.into_iter().take(usize::from(count % 16)).collect()
}
