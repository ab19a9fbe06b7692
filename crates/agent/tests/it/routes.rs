//! Each route, as clients of v1 call it.

use coin::{AnSet, Coin, Origin, SerialNumber};

use super::http::{each, get, get_json, post_json};
use super::town::{NETWORK, Town, ans, coins};

/// The secret of one agent in one round, as hexadecimal digits.
fn hex(secrets: &AnSet, agent: usize) -> String {
    secrets.get(agent).to_hex().to_string()
}

#[tokio::test]
async fn echo_says_ready_and_how_long_it_took() {
    let town = Town::of(1, &[]).await;
    let reply = get_json(town.addresses[0], "echo").await;
    assert_eq!(
        (reply["server"].as_str(), reply["status"].as_str()),
        (Some("RAIDA0"), Some("ready"))
    );
    let took = reply["message"].as_str().unwrap().split_once('=').unwrap().1;
    assert!(took.parse::<f64>().unwrap() >= 0.0);
    let time = reply["time"].as_str().unwrap().as_bytes();
    assert_eq!((time.len(), time[4], time[10], time[13]), (19, b'-', b' ', b':'));
}

#[tokio::test]
async fn version_names_the_network() {
    let town = Town::of(3, &[]).await;
    let reply = get_json(town.addresses[2], "version").await;
    assert_eq!(
        (reply["network"].as_str(), reply["server"].as_str()),
        (Some(NETWORK), Some("RAIDA2"))
    );
}

#[tokio::test]
async fn detect_takes_the_pan_and_says_so_again() {
    let town = Town::of(1, &coins(1)).await;
    let agent = town.addresses[0];
    let (old, new, other) = (hex(&ans(1), 0), hex(&ans(2), 0), hex(&ans(3), 0));
    let detect = async |an: &str, pan: &str| {
        let query = format!("detect?nn=1&sn=1&an={an}&pan={pan}&denomination=1");
        get_json(agent, &query).await["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(detect(&old, &old).await, "pass");
    assert_eq!(detect(&other, &new).await, "fail");
    assert_eq!(detect(&old, &new).await, "pass");
    assert_eq!(detect(&old, &new).await, "pass", "the PAN is current already");
    assert_eq!(detect(&old, &old).await, "fail");
    assert_eq!(detect(&old, &other).await, "fail");
    assert_eq!(detect(&new, &new).await, "pass");
}

#[tokio::test]
async fn brief_detect_is_a_bare_word() {
    let town = Town::of(1, &coins(1)).await;
    let (old, other) = (hex(&ans(1), 0), hex(&ans(3), 0));
    for (an, word) in [(&old, "pass"), (&other, "fail")] {
        let query = format!("detect?nn=1&sn=1&an={an}&pan={an}&denomination=1&b=t");
        assert_eq!(get(town.addresses[0], &query).await, word);
    }
}

#[tokio::test]
async fn multi_detect_answers_in_the_order_asked_in_all_three_encodings() {
    let town = Town::of(1, &coins(3)).await;
    let (old, new, other) = (hex(&ans(1), 0), hex(&ans(2), 0), hex(&ans(3), 0));
    let asked = [("3", &old), ("1", &other), ("2", &old), ("9", &old)];
    let forms = ["[]", "%5B%5D"].map(|brackets| {
        let coin = |(sn, an): &(&str, &String)| {
            let b = brackets;
            format!("&sns{b}={sn}&ans{b}={an}&pans{b}={new}&denomination{b}=1")
        };
        format!("nn=1{}", asked.iter().map(coin).collect::<String>())
    });
    let indexed = asked.iter().enumerate().map(|(i, (sn, an))| {
        format!("&nns%5B{i}%5D=1&sns%5B{i}%5D={sn}&ans%5B{i}%5D={an}&pans%5B{i}%5D={new}&dn[{i}]=1")
    });
    let indexed: String = indexed.collect();
    for form in [forms[0].as_str(), &forms[1], &indexed[1..]] {
        let answer = post_json(town.addresses[0], "multi_detect", form).await;
        assert_eq!(each(&answer, "status"), ["pass", "fail", "pass", "fail"], "{form}");
        let sns: Vec<_> = answer.as_array().unwrap().iter().map(|r| r["sn"].as_u64()).collect();
        assert_eq!(sns, [Some(3), Some(1), Some(2), Some(9)]);
    }
    let queried = get_json(town.addresses[0], &format!("multi_detect?{}", forms[0])).await;
    assert_eq!(each(&queried, "status"), ["pass", "fail", "pass", "fail"]);
}

#[tokio::test]
async fn brief_multi_detect_has_one_ticket_for_all_that_passed() {
    let town = Town::of(1, &coins(3)).await;
    let (old, new, other) = (hex(&ans(1), 0), hex(&ans(2), 0), hex(&ans(3), 0));
    let coin = |sn: u32, an: &str| format!("&sns[]={sn}&ans[]={an}&pans[]={new}&dn[]=1");
    let agent = town.addresses[0];
    let form = format!("nn=1&b=t{}{}{}", coin(1, &old), coin(2, &other), coin(3, &old));
    let reply = post_json(agent, "multi_detect", &form).await;
    assert_eq!(reply["status"], "mixed");
    assert_eq!(reply["message"], "pass,fail,pass");
    let ticket = reply["ticket"].as_str().unwrap();
    assert_eq!((ticket.len(), &ticket[42..]), (44, "00"));

    let ticket = ticket.parse().unwrap();
    let covered = |sns: &[u32]| -> Vec<(SerialNumber, Origin)> {
        sns.iter().map(|sn| (SerialNumber::new(*sn).unwrap(), Origin::Minted)).collect()
    };
    let holder = &town.agents.agents()[0];
    assert_eq!(holder.ticket_coins(&ticket, None).await.unwrap(), covered(&[1, 3]));
    town.set(0, &Coin { sn: SerialNumber::new(3).unwrap(), ans: ans(2) }, ans(5).get(0).clone())
        .await;
    assert_eq!(holder.ticket_coins(&ticket, None).await.unwrap(), covered(&[1]));

    let all = post_json(agent, "multi_detect", &format!("b=t{}", coin(1, &old))).await;
    assert_eq!((all["status"].as_str(), all["message"].as_str()), (Some("allpass"), Some("pass")));
    let none = post_json(agent, "multi_detect", &format!("b=t{}", coin(2, &other))).await;
    assert_eq!((none["status"].as_str(), none.get("ticket")), (Some("allfail"), None));
}

#[tokio::test]
async fn tickets_are_given_to_those_who_know_the_secret() {
    let town = Town::of(8, &coins(2)).await;
    let agent = town.addresses[7];
    let (known, other) = (hex(&ans(1), 7), hex(&ans(3), 7));
    let one =
        get_json(agent, &format!("get_ticket?nn=1&sn=1&an={known}&pan={known}&denomination=1"))
            .await;
    assert_eq!(one["status"], "ticket");
    assert!(one["message"].as_str().unwrap().ends_with("07"));
    let none = get_json(agent, &format!("get_ticket?nn=1&sn=1&an={other}&pan={known}&dn=1")).await;
    assert_eq!(none["status"], "fail");
    for name in ["multi_get_ticket", "multi_ticket"] {
        let coin =
            |sn: u32, an: &str| format!("&sns[]={sn}&ans[]={an}&pans[]={an}&denomination[]=1");
        let form = format!("nn=1{}{}", coin(2, &known), coin(1, &other));
        let many = post_json(agent, name, &form).await;
        assert_eq!(each(&many, "status"), ["ticket", "fail"]);
        let ticket = each(&many, "message")[0].parse().unwrap();
        let coins = town.agents.agents()[7].ticket_coins(&ticket, None).await.unwrap();
        assert_eq!(coins, [(SerialNumber::new(2).unwrap(), Origin::Minted)]);
    }
}

#[tokio::test]
async fn fix_lost_says_which_secret_is_held_and_changes_nothing() {
    let town = Town::of(1, &coins(3)).await;
    let (held, other, another) = (hex(&ans(1), 0), hex(&ans(2), 0), hex(&ans(3), 0));
    let coin = |sn: u32, an: &str, pan: &str| {
        format!("&sns[]={sn}&ans[]={an}&pans[]={pan}&denomination[]=1")
    };
    let asked = [
        coin(1, &held, &other),
        coin(2, &other, &held),
        coin(3, &other, &another),
        coin(9, &held, &other),
    ];
    let form = format!("nn=1{}", asked.concat());
    for _ in 0..2 {
        let answer = post_json(town.addresses[0], "fix_lost", &form).await;
        assert_eq!(each(&answer, "status"), ["an", "pan", "neither", "neither"]);
    }
    let both = post_json(town.addresses[0], "fix_lost", &coin(1, &held, &held)[1..]).await;
    assert_eq!(each(&both, "status"), ["an"]);
}
