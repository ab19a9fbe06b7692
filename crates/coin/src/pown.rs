//! What each agent last said of a coin: one letter for each of the 25.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::AGENTS;

/// What one agent last said of a coin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Letter {
    /// `p`: it holds the owner's secret.
    Pass,
    /// `f`: it holds another secret.
    Fail,
    /// `e`: it answered, but neither for nor against the coin.
    Error,
    /// `n`: it was asked and gave no answer.
    NoReply,
    /// `u`: it was not asked.
    Untried,
}

/// The pown string of a coin: the letters of agent 0 to 24.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PownString([Letter; AGENTS]);

/// Why a text is no pown string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PownStringError {
    /// The text has another length.
    #[error("a pown string of {found} letters instead of {AGENTS}")]
    WrongLength {
        /// Letters that were there.
        found: usize,
    },
    /// A letter has no meaning.
    #[error("letter {position} of the pown string is none of p, f, e, n and u")]
    UnknownLetter {
        /// The place of the letter, from 1.
        position: usize,
    },
}

impl Letter {
    const ALL: [Letter; 5] =
        [Letter::Pass, Letter::Fail, Letter::Error, Letter::NoReply, Letter::Untried];

    /// Returns the lower-case letter that files hold.
    pub const fn as_char(self) -> char {
        match self {
            Letter::Pass => 'p',
            Letter::Fail => 'f',
            Letter::Error => 'e',
            Letter::NoReply => 'n',
            Letter::Untried => 'u',
        }
    }

    /// Reads a letter of either case.
    pub fn from_char(letter: char) -> Option<Letter> {
        Letter::ALL.into_iter().find(|known| known.as_char() == letter.to_ascii_lowercase())
    }
}

impl PownString {
    /// Makes a pown string of one letter for all agents.
    pub const fn all(letter: Letter) -> PownString {
        PownString([letter; AGENTS])
    }

    /// Makes a pown string of what `letter` gives for each agent, 0 to 24.
    pub fn from_fn(letter: impl FnMut(usize) -> Letter) -> PownString {
        PownString(std::array::from_fn(letter))
    }

    /// Returns the letter of `agent`.
    ///
    /// # Panics
    /// When `agent` is above 24.
    pub fn get(&self, agent: usize) -> Letter {
        self.0[agent]
    }

    /// Replaces the letter of `agent`.
    ///
    /// # Panics
    /// When `agent` is above 24.
    pub fn set(&mut self, agent: usize, letter: Letter) {
        self.0[agent] = letter;
    }

    /// Goes through the letters of agent 0 to 24.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Letter> {
        self.0.iter().copied()
    }

    /// Counts the agents that passed the coin, 0 to 25.
    pub fn passes(&self) -> u8 {
        self.count(Letter::Pass)
    }

    /// Counts the agents with this letter, 0 to 25.
    pub fn count(&self, letter: Letter) -> u8 {
        self.iter().filter(|&found| found == letter).map(|_| 1).sum()
    }
}

impl FromStr for PownString {
    type Err = PownStringError;

    /// Reads 25 letters of either case.
    fn from_str(text: &str) -> Result<PownString, PownStringError> {
        let mut pown = PownString::all(Letter::Untried);
        let found = text.chars().count();
        if found != AGENTS {
            return Err(PownStringError::WrongLength { found });
        }
        for (agent, letter) in text.chars().enumerate() {
            let unknown = PownStringError::UnknownLetter { position: agent + 1 };
            pown.set(agent, Letter::from_char(letter).ok_or(unknown)?);
        }
        Ok(pown)
    }
}

impl fmt::Display for PownString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = self.iter().map(Letter::as_char).collect();
        f.pad(&text)
    }
}

impl fmt::Debug for PownString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for PownString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PownString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PownString, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{Letter, PownString, PownStringError};

    #[test]
    fn a_pown_string_reads_and_writes_itself() {
        let text = "ppeppppppfppppppnpppupppp";
        let pown: PownString = text.parse().unwrap();
        assert_eq!(pown.to_string(), text);
        assert_eq!(text.to_uppercase().parse(), Ok(pown));
        assert_eq!((pown.passes(), pown.count(Letter::Fail)), (21, 1));
        assert_eq!((pown.get(2), pown.get(16)), (Letter::Error, Letter::NoReply));
        assert_eq!(serde_json::to_string(&pown).unwrap(), format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<PownString>(&format!("\"{text}\"")).unwrap(), pown);
    }

    #[test]
    fn other_lengths_and_letters_are_refused() {
        let length = |found| Err(PownStringError::WrongLength { found });
        assert_eq!("".parse::<PownString>(), length(0));
        assert_eq!("p".repeat(24).parse::<PownString>(), length(24));
        assert_eq!("p".repeat(26).parse::<PownString>(), length(26));
        let unknown = Err(PownStringError::UnknownLetter { position: 25 });
        assert_eq!(format!("{}x", "p".repeat(24)).parse::<PownString>(), unknown);
        assert_eq!(format!("{}é", "p".repeat(24)).parse::<PownString>(), unknown);
    }

    #[test]
    fn one_letter_for_all_is_counted_for_all() {
        for letter in Letter::ALL {
            assert_eq!(PownString::all(letter).count(letter), 25);
            assert_eq!(Letter::from_char(letter.as_char().to_ascii_uppercase()), Some(letter));
        }
    }
}
