//! Tickets: an agent's word, for a few seconds, that somebody knows the secrets of some coins.
//!
//! A ticket names coins and the ANs they had when it was given. It lives in memory for 15
//! seconds, and speaks only for those of its coins that have not changed since.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::str::FromStr;

use coin::{AuthenticityNumber, SerialNumber};
use tokio::time::Instant;

use crate::limits::{TICKET_COINS_MAX, TICKET_LIFE};

/// A ticket: 22 bytes, of which the last is the agent's number; 44 hexadecimal digits on the
/// wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket([u8; 22]);

/// The text is no ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a ticket has 44 hexadecimal digits")]
pub struct BadTicket;

/// The living tickets of an agent.
#[derive(Default)]
pub(crate) struct Tickets {
    by_age: VecDeque<(Instant, Ticket)>,
    coins: HashMap<Ticket, Vec<(SerialNumber, AuthenticityNumber)>>,
    coins_in_all: usize,
}

impl Ticket {
    fn random(agent: usize) -> Ticket {
        let mut bytes: [u8; 22] = rand::random();
        bytes[21] = u8::try_from(agent).expect("agents are numbered 0 to 24");
        Ticket(bytes)
    }
}

impl Tickets {
    /// Gives a ticket for these coins, each with the AN it has now.
    pub(crate) fn give(
        &mut self,
        agent: usize,
        coins: Vec<(SerialNumber, AuthenticityNumber)>,
        now: Instant,
    ) -> Ticket {
        self.forget_old(now);
        self.coins_in_all += coins.len();
        while self.coins_in_all > TICKET_COINS_MAX && self.forget_oldest() {}
        let ticket = Ticket::random(agent);
        self.by_age.push_back((now, ticket));
        self.coins.insert(ticket, coins);
        ticket
    }

    /// Returns the coins of a living ticket with the ANs they had.
    pub(crate) fn coins(
        &mut self,
        ticket: &Ticket,
        now: Instant,
    ) -> Vec<(SerialNumber, AuthenticityNumber)> {
        self.forget_old(now);
        self.coins.get(ticket).cloned().unwrap_or_default()
    }

    /// Returns how many tickets are alive.
    pub(crate) fn alive(&mut self, now: Instant) -> usize {
        self.forget_old(now);
        self.coins.len()
    }

    fn forget_old(&mut self, now: Instant) {
        while let Some((given, _)) = self.by_age.front()
            && now.duration_since(*given) >= TICKET_LIFE
        {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) -> bool {
        let Some((_, ticket)) = self.by_age.pop_front() else { return false };
        let coins = self.coins.remove(&ticket).map_or(0, |coins| coins.len());
        self.coins_in_all -= coins;
        true
    }
}

impl FromStr for Ticket {
    type Err = BadTicket;

    fn from_str(text: &str) -> Result<Ticket, BadTicket> {
        let mut bytes = [0; 22];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| BadTicket)?;
        Ok(Ticket(bytes))
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

    fn coins(count: usize) -> Vec<(SerialNumber, AuthenticityNumber)> {
        let numbered = (1..)
            .map(|sn| (SerialNumber::new(sn).unwrap(), AuthenticityNumber::from_bytes([7; 16])));
        numbered.take(count).collect()
    }

    #[test]
    fn a_ticket_ends_with_the_number_of_its_agent_and_is_read_back() {
        let ticket = Tickets::default().give(24, coins(1), Instant::now());
        let text = ticket.to_string();
        assert_eq!((text.len(), &text[42..]), (44, "18"));
        assert_eq!(text.parse(), Ok(ticket));
        for bad in ["", "18", &text[1..], &text.replace("18", "1g")] {
            assert_eq!(bad.parse::<Ticket>(), Err(BadTicket));
        }
        assert!(!format!("{ticket:?}").contains(&text[..8]));
    }

    #[test]
    fn a_ticket_dies_after_its_life() {
        let (mut tickets, given) = (Tickets::default(), Instant::now());
        let ticket = tickets.give(0, coins(3), given);
        let just_before = given + TICKET_LIFE - std::time::Duration::from_millis(1);
        assert_eq!(tickets.coins(&ticket, just_before).len(), 3);
        assert!(tickets.coins(&ticket, given + TICKET_LIFE).is_empty());
        assert_eq!((tickets.coins_in_all, tickets.coins.len()), (0, 0));
    }

    #[test]
    fn the_oldest_tickets_make_room() {
        let (mut tickets, now) = (Tickets::default(), Instant::now());
        let first = tickets.give(0, coins(TICKET_COINS_MAX / 2), now);
        let second = tickets.give(0, coins(TICKET_COINS_MAX / 2), now);
        let third = tickets.give(0, coins(1), now);
        assert!(tickets.coins(&first, now).is_empty());
        assert_eq!(tickets.coins(&second, now).len(), TICKET_COINS_MAX / 2);
        assert_eq!(tickets.coins(&third, now).len(), 1);
    }
}
