//! Lost coins: which are one's own is decided by what the agents hold, and by nothing else.

use std::fs;
use std::path::Path;

use coin::{AnSet, Letter, PownString, StoredCoin, stack};
use tests::world::Home;

use super::{AGENTS, DONE, coins, faulty_stage, result, wallet};
use crate::coins::{Coins, Witness, owned, random_an};
use crate::homes::{
    addresses, ask, coin_files, coin_files_in, ends_with, import, nothing_is_in, resume,
    unreachable,
};
use crate::stage::Ground;

const IN_FLIGHT: i32 = 21;

/// Takes coins out of Bank and puts them into Limbo, as if new secrets had been made for them and nobody
/// knew whether an agent took any.
pub(super) fn put_in_limbo(home: &Home, coins: &Coins) {
    for stored in coins.values() {
        let pans = Some(AnSet::from_fn(|_| random_an()));
        refile(home, "Default/Limbo", &StoredCoin { pans, ..stored.clone() });
    }
}

/// Takes the file of a coin out of Bank and writes another one elsewhere.
fn refile(home: &Home, folder: &str, coin: &StoredCoin) {
    let sn = format!(".{}.", coin.coin.sn.get());
    for bank in coin_files_in(home, "Default/Bank").keys() {
        if bank.to_str().unwrap().contains(&sn) {
            fs::remove_file(home.dir.join(bank)).unwrap();
        }
    }
    let name = format!("{}.CloudCoin.1{sn}lost.stack", coin.coin.denomination().value());
    let coin = StoredCoin { pown: PownString::all(Letter::NoReply), ..coin.clone() };
    fs::write(home.dir.join(folder).join(name), stack::write(&[coin]).as_bytes()).unwrap();
}

fn strangers() -> AnSet {
    AnSet::from_fn(|_| random_an())
}

#[test]
fn lost_coins_are_ones_own_where_13_agents_hold_a_secret_of_ones_own() {
    let stage = faulty_stage("2x5,4x1");
    let home = &stage.sender;
    let lost: Vec<StoredCoin> = owned(home).unwrap().into_values().collect();
    let [taken, untaken, strange, returned, refused, copied] = &lost[..] else { panic!() };
    // All agents took the new secrets; none did; they hold others; they hold it again.
    let with = |coin: &StoredCoin, ans: AnSet, pans: Option<AnSet>| {
        let mut coin = StoredCoin { pans, ..coin.clone() };
        coin.coin.ans = ans;
        coin
    };
    refile(home, "Default/Limbo", &with(taken, strangers(), Some(taken.coin.ans.clone())));
    refile(home, "Default/Limbo", &with(untaken, untaken.coin.ans.clone(), Some(strangers())));
    refile(home, "Default/Limbo", &with(strange, strangers(), Some(strangers())));
    refile(home, "Default/Counterfeit", returned);
    // What a sender may still own is left alone, whatever the agents hold.
    let theirs = with(refused, refused.coin.ans.clone(), Some(strangers()));
    refile(home, "Default/Suspect", &theirs);
    refile(home, "Default/Suspect", copied);
    let aside = coin_files_in(home, "Default/Suspect");

    let before = coin_files(home);
    let planned = result(DONE, home, &["find", "--dry-run"]);
    assert_eq!((planned["coins"].as_u64(), planned["requests"].as_u64()), (Some(6), Some(50)));
    assert_eq!(coin_files(home), before, "a dry run changes nothing");

    let found = result(DONE, home, &["find"]);
    for (fate, expected) in [("whole", 3), ("counterfeit", 1), ("alive", 2)] {
        assert_eq!(coins(&found, fate), expected, "{fate}: {found}");
    }
    let mine = owned(home).unwrap();
    assert_eq!(mine.len(), 3);
    let witness = Witness::of(&stage.ground.agents).unwrap();
    witness.alive(&mine).unwrap();
    assert_ne!(mine[&untaken.coin.sn].coin.ans, untaken.coin.ans, "whoever gave it knew these");
    let left = [refused, copied].map(|coin| (coin.coin.sn, coin.clone()));
    witness.alive(&left.into_iter().collect()).unwrap();
    assert_eq!(coin_files_in(home, "Default/Suspect"), aside);
    assert_eq!(coin_files_in(home, "Default/Counterfeit").len(), 1, "its secrets are kept");
}

#[test]
fn coins_that_are_not_decided_stay_lost_until_agents_say_more() {
    let stage = faulty_stage("2x1");
    let home = &stage.sender;
    put_in_limbo(home, &owned(home).unwrap());
    let addresses = addresses(&stage.ground.agents);
    ask(home, &unreachable(&addresses, 13));
    let before = coin_files(home);
    ends_with(AGENTS, wallet(home, &["find"]));
    assert_eq!(coin_files(home), before);
    // 13 agents are there, and one of them knows nothing of the coins.
    super::Damage::to(&stage.ground.agents).pown_away(&limbo(home), [24]);
    ask(home, &unreachable(&addresses, 12));
    let found = result(IN_FLIGHT, home, &["find"]);
    assert_eq!(coins(&found, "undecided"), 2, "{found}");
    assert_eq!(coin_files_in(home, "Default/Limbo").len(), 2);
    ask(home, &addresses);
    // It finds them, and then fixes the one agent.
    ends_with(DONE, resume(home));
    nothing_is_in(home, &["Default/Fracked", "Default/Limbo", "Default/Counterfeit"]);
    Witness::of(&stage.ground.agents).unwrap().alive(&owned(home).unwrap()).unwrap();
}

fn limbo(home: &Home) -> Coins {
    let files = coin_files_in(home, "Default/Limbo");
    let coins = files.values().flat_map(|text| stack::read(text.as_bytes()).unwrap());
    coins.map(|stored| (stored.coin.sn, stored)).collect()
}

#[test]
fn an_import_that_waits_for_agents_is_found() {
    let ground = Ground::with_purses(1, "2x5,4x1");
    let home = ground.world.home("one", &ground.agents).unwrap();
    let addresses = addresses(&ground.agents);
    ask(&home, &unreachable(&addresses, 13));
    ends_with(AGENTS, import(&home, Path::new(&ground.purses[0])));
    ask(&home, &addresses);
    let found = result(DONE, &home, &["find"]);
    assert_eq!(coins(&found, "whole"), 6, "{found}");
    assert_eq!(home.total().unwrap(), 14);
    ends_with(DONE, resume(&home));
    assert_eq!(home.total().unwrap(), 14);
    nothing_is_in(&home, &["Default/Fracked", "Default/Limbo", "Default/Suspect"]);
}
