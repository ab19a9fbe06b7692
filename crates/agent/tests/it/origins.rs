//! Where coins came from, as agents say it; and that whoever counts agents of one origin cannot be paid
//! with coins that nobody gave anything for.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use coin::{AGENTS, AuthenticityNumber, Coin, SerialNumber};
use raida::api::{
    Exchange, KnownCoin, RequestId, write_cancel, write_exchange, write_origin, write_take_back,
};
use serde_json::Value;

use super::http::{get, get_json, post_json};
use super::process::{Home, text};
use super::town::{Town, ans, v1_exchange};

/// The first serial number of 5.
const FIVE: u32 = 2_097_153;
const QUORUM: usize = 13;

fn coin(sn: u32, round: u8) -> Coin {
    Coin { sn: SerialNumber::new(sn).unwrap(), ans: ans(round) }
}

fn known(agent: usize, numbers: RangeInclusive<u32>, round: u8) -> Vec<KnownCoin> {
    let coin = |number| (SerialNumber::new(number).unwrap(), ans(round).get(agent).clone());
    numbers.map(coin).collect()
}

fn id(byte: u8) -> RequestId {
    RequestId::from_bytes([byte; 16])
}

fn body(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Breaks a coin of 5 with the secrets of round 1 into the coins 1 to 5 with those of round 2.
async fn break_at(town: &Town, agent: usize, five: u32) -> Value {
    let inputs = known(agent, five..=five, 1);
    let exchange = Exchange::new(inputs, known(agent, 1..=5, 2)).unwrap();
    let form = write_exchange(id(five as u8), &exchange);
    post_json(town.addresses[agent], "exchange", body(&form)).await
}

/// Writes a question about coins that changes nothing.
fn about(agent: usize, numbers: RangeInclusive<u32>, round: u8) -> String {
    let one = |(sn, an): (SerialNumber, AuthenticityNumber)| {
        let (an, worth) = (an.to_hex(), sn.denomination());
        format!("&sns[]={sn}&ans[]={0}&pans[]={0}&denomination[]={worth}", *an)
    };
    known(agent, numbers, round).into_iter().map(one).collect()
}

/// Returns how many agents hold a coin with the secrets of a round, by the origin that they say.
async fn holders(town: &Town, sn: u32, round: u8) -> HashMap<Option<String>, usize> {
    let mut holders = HashMap::new();
    for (agent, address) in town.addresses.iter().enumerate() {
        let form = format!("origins=t{}", about(agent, sn..=sn, round));
        let reply = post_json(*address, "multi_detect", &form).await[0].clone();
        if reply["status"] == "pass" {
            *holders.entry(reply["origin"].as_str().map(str::to_owned)).or_default() += 1;
        }
    }
    holders
}

/// Two coins of 5 for the same five coins of 1 with the same secrets, each at some agents.
async fn attack(town: &Town) {
    for agent in 0..QUORUM {
        let five = if agent < 7 { FIVE } else { FIVE + 1 };
        let reply = break_at(town, agent, five).await;
        assert_eq!(reply["status"], "exchange", "{reply}");
    }
    for address in &town.addresses {
        assert_eq!(get_json(*address, "audit").await["value"], 10, "each agent is honest");
    }
}

#[tokio::test]
async fn of_two_coins_broken_into_the_same_nobody_owns_more_than_was_given() {
    let town = Town::new(&[coin(FIVE, 1), coin(FIVE + 1, 1)]).await;
    attack(&town).await;
    let mut owned = 0;
    for (sn, round, worth) in (1..=5).map(|sn| (sn, 2, 1)).chain([(FIVE, 1, 5), (FIVE + 1, 1, 5)]) {
        let holders = holders(&town, sn, round).await;
        owned += holders.values().filter(|holders| **holders >= QUORUM).count() * worth;
        if round == 2 {
            let mut counts: Vec<usize> = holders.values().copied().collect();
            counts.sort_unstable();
            assert_eq!(counts, [6, 7], "{holders:?}");
        }
    }
    assert_eq!(owned, 10, "the coins of 5, and nothing else");
}

#[tokio::test]
async fn with_v1_exchange_whoever_adds_passes_up_can_be_cheated_and_the_warning_is_true() {
    let town = Town::with(AGENTS, &[coin(FIVE, 1), coin(FIVE + 1, 1)], v1_exchange).await;
    attack(&town).await;
    for (sn, round, expected) in [(1, 2, 13), (5, 2, 13), (FIVE, 1, 18), (FIVE + 1, 1, 19)] {
        let mut passes = 0;
        for (agent, address) in town.addresses.iter().enumerate() {
            let form = about(agent, sn..=sn, round);
            let reply = post_json(*address, "multi_detect", &form).await[0].clone();
            assert!(reply["origin"].is_null(), "v1 reads no origins: {reply}");
            passes += usize::from(reply["status"] == "pass");
        }
        assert_eq!(passes, expected, "coin {sn}: 15 where there were 10");
    }
}

#[tokio::test]
async fn an_exchange_says_its_origin_and_so_does_every_answer_about_what_it_made() {
    let town = Town::of(1, &[coin(FIVE, 1), coin(9, 2)]).await;
    let agent = town.addresses[0];
    let reply = break_at(&town, 0, FIVE).await;
    let origin = reply["origin"].as_str().unwrap().to_owned();
    assert_eq!(break_at(&town, 0, FIVE).await["origin"], *origin, "also when it is asked again");
    let ask = format!("origins=t{}{}", about(0, 4..=5, 2), about(0, 9..=9, 2));
    for (route, word) in
        [("multi_detect", "pass"), ("fix_lost", "an"), ("multi_get_ticket", "ticket")]
    {
        let said = post_json(agent, route, &ask).await;
        for (place, expected) in [(0, Some(&*origin)), (1, Some(&*origin)), (2, None)] {
            let reply = &said[place];
            assert_eq!((&reply["status"], reply["origin"].as_str()), (&word.into(), expected));
        }
    }
    let brief = post_json(agent, "multi_detect", &format!("b=t&{ask}")).await;
    assert_eq!(brief["origins"], format!("{origin},{origin},-"), "{brief}");
    let minted = format!("b=t&origins=t{}", about(0, 9..=9, 2));
    assert!(post_json(agent, "multi_detect", &minted).await.get("origins").is_none());
    let an = ans(2).get(0).to_hex().to_string();
    let one = format!("origins=t&sn=4&an={an}&pan={an}&denomination=1");
    for route in ["detect", "get_ticket"] {
        assert_eq!(post_json(agent, route, &one).await["origin"], *origin, "{route}");
    }
    let lineage = post_json(agent, "lineage", &write_origin(origin.parse().unwrap())).await;
    assert_eq!((&lineage["status"], &lineage["sns"]), (&"pass".into(), &[FIVE].as_slice().into()));
    assert_eq!(lineage["csn"], serde_json::json!([1, 2, 3, 4, 5]));
    let unknown = post_json(agent, "lineage", &format!("o={}", "00".repeat(32))).await;
    assert_eq!(unknown["status"], "fail");
    assert_eq!(post_json(agent, "lineage", "o=minted").await["status"], "dud");
}

#[tokio::test]
async fn who_counts_no_origins_hears_nothing_of_what_an_exchange_made_and_changes_nothing() {
    let town = Town::of(1, &[coin(FIVE, 1), coin(9, 2)]).await;
    let agent = town.addresses[0];
    break_at(&town, 0, FIVE).await;
    let ask = about(0, 4..=4, 2) + &about(0, 9..=9, 2);
    for (route, expected) in [
        ("multi_detect", ["fail", "pass"]),
        ("fix_lost", ["error", "an"]),
        ("multi_get_ticket", ["fail", "ticket"]),
    ] {
        let said = post_json(agent, route, &ask).await;
        assert_eq!([&said[0]["status"], &said[1]["status"]], expected, "{route}");
        assert!(
            said[0]["message"].as_str().unwrap().contains("origins=t"),
            "{route}: with the reason"
        );
    }
    assert_eq!(
        post_json(agent, "multi_detect", &format!("b=t{ask}")).await["message"],
        "fail,pass"
    );
    let [an, pan] = [2, 7].map(|round| ans(round).get(0).to_hex().to_string());
    let take = |fields| format!("detect?sn=4&an={an}&pan={pan}&denomination=1{fields}");
    assert_eq!(get_json(agent, &take("")).await["status"], "fail");
    assert_eq!(get(agent, &take("&b=t")).await, "fail");
    let back = format!("sns[]=4&ans[]={an}&pans[]={pan}&denomination[]=1");
    let held = post_json(agent, "fix_lost", &format!("origins=t&{back}")).await;
    assert_eq!(held[0]["status"], "an", "it stays as it was");
    assert_eq!(get_json(agent, &take("&origins=t")).await["status"], "pass");
    let lost = post_json(agent, "fix_lost", &back).await;
    assert_eq!(lost[0]["status"], "error", "it is there: nobody says neither");
}

#[tokio::test]
async fn hints_name_the_origin_to_agents_and_hide_the_coin_from_others() {
    let town = Town::of(1, &[coin(FIVE, 1)]).await;
    let agent = town.addresses[0];
    let origin = break_at(&town, 0, FIVE).await["origin"].as_str().unwrap().to_owned();
    let form = format!("b=t&origins=t{}", about(0, 1..=2, 2));
    let ticket = post_json(agent, "multi_detect", &form).await["ticket"].clone();
    let ticket = ticket.as_str().unwrap();
    let ask =
        async |field: &str, by: &str| get(agent, &format!("hints?{field}={ticket}{by}")).await;
    assert_eq!(ask("rn", "&to=7").await, format!("1:0:{origin}"));
    assert_eq!(ask("master_ticket", "&to=7").await, format!("1:{origin},2:{origin}"));
    for field in ["rn", "master_ticket"] {
        assert_eq!(ask(field, "").await, "-2:1000000000");
    }
    assert_eq!(get(agent, &format!("multi_hints?rns[]={ticket}")).await, "[-2:1000000000]");
}

#[tokio::test]
async fn what_was_exchanged_is_taken_back_by_its_owner_and_a_late_duplicate_is_refused() {
    let town = Town::of(1, &[coin(FIVE, 1)]).await;
    let agent = town.addresses[0];
    let origin = break_at(&town, 0, FIVE).await["origin"].clone();
    let five = known(0, FIVE..=FIVE, 3);
    let cancel = async |outputs: Vec<KnownCoin>| {
        let back = Exchange::new(five.clone(), outputs).unwrap();
        let form = write_take_back(id(FIVE as u8), &back);
        post_json(agent, "cancel", body(&form)).await
    };
    let plain = write_cancel(id(FIVE as u8), &[]);
    assert_eq!(post_json(agent, "cancel", body(&plain)).await["status"], "exchange");
    let strange = cancel(known(0, 1..=5, 9)).await;
    assert_eq!(strange["status"], "exchange");
    assert!(strange["message"].as_str().unwrap().contains("not held"), "{strange}");
    for _ in 0..2 {
        assert_eq!(cancel(known(0, 1..=5, 2)).await["status"], "cancelled");
    }
    let form = format!("origins=t{}", about(0, FIVE..=FIVE, 3));
    let five = post_json(agent, "multi_detect", &form).await[0].clone();
    assert_eq!((&five["status"], &five["origin"]), (&"pass".into(), &Value::Null), "as it was");
    assert_eq!(break_at(&town, 0, FIVE).await["status"], "cancelled");
    assert_eq!(get_json(agent, "audit").await["cancelled"], 1);

    // Another request may do the same: it makes the same coins.
    let exchange = Exchange::new(known(0, FIVE..=FIVE, 3), known(0, 1..=5, 2)).unwrap();
    let again = post_json(agent, "exchange", body(&write_exchange(id(99), &exchange))).await;
    assert_eq!(again["origin"], origin);
}

#[test]
fn v1s_routes_of_exchange_are_off_by_default_and_warn_when_they_are_on() {
    let home = Home::with_coins("1x1");
    for (arguments, warned) in [(&[][..], false), (&["--v1-exchange"], true)] {
        let raida = home.start(arguments);
        for (route, word) in [("change", "error"), ("break", "error"), ("join", "dud")] {
            let reply = raida.post(0, route, "");
            let is_refused = reply["message"].as_str().unwrap().contains("--v1-exchange");
            assert_eq!(is_refused, !warned, "{reply}");
            assert!(warned || reply["status"] == word, "{reply}");
        }
        let reply = raida.post(0, "exchange", "");
        assert_eq!(reply["status"], "dud", "{reply}");
        let (_, log) = raida.stop("TERM");
        assert_eq!(log.contains("gave nothing for"), warned, "{log}");
    }
    let help = super::process::command(&["--help"]).output().unwrap();
    assert!(text(&help.stdout).contains("--v1-exchange"));
}
