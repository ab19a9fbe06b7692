//! The 25 secrets of one coin, one for each agent.

use std::fmt;

use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroize;

use crate::AGENTS;
use crate::authenticity_number::AuthenticityNumber;

/// Exactly 25 authenticity numbers: what the owner of a coin knows, or what a
/// new owner proposes (PANs). They stay where they are in memory when the set
/// moves, so that wiping them on drop leaves no copy behind.
#[derive(Clone)]
pub struct AnSet(Box<[AuthenticityNumber; AGENTS]>);

impl AnSet {
    /// Bytes of a set: 25 times 16.
    pub const BYTES: usize = AGENTS * AuthenticityNumber::BYTES;

    /// Makes a set of what `number` gives for each agent, 0 to 24.
    pub fn from_fn(mut number: impl FnMut(usize) -> AuthenticityNumber) -> AnSet {
        let mut set = AnSet::zeros();
        for (agent, slot) in set.0.iter_mut().enumerate() {
            *slot = number(agent);
        }
        set
    }

    /// Makes a set of what `number` gives for each agent, or stops at the first
    /// error.
    ///
    /// # Errors
    /// Whatever `number` answers.
    pub fn try_from_fn<E>(
        mut number: impl FnMut(usize) -> Result<AuthenticityNumber, E>,
    ) -> Result<AnSet, E> {
        let mut set = AnSet::zeros();
        for (agent, slot) in set.0.iter_mut().enumerate() {
            *slot = number(agent)?;
        }
        Ok(set)
    }

    /// Reads 25 times 16 bytes, the numbers of agent 0 to 24.
    pub fn from_bytes(bytes: &[u8; AnSet::BYTES]) -> AnSet {
        let mut set = AnSet::zeros();
        let (numbers, _) = bytes.as_chunks::<{ AuthenticityNumber::BYTES }>();
        for (slot, number) in set.0.iter_mut().zip(numbers) {
            *slot = AuthenticityNumber::from_bytes(*number);
        }
        set
    }

    /// Appends 25 times 16 bytes. What they are appended to is the caller's to
    /// wipe, and to make large enough beforehand: growing leaves a copy.
    pub fn write_bytes(&self, bytes: &mut Vec<u8>) {
        for number in self.iter() {
            bytes.extend_from_slice(number.expose());
        }
    }

    /// Returns the number of `agent`.
    ///
    /// # Panics
    /// When `agent` is above 24.
    pub fn get(&self, agent: usize) -> &AuthenticityNumber {
        &self.0[agent]
    }

    /// Replaces the number of `agent`; the old one is wiped.
    ///
    /// # Panics
    /// When `agent` is above 24.
    pub fn set(&mut self, agent: usize, number: AuthenticityNumber) {
        self.0[agent] = number;
    }

    /// Goes through the numbers of agent 0 to 24.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &AuthenticityNumber> {
        self.0.iter()
    }

    fn zeros() -> AnSet {
        AnSet(Box::new([const { AuthenticityNumber::from_bytes([0; 16]) }; AGENTS]))
    }
}

impl Zeroize for AnSet {
    fn zeroize(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

impl ConstantTimeEq for AnSet {
    fn ct_eq(&self, other: &AnSet) -> Choice {
        let pairs = self.iter().zip(other.iter());
        pairs.fold(Choice::from(1), |equal, (one, another)| equal & one.ct_eq(another))
    }
}

impl PartialEq for AnSet {
    fn eq(&self, other: &AnSet) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for AnSet {}

impl fmt::Debug for AnSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnSet(25 secrets)")
    }
}

#[cfg(test)]
mod tests {
    use super::AnSet;
    use crate::AGENTS;
    use crate::authenticity_number::AuthenticityNumber;

    fn set_of(first: u8) -> AnSet {
        AnSet::from_fn(|agent| AuthenticityNumber::from_bytes([first + agent as u8; 16]))
    }

    #[test]
    fn bytes_are_the_numbers_in_the_order_of_the_agents() {
        let set = set_of(100);
        let mut bytes = Vec::new();
        set.write_bytes(&mut bytes);
        assert_eq!(bytes[..16], [100; 16]);
        assert_eq!(bytes[384..], [124; 16]);
        assert_eq!(AnSet::from_bytes(bytes.as_slice().try_into().unwrap()), set);
    }

    #[test]
    fn sets_that_differ_at_any_one_agent_are_not_equal() {
        let set = set_of(0);
        for agent in 0..AGENTS {
            let mut other = set.clone();
            other.set(agent, AuthenticityNumber::from_bytes([255; 16]));
            assert_ne!(other, set);
            assert_eq!(other.get(agent).expose(), &[255; 16]);
            assert_eq!(set.get(agent).expose(), &[agent as u8; 16]);
        }
    }

    #[test]
    fn the_first_error_ends_the_making_of_a_set() {
        let mut asked = 0;
        let refused = AnSet::try_from_fn(|agent| {
            asked += 1;
            if agent == 3 { Err("no") } else { Ok(AuthenticityNumber::from_bytes([1; 16])) }
        });
        assert_eq!((refused, asked), (Err("no"), 4));
    }

    #[test]
    fn debug_shows_nothing_of_the_secrets() {
        assert_eq!(format!("{:?}", set_of(170)), "AnSet(25 secrets)");
    }
}
