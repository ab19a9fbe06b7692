//! 25 agents where raidajs looks for them, coins in every state, and the way to raidajs itself.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use coin::{AnSet, Coin, SerialNumber};
use raida::api::{AboutCoin, Route};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::http::Talk;
use tests::world::{Agents, Running, World};

use crate::coins::{coins_below, random_an};
use crate::stage::{WITHIN, quiet, said, world};

/// Where the bundle of raidajs lies. `.ci/run` sets it, and from then on nothing is skipped.
const BUNDLE: &str = "LIVECONNECT_RAIDAJS";
const DRIVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/system/raidajs/driver.cjs");
/// How often somebody else may be at one of the 25 addresses before it is no coincidence.
const PORTS: usize = 20;

/// Agents at `127.{i}.0.1:PORT`, and coins.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) agents: Agents,
    /// Minted coins by ascending serial number, as raidajs wants them for fixing.
    pub(crate) coins: Vec<Coin>,
    port: u16,
    bundle: OsString,
    _folder: TempDir,
}

impl Scene {
    /// Mints these coins and starts the agents; `None`, and a word about it, where raidajs is not.
    pub(crate) fn with_coins(coins: &str) -> Option<Scene> {
        Scene::with_agents(coins, &[])
    }

    /// The same with further arguments for the agents.
    pub(crate) fn with_agents(coins: &str, args: &'static [&'static str]) -> Option<Scene> {
        let Some(bundle) = std::env::var_os(BUNDLE) else {
            // Past the test's capture, and in one piece: a test that tests nothing has to be seen.
            let word = format!("SKIPPED: no raidajs here; .ci/run sets {BUNDLE}\n");
            let _ = std::io::stderr().write_all(word.as_bytes());
            return None;
        };
        let (folder, mut world) = world();
        world.agents_args = args;
        let purse = world.dir.join("purse");
        world.mint(coins, &purse).unwrap();
        let coins = coins_below(&purse).unwrap();
        let (agents, port) = start_agents(&world).unwrap();
        Some(Scene { world, agents, coins, port, bundle, _folder: folder })
    }

    /// Lets raidajs do something with coins, and returns its answer.
    #[track_caller]
    pub(crate) fn raidajs(&self, call: &str, coins: &[Coin]) -> Value {
        self.raidajs_with(&json!({ "call": call, "coins": as_json(coins) }))
    }

    /// Lets raidajs do a job.
    #[track_caller]
    pub(crate) fn raidajs_with(&self, job: &Value) -> Value {
        let mut node = Command::new("node");
        node.arg(DRIVER).arg(&self.bundle).arg(self.port.to_string());
        let mut child = quiet(node).stdin(Stdio::piped()).spawn().expect("node is installed");
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(job.to_string().as_bytes()).unwrap();
        drop(stdin);
        let output = Running::of(child, "node").output(WITHIN).unwrap();
        assert!(output.status.success(), "{}: {}", output.status, said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Gives a coin another secret at one agent, so that the agent refuses its owner.
    pub(crate) fn frack(&self, coin: &Coin, agent: usize) {
        let mut talk = Talk::with(&self.agents.addresses().unwrap()[agent]).unwrap();
        let about = AboutCoin { sn: coin.sn, an: coin.ans.get(agent), pan: &random_an() };
        assert_eq!(talk.ask(Route::MultiDetect, [about].into_iter()).unwrap(), ["pass"]);
    }
}

/// Starts the agents at a port that is free at all 25 addresses.
fn start_agents(world: &World) -> Result<(Agents, u16)> {
    let mut last = None;
    for _ in 0..PORTS {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        match world.start_agents_at(&format!("127.{{i}}.0.1:{port}")) {
            Ok(agents) => return Ok((agents, port)),
            Err(taken) => last = Some(taken),
        }
    }
    Err(last.expect("it was tried")).context("no port is free at 127.0.0.1 to 127.24.0.1")
}

fn as_json(coins: &[Coin]) -> Vec<Value> {
    let coin = |coin: &Coin| {
        let ans: Vec<String> = coin.ans.iter().map(|an| an.to_hex().to_string()).collect();
        json!({ "nn": 1, "sn": coin.sn.get(), "an": ans })
    };
    coins.iter().map(coin).collect()
}

/// Returns a coin with secrets that nobody knows.
pub(crate) fn counterfeit(sn: SerialNumber) -> Coin {
    Coin { sn, ans: AnSet::from_fn(|_| random_an()) }
}

/// Returns the coins of an answer as raidajs wants them back.
pub(crate) fn results(answer: &Value) -> Vec<&Value> {
    let coins = answer["result"].as_object().unwrap_or_else(|| panic!("no coins: {answer}"));
    let mut coins: Vec<&Value> = coins.values().collect();
    // It gives the tickets of the coins in this order, and the secrets in that of its list.
    coins.sort_by_key(|coin| coin["sn"].as_u64());
    coins
}

/// Returns, by serial number, what raidajs calls each coin and the letters of the 25 agents.
pub(crate) fn verdicts(answer: &Value) -> BTreeMap<u32, (String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let sn = |coin: &Value| coin["sn"].as_u64().and_then(|sn| sn.try_into().ok()).unwrap();
    let verdict = |coin: &Value| (sn(coin), (text(&coin["result"]), text(&coin["pownstring"])));
    results(answer).into_iter().map(verdict).collect()
}
