//! A fault as people write it: `agent=0-6,9 kind=slow ms=200`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use coin::AGENTS;

use crate::limits::{FAULT_DELAY_MS_MAX, FORGET_CHANGES_MAX};

/// What some agents shall do wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentFault {
    agents: Vec<usize>,
    kind: Kind,
}

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    None,
    Down,
    Slow(Duration),
    DropRequest,
    DropAnswer,
    Forget(usize),
    LiePass,
    LieFail,
}

/// Why a text is no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFault {
    /// A word without an equals sign.
    #[error("{word:?} is not of the form name=value")]
    NoPair {
        /// The word.
        word: String,
    },
    /// A name that has no meaning here, or for this kind.
    #[error("{name:?} has no meaning here; there are agent, kind, ms for slow, last for forget")]
    Unknown {
        /// The name.
        name: String,
    },
    /// A name given twice.
    #[error("{name} is given twice")]
    Twice {
        /// The name.
        name: String,
    },
    /// A name that is needed.
    #[error("{name}= is missing")]
    Missing {
        /// The name.
        name: &'static str,
    },
    /// No list of agents.
    #[error("{text:?} is no list of agents 0 to {}, such as 0-6,9", AGENTS - 1)]
    Agents {
        /// The list.
        text: String,
    },
    /// No kind of fault.
    #[error(
        "{text:?} is no kind of fault; there are down, slow, drop-request, drop-answer, forget, \
         lie-pass, lie-fail, and none"
    )]
    Kind {
        /// The kind.
        text: String,
    },
    /// A number that is none, or too large.
    #[error("{name}={text} is not a number of 1 to {most}")]
    Number {
        /// The name.
        name: &'static str,
        /// The number.
        text: String,
        /// The largest one.
        most: u32,
    },
}

impl AgentFault {
    pub(super) fn agents(&self) -> impl Iterator<Item = usize> {
        self.agents.iter().copied()
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }
}

/// Words stand apart by blanks, or by `&` as in a form.
impl FromStr for AgentFault {
    type Err = BadFault;

    fn from_str(text: &str) -> Result<AgentFault, BadFault> {
        let mut pairs = Pairs::read(text)?;
        let agents = agents(pairs.take("agent")?)?;
        let kind = pairs.take("kind")?;
        let kind = match kind {
            "none" => Kind::None,
            "down" => Kind::Down,
            "slow" => {
                let ms = pairs.number("ms", FAULT_DELAY_MS_MAX)?;
                Kind::Slow(Duration::from_millis(u64::from(ms)))
            }
            "drop-request" => Kind::DropRequest,
            "drop-answer" => Kind::DropAnswer,
            "forget" => Kind::Forget(pairs.number("last", FORGET_CHANGES_MAX)? as usize),
            "lie-pass" => Kind::LiePass,
            "lie-fail" => Kind::LieFail,
            other => return Err(BadFault::Kind { text: other.to_owned() }),
        };
        pairs.end()?;
        Ok(AgentFault { agents, kind })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::None => f.write_str("kind=none"),
            Kind::Down => f.write_str("kind=down"),
            Kind::Slow(delay) => write!(f, "kind=slow ms={}", delay.as_millis()),
            Kind::DropRequest => f.write_str("kind=drop-request"),
            Kind::DropAnswer => f.write_str("kind=drop-answer"),
            Kind::Forget(last) => write!(f, "kind=forget last={last}"),
            Kind::LiePass => f.write_str("kind=lie-pass"),
            Kind::LieFail => f.write_str("kind=lie-fail"),
        }
    }
}

/// The pairs of a text that have not been read.
struct Pairs<'t>(Vec<(&'t str, &'t str)>);

impl<'t> Pairs<'t> {
    fn read(text: &'t str) -> Result<Pairs<'t>, BadFault> {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        let words = text.split(|c: char| c.is_whitespace() || c == '&');
        for word in words.filter(|word| !word.is_empty()) {
            let pair = word.split_once('=');
            let (name, value) = pair.ok_or_else(|| BadFault::NoPair { word: word.to_owned() })?;
            if pairs.iter().any(|(known, _)| *known == name) {
                return Err(BadFault::Twice { name: name.to_owned() });
            }
            pairs.push((name, value));
        }
        Ok(Pairs(pairs))
    }

    fn take(&mut self, name: &'static str) -> Result<&'t str, BadFault> {
        let place = self.0.iter().position(|(known, _)| *known == name);
        let place = place.ok_or(BadFault::Missing { name })?;
        Ok(self.0.swap_remove(place).1)
    }

    fn number(&mut self, name: &'static str, most: u32) -> Result<u32, BadFault> {
        let text = self.take(name)?;
        let number = text.parse().ok().filter(|number| (1..=most).contains(number));
        number.ok_or_else(|| BadFault::Number { name, text: text.to_owned(), most })
    }

    fn end(self) -> Result<(), BadFault> {
        match self.0.first() {
            Some((name, _)) => Err(BadFault::Unknown { name: (*name).to_owned() }),
            None => Ok(()),
        }
    }
}

fn agents(text: &str) -> Result<Vec<usize>, BadFault> {
    let bad = || BadFault::Agents { text: text.to_owned() };
    let number = |digits: &str| -> Result<usize, BadFault> {
        digits.parse().ok().filter(|agent| *agent < AGENTS).ok_or_else(bad)
    };
    let mut agents = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (number(first)?, number(last)?);
        if first > last {
            return Err(bad());
        }
        agents.extend(first..=last);
    }
    agents.sort_unstable();
    agents.dedup();
    Ok(agents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(Vec<usize>, Kind), BadFault> {
        text.parse().map(|AgentFault { agents, kind }| (agents, kind))
    }

    #[test]
    fn faults_are_read_in_any_order_and_as_a_form() {
        let slow = Kind::Slow(Duration::from_millis(200));
        let expected = Ok((vec![0, 1, 2, 9], slow));
        for text in [
            "agent=0-2,9 kind=slow ms=200",
            " ms=200\tkind=slow  agent=9,2,0-1,1-2 \n",
            "agent=0-2,9&kind=slow&ms=200",
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
        assert_eq!(parse("agent=24 kind=forget last=3"), Ok((vec![24], Kind::Forget(3))));
    }

    #[test]
    fn every_kind_is_read_as_it_is_shown() {
        for words in [
            "kind=none",
            "kind=down",
            "kind=slow ms=1",
            "kind=drop-request",
            "kind=drop-answer",
            "kind=forget last=1",
            "kind=lie-pass",
            "kind=lie-fail",
        ] {
            assert_eq!(parse(&format!("agent=3 {words}")).unwrap().1.to_string(), words);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, error) in [
            ("", "agent= is missing"),
            ("agent=1", "kind= is missing"),
            ("agent=1 down", r#""down" is not of the form name=value"#),
            ("agent=25 kind=down", r#""25" is no list of agents 0 to 24, such as 0-6,9"#),
            ("agent=6-0 kind=down", r#""6-0" is no list of agents 0 to 24, such as 0-6,9"#),
            ("agent= kind=down", r#""" is no list of agents 0 to 24, such as 0-6,9"#),
            ("agent=1, kind=down", r#""1," is no list of agents 0 to 24, such as 0-6,9"#),
            ("agent=1 agent=2 kind=down", "agent is given twice"),
            ("agent=1 kind=slow", "ms= is missing"),
            ("agent=1 kind=slow ms=0", "ms=0 is not a number of 1 to 600000"),
            ("agent=1 kind=forget last=x", "last=x is not a number of 1 to 100000"),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), error);
        }
        assert!(parse("agent=1 kind=sleepy").unwrap_err().to_string().contains("there are down"));
        assert!(matches!(parse("agent=1 kind=down ms=2"), Err(BadFault::Unknown { .. })));
    }
}
