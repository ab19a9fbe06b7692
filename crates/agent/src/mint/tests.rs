//! A mint that is cut off anywhere is finished by the next one, once.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use coin::{AGENTS, AnSet, SerialNumber, stack};
use tempfile::TempDir;

use super::{Begun, JournalError, Mint, MintError, Minted, Order, Step, is_free, journal, mint};
use crate::data_dir::{DataDir, DataDirError};
use crate::ledger::tests::{an, scratch};
use crate::ledger::{Draft, FjallLedger, Ledger, put};

struct Scene {
    _dir: TempDir,
    data: PathBuf,
    out: PathBuf,
}

impl Scene {
    fn new() -> Scene {
        let dir = scratch();
        let (data, out) = (dir.path().join("data"), dir.path().join("out"));
        Scene { _dir: dir, data, out }
    }

    fn dir(&self) -> DataDir {
        DataDir::create(&self.data).unwrap()
    }

    fn mint(&self, order: &str) -> Result<Vec<Minted>, MintError> {
        mint(&self.dir(), &self::order(order), &self.out)
    }

    /// A mint that a crash cut off after so many steps.
    fn cut_off(&self, order: &str, steps: usize) -> Mint {
        let dir = self.dir();
        let out = super::directory(&self.out).unwrap();
        let mint = Mint::plan(&dir, &self::order(order), out).unwrap();
        journal::write(&dir, &mint).unwrap();
        mint.steps().take(steps).for_each(|step| mint.take(step, &dir).unwrap());
        mint
    }

    /// All coins in all files.
    fn coins(&self) -> BTreeMap<SerialNumber, AnSet> {
        let mut coins = BTreeMap::new();
        for file in fs::read_dir(&self.out).unwrap() {
            let file = file.unwrap();
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            for stored in stack::read(&fs::read(file.path()).unwrap()).unwrap() {
                assert_eq!(coins.insert(stored.coin.sn, stored.coin.ans), None);
            }
        }
        coins
    }

    fn assert_ledgers_hold(&self, coins: &BTreeMap<SerialNumber, AnSet>) {
        let ledgers = self.dir().open_ledgers().unwrap();
        for (agent, ledger) in ledgers.iter().enumerate() {
            for (sn, ans) in coins {
                assert_eq!(ledger.an(*sn).unwrap().as_ref(), Some(ans.get(agent)), "{agent} {sn}");
            }
        }
    }
}

fn order(text: &str) -> Order {
    text.parse().unwrap()
}

fn total(coins: &BTreeMap<SerialNumber, AnSet>) -> u32 {
    coins.keys().map(|sn| sn.denomination().value()).sum()
}

#[test]
fn minted_coins_are_in_all_ledgers_and_in_private_files() {
    let scene = Scene::new();
    let minted = scene.mint("13x250,1x100,3x25,2x5,4x1").unwrap();
    assert_eq!((minted.len(), minted[0].begun), (1, Begun::Now));
    let name = minted[0].files[0].file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("3439.CloudCoin.") && name.ends_with(".stack"), "{name}");
    let mode = fs::metadata(&scene.out).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let coins = scene.coins();
    assert_eq!((coins.len(), total(&coins)), (23, 3439));
    scene.assert_ledgers_hold(&coins);

    let again = scene.mint("2x5").unwrap();
    assert_eq!(again[0].network, minted[0].network);
    assert_eq!(total(&scene.coins()), 3449);
    scene.assert_ledgers_hold(&scene.coins());
}

#[test]
fn more_than_3000_coins_go_into_several_files() {
    let scene = Scene::new();
    let minted = scene.mint("3001x1").unwrap();
    let names: Vec<_> =
        minted[0].files.iter().map(|f| f.file_name().unwrap().to_str().unwrap()).collect();
    assert!(names[0].starts_with("3000.CloudCoin.") && names[0].ends_with("-1.stack"));
    assert!(names[1].starts_with("1.CloudCoin.") && names[1].ends_with("-2.stack"));
    assert_eq!(scene.coins().len(), 3001);
}

#[test]
fn a_mint_that_was_cut_off_is_finished_by_the_same_command() {
    // The last step takes the journal away; before it lie 25 ledgers and one file.
    for steps in [0, 1, 13, AGENTS, AGENTS + 1] {
        let scene = Scene::new();
        let cut_off = scene.cut_off("3x250,2x1", steps);
        assert!(matches!(scene.dir().open_ledgers(), Err(DataDirError::UnfinishedMint { .. })));
        let minted = scene.mint("3x250,2x1").unwrap();
        assert_eq!((minted.len(), minted[0].begun), (1, Begun::Earlier), "after {steps} steps");
        let coins = scene.coins();
        assert!(coins.keys().copied().eq(cut_off.coins.iter().map(|coin| coin.sn)));
        scene.assert_ledgers_hold(&coins);
        assert!(!scene.dir().mint_journal().exists());
    }
}

#[test]
fn another_order_finishes_the_earlier_mint_first() {
    let scene = Scene::new();
    scene.cut_off("3x250", 7);
    let minted = scene.mint("2x1").unwrap();
    let begun: Vec<Begun> = minted.iter().map(|minted| minted.begun).collect();
    assert_eq!(begun, [Begun::Earlier, Begun::Now]);
    assert_eq!(minted[0].network, minted[1].network);
    assert_eq!(total(&scene.coins()), 752);
    scene.assert_ledgers_hold(&scene.coins());
}

#[test]
fn a_coin_that_changed_hands_before_its_mint_was_finished_keeps_its_new_secret() {
    let scene = Scene::new();
    let cut_off = scene.cut_off("2x5", AGENTS + 1);
    let spent = cut_off.coins[0].sn;
    let ledger = scene.dir().open_ledger(3, &cut_off.network).unwrap();
    put(&ledger, &[(spent, an(99))]).unwrap();
    drop(ledger);
    scene.mint("2x5").unwrap();
    let ledger = scene.dir().open_ledger(3, &cut_off.network).unwrap();
    assert_eq!(ledger.an(spent).unwrap(), Some(an(99)));
}

#[test]
fn a_coin_that_was_given_back_before_its_mint_was_finished_is_not_made_again() {
    let scene = Scene::new();
    let cut_off = scene.cut_off("2x5", AGENTS + 1);
    let given = cut_off.coins[0].sn;
    give_back(&scene.dir().open_ledger(3, &cut_off.network).unwrap(), given);
    scene.mint("2x5").unwrap();
    let ledger = scene.dir().open_ledger(3, &cut_off.network).unwrap();
    assert_eq!(ledger.an(given).unwrap(), None);
    assert_eq!(ledger.counts().unwrap().value(), 5);
}

#[test]
fn a_number_that_one_agent_was_given_back_is_free_nowhere() {
    let scene = Scene::new();
    scene.mint("1x250").unwrap();
    let given = *scene.coins().keys().next().unwrap();
    let ledgers = scene.dir().open_ledgers().unwrap();
    for (agent, ledger) in ledgers.iter().enumerate() {
        let mut draft = Draft::over(ledger);
        match agent {
            17 => draft.give_back(given).unwrap(),
            _ => draft.remove(given).unwrap(),
        }
        draft.commit().unwrap();
    }
    assert!(!is_free(&ledgers, given).unwrap());
    assert!(is_free(&ledgers[..17], given).unwrap());
}

fn give_back(ledger: &FjallLedger, sn: SerialNumber) {
    let mut draft = Draft::over(ledger);
    draft.give_back(sn).unwrap();
    draft.commit().unwrap();
}

#[test]
fn no_file_is_replaced_and_the_mint_can_be_finished_elsewhere() {
    let scene = Scene::new();
    let cut_off = scene.cut_off("2x5", AGENTS);
    let taken = cut_off.coin_files().file(0).0;
    fs::write(&taken, "something else").unwrap();
    let refused = scene.mint("2x5").unwrap_err();
    assert!(matches!(refused, MintError::FileExists { path } if path == taken));
    assert_eq!(fs::read(&taken).unwrap(), b"something else");

    let elsewhere = scene.data.with_file_name("elsewhere");
    let minted = mint(&scene.dir(), &order("2x5"), &elsewhere).unwrap();
    assert_eq!(stack::read(&fs::read(&minted[0].files[0]).unwrap()).unwrap().len(), 2);
}

#[test]
fn a_torn_journal_is_refused_and_changes_nothing() {
    let scene = Scene::new();
    scene.cut_off("2x5", 0);
    let journal = scene.dir().mint_journal();
    let whole = fs::read(&journal).unwrap();
    for length in [0, 31, 32, whole.len() / 2, whole.len() - 1] {
        fs::write(&journal, &whole[..length]).unwrap();
        let refused = scene.mint("2x5").unwrap_err();
        assert!(
            matches!(refused, MintError::Journal { source: JournalError::Torn, .. }),
            "{length}: {refused}"
        );
        assert!(!scene.dir().has_ledgers());
    }
}

#[test]
fn every_step_may_be_taken_twice() {
    let scene = Scene::new();
    let mint = scene.cut_off("1x25", 0);
    let dir = scene.dir();
    for step in mint.steps().filter(|step| *step != Step::Finish) {
        mint.take(step, &dir).unwrap();
        mint.take(step, &dir).unwrap();
    }
    drop(dir);
    assert_eq!(total(&scene.coins()), 25);
}

#[test]
fn a_second_program_is_refused_and_hears_who_has_the_directory() {
    let scene = Scene::new();
    let _held = scene.dir();
    let Err(refused) = DataDir::open(&scene.data) else { panic!("two have the lock") };
    let ours = format!("is in use by process {}", std::process::id());
    assert!(refused.to_string().ends_with(&ours), "{refused}");
}
