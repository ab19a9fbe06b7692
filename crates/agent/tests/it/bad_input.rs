//! What an agent does not understand: `dud` with a reason, HTTP 200, and nothing changed.

use raida::limits::{REQUEST_BYTES_MAX, REQUEST_COINS_MAX};
use serde_json::Value;

use super::http::{body, each, get_json, post_json, post_text, raw};
use super::town::{Town, ans, coins};

const AN: &str = "00112233445566778899aabbccddeeff";

#[tokio::test]
async fn single_routes_answer_dud_as_an_object() {
    let town = Town::of(1, &coins(1)).await;
    for route in ["detect", "get_ticket"] {
        for query in [
            "".to_owned(),
            "sn=1".to_owned(),
            format!("nn=2&sn=1&an={AN}&pan={AN}&denomination=1"),
            format!("nn=1&sn=0&an={AN}&pan={AN}&denomination=1"),
            format!("nn=1&sn=16777217&an={AN}&pan={AN}&denomination=250"),
            format!("nn=1&sn=1&an={}&pan={AN}&denomination=1", &AN[1..]),
            format!("nn=1&sn=1&an={AN}&pan={AN}&denomination=5"),
            format!("nn=1&sn=1&sn=1&an={AN}&pan={AN}&denomination=1"),
            "%00=%ff&&&=&[".to_owned(),
        ] {
            let reply = get_json(town.addresses[0], &format!("{route}?{query}")).await;
            assert_eq!(reply["status"], "dud", "{route} {query}");
            assert!(!reply["message"].as_str().unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn multi_routes_answer_dud_as_an_array() {
    let town = Town::of(1, &coins(1)).await;
    for route in ["multi_detect", "multi_get_ticket", "fix_lost"] {
        for form in [
            "".to_owned(),
            "sns=1".to_owned(),
            format!("sns[]=1&sns[]=2&ans[]={AN}&pans[]={AN}&denomination[]=1"),
            format!("sns[]=1&ans[]={AN}&pans[]={AN}"),
            format!("sns[0]=1&sns[2]=2&ans[]={AN}&pans[]={AN}&denomination[]=1"),
            "sns[]=1&".repeat(REQUEST_COINS_MAX + 1),
        ] {
            let answer = post_json(town.addresses[0], route, &form).await;
            assert_eq!(each(&answer, "status"), ["dud"], "{route}");
        }
    }
    let brief = post_json(town.addresses[0], "multi_detect", "b=t&sns[]=1").await;
    assert_eq!(brief["status"], "dud");
}

#[tokio::test]
async fn one_bad_coin_is_a_dud_in_its_place_and_the_others_are_answered() {
    let town = Town::of(1, &coins(3)).await;
    let held = ans(1).get(0).to_hex().to_string();
    let coin = |sn: &str, an: &str| format!("&sns[]={sn}&ans[]={an}&pans[]={AN}&dn[]=1");
    let form = [coin("1", "short"), coin("2", &held), coin("2", &held), coin("x", &held)].concat();
    let answer = post_json(town.addresses[0], "multi_detect", &form).await;
    assert_eq!(each(&answer, "status"), ["dud", "pass", "dud", "dud"]);
    let sns: Vec<&Value> = answer.as_array().unwrap().iter().map(|reply| &reply["sn"]).collect();
    assert_eq!(sns, [&Value::from(1), &Value::from(2), &Value::from(2), &Value::Null]);
    assert_eq!(town.holders(coins(1)[0].sn, &ans(1)).await, 1, "coin 1 is as it was");
}

#[tokio::test]
async fn a_request_that_is_a_dud_as_a_whole_changes_no_coin() {
    let town = Town::of(1, &coins(2)).await;
    let held = ans(1).get(0).to_hex().to_string();
    let form = format!("sns[]=1&sns[]=2&ans[]={held}&ans[]={held}&pans[]={AN}&dn[]=1&dn[]=1");
    let answer = post_json(town.addresses[0], "multi_detect", &form).await;
    assert_eq!(each(&answer, "status"), ["dud"]);
    for coin in coins(2) {
        assert_eq!(town.holders(coin.sn, &coin.ans).await, 1);
    }
}

#[tokio::test]
async fn what_is_no_service_or_no_method_is_said_with_http_200() {
    let town = Town::of(1, &[]).await;
    let agent = town.addresses[0];
    assert_eq!(get_json(agent, "nothing?rn=1").await["status"], "error");
    for method in ["PUT", "DELETE", "OPTIONS"] {
        let request = format!(
            "{method} /service/echo HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        let answer = raw(agent, request.as_bytes()).await;
        let reply: Value = serde_json::from_str(body(&answer)).unwrap();
        assert_eq!(reply["status"], "dud", "{method}");
    }
}

#[tokio::test]
async fn a_body_beyond_the_bound_is_refused_whether_it_is_announced_or_not() {
    let town = Town::of(1, &[]).await;
    let long = "a".repeat(REQUEST_BYTES_MAX + 1);
    let announced = post_text("multi_detect", &long);
    let chunked = format!(
        "POST /service/multi_detect HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n\
         {:x}\r\n{long}\r\n0\r\n\r\n",
        long.len()
    );
    for request in [announced, chunked] {
        let answer = raw(town.addresses[0], request.as_bytes()).await;
        assert!(answer.contains("connection: close"), "{answer}");
        let reply: Value = serde_json::from_str(body(&answer)).unwrap();
        assert_eq!(each(&reply, "status"), ["dud"]);
    }
}

#[tokio::test]
async fn ten_thousand_coins_fit_into_one_request() {
    let town = Town::of(1, &coins(1)).await;
    let coin = |i: usize| {
        format!(
            "sns%5B{i}%5D={sn}&nns%5B{i}%5D=1&ans%5B{i}%5D={AN}&pans%5B{i}%5D={AN}&denomination%5B{i}%5D=250&",
            sn = 16_777_216 - i
        )
    };
    let form: String = (0..REQUEST_COINS_MAX).map(coin).collect();
    let answer = post_json(town.addresses[0], "multi_detect", &form).await;
    assert_eq!(each(&answer, "status").len(), REQUEST_COINS_MAX);
}
