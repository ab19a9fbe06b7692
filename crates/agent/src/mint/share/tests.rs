//! A mint across machines: cut off anywhere, repeated, refused, joined.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use coin::{AGENTS, Coin, Letter, SerialNumber, StoredCoin, stack};
use tempfile::TempDir;

use super::{Part, Step, can_mint_share, mint_share};
use crate::data_dir::{DataDir, DataDirError};
use crate::ledger::tests::{an, scratch};
use crate::ledger::{Draft, FjallLedger, Ledger, OpenError, put};
use crate::mint::{Accept, Joined, PlacedOrder, ShareError, join};

/// The machines of 25 operators, and the place where the shares come together.
struct Scene {
    dir: TempDir,
    order: PlacedOrder,
}

impl Scene {
    fn of(coins: &str) -> Scene {
        let order = coins.parse().unwrap();
        let order = PlacedOrder::place(&order, None, |_| Ok(true)).unwrap();
        Scene { dir: scratch(), order }
    }

    fn machine(&self, agent: usize) -> DataDir {
        DataDir::create(&self.dir.path().join(format!("machine-{agent}"))).unwrap()
    }

    fn out(&self) -> PathBuf {
        self.dir.path().join("shares")
    }

    fn mint(&self, agent: usize, order: &PlacedOrder) -> Result<PathBuf, ShareError> {
        mint_share(&self.machine(agent), agent, order, &self.out())
    }

    fn mint_all(&self) -> Vec<PathBuf> {
        (0..AGENTS).map(|agent| self.mint(agent, &self.order).unwrap()).collect()
    }

    fn join(&self, shares: &[PathBuf], accept: Accept) -> Result<Joined, ShareError> {
        join(&self.order, shares, accept, &self.dir.path().join("coins"))
    }

    fn ledger(&self, agent: usize) -> FjallLedger {
        self.machine(agent).open_alone(agent, Some(self.order.network())).unwrap()
    }

    /// Whatever is refused leaves no coin file behind.
    #[track_caller]
    fn check_refused(&self, shares: &[PathBuf], is_it: impl Fn(&ShareError) -> bool) {
        let refused = self.join(shares, Accept::Fracked).unwrap_err();
        assert!(is_it(&refused), "{refused}");
        assert!(!self.dir.path().join("coins").exists());
    }
}

fn order_on(network: &PlacedOrder, coins: &[u32]) -> PlacedOrder {
    let coins = coins.iter().map(|number| SerialNumber::new(*number).unwrap()).collect();
    PlacedOrder::new(network.network().clone(), "11-2031".to_owned(), coins)
}

fn read(joined: &Joined) -> Vec<StoredCoin> {
    let files = joined.files.iter().map(|file| fs::read(file).unwrap());
    files.flat_map(|bytes| stack::read(&bytes).unwrap()).collect()
}

fn mode(path: &PathBuf) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn shares_of_25_machines_become_coins_that_all_agents_know() {
    let scene = Scene::of("3x250,2x1");
    let shares = scene.mint_all();
    let name = format!("share-07.{}.json", &scene.order.id().to_string()[..8]);
    assert!(shares[7].ends_with(name));
    assert!(shares.iter().all(|share| mode(share) == 0o600));
    let joined = scene.join(&shares, Accept::Whole).unwrap();
    assert_eq!((joined.missing.len(), joined.files.len()), (0, 1));
    assert!(joined.files.iter().all(|file| mode(file) == 0o600));
    let coins: Vec<Coin> = read(&joined).into_iter().map(|stored| stored.coin).collect();
    assert!(coins.iter().map(|coin| coin.sn).eq(scene.order.coins().iter().copied()));
    for agent in 0..AGENTS {
        let ledger = scene.ledger(agent);
        for coin in &coins {
            assert_eq!(ledger.an(coin.sn).unwrap().as_ref(), Some(coin.ans.get(agent)));
        }
        assert_eq!(ledger.counts().unwrap().value(), 752);
    }
    let secrets: std::collections::BTreeSet<_> =
        coins.iter().flat_map(|coin| coin.ans.iter().map(|an| *an.expose())).collect();
    assert_eq!(secrets.len(), 5 * AGENTS, "no two secrets are the same");
    assert_eq!(scene.join(&shares, Accept::Whole).unwrap(), joined, "the same again is done");
}

#[test]
fn a_mint_that_was_cut_off_is_finished_by_the_same_command() {
    let whole = Scene::of("2x25,1x5");
    for steps in 0..=Step::ALL.len() {
        let scene = Scene { dir: scratch(), order: whole.order.clone() };
        let dir = scene.machine(7);
        let part = Part { dir: &dir, agent: 7, order: &scene.order };
        let record = part.record().unwrap();
        Step::ALL[..steps].iter().for_each(|step| part.take(*step, &record).unwrap());
        let opened = dir.open_alone(7, None);
        let unfinished = matches!(opened, Err(DataDirError::UnfinishedMint { .. }));
        assert_eq!(unfinished, steps < Step::ALL.len(), "after {steps} steps");
        drop((opened, dir));
        let share = fs::read(scene.mint(7, &scene.order).unwrap()).unwrap();
        assert_eq!(fs::read(scene.mint(7, &scene.order).unwrap()).unwrap(), share);
        let ledger = scene.ledger(7);
        assert_eq!(ledger.counts().unwrap().value(), 55);
        for sn in scene.order.coins() {
            assert_eq!(ledger.an(*sn).unwrap(), Some(record.secret(*sn)), "after {steps} steps");
        }
    }
}

#[test]
fn every_step_may_be_taken_twice() {
    let scene = Scene::of("1x25");
    let dir = scene.machine(7);
    let part = Part { dir: &dir, agent: 7, order: &scene.order };
    let record = part.record().unwrap();
    for step in Step::ALL {
        part.take(step, &record).unwrap();
        part.take(step, &record).unwrap();
    }
    drop(dir);
    assert_eq!(scene.ledger(7).counts().unwrap().coins(), 1);
}

#[test]
fn the_same_order_again_gives_the_same_share_and_leaves_spent_coins_alone() {
    let scene = Scene::of("2x5");
    let share = scene.mint(7, &scene.order).unwrap();
    let written = fs::read(&share).unwrap();
    let spent = scene.order.coins()[0];
    put(&scene.ledger(7), &[(spent, an(99))]).unwrap();
    fs::remove_file(&share).unwrap();
    assert_eq!(fs::read(scene.mint(7, &scene.order).unwrap()).unwrap(), written);
    assert_eq!(scene.ledger(7).an(spent).unwrap(), Some(an(99)));

    fs::write(&share, "something else").unwrap();
    let refused = scene.mint(7, &scene.order).unwrap_err();
    assert!(matches!(refused, ShareError::FileExists { path } if path == share));
    assert_eq!(fs::read(&share).unwrap(), b"something else");
}

#[test]
fn a_coin_that_was_exchanged_away_is_not_entered_again() {
    let scene = Scene::of("2x5");
    scene.mint(7, &scene.order).unwrap();
    let gone = scene.order.coins()[0];
    let ledger = scene.ledger(7);
    let mut draft = Draft::over(&ledger);
    draft.remove(gone).unwrap();
    draft.commit().unwrap();
    drop(ledger);
    scene.mint(7, &scene.order).unwrap();
    assert_eq!(scene.ledger(7).an(gone).unwrap(), None);
}

#[test]
fn an_order_with_a_known_number_is_refused_as_a_whole() {
    let scene = Scene::of("1x1");
    let first = order_on(&scene.order, &[10, 11]);
    let second = order_on(&scene.order, &[9, 11, 12]);
    scene.mint(7, &first).unwrap();
    let before = scene.ledger(7).counts().unwrap();
    assert!(matches!(
        can_mint_share(&scene.machine(7), 7, &second),
        Err(ShareError::Known { known: 1, .. })
    ));
    let refused = scene.mint(7, &second).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "agent 7 knows 1 of the order's 3 serial numbers already, 11 first: nothing of the order \
         was entered here"
    );
    assert_eq!(scene.ledger(7).counts().unwrap(), before);
    assert!(can_mint_share(&scene.machine(7), 7, &first).is_ok(), "that one may be repeated");
    let third = order_on(&scene.order, &[9, 12]);
    assert!(can_mint_share(&scene.machine(7), 7, &third).is_ok());
    assert_eq!(scene.ledger(7).counts().unwrap(), before, "looking enters nothing");
    scene.mint(7, &third).unwrap();
    assert_eq!(scene.ledger(7).counts().unwrap().coins(), 4);
}

#[test]
fn a_number_that_was_given_back_is_not_minted_again() {
    let scene = Scene::of("1x1");
    let first = order_on(&scene.order, &[10, 11]);
    scene.mint(7, &first).unwrap();
    let ledger = scene.ledger(7);
    let mut draft = Draft::over(&ledger);
    draft.give_back(first.coins()[1]).unwrap();
    draft.commit().unwrap();
    drop(ledger);
    let second = order_on(&scene.order, &[11, 12]);
    let refused = scene.mint(7, &second).unwrap_err();
    assert!(matches!(refused, ShareError::Known { known: 1, .. }), "{refused}");
    assert_eq!(scene.ledger(7).counts().unwrap().coins(), 1);
}

#[test]
fn what_is_not_this_agents_or_not_finished_is_refused() {
    let scene = Scene::of("1x1");
    scene.mint(7, &scene.order).unwrap();
    let other = mint_share(&scene.machine(7), 8, &scene.order, &scene.out());
    assert!(matches!(
        other,
        Err(ShareError::DataDir(DataDirError::OtherAgent { agent: 8, found: 7, .. }))
    ));
    let elsewhere = Scene::of("1x1");
    let refused = scene.mint(7, &elsewhere.order).unwrap_err();
    assert!(matches!(
        refused,
        ShareError::DataDir(DataDirError::Ledger { source: OpenError::OtherCharter { .. }, .. })
    ));

    let dir = elsewhere.machine(7);
    let begun = Part { dir: &dir, agent: 7, order: &elsewhere.order };
    begun.record().unwrap();
    drop(dir);
    let refused = elsewhere.mint(7, &scene.order).unwrap_err();
    assert!(
        matches!(refused, ShareError::Unfinished { unfinished } if unfinished == *elsewhere.order.id())
    );
}

#[test]
fn a_torn_record_is_refused_and_changes_nothing() {
    let scene = Scene::of("1x1");
    let dir = scene.machine(7);
    Part { dir: &dir, agent: 7, order: &scene.order }.record().unwrap();
    let journal = dir.order_journal();
    drop(dir);
    let whole = fs::read_to_string(&journal).unwrap();
    let seed = whole.find("seed").unwrap() + 7;
    let mut other = whole.clone();
    other.replace_range(seed..=seed, if &whole[seed..=seed] == "0" { "1" } else { "0" });
    for torn in ["", &whole[..whole.len() / 2], &other] {
        fs::write(&journal, torn).unwrap();
        assert!(matches!(scene.mint(7, &scene.order), Err(ShareError::Torn { .. })), "{torn}");
        assert!(!scene.machine(7).has_ledgers());
    }
}

#[test]
fn missing_shares_make_fracked_coins_only_when_that_is_asked_for() {
    let scene = Scene::of("1x100");
    let shares = scene.mint_all();
    scene.check_refused(&shares[..12], |error| {
        matches!(error, ShareError::TooFew { missing } if *missing == (12..25).collect::<Vec<_>>())
    });
    let refused = scene.join(&shares[2..], Accept::Whole).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the shares of agents 0, 1 are missing: the coins would be fracked"
    );
    let joined = scene.join(&shares[12..], Accept::Fracked).unwrap();
    assert_eq!(joined.missing, (0..12).collect::<Vec<_>>());
    let pown = &read(&joined)[0].pown;
    assert_eq!((pown.count(Letter::Fail), pown.count(Letter::Untried)), (12, 13));
    let again = scene.join(&shares[12..], Accept::Fracked).unwrap();
    assert_eq!(again, joined);
}

#[test]
fn shares_that_are_foreign_doubled_torn_or_open_are_refused() {
    let scene = Scene::of("2x1");
    let shares = scene.mint_all();
    let stranger = Scene::of("2x1");
    let mut mixed = shares.clone();
    mixed[3] = stranger.mint(3, &stranger.order).unwrap();
    scene.check_refused(
        &mixed,
        |error| matches!(error, ShareError::OtherOrder { path, .. } if *path == mixed[3]),
    );

    let copy = scene.dir.path().join("copy.json");
    fs::copy(&shares[4], &copy).unwrap();
    let doubled: Vec<_> = shares.iter().chain([&copy]).cloned().collect();
    scene.check_refused(
        &doubled,
        |error| matches!(error, ShareError::Twice { agent: 4, second, .. } if *second == copy),
    );

    fs::set_permissions(&shares[5], fs::Permissions::from_mode(0o640)).unwrap();
    scene.check_refused(
        &shares,
        |error| matches!(error, ShareError::OpenToOthers { path } if *path == shares[5]),
    );
    fs::set_permissions(&shares[5], fs::Permissions::from_mode(0o600)).unwrap();

    let whole = fs::read(&shares[6]).unwrap();
    for at in [0, whole.len() / 3, whole.len() / 2, whole.len() - 2] {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        for torn in [&whole[..at], flipped.as_slice()] {
            fs::write(&shares[6], torn).unwrap();
            scene.check_refused(&shares, |error| {
                matches!(error, ShareError::Torn { path, .. } | ShareError::OtherVersion { path, .. } if *path == shares[6])
            });
        }
    }
    fs::write(&shares[6], &whole).unwrap();
    scene.join(&shares, Accept::Whole).unwrap();
}

#[test]
fn an_order_is_read_back_and_a_changed_one_is_not() {
    let scene = Scene::of("2x250,3x1");
    let path = scene.dir.path().join("order.json");
    scene.order.write(&path).unwrap();
    assert_eq!(PlacedOrder::read(&path).unwrap(), scene.order);
    scene.order.write(&path).unwrap();
    let refused = Scene::of("1x1").order.write(&path).unwrap_err();
    assert!(matches!(refused, ShareError::FileExists { .. }));

    let whole = fs::read_to_string(&path).unwrap();
    let first = scene.order.coins()[0].to_string();
    for torn in [
        whole[..whole.len() / 2].to_owned(),
        whole.replace(&first, "1"),
        whole.replace(&first, "0"),
        whole.replace(&first, "16777217"),
        whole.replace(scene.order.expires(), "1-2099"),
        whole.replace(scene.order.network().as_str(), "another"),
    ] {
        fs::write(&path, &torn).unwrap();
        assert!(matches!(PlacedOrder::read(&path), Err(ShareError::Torn { .. })), "{torn}");
    }
    fs::write(&path, whole.replace("\"version\":1", "\"version\":2")).unwrap();
    let refused = PlacedOrder::read(&path).unwrap_err();
    assert!(matches!(refused, ShareError::OtherVersion { found: 2, read: 1, .. }));
}

#[test]
fn the_secrets_of_a_share_are_those_of_its_seed() {
    let scene = Scene::of("1x1");
    let (one, two) = (scene.machine(1), scene.machine(2));
    let of = |dir, agent| Part { dir, agent, order: &scene.order }.record().unwrap();
    let (one, two) = (of(&one, 1), of(&two, 2));
    let sn = scene.order.coins()[0];
    assert_eq!(one.secret(sn), one.secret(sn));
    assert_ne!(one.secret(sn), two.secret(sn), "agents make their secrets alone");
}
