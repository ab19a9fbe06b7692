//! Exchanges as clients ask for them, and what is refused.

use std::collections::BTreeSet;

use coin::{AGENTS, AuthenticityNumber, Coin, SerialNumber};
use raida::api::{
    Exchange, RequestId, Reservation, write_cancel, write_exchange, write_reservation,
};
use raida::limits::REQUEST_COINS_MAX;
use serde_json::Value;

use super::http::{get_json, post_json};
use super::process::{Home, text};
use super::town::{Town, ans, v1_exchange};

/// The first serial number of 5.
const FIVE: u32 = 2_097_153;
const PAN: &str = "00112233445566778899aabbccddeeff";

fn sn(number: u32) -> SerialNumber {
    SerialNumber::new(number).unwrap()
}

/// Two coins of 5 with the secrets of round 1.
fn fives() -> Vec<Coin> {
    (FIVE..FIVE + 2).map(|number| Coin { sn: sn(number), ans: ans(1) }).collect()
}

fn an(agent: usize) -> String {
    ans(1).get(agent).to_hex().to_string()
}

fn list(name: &str, values: impl IntoIterator<Item = impl ToString>) -> String {
    values.into_iter().map(|value| format!("&{name}[]={}", value.to_string())).collect()
}

fn numbers(offer: &Value, field: &str) -> Vec<u64> {
    offer[field].as_array().unwrap().iter().map(|number| number.as_u64().unwrap()).collect()
}

async fn circulation(town: &Town, agent: usize) -> (u64, u64) {
    let audit = get_json(town.addresses[agent], "audit").await;
    (audit["coins"].as_u64().unwrap(), audit["value"].as_u64().unwrap())
}

#[tokio::test]
async fn all_agents_offer_the_same_numbers_for_a_seed_and_break_the_coin_into_them() {
    let town = Town::with(AGENTS, &fives(), v1_exchange).await;
    let ask = "show_change?nn=1&sn=2&denomination=5&seed=5c11919f";
    let first = get_json(town.addresses[0], ask).await;
    assert_eq!((first["status"].as_str(), numbers(&first, "d1").len()), (Some("pass"), 20));
    assert!(["d5", "d25", "d100", "d250"].iter().all(|of| numbers(&first, of).is_empty()));
    let chosen = numbers(&first, "d1")[..5].to_vec();
    for (agent, address) in town.addresses.iter().enumerate() {
        assert_eq!(numbers(&get_json(*address, ask).await, "d1"), numbers(&first, "d1"));
        let form = format!(
            "nn=1&sn={FIVE}&an={}&dn=5&change_server=2{}{}",
            an(agent),
            list("csn", &chosen),
            list("cpan", [PAN; 5])
        );
        for _ in 0..2 {
            let broken = get_json(*address, &format!("break?{form}")).await;
            assert_eq!(broken["status"], "success", "{broken}");
        }
        assert_eq!(circulation(&town, agent).await, (6, 10));
        assert!(!numbers(&get_json(*address, ask).await, "d1").contains(&chosen[0]));
    }
}

#[tokio::test]
async fn change_tells_the_secrets_that_the_agent_chose_and_tells_them_again() {
    let town = Town::with(1, &fives(), v1_exchange).await;
    let form = format!("nn=1&sn={FIVE}&an={}&denomination=5{}", an(0), list("sns", 1..=5));
    let made = post_json(town.addresses[0], "change", &form).await;
    assert_eq!((made["status"].as_str(), made["nn"].as_u64()), (Some("pass"), Some(1)));
    assert_eq!(numbers(&made, "sns"), [1, 2, 3, 4, 5]);
    let secrets: Vec<&str> =
        made["ans"].as_array().unwrap().iter().flat_map(Value::as_str).collect();
    assert_eq!(secrets.iter().collect::<BTreeSet<_>>().len(), 5);
    let detect = format!("detect?nn=1&sn=3&an={0}&pan={0}&denomination=1", secrets[2]);
    assert_eq!(get_json(town.addresses[0], &detect).await["status"], "pass");
    let again = post_json(town.addresses[0], "change", &form).await;
    assert_eq!((&again["ans"], &again["status"]), (&made["ans"], &made["status"]));
    let spent = format!("nn=1&sn={FIVE}&an={}&denomination=5{}", an(0), list("sns", 11..=15));
    assert_eq!(post_json(town.addresses[0], "change", &spent).await["status"], "fail");
    let unequal = form.replace("&sns[]=5", "");
    assert_eq!(post_json(town.addresses[0], "change", &unequal).await["status"], "dud");
}

#[tokio::test]
async fn a_join_is_an_exchange_or_a_dud_that_changes_nothing() {
    let ones: Vec<Coin> = (1..=6).map(|number| Coin { sn: sn(number), ans: ans(1) }).collect();
    let town = Town::with(1, &ones, v1_exchange).await;
    let joined = |numbers: [u32; 5], an: &str| {
        format!(
            "return=5&change_server=2&csn={FIVE}&cpan={PAN}&nn=1{}{}{}",
            list("sn", numbers),
            list("an", [an; 5]),
            list("dn", [1; 5])
        )
    };
    let right = joined([1, 2, 3, 4, 5], &an(0));
    for dud in [
        joined([1, 2, 3, 4, 5], PAN),
        joined([1, 2, 3, 4, 4], &an(0)),
        joined([1, 2, 3, 4, 7], &an(0)),
        right.replace("return=5", "return=25"),
        right.replace("&dn[]=1", "&dn[]=5"),
        right.replacen("&dn[]=1", "", 1),
        right.replace(&format!("csn={FIVE}"), "csn=6"),
        right.replace(&format!("csn={FIVE}"), "csn=0"),
        right.replace(&format!("csn={FIVE}"), "csn=16777217"),
        right.replace(PAN, &PAN[1..]),
        right.replace(PAN, &format!("{PAN}0")),
    ] {
        let reply = post_json(town.addresses[0], "join", &dud).await;
        assert_eq!(reply["status"], "dud", "{dud}");
        assert!(!reply["message"].as_str().unwrap().is_empty());
        assert_eq!(circulation(&town, 0).await, (6, 6));
    }
    for _ in 0..2 {
        assert_eq!(post_json(town.addresses[0], "join", &right).await["status"], "exchange");
        assert_eq!(circulation(&town, 0).await, (2, 6));
    }
}

#[tokio::test]
async fn our_own_requests_are_reserved_executed_once_and_cancelled_for_ever() {
    let town = Town::with(1, &fives(), v1_exchange).await;
    let agent = town.addresses[0];
    let id = |byte| RequestId::from_bytes([byte; 16]);
    let secret = || AuthenticityNumber::from_bytes([9; 16]);
    let five = |place: usize| vec![(fives()[place].sn, ans(1).get(0).clone())];
    let exchange = |place, numbers: std::ops::RangeInclusive<u32>| {
        Exchange::new(five(place), numbers.map(|number| (sn(number), secret())).collect()).unwrap()
    };
    let body = |bytes: &[u8]| std::str::from_utf8(bytes).unwrap().to_owned();
    let post =
        async |route: &str, form: String| post_json(agent, route, &form).await["status"].clone();

    let reservation = Reservation::new(five(0), (1..=5).map(sn).collect()).unwrap();
    let reserve = body(&write_reservation(id(1), &reservation));
    assert_eq!(post("reserve", reserve.clone()).await, "pass");
    assert_eq!(get_json(agent, "audit").await["pending"], 1);
    let offer = get_json(agent, "show_change?seed=00000000&count=1000").await;
    assert!(numbers(&offer, "d1").iter().all(|number| *number > 5));
    assert_eq!(post("exchange", body(&write_exchange(id(2), &exchange(1, 5..=9)))).await, "fail");
    let mine = body(&write_exchange(id(1), &exchange(0, 1..=5)));
    for _ in 0..2 {
        assert_eq!(post("exchange", mine.clone()).await, "exchange");
    }
    assert_eq!(post("exchange", body(&write_exchange(id(1), &exchange(1, 11..=15)))).await, "fail");
    assert_eq!(post("cancel", body(&write_cancel(id(1), &[]))).await, "exchange");
    assert_eq!(post("reserve", reserve).await, "exchange");

    assert_eq!(post("cancel", body(&write_cancel(id(3), &five(1)))).await, "cancelled");
    let late = body(&write_exchange(id(3), &exchange(1, 11..=15)));
    assert_eq!(post("exchange", late).await, "cancelled");
    let audit = get_json(agent, "audit").await;
    let seen = ["status", "coins", "value", "d5", "d1", "pending", "exchanged", "cancelled"];
    let seen: Vec<String> = seen.iter().map(|field| audit[field].to_string()).collect();
    assert_eq!(seen, ["\"pass\"", "6", "10", "1", "5", "0", "1", "1"]);
}

#[tokio::test]
async fn what_is_no_exchange_is_a_dud_and_changes_nothing() {
    let town = Town::with(1, &fives(), v1_exchange).await;
    let (id, an) = ("0123456789abcdef0123456789abcdef", an(0));
    let right = format!(
        "id={id}&sns[]={FIVE}&ans[]={an}&denomination[]=5{}{}",
        list("csn", 1..=5),
        list("cpan", [PAN; 5])
    );
    let many = format!(
        "id={id}{}{}{}{}{}",
        list("sns", 1..=5001),
        list("ans", vec![PAN; 5001]),
        list("denomination", [1; 5001]),
        list("csn", 10_001..=15_001),
        list("cpan", vec![PAN; 5001])
    );
    for dud in [
        String::new(),
        right.replace(&format!("id={id}"), "id=0123"),
        right.replace(&format!("id={id}&"), ""),
        right.replace("csn[]=5", "csn[]=4"),
        right.replace("csn[]=5", &format!("csn[]={FIVE}")),
        right.replace("csn[]=5", "csn[]=0"),
        right.replace("csn[]=5", "csn[]=16777217"),
        right.replace("&csn[]=5", ""),
        right.replace("denomination[]=5", "denomination[]=25"),
        right.replacen(&an, &an[1..], 1),
        right.replacen(PAN, &format!("{PAN}0"), 1),
        format!("{right}&csn[]=6&cpan[]={PAN}"),
        format!("{right}{}", list("csn", vec![1; REQUEST_COINS_MAX])),
        many,
    ] {
        let route = if dud.is_empty() { "reserve" } else { "exchange" };
        let reply = post_json(town.addresses[0], route, &dud).await;
        assert_eq!(reply["status"], "dud", "{:.300}", dud);
        assert_eq!(circulation(&town, 0).await, (2, 10));
    }
    for dud in ["seed=1", "seed=5c11919f&count=1001", "seed=5c11919f&denomination=7", ""] {
        let reply = get_json(town.addresses[0], &format!("show_change?{dud}")).await;
        assert_eq!(reply["status"], "dud", "{dud}");
    }
    assert_eq!(post_json(town.addresses[0], "exchange", &right).await["status"], "exchange");
}

#[tokio::test]
async fn of_two_clients_who_race_for_the_same_numbers_one_wins_at_each_agent() {
    let town = Town::with(AGENTS, &fives(), v1_exchange).await;
    for (agent, address) in town.addresses.iter().enumerate() {
        let ask = |client: usize| {
            let coin = (fives()[client].sn, ans(1).get(agent).clone());
            let secret = AuthenticityNumber::from_bytes([client as u8; 16]);
            let outputs = (1..=5).map(|number| (sn(number), secret.clone())).collect();
            let exchange = Exchange::new(vec![coin], outputs).unwrap();
            let body = write_exchange(RequestId::from_bytes([client as u8; 16]), &exchange);
            let form = String::from_utf8(body.to_vec()).unwrap();
            async move { post_json(*address, "exchange", &form).await["status"].clone() }
        };
        let (first, second) = tokio::join!(ask(0), ask(1));
        let won = [&first, &second].into_iter().filter(|status| **status == "exchange").count();
        assert_eq!(won, 1, "{first} {second}");
        assert_eq!(circulation(&town, agent).await, (6, 10));
    }
}

#[test]
fn raida_audit_compares_the_agents() {
    let home = Home::with_coins("2x5,3x1");
    let raida = home.start(&["--v1-exchange"]);
    let file = home.data().join("agents.txt");
    let audit = |json: bool| {
        let mut arguments = vec!["audit", "--agents", file.to_str().unwrap()];
        arguments.extend(json.then_some("--json"));
        let output = super::process::command(&arguments).output().unwrap();
        (output.status.code(), text(&output.stdout))
    };
    let (code, said) = audit(false);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.ends_with("all 25 agents that answered have 13 in circulation\n"), "{said}");

    let coin = home.coins().into_iter().find(|coin| coin.denomination().value() == 5).unwrap();
    let form = format!(
        "sn={}&an={}&dn=5{}{}",
        coin.sn,
        *coin.ans.get(3).to_hex(),
        list("csn", [2_000_001, 2_000_002, 2_000_003, 2_000_004, 2_000_005]),
        list("cpan", [PAN; 5])
    );
    assert_eq!(raida.post(3, "break", &form)["status"], "success");
    let (code, said) = audit(true);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &said["differ"]), (Some(1), &serde_json::json!([3])));
    assert_eq!((&said["answered"], &said["agreeing"]), (&AGENTS.into(), &(AGENTS - 1).into()));
    raida.kill();
    assert_eq!(audit(false).0, Some(9));
}
