//! Agents that do wrong on purpose, and what the wallet's client makes of it, over real sockets:
//! with few of them every coin gets its right verdict, with too many the wallet hears that.

use std::net::SocketAddr;
use std::time::Duration;

use agent::{AgentFault, Faults, Settings, Switch};
use coin::{AGENTS, Coin, Grade, SerialNumber};
use raida::{Authority, PownRound, Timing};

use super::http::{get, raw};
use super::town::{Town, ans, claims, coins, quiet, settings};

/// Short for agents that do not answer, long for those that do.
const TIMING: Timing = Timing {
    connect: Duration::from_secs(3),
    request: Duration::from_secs(3),
    round: Duration::from_secs(9),
    coin: Duration::ZERO,
};

/// How many coins are good; one more is counterfeit.
const GOOD: u32 = 30;

/// 25 agents of which the first `bad` do wrong in one way.
struct Trouble {
    town: Town,
    faults: Faults,
    coins: Vec<Coin>,
}

impl Trouble {
    async fn with(bad: usize, kind: &str) -> Trouble {
        let good = coins(GOOD);
        let fault = format!("agent=0-{} {kind}", bad - 1).parse().unwrap();
        let faults = Faults::new(&[fault], Switch::Route);
        let tell = |at: &[SocketAddr]| Settings { faults: Some(faults.clone()), ..settings(at) };
        let town = Town::with(AGENTS, &good, tell).await;
        let stranger = Coin { sn: SerialNumber::new(2000).unwrap(), ans: ans(77) };
        Trouble { town, faults, coins: [good, vec![stranger]].concat() }
    }

    fn authority(&self) -> Authority {
        Authority::new(&self.town.book(), TIMING)
    }

    /// Takes all coins to the secrets of round 2.
    async fn pown(&self) -> PownRound {
        self.authority().pown(&claims(&self.coins, 2), &quiet).await
    }

    /// Returns the one grade of all good coins and that of the counterfeit one.
    async fn grades(&self) -> (Grade, Grade) {
        grades(&self.pown().await)
    }

    fn mend(&self) {
        self.set("agent=0-24 kind=none");
    }

    fn set(&self, fault: &str) {
        self.faults.set(&fault.parse::<AgentFault>().unwrap());
    }

    /// Returns how many agents hold the secrets of a round of every good coin.
    async fn holders(&self, round: u8) -> usize {
        let first = self.town.holders(self.coins[0].sn, &ans(round)).await;
        for coin in &self.coins[..GOOD as usize] {
            assert_eq!(self.town.holders(coin.sn, &ans(round)).await, first, "{}", coin.sn);
        }
        first
    }
}

fn grades(round: &PownRound) -> (Grade, Grade) {
    let (stranger, good) = round.coins.split_last().unwrap();
    assert!(good.iter().all(|coin| coin.grade() == good[0].grade()));
    (good[0].grade(), stranger.grade())
}

/// Asserts the verdicts on good coins and on a counterfeit one, with so many agents of a kind.
async fn check(kind: &str, cases: &[(usize, Grade, Grade)]) {
    let cases = cases.iter().map(async |(bad, good, stranger)| {
        let trouble = Trouble::with(*bad, kind).await;
        let found = trouble.grades().await;
        println!("{bad:2} agents with {kind}: good {:?}, counterfeit {:?}", found.0, found.1);
        assert_eq!(found, (*good, *stranger), "{bad} agents with {kind}");

        // Whatever they did, the same question settles it as soon as they are honest.
        trouble.mend();
        assert_eq!(trouble.grades().await, (Grade::Final, Grade::Counterfeit), "{bad} {kind}");
        assert_eq!(trouble.holders(2).await, AGENTS);
    });
    futures_util::future::join_all(cases).await;
}

/// With agents that give no answer: 12 of them cannot hurt, with 13 everything stays open.
async fn check_silent(kind: &str) {
    let cases = [
        (4, Grade::Final, Grade::Counterfeit),
        (12, Grade::Settling, Grade::Counterfeit),
        (13, Grade::Limbo, Grade::Limbo),
    ];
    check(kind, &cases).await;
}

#[tokio::test]
async fn twelve_agents_that_are_down_change_no_verdict_and_with_thirteen_all_is_open() {
    check_silent("kind=down").await;
}

#[tokio::test]
async fn twelve_agents_that_are_too_slow_change_no_verdict_and_with_thirteen_all_is_open() {
    check_silent("kind=slow ms=600000").await;
}

#[tokio::test]
async fn a_little_slowness_changes_nothing_at_all() {
    check("kind=slow ms=20", &[(25, Grade::Final, Grade::Counterfeit)]).await;
}

#[tokio::test]
async fn twelve_agents_that_drop_requests_change_no_verdict_and_with_thirteen_all_is_open() {
    check_silent("kind=drop-request").await;
}

#[tokio::test]
async fn twelve_agents_that_drop_answers_change_no_verdict_and_with_thirteen_all_is_open() {
    check_silent("kind=drop-answer").await;
}

#[tokio::test]
async fn what_went_wrong_tells_whether_the_agents_had_acted() {
    for (kind, acted) in [("kind=drop-request", 0), ("kind=drop-answer", 3), ("kind=lie-pass", 0)] {
        let trouble = Trouble::with(3, kind).await;
        trouble.pown().await;
        trouble.mend();
        assert_eq!(trouble.holders(2).await, 22 + acted, "{kind}");
    }
}

/// Four liars cannot make a coin final that is not owned. More can; but up to 12 of them no
/// counterfeit coin is owned, and with 13 it is not final.
#[tokio::test]
async fn agents_that_pass_everything_make_no_counterfeit_coin_final() {
    let cases = [
        (4, Grade::Final, Grade::Counterfeit),
        (12, Grade::Final, Grade::Counterfeit),
        (13, Grade::Final, Grade::Settling),
    ];
    check("kind=lie-pass", &cases).await;
}

/// Four liars cannot keep a coin from being final, nor 12 from being owned. Thirteen are the
/// majority: nobody can tell them from honest agents. The wallet keeps both secrets, and owns the
/// coin when it asks again and they have become honest.
#[tokio::test]
async fn agents_that_fail_everything_need_a_majority_to_take_a_coin_away() {
    let cases = [
        (4, Grade::Final, Grade::Counterfeit),
        (12, Grade::Settling, Grade::Counterfeit),
        (13, Grade::Counterfeit, Grade::Counterfeit),
    ];
    check("kind=lie-fail", &cases).await;
}

#[tokio::test]
async fn four_forgetful_agents_leave_every_coin_final_and_it_is_mended_by_asking_again() {
    for (bad, next) in [(4, Grade::Final), (12, Grade::Settling), (13, Grade::Counterfeit)] {
        let trouble = Trouble::with(bad, &format!("kind=forget last={GOOD}")).await;
        let all = claims(&trouble.coins, 2);
        assert_eq!(trouble.grades().await, (Grade::Final, Grade::Counterfeit));
        assert_eq!(trouble.holders(2).await, AGENTS - bad, "acknowledged, and forgotten");

        // Whoever asks now hears who has forgotten: a health check changes nothing.
        let coins: Vec<Coin> =
            all.iter().map(|claim| Coin { sn: claim.sn, ans: claim.pans.clone() }).collect();
        let detection = trouble.authority().detect(&coins[..GOOD as usize], &quiet).await;
        let expected = "f".repeat(bad) + &"p".repeat(AGENTS - bad);
        assert!(detection.pown.iter().all(|pown| pown.to_string() == expected));

        // A payment with these secrets: only the agents that remember take part in it.
        let mut onward = claims(&coins, 3);
        onward.iter_mut().for_each(|claim| claim.ans = ans(2));
        trouble.set("agent=0-24 kind=none");
        let paid = trouble.authority().pown(&onward[..GOOD as usize], &quiet).await;
        println!("{bad:2} forgetful agents: final, then {:?}", paid.coins[0].grade());
        assert!(paid.coins.iter().all(|coin| coin.grade() == next), "{bad}");
    }
}

#[tokio::test]
async fn a_forgetful_agent_forgets_when_it_is_told_and_again_after_as_many_changes() {
    let trouble = Trouble::with(1, "kind=none").await;
    trouble.pown().await;
    trouble.set("agent=5 kind=forget last=10");
    let detect = async || {
        let coins: Vec<Coin> =
            trouble.coins.iter().map(|coin| Coin { ans: ans(2), ..coin.clone() }).collect();
        let pown = trouble.authority().detect(&coins[..GOOD as usize], &quiet).await.pown;
        pown.iter().map(|pown| pown.to_string().chars().nth(5).unwrap()).collect::<String>()
    };
    let remembered = |coins: usize| "p".repeat(coins) + &"f".repeat(GOOD as usize - coins);
    assert_eq!(detect().await, remembered(20), "the last ten, when it was told");
    assert_eq!(detect().await, remembered(20), "once");

    let one_more = &claims(&trouble.coins, 2)[20..29];
    trouble.authority().pown(one_more, &quiet).await;
    assert_eq!(detect().await, remembered(29), "nine changes are not ten");
    trouble.authority().pown(&claims(&trouble.coins, 2)[29..30], &quiet).await;
    assert_eq!(detect().await, remembered(20), "ten are");
}

#[tokio::test]
async fn faults_are_shown_and_changed_over_http_only_where_that_is_allowed() {
    let trouble = Trouble::with(2, "kind=slow ms=1").await;
    let agent = trouble.town.addresses[3];
    let listed = "agent=0 kind=slow ms=1\nagent=1 kind=slow ms=1\n";
    assert_eq!(get(agent, "faults").await, listed);
    let post = async |body: &str| {
        let head = "POST /service/faults HTTP/1.1\r\nhost: a\r\nconnection: close";
        let request = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        raw(agent, request.as_bytes()).await
    };
    let bad = post("agent=7 kind=down\nagent=8 kind=sleepy").await;
    assert!(bad.starts_with("HTTP/1.1 400") && bad.contains("is no kind of fault"), "{bad}");
    assert_eq!(get(agent, "faults").await, listed, "all or none");
    let good = post("agent=0-1&kind=none\nagent=7 kind=down\n").await;
    assert!(good.ends_with("agent=7 kind=down\n"), "{good}");
    assert_eq!(raw(trouble.town.addresses[7], b"GET /service/echo HTTP/1.1\r\n\r\n").await, "");

    let honest = Town::of(1, &[]).await;
    let answer = get(honest.addresses[0], "faults").await;
    assert!(answer.contains("there is no such service"), "{answer}");
}
