//! Why agents refuse exchanges unless they are started with `--exchange`, and that they do.

use coin::{AGENTS, Coin, Grade, Ownership, SerialNumber};
use serde_json::Value;

use super::http::{get_json, post_json};
use super::process::{Home, text};
use super::town::{Town, ans, claims, exchanging, quiet};

/// The first serial number of 5.
const FIVE: u32 = 2_097_153;
/// Routes that execute an exchange or prepare one.
const ROUTES: [&str; 5] = ["exchange", "reserve", "change", "break", "join"];

fn coin(sn: u32, round: u8) -> Coin {
    Coin { sn: SerialNumber::new(sn).unwrap(), ans: ans(round) }
}

/// A coin of 5 and the coins 11 to 15 of 1.
fn before() -> Vec<Coin> {
    [FIVE, 11, 12, 13, 14, 15].into_iter().map(|sn| coin(sn, 1)).collect()
}

/// A request that an agent which exchanges coins would carry out.
fn form(agent: usize, route: &str) -> String {
    let [an, pan] = [1, 2].map(|round| ans(round).get(agent).to_hex().to_string());
    let each = |one: &str, numbers: std::ops::RangeInclusive<u32>| {
        numbers.map(|sn| one.replace('#', &sn.to_string())).collect::<String>()
    };
    let ones = each(&format!("&csn[]=#&cpan[]={pan}"), 1..=5);
    let named = format!("id={}&sns[]={FIVE}&ans[]={an}&denomination[]=5", "07".repeat(16));
    match route {
        "exchange" => format!("{named}{ones}"),
        "reserve" => format!("{named}{}", each("&csn[]=#", 1..=5)),
        "change" => format!("nn=1&sn={FIVE}&an={an}&denomination=5{}", each("&sns[]=#", 1..=5)),
        "break" => format!("nn=1&sn={FIVE}&an={an}&dn=5&change_server=2{ones}"),
        _ => {
            let given = each(&format!("&sn[]=#&an[]={an}&dn[]=1"), 11..=15);
            format!("nn=1&return=5&change_server=2&csn={}&cpan={pan}{given}", FIVE + 1)
        }
    }
}

async fn seen(town: &Town) -> Value {
    let audit = get_json(town.addresses[3], "audit").await;
    ["coins", "value", "d5", "d1", "pending", "exchanged", "cancelled"]
        .map(|field| audit[field].clone())
        .into_iter()
        .collect()
}

#[tokio::test]
async fn without_exchange_all_that_executes_one_is_refused_with_the_reason_and_changes_nothing() {
    let town = Town::new(&before()).await;
    let untouched = seen(&town).await;
    for route in ROUTES {
        let reply = post_json(town.addresses[3], route, &form(3, route)).await;
        let word = if route == "join" { "dud" } else { "error" };
        assert_eq!(reply["status"], word, "{route}: {reply}");
        let reason = reply["message"].as_str().unwrap();
        assert!(reason.contains("the same exchange") && reason.contains("--exchange"), "{reason}");
        assert_eq!(seen(&town).await, untouched, "{route}");
    }
    for coin in before() {
        assert_eq!(town.holders(coin.sn, &coin.ans).await, AGENTS);
    }
    // These execute nothing.
    let cancel = format!("id={}", "07".repeat(16));
    assert_eq!(post_json(town.addresses[3], "cancel", &cancel).await["status"], "cancelled");
    let offer = get_json(town.addresses[3], "show_change?seed=5c11919f&count=5").await;
    assert_eq!(offer["status"], "pass");
    // The very same requests are right where they are taken.
    for route in ROUTES {
        let town = Town::with(AGENTS, &before(), exchanging).await;
        let reply = post_json(town.addresses[3], route, &form(3, route)).await;
        let done = ["exchange", "pass", "success"].contains(&reply["status"].as_str().unwrap());
        assert!(done, "{route}: {reply}");
    }
}

#[tokio::test]
async fn with_exchange_whoever_wants_can_print_and_the_warning_is_true() {
    let given = [coin(FIVE, 1), coin(FIVE + 1, 1)];
    let town = Town::with(AGENTS, &given, exchanging).await;
    // Two coins of 5 for the same five coins of 1, each at some agents.
    for (place, agents) in [0..7, 7..13].into_iter().enumerate() {
        for agent in agents {
            let form = form(agent, "break").replacen(
                &format!("sn={FIVE}"),
                &format!("sn={}", given[place].sn.get()),
                1,
            );
            let reply = post_json(town.addresses[agent], "break", &form).await;
            assert_eq!(reply["status"], "success", "{reply}");
        }
    }
    for address in &town.addresses {
        assert_eq!(get_json(*address, "audit").await["value"], 10, "each agent is honest");
    }
    let made: Vec<Coin> = (1..=5).map(|sn| coin(sn, 2)).collect();
    assert_eq!(town.holders(given[0].sn, &given[0].ans).await, 18);
    assert_eq!(town.holders(given[1].sn, &given[1].ans).await, 19);
    for coin in &made {
        assert_eq!(town.holders(coin.sn, &coin.ans).await, 13);
    }
    // 15 where there were 10: whoever is paid with all of them owns all of them.
    let paid = [given.as_slice(), &made].concat();
    let round = town.authority().pown(&claims(&paid, 3), &quiet).await;
    let grades: Vec<Grade> = round.coins.iter().map(Ownership::grade).collect();
    let [whole, parts] = [Grade::Final, Grade::Settling];
    assert_eq!(grades, [whole, whole, parts, parts, parts, parts, parts]);
    let value: u32 = paid.iter().map(|coin| coin.denomination().value()).sum();
    assert_eq!(value, 15);
}

#[test]
fn exchange_is_off_by_default_and_warns_when_it_is_on() {
    let home = Home::with_coins("1x1");
    for (arguments, warned) in [(&[][..], false), (&["--exchange"], true)] {
        let raida = home.start(arguments);
        let reply = raida.post(0, "exchange", "");
        let is_refused = reply["message"].as_str().unwrap().contains("--exchange");
        assert_eq!(is_refused, !warned, "{reply}");
        let (_, log) = raida.stop("TERM");
        assert_eq!(log.contains("more value into circulation"), warned, "{log}");
    }
    let help = super::process::command(&["--help"]).output().unwrap();
    assert!(text(&help.stdout).contains("--exchange"));
}
