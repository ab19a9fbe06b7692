//! Tickets: an agent's word, for a few seconds, that somebody knows the secrets of some coins.
//!
//! A ticket names coins and the ANs they had when it was given. It lives in memory for 15
//! seconds, and speaks only for those of its coins that have not changed since. It may name the one
//! agent that is to be fixed; then no other is told what it speaks for.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use coin::{AuthenticityNumber, SerialNumber};
use raida::api::Ticket;
use tokio::time::Instant;

use crate::limits::{TICKET_COINS_MAX, TICKET_LIFE, TICKETS_PER_COIN};

/// The living tickets of an agent.
#[derive(Default)]
pub(crate) struct Tickets {
    /// By the order in which they were given.
    by_age: BTreeMap<u64, Ticket>,
    given: HashMap<Ticket, Given>,
    /// Those of each coin, the oldest first: nobody can push out the tickets of others by asking
    /// for his own coin again and again.
    by_coin: HashMap<SerialNumber, VecDeque<Ticket>>,
    coins_in_all: usize,
    next: u64,
}

/// What a ticket was given for.
struct Given {
    number: u64,
    at: Instant,
    /// The agent that is to be fixed, and that alone is shown the ticket; none for anybody.
    to: Option<usize>,
    /// The coins with the ANs they had.
    coins: Vec<(SerialNumber, AuthenticityNumber)>,
}

impl Tickets {
    /// Gives a ticket of this agent for these coins, each with the AN it has now.
    pub(crate) fn give(
        &mut self,
        agent: usize,
        to: Option<usize>,
        coins: Vec<(SerialNumber, AuthenticityNumber)>,
        now: Instant,
    ) -> Ticket {
        self.forget_old(now);
        let (ticket, number) = (Ticket::random(agent), self.next);
        self.next += 1;
        for (sn, _) in &coins {
            self.make_room_at(*sn);
            self.by_coin.entry(*sn).or_default().push_back(ticket);
        }
        self.coins_in_all += coins.len();
        while self.coins_in_all > TICKET_COINS_MAX && self.forget_oldest() {}
        self.by_age.insert(number, ticket);
        self.given.insert(ticket, Given { number, at: now, to, coins });
        ticket
    }

    /// Returns how old a living ticket is, and its coins with the ANs they had; nothing when it
    /// was given for the fixing of another agent than the one that asks.
    pub(crate) fn coins(
        &mut self,
        ticket: &Ticket,
        by: Option<usize>,
        now: Instant,
    ) -> Option<(Duration, &[(SerialNumber, AuthenticityNumber)])> {
        self.forget_old(now);
        let given = self.given.get(ticket)?;
        let is_for_the_caller = given.to.is_none() || given.to == by;
        is_for_the_caller.then(|| (now.duration_since(given.at), given.coins.as_slice()))
    }

    /// Returns how many tickets are alive.
    pub(crate) fn alive(&mut self, now: Instant) -> usize {
        self.forget_old(now);
        self.given.len()
    }

    fn forget_old(&mut self, now: Instant) {
        while let Some((_, ticket)) = self.by_age.first_key_value()
            && self.given.get(ticket).is_none_or(|it| now.duration_since(it.at) >= TICKET_LIFE)
            && self.forget_oldest()
        {}
    }

    fn forget_oldest(&mut self) -> bool {
        let Some((_, ticket)) = self.by_age.pop_first() else { return false };
        self.forget(ticket);
        true
    }

    /// Lets the oldest ticket of a coin die when it has as many as it may have.
    fn make_room_at(&mut self, sn: SerialNumber) {
        if let Some(tickets) = self.by_coin.get(&sn)
            && tickets.len() >= TICKETS_PER_COIN
            && let Some(&oldest) = tickets.front()
        {
            self.forget(oldest);
        }
    }

    fn forget(&mut self, ticket: Ticket) {
        let Some(Given { number, coins, .. }) = self.given.remove(&ticket) else { return };
        self.by_age.remove(&number);
        self.coins_in_all -= coins.len();
        for (sn, _) in coins {
            if let Some(tickets) = self.by_coin.get_mut(&sn) {
                tickets.retain(|other| *other != ticket);
                if tickets.is_empty() {
                    self.by_coin.remove(&sn);
                }
            }
        }
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

    fn covers(tickets: &mut Tickets, ticket: &Ticket, by: Option<usize>, now: Instant) -> usize {
        tickets.coins(ticket, by, now).map_or(0, |(_, coins)| coins.len())
    }

    #[test]
    fn a_ticket_dies_after_its_life() {
        let (mut tickets, given) = (Tickets::default(), Instant::now());
        let ticket = tickets.give(0, None, coins(3), given);
        let just_before = given + TICKET_LIFE - Duration::from_millis(1);
        assert_eq!(covers(&mut tickets, &ticket, None, just_before), 3);
        assert_eq!(covers(&mut tickets, &ticket, None, given + TICKET_LIFE), 0);
        assert_eq!((tickets.coins_in_all, tickets.given.len()), (0, 0));
    }

    #[test]
    fn a_ticket_for_one_agent_is_shown_to_no_other() {
        let (mut tickets, now) = (Tickets::default(), Instant::now());
        let for_seven = tickets.give(0, Some(7), coins(3), now);
        for (by, seen) in [(None, 0), (Some(8), 0), (Some(0), 0), (Some(7), 3)] {
            assert_eq!(covers(&mut tickets, &for_seven, by, now), seen, "{by:?}");
        }
        let for_anybody = tickets.give(0, None, coins(3), now);
        for by in [None, Some(8)] {
            assert_eq!(covers(&mut tickets, &for_anybody, by, now), 3, "{by:?}");
        }
    }

    #[test]
    fn whoever_asks_for_a_coin_again_and_again_pushes_out_his_own_tickets_only() {
        let (mut tickets, now) = (Tickets::default(), Instant::now());
        let (mine, his) = (coins(3), coins(4).split_off(3));
        let honest = tickets.give(0, Some(7), mine, now);
        let greedy: Vec<Ticket> =
            (0..TICKET_COINS_MAX).map(|_| tickets.give(0, None, his.clone(), now)).collect();
        assert_eq!(covers(&mut tickets, &honest, Some(7), now), 3);
        let alive = greedy.iter().filter(|ticket| covers(&mut tickets, ticket, None, now) == 1);
        assert_eq!(alive.count(), TICKETS_PER_COIN);
        assert_eq!(covers(&mut tickets, greedy.last().unwrap(), None, now), 1);
        assert_eq!(
            (tickets.alive(now), tickets.coins_in_all),
            (1 + TICKETS_PER_COIN, 3 + TICKETS_PER_COIN)
        );
        assert_eq!(tickets.alive(now + TICKET_LIFE), 0);
        assert!(tickets.by_age.is_empty() && tickets.by_coin.is_empty());
    }

    #[test]
    fn the_oldest_tickets_make_room() {
        let (mut tickets, now) = (Tickets::default(), Instant::now());
        let first = tickets.give(0, None, coins(TICKET_COINS_MAX / 2), now);
        let second = tickets.give(0, None, coins(TICKET_COINS_MAX / 2), now);
        let third = tickets.give(0, None, coins(1), now);
        assert_eq!(covers(&mut tickets, &first, None, now), 0);
        assert_eq!(covers(&mut tickets, &second, None, now), TICKET_COINS_MAX / 2);
        assert_eq!(covers(&mut tickets, &third, None, now), 1);
    }
}
