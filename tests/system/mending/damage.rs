//! What tests do to coins at the agents, behind their owner's back.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::Range;

use raida::api::{AboutCoin, Route};
use tests::http::Talk;
use tests::world::Agents;

use crate::coins::{Coins, random_an};

/// Does damage at agents.
pub(crate) struct Damage(Vec<String>);

impl Damage {
    pub(crate) fn to(agents: &Agents) -> Damage {
        Damage(agents.addresses().unwrap())
    }

    /// Lets agents forget the last so many changes of coins, once.
    pub(super) fn forget(&self, agents: Range<usize>, changes: usize) {
        let list: Vec<String> = agents.clone().map(|agent| agent.to_string()).collect();
        let list = list.join(",");
        self.set(&format!("agent={list} kind=forget last={changes}"));
        for agent in agents {
            // They forget as they are asked the next time.
            self.talk(agent).post(&Route::Version.path(), b"").unwrap();
        }
        self.set(&format!("agent={list} kind=none"));
    }

    /// Sets secrets that nobody knows of these coins at some agents.
    pub(crate) fn pown_away(&self, coins: &Coins, agents: impl IntoIterator<Item = usize>) {
        for agent in agents {
            let stray: Vec<_> = coins.iter().map(|_| random_an()).collect();
            let about = coins.values().zip(&stray).map(|(stored, stray)| AboutCoin {
                sn: stored.coin.sn,
                an: stored.coin.ans.get(agent),
                pan: stray,
            });
            let said = self.talk(agent).ask(Route::MultiDetect, about).unwrap();
            assert!(said.iter().all(|word| word == "pass"), "agent {agent}: {said:?}");
        }
    }

    fn set(&self, fault: &str) {
        let head = "POST /service/faults HTTP/1.1\r\nhost: agent\r\nconnection: close\r\n";
        let request = format!("{head}content-length: {}\r\n\r\n{fault}", fault.len());
        let mut stream = TcpStream::connect(&self.0[0]).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    }

    fn talk(&self, agent: usize) -> Talk {
        Talk::with(&self.0[agent]).unwrap()
    }
}
