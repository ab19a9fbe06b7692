//! Tickets: an agent's word, for a few seconds, that somebody knows the secrets of some coins.

use std::fmt;
use std::str::FromStr;

use coin::AGENTS;

/// A ticket: 22 bytes, of which the last is the number of the agent that gave it; 44 hexadecimal
/// digits on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket([u8; Ticket::BYTES]);

/// The text is no ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a ticket has 44 hexadecimal digits and ends with the number of an agent")]
pub struct BadTicket;

impl Ticket {
    /// Bytes of a ticket.
    pub const BYTES: usize = 22;

    /// Makes a ticket of an agent, 0 to 24, whose other bytes nobody can guess.
    pub fn random(agent: usize) -> Ticket {
        let mut bytes: [u8; Ticket::BYTES] = rand::random();
        bytes[Ticket::BYTES - 1] = u8::try_from(agent).expect("agents are numbered 0 to 24");
        Ticket(bytes)
    }

    /// Returns the number of the agent that gave it, 0 to 24.
    pub fn agent(&self) -> usize {
        usize::from(self.0[Ticket::BYTES - 1])
    }
}

impl FromStr for Ticket {
    type Err = BadTicket;

    fn from_str(text: &str) -> Result<Ticket, BadTicket> {
        let mut bytes = [0; Ticket::BYTES];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| BadTicket)?;
        let ticket = Ticket(bytes);
        if ticket.agent() < AGENTS { Ok(ticket) } else { Err(BadTicket) }
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_ends_with_the_number_of_its_agent_and_is_read_back() {
        let ticket = Ticket::random(24);
        let text = ticket.to_string();
        assert_eq!((text.len(), &text[42..], ticket.agent()), (44, "18", 24));
        assert_eq!(text.parse(), Ok(ticket));
        assert!(!format!("{ticket:?}").contains(&text[..8]));
    }

    #[test]
    fn what_is_no_ticket_of_an_agent_is_none() {
        let text = Ticket::random(24).to_string();
        let (digit, agent) = (format!("{}1g", &text[..42]), format!("{}19", &text[..42]));
        for bad in ["", "18", &text[1..], &format!("{text}0"), &digit, &agent] {
            assert_eq!(bad.parse::<Ticket>(), Err(BadTicket), "{bad}");
        }
    }
}
