//! How many agents there are, and how many make an owner.

use serde::{Deserialize, Deserializer, Serialize, de};

/// How many agents decide. Made by [`Rule::new`] or [`Rule::CLOUDCOIN`] only,
/// so that a quorum is always a majority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Rule {
    /// Agents of the network, 1 to 255.
    pub agents: u8,
    /// Agents that must hold the PAN for a coin to be owned: a majority, so
    /// that a coin never has two owners.
    pub own: u8,
    /// Agents that must hold the PAN for a coin to be final.
    pub last: u8,
}

/// Why three numbers are no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Two owners could each have that many agents.
    #[error("{own} of {agents} agents is no majority")]
    NoMajority {
        /// Agents of the network.
        agents: u8,
        /// Agents that would have made an owner.
        own: u8,
    },
    /// The final number is below the owning number or above all agents.
    #[error("a coin owned at {own} of {agents} agents cannot be final at {last}")]
    FinalOutOfRange {
        /// Agents of the network.
        agents: u8,
        /// Agents that make an owner.
        own: u8,
        /// Agents that would have made a coin final.
        last: u8,
    },
}

impl Rule {
    /// 25 agents; owned at 13; final at 17, so that four bad agents are
    /// survived.
    pub const CLOUDCOIN: Rule = Rule { agents: 25, own: 13, last: 17 };

    /// Makes a rule for another number of agents.
    ///
    /// # Errors
    /// [`RuleError`] unless agents/2 < `own` ≤ `last` ≤ `agents`.
    pub const fn new(agents: u8, own: u8, last: u8) -> Result<Rule, RuleError> {
        if own <= agents / 2 || own > agents {
            return Err(RuleError::NoMajority { agents, own });
        }
        if last < own || last > agents {
            return Err(RuleError::FinalOutOfRange { agents, own, last });
        }
        Ok(Rule { agents, own, last })
    }
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Rule, D::Error> {
        #[derive(Deserialize)]
        struct Numbers {
            agents: u8,
            own: u8,
            last: u8,
        }
        let Numbers { agents, own, last } = Numbers::deserialize(deserializer)?;
        Rule::new(agents, own, last).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::{Rule, RuleError};

    #[test]
    fn what_is_read_is_a_rule_too() {
        let text = serde_json::to_string(&Rule::CLOUDCOIN).unwrap();
        assert_eq!(serde_json::from_str::<Rule>(&text).unwrap(), Rule::CLOUDCOIN);
        let no_majority = text.replace("13", "12");
        assert!(serde_json::from_str::<Rule>(&no_majority).is_err());
    }

    #[test]
    fn a_quorum_is_always_a_majority() {
        assert_eq!(Rule::new(25, 13, 17), Ok(Rule::CLOUDCOIN));
        assert!(Rule::new(1, 1, 1).is_ok());
        assert!(Rule::new(4, 3, 3).is_ok());
        for (agents, own) in [(0, 0), (1, 0), (3, 1), (4, 2), (25, 12), (3, 4)] {
            assert_eq!(Rule::new(agents, own, own), Err(RuleError::NoMajority { agents, own }));
        }
    }

    #[test]
    fn final_is_at_least_owned_and_at_most_all() {
        assert!(Rule::new(5, 3, 5).is_ok());
        for last in [2, 6] {
            let refused = Err(RuleError::FinalOutOfRange { agents: 5, own: 3, last });
            assert_eq!(Rule::new(5, 3, last), refused);
        }
    }
}
