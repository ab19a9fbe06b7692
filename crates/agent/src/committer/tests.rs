//! What the one writer promises to those who ask it.

use std::sync::Arc;

use futures_util::future::join_all;
use raida::api::CoinQuestion;
use tokio_util::sync::CancellationToken;

use super::{Committer, Stopped, Witness};
use crate::acts::tests::{FAIL, PASS, take};
use crate::ledger::sim::{Fault, SimDisk};
use crate::ledger::tests::{Place, an, charter, sn};
use crate::ledger::{Ledger, put};
use crate::tally::Tally;

fn ask(number: u32, from: u8, to: u8) -> CoinQuestion {
    CoinQuestion { sn: sn(number), an: an(from), pan: an(to) }
}

fn start(ledger: &Arc<dyn Ledger>) -> (Committer, CancellationToken) {
    let failed = CancellationToken::new();
    let witness = Witness { tally: Arc::new(Tally::new()), history: None };
    let (committer, work) = Committer::new(Arc::clone(ledger), witness, failed.clone());
    tokio::spawn(work);
    (committer, failed)
}

/// Runs a test on both kinds of ledger, with coin 1 at AN 1 and coin 2 at AN 1.
async fn on_both(test: impl AsyncFn(Committer, Arc<dyn Ledger>)) {
    for place in Place::both() {
        let ledger: Arc<dyn Ledger> = Arc::from(place.open());
        put(ledger.as_ref(), &[(sn(1), an(1)), (sn(2), an(1))]).unwrap();
        let (committer, _) = start(&ledger);
        test(committer, ledger).await;
    }
}

#[tokio::test]
async fn a_known_secret_is_replaced_and_another_is_not() {
    on_both(async |committer, ledger| {
        let taken = committer.carry_out(take(vec![ask(1, 1, 5), ask(2, 9, 5), ask(3, 1, 5)])).await;
        assert_eq!(taken, Ok(vec![PASS, FAIL, FAIL]));
        assert_eq!(ledger.an(sn(1)).unwrap(), Some(an(5)));
        assert_eq!(ledger.an(sn(2)).unwrap(), Some(an(1)));
        assert_eq!(ledger.an(sn(3)).unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn asking_twice_is_as_good_as_asking_once() {
    on_both(async |committer, ledger| {
        for _ in 0..3 {
            assert_eq!(committer.carry_out(take(vec![ask(1, 1, 5)])).await, Ok(vec![PASS]));
        }
        assert_eq!(committer.carry_out(take(vec![ask(1, 5, 5)])).await, Ok(vec![PASS]));
        assert_eq!(ledger.an(sn(1)).unwrap(), Some(an(5)));
    })
    .await;
}

#[tokio::test]
async fn of_many_who_know_one_secret_exactly_one_wins() {
    on_both(async |committer, ledger| {
        let racers = (10..60).map(|to| {
            let committer = committer.clone();
            tokio::spawn(async move {
                (to, committer.carry_out(take(vec![ask(1, 1, to)])).await.unwrap().remove(0))
            })
        });
        let ended = join_all(racers).await.into_iter().map(Result::unwrap);
        let winners: Vec<u8> =
            ended.filter(|(_, taken)| *taken == PASS).map(|(to, _)| to).collect();
        assert_eq!(winners.len(), 1);
        assert_eq!(ledger.an(sn(1)).unwrap(), Some(an(winners[0])));
    })
    .await;
}

#[tokio::test]
async fn a_chain_of_changes_in_one_group_ends_at_its_last_link() {
    on_both(async |committer, ledger| {
        let links = (1..40).map(|link| committer.carry_out(take(vec![ask(1, link, link + 1)])));
        let taken = join_all(links).await;
        assert!(taken.iter().all(|taken| *taken == Ok(vec![PASS])));
        assert_eq!(ledger.an(sn(1)).unwrap(), Some(an(40)));
    })
    .await;
}

#[tokio::test]
async fn nobody_hears_pass_before_it_is_on_disk() {
    for fault in [Fault::WriteFails, Fault::SyncFails, Fault::SyncFailsLate] {
        let disk = SimDisk::found(charter(7));
        let ledger: Arc<dyn Ledger> = Arc::new(disk.open());
        put(ledger.as_ref(), &[(sn(1), an(1))]).unwrap();
        let (committer, failed) = start(&ledger);
        disk.fail(0, fault);
        assert_eq!(committer.carry_out(take(vec![ask(1, 1, 5)])).await, Err(Stopped));
        failed.cancelled().await;
        assert_eq!(committer.carry_out(take(vec![ask(1, 1, 5)])).await, Err(Stopped));
        assert!(committer.has_stopped());
    }
}

#[tokio::test]
async fn whoever_goes_away_does_not_undo_his_change() {
    on_both(async |committer, ledger| {
        let mut gone = Box::pin(committer.carry_out(take(vec![ask(1, 1, 5)])));
        assert!(futures_util::poll!(&mut gone).is_pending());
        drop(gone);
        assert_eq!(committer.carry_out(take(vec![ask(2, 1, 6)])).await, Ok(vec![PASS]));
        assert_eq!(ledger.an(sn(1)).unwrap(), Some(an(5)));
    })
    .await;
}
