//! Agents to which there is no connection, as the person is told of them: which, why, whose fault it
//! is and what to do; each of it once.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use raida::{AddressBook, Trouble};

use crate::screen::Screen;

/// Kinds of trouble that one error names.
const KINDS_SHOWN: usize = 3;

/// What the person was told. Cheap to clone; the clones remember together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Troubles(Arc<Mutex<BTreeSet<String>>>);

impl Troubles {
    /// Warns of the agents that were reached and may be others than they should, unless that was
    /// told before.
    pub(crate) fn warn(&self, screen: &Screen, book: &AddressBook, found: &[(usize, Trouble)]) {
        let about_trust = found.iter().filter(|(_, trouble)| trouble.is_about_trust());
        for (trouble, agents) in kinds(about_trust) {
            let sentence = sentence(book, trouble, &agents);
            let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if told.insert(sentence.clone()) {
                screen.warn(&sentence);
            }
        }
    }
}

/// Returns why agents are not heard, those first whose reason is the most frequent; empty where no
/// connection failed.
pub(crate) fn reasons(book: &AddressBook, found: &[(usize, Trouble)]) -> String {
    let mut kinds = kinds(found.iter());
    kinds.sort_by_key(|(_, agents)| Reverse(agents.len()));
    let others: usize = kinds.iter().skip(KINDS_SHOWN).map(|(_, agents)| agents.len()).sum();
    let shown = kinds.iter().take(KINDS_SHOWN);
    let mut text: String =
        shown.map(|(trouble, agents)| format!("; {}", sentence(book, trouble, agents))).collect();
    if others > 0 {
        text += &format!("; and {others} agents for other reasons");
    }
    text
}

/// Returns each kind of trouble with the agents that have it.
fn kinds<'a>(found: impl Iterator<Item = &'a (usize, Trouble)>) -> Vec<(&'a Trouble, Vec<usize>)> {
    let mut kinds: Vec<(&Trouble, Vec<usize>)> = Vec::new();
    for (agent, trouble) in found {
        match kinds.iter_mut().find(|(kind, _)| *kind == trouble) {
            Some((_, agents)) => agents.push(*agent),
            None => kinds.push((trouble, vec![*agent])),
        }
    }
    kinds
}

fn sentence(book: &AddressBook, trouble: &Trouble, agents: &[usize]) -> String {
    format!("{}: {trouble}; {}", names(book, agents), next_step(trouble))
}

/// Returns `agent 7 (https://…)`, or `agents 0 to 4, 7`.
fn names(book: &AddressBook, agents: &[usize]) -> String {
    if let [agent] = agents {
        return format!("agent {agent} ({})", book.agent(*agent));
    }
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for agent in agents {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *agent => *last = *agent,
            _ => runs.push((*agent, *agent)),
        }
    }
    let runs = runs.iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first} to {last}"),
    });
    format!("agents {}", runs.collect::<Vec<_>>().join(", "))
}

/// Says who can mend it, and how.
fn next_step(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::Unresolved => "correct the address in config.toml, or look at your network",
        Trouble::NotLoopback => "write https:// before it in config.toml",
        Trouble::Network(_) | Trouble::Deadline { .. } => {
            "it is down, or the network is: try again later"
        }
        Trouble::Expired { .. } => "only its operator can renew it",
        Trouble::NotYetValid => "look at the clock of this machine, then ask its operator",
        Trouble::OtherName { .. } => {
            "correct the address in config.toml, or pin the certificate behind it (sha256:…)"
        }
        Trouble::UnknownIssuer => {
            "ask its operator for the fingerprint and write it behind the address in config.toml: \
             https://… sha256:…"
        }
        Trouble::OtherFingerprint { .. } => {
            "ask its operator on another way whether that is the new one, before you write it into \
             config.toml: it may be somebody else who wants your coins"
        }
        Trouble::NoRoots { .. } => {
            "install the system's CA certificates, or write the fingerprint of the agent's certificate \
             behind its address in config.toml: https://… sha256:…"
        }
        Trouble::NoTls => {
            "correct the port in config.toml; if it is right, its operator must start raida with --tls-cert"
        }
        Trouble::NeedsTls => "write https:// before its address in config.toml",
        Trouble::HungUp => "try again later, then ask its operator",
        Trouble::NothingInCommon => "its operator must allow TLS 1.2 or 1.3",
        Trouble::Tls(_) => {
            "ask its operator, who may give you the certificate's fingerprint to pin"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::reasons;
    use raida::{AddressBook, Trouble};
    use std::io::ErrorKind;

    #[test]
    fn equal_troubles_are_told_together_and_a_single_agent_with_its_address() {
        let book = AddressBook::parse("https://raida{i}.example").unwrap();
        let refused = || Trouble::Network(ErrorKind::ConnectionRefused);
        let mut found = vec![(9, Trouble::Expired { days: Some(3) })];
        found.extend([0, 1, 2, 5, 6].map(|agent| (agent, refused())));
        let most = "; agents 0 to 2, 5, 6: no connection: connection refused; \
                    it is down, or the network is: try again later; \
                    agent 9 (https://raida9.example:443): its certificate expired 3 days ago; \
                    only its operator can renew it";
        assert_eq!(reasons(&book, &found), most);
        found.extend([(10, Trouble::HungUp), (11, Trouble::NoTls), (12, Trouble::NeedsTls)]);
        assert!(reasons(&book, &found).ends_with("; and 2 agents for other reasons"));
        assert_eq!(reasons(&book, &[]), "");
    }
}
