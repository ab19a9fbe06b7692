//! Pown of many coins at 25 agents in one process, each commit on disk before its answer; and in turn
//! with it the same commits in bare stores.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use coin::{AGENTS, Coin, SerialNumber, stack};
use raida::limits::BATCH_COINS;
use raida::{AddressBook, Authority, Claim, Timing};
use tests::world::{Agents, World, files_below};

use crate::bare::BareStores;
use crate::pown_client::{Took, is_whole};
use crate::proc::{cpu_seconds, peak_kib};
use crate::secrets::secrets;
use crate::table::{row, thousands};

/// A tenth of the coins shows what memory has to do with their number.
const FEWER: usize = 10;

pub(crate) fn measure(world: &World, coins: usize, rounds: usize) -> Result<()> {
    let mut fewer = Town::found(world, (coins / FEWER).max(1))?;
    fewer.rows_of_memory(rounds)?;
    drop(fewer);
    let mut town = Town::found(world, coins)?;
    let bare = BareStores::found(&town.dir.join("bare"), town.coins.clone())?;
    let operations = (coins * AGENTS) as f64;
    let (mut rate, mut ratio, mut cpu_ratio) = (Vec::new(), Vec::new(), Vec::new());
    let [mut done, mut done_bare, mut cpu, mut cpu_client, mut cpu_bare] =
        [const { Vec::new() }; 5];
    for round in 0..rounds {
        let alone = bare.round(round as u64, BATCH_COINS)?;
        let before = cpu_seconds(town.agents.process.id())?;
        let took = town.pown()?;
        rate.push(coins as f64 / took.wall);
        done.push(operations / took.wall);
        done_bare.push(operations / alone.wall);
        ratio.push(alone.wall / took.wall);
        let agents = cpu_seconds(town.agents.process.id())? - before;
        cpu_ratio.push(alone.cpu / (agents + took.cpu));
        cpu.push(agents * 1e6 / operations);
        cpu_client.push(took.cpu * 1e6 / operations);
        cpu_bare.push(alone.cpu * 1e6 / operations);
    }
    let what = format!("pown of {} coins at 25 agents", thousands(coins as u64));
    row(&format!("{what}, coins a second"), "/s", &mut rate);
    row("… operations of agents a second", "/s", &mut done);
    row("… the bare stores, operations a second", "/s", &mut done_bare);
    row("… rate of the agents to that of the bare stores, round by round", "", &mut ratio);
    row("… the same by CPU time, the client's included", "", &mut cpu_ratio);
    row("… CPU time of one operation, agents", "µs", &mut cpu);
    row("… CPU time of one operation, client", "µs", &mut cpu_client);
    row("… CPU time of one operation, bare stores", "µs", &mut cpu_bare);
    town.rows_of_memory(1)
}

/// 25 agents and their coins.
struct Town {
    world: World,
    dir: PathBuf,
    agents: Agents,
    coins: Vec<SerialNumber>,
    numbers: PathBuf,
    rounds: u64,
}

impl Town {
    fn found(world: &World, coins: usize) -> Result<Town> {
        let dir = world.dir.join(format!("pown-{coins}"));
        fs::create_dir(&dir)?;
        let world = World::new(&world.all, &dir);
        let minted = dir.join("minted");
        world.mint(&format!("{coins}x1"), &minted)?;
        let agents = world.start_agents()?;
        let coins = settle(&minted, &agents)?;
        let numbers = dir.join("numbers");
        let bytes: Vec<u8> = coins.iter().flat_map(|sn| sn.get().to_be_bytes()).collect();
        fs::write(&numbers, bytes)?;
        Ok(Town { world, dir, agents, coins, numbers, rounds: 0 })
    }

    /// Gives all coins the secrets of the next round.
    fn pown(&mut self) -> Result<Took> {
        let mut client = Command::new(&self.world.all);
        client.arg("pown-client").arg(&self.agents.file).arg(&self.numbers);
        let output = client.arg(self.rounds.to_string()).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "the client of the pown failed: {said}");
        self.rounds += 1;
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    fn rows_of_memory(&mut self, rounds: usize) -> Result<()> {
        let mut client = Vec::new();
        for _ in 0..rounds {
            client.push(self.pown()?.peak_kib as f64 / 1024.0);
        }
        let mut agents = [peak_kib(self.agents.process.id())? as f64 / 1024.0];
        let coins = thousands(self.coins.len() as u64);
        row(&format!("peak memory of a client that powned {coins} coins"), "MiB", &mut client);
        row("… and of the 25 agents", "MiB", &mut agents);
        Ok(())
    }
}

/// Gives minted coins the secrets of round 0, a file at a time, and returns their numbers.
fn settle(minted: &Path, agents: &Agents) -> Result<Vec<SerialNumber>> {
    let book = AddressBook::parse(&fs::read_to_string(&agents.file)?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let authority = Authority::new(&book, Timing::default());
    let mut numbers = Vec::new();
    for file in files_below(minted)? {
        let coins = stack::read(&fs::read(&file)?)?.into_iter().map(|stored| stored.coin);
        let claim = |Coin { sn, ans }| Claim { sn, ans, pans: secrets(sn, 0) };
        let claims: Vec<Claim> = coins.map(claim).collect();
        let round = runtime.block_on(authority.pown(&claims, &|_| {}));
        ensure!(round.coins.iter().all(is_whole), "a minted coin was not powned");
        numbers.extend(claims.iter().map(|claim| claim.sn));
    }
    Ok(numbers)
}
