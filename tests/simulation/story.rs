//! What happens in a run: who imports and who pays whom, and what fails meanwhile.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use coin::reclaim::Will;
use coin::{AGENTS, Amount, AnSet, AuthenticityNumber, Coin, SerialNumber, stack};
use protocol::conn_file::{ConnFile, FileKey, NetworkPrint};
use protocol::room::RoomNumber;
use raida::NetworkId;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::audit::{Audit, secrets_on};
use crate::calm;
use crate::chance::Chance;
use crate::inn::Inn;
use crate::purse::{Death, Ended, Errand, PLENTY_BYTES, Purse};
use crate::town::{TEMPLATE, Town};
use crate::trace::{Broken, Trace};
use crate::weather::Weather;

/// The first serial number of each denomination, and its value.
const FIRST_NUMBERS: [u32; 5] = [1, 2_097_153, 4_194_305, 6_291_457, 14_680_065];
/// Runs of a program in one transfer, before the person leaves it to the calm.
const RUNS_MAX: usize = 6;
/// Runs of an import until it has begun.
const IMPORTS_MAX: usize = 50;

/// Everything in a run.
struct Stage {
    town: Town,
    inn: Inn,
    purses: Vec<Arc<Purse>>,
    audit: Audit,
    chance: Chance,
    trace: Trace,
}

/// Plays a run.
pub(crate) async fn tell(chance: Chance, trace: Trace) -> Result<(), Broken> {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("config.toml"), format!("agents = {TEMPLATE:?}\n")).unwrap();
    let coins = mint(&chance);
    let town = Town::found(&coins, chance.branch());
    let inn = Inn::found(chance.branch());
    let purses: Vec<Arc<Purse>> = [("anna", 1), ("bert", 2)]
        .map(|(name, host)| {
            let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, host));
            let home = home.path().to_owned();
            Arc::new(Purse::new(name, address, home, &town, &inn, chance.branch(), &trace))
        })
        .into();
    let bad = bad_agents(&town, &chance, &trace);
    let audit = Audit::new(&town, &purses, coins.clone(), bad);
    let stage = Stage { town, inn, purses, audit, chance, trace };
    let over = CancellationToken::new();
    let storm = over.run_until_cancelled(stage.storm());
    let acts = async {
        let acted = stage.acts(coins).await;
        over.cancel();
        acted
    };
    let (_, acted) = tokio::join!(storm, acts);
    acted?;
    calm::mend(&stage.town, &stage.inn, &stage.purses);
    calm::settle(&stage.audit, &stage.purses, &stage.trace).await
}

fn mint(chance: &Chance) -> Vec<Coin> {
    let mut numbers = BTreeSet::new();
    for _ in 0..chance.number(4..=16) {
        let first = FIRST_NUMBERS[chance.below(FIRST_NUMBERS.len())];
        numbers.insert(first + chance.number(0..=999) as u32);
    }
    let an = |_| AuthenticityNumber::from_bytes(chance.bytes());
    numbers
        .into_iter()
        .map(|number| Coin { sn: SerialNumber::new(number).unwrap(), ans: AnSet::from_fn(an) })
        .collect()
}

/// Up to four agents forget or lie; returns which.
fn bad_agents(town: &Town, chance: &Chance, trace: &Trace) -> BTreeSet<usize> {
    let mut bad = BTreeSet::new();
    if chance.percent(40) {
        for _ in 0..chance.number(1..=4) {
            let agent = chance.below(AGENTS);
            let kind = match chance.below(4) {
                0 => "lie-pass".to_owned(),
                1 => "lie-fail".to_owned(),
                _ => format!("forget last={}", chance.number(1..=12)),
            };
            let fault = format!("agent={agent} kind={kind}");
            trace.say("town", &fault);
            town.misbehave(&fault);
            bad.insert(agent);
        }
    }
    bad
}

impl Stage {
    /// Imports, then transfers, one after the other.
    async fn acts(&self, mut coins: Vec<Coin>) -> Result<(), Broken> {
        let of_anna = coins.split_off(self.chance.below(coins.len() / 2 + 1));
        let (anna, bert) = (&self.purses[0], &self.purses[1]);
        let (left, right) = tokio::join!(self.import(anna, of_anna), self.import(bert, coins));
        left.and(right)?;
        for _ in 0..self.chance.number(1..=3) {
            let payer = self.chance.below(2);
            let (payer, payee) = (&self.purses[payer], &self.purses[1 - payer]);
            match self.chance.below(4) {
                0 => self.export(payer, payee).await?,
                _ => self.pay(payer, payee).await?,
            }
            for purse in &self.purses {
                self.look_after(purse).await?;
            }
        }
        Ok(())
    }

    /// Between payments a person may look after the coins.
    async fn look_after(&self, purse: &Purse) -> Result<(), Broken> {
        let errand = match self.chance.below(14) {
            0 => Errand::Find,
            1 => Errand::Fix,
            2 => Errand::Detect,
            3 => Errand::Reclaim(Will::Asked),
            4 => Errand::Resume,
            5 | 6 => Errand::Join,
            7..10 => match self.some_amount(purse)? {
                Some(amount) => Errand::Change(amount),
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        purse.run(errand, Duration::from_secs(5), self.death()).await;
        self.audit.at_any_moment()
    }

    async fn import(&self, purse: &Purse, coins: Vec<Coin>) -> Result<(), Broken> {
        if coins.is_empty() {
            return Ok(());
        }
        for _ in 0..IMPORTS_MAX {
            // Whoever is not sure whether it was begun runs it again: coins are taken over once.
            let errand = Errand::Import(coins.clone());
            let ended = purse.run(errand, Duration::ZERO, self.death()).await;
            self.audit.at_any_moment()?;
            // All are there, or an import of them is open.
            match ended {
                Ended::Exit(0 | 3 | 9 | 21 | 22) if self.has_begun(purse) => return Ok(()),
                Ended::Exit(_) | Ended::Died => self.pause().await,
            }
        }
        Err(Broken(format!("{} cannot begin an import", purse.name)))
    }

    /// Tells whether a home knows of any coin.
    fn has_begun(&self, purse: &Purse) -> bool {
        !secrets_on(&purse.disk()).is_empty()
    }

    /// One payment, each side beginning again whenever it has died.
    async fn pay(&self, payer: &Purse, payee: &Purse) -> Result<(), Broken> {
        let Some(amount) = self.some_amount(payer)? else { return Ok(()) };
        let network: NetworkId = "simulated".parse().unwrap();
        let file = ConnFile {
            relay: "127.0.0.1:7000".to_owned(),
            room: RoomNumber::new(self.chance.number(1..=9)).unwrap(),
            key: FileKey::from_bytes(self.chance.bytes()),
            network: NetworkPrint::from_bytes(network.print()),
            expires_secs: payer.day_secs() + 24 * 60 * 60,
        };
        self.trace.say("story", &format!("{} pays {amount} to {}", payer.name, payee.name));
        let (paid, received) = tokio::join!(
            self.take_part(payer, Errand::Send(file.clone(), amount)),
            self.take_part(payee, Errand::Receive(file)),
        );
        paid.and(received)
    }

    async fn take_part(&self, purse: &Purse, errand: Errand) -> Result<(), Broken> {
        let mut next = errand.clone();
        for _ in 0..RUNS_MAX {
            let wait = self.chance.millis(10_000..=120_000);
            let ended = purse.run(next, wait, self.death()).await;
            self.audit.at_any_moment()?;
            if matches!(ended, Ended::Exit(0 | 7 | 8 | 20 | 22)) {
                return Ok(());
            }
            self.pause().await;
            next = if self.chance.percent(50) { Errand::Resume } else { errand.clone() };
        }
        Ok(())
    }

    /// One payment by a file, which the payee may import and the payer may take back.
    async fn export(&self, payer: &Purse, payee: &Purse) -> Result<(), Broken> {
        let Some(amount) = self.some_amount(payer)? else { return Ok(()) };
        let out = payer.home.join(format!("{}.stack", self.chance.number(0..=u64::MAX)));
        let who = (payer.name, payee.name);
        self.trace.say("story", &format!("{} exports {amount} for {}", who.0, who.1));
        payer.run(Errand::Export(amount, out.clone()), Duration::ZERO, self.death()).await;
        self.audit.at_any_moment()?;
        for _ in 0..self.chance.below(4) {
            self.pause().await;
            let takes_back = self.chance.percent(30);
            match std::fs::read(&out).ok().and_then(|bytes| stack::read(&bytes).ok()) {
                Some(coins) if !takes_back => {
                    let coins = coins.into_iter().map(|stored| stored.coin).collect();
                    payee.run(Errand::Import(coins), Duration::ZERO, self.death()).await;
                }
                Some(_) => {
                    let will = if self.chance.percent(50) { Will::Asked } else { Will::Insisted };
                    payer.run(Errand::Reclaim(will), Duration::ZERO, self.death()).await;
                }
                None => {
                    payer.run(Errand::Resume, Duration::ZERO, self.death()).await;
                }
            }
            self.audit.at_any_moment()?;
        }
        Ok(())
    }

    /// Returns an amount for which a home has enough: what some of its coins are worth, or any; nothing when it
    /// has none.
    fn some_amount(&self, purse: &Purse) -> Result<Option<Amount>, Broken> {
        let counted = self.audit.counted(purse)?;
        let total: u64 = counted.keys().map(|sn| u64::from(sn.denomination().value())).sum();
        if total > 0 && self.chance.percent(50) {
            return Ok(Amount::new(self.chance.number(1..=total)).ok());
        }
        let mut chosen: Vec<Amount> = counted
            .keys()
            .filter(|_| self.chance.percent(60))
            .map(|sn| sn.denomination().amount())
            .collect();
        if chosen.is_empty() {
            chosen.extend(counted.keys().next().map(|sn| sn.denomination().amount()));
        }
        Ok(Amount::try_sum(chosen).filter(|amount| !amount.is_zero()))
    }

    fn death(&self) -> Death {
        match self.chance.below(10) {
            0..3 => Death::AtDiskAct(self.chance.number(1..=120) as usize),
            3 | 4 => Death::AfterTurns(self.chance.number(1..=200)),
            5 => Death::After(self.chance.millis(0..=20_000)),
            _ => Death::Never,
        }
    }

    async fn pause(&self) {
        sleep(self.chance.millis(0..=20_000)).await;
    }

    /// Things go wrong, one after the other, until it is cancelled.
    async fn storm(&self) {
        let calm_ms = self.chance.number(300..=20_000);
        loop {
            sleep(self.chance.millis(0..=calm_ms)).await;
            let purse = &self.purses[self.chance.below(self.purses.len())];
            self.fail_once(purse).await;
        }
    }

    async fn fail_once(&self, purse: &Purse) {
        let agent = self.chance.below(AGENTS);
        let link = &purse.to_agents[agent];
        let wait = self.chance.millis(0..=40_000);
        let what = match self.chance.below(14) {
            0 => {
                self.many(purse, |link| link.hold(wait));
                "is cut off from some agents for a while"
            }
            1 => {
                link.hold(wait);
                "has a slow link to an agent"
            }
            2 => {
                self.many(purse, Weather::cut);
                "loses connections to agents"
            }
            3 | 4 => {
                self.many(purse, |link| link.lose_answers(1));
                "loses answers of agents"
            }
            5 | 6 => {
                self.many(purse, |link| link.repeat(1));
                "is repeated by somebody on the way"
            }
            7 => {
                purse.to_relay.hold(wait);
                "has a slow link to the relay"
            }
            8 => {
                purse.to_relay.cut();
                "loses the relay"
            }
            9 => {
                self.inn.start();
                "(relay starts anew)"
            }
            10 => {
                self.inn.kill();
                sleep(wait / 4).await;
                self.inn.start();
                "(relay was away)"
            }
            11 => {
                let killed: Vec<usize> = (0..AGENTS).filter(|_| self.chance.percent(30)).collect();
                killed.iter().for_each(|agent| self.town.kill(*agent));
                sleep(wait / 2).await;
                killed.iter().for_each(|agent| self.town.start(*agent));
                "(agents were away)"
            }
            12 => {
                let hours = self.chance.number(0..=40) as i64 - 20;
                purse.set_clock(hours * 3600);
                "sets the clock"
            }
            _ => {
                purse.disk().limit_space(self.chance.number(0..=60_000));
                sleep(wait).await;
                purse.disk().limit_space(PLENTY_BYTES);
                "had a full disk"
            }
        };
        self.trace.say("storm", &format!("{} {what}", purse.name));
    }

    fn many(&self, purse: &Purse, act: impl Fn(&Weather)) {
        let share = self.chance.number(5..=90);
        purse.to_agents.iter().filter(|_| self.chance.percent(share)).for_each(act);
    }
}
