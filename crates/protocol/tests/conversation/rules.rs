//! What must hold whenever something is said, ended, or settled.

use protocol::machine::{Cause, Outcome, Totals};
use protocol::message::{DurableStep, Message};

use crate::money::{Held, whole};
use crate::side::Who;
use crate::world::World;

impl World {
    /// Nothing is said before what it stands for is durable.
    pub(crate) fn check_said(&mut self, who: Who, message: &Message) {
        let durable = self.side(who).durable();
        match message {
            Message::Coins(_) => assert_eq!(durable, DurableStep::InFlight, "M1"),
            Message::Received => assert_eq!(durable, DurableStep::Received, "M2"),
            Message::PowningCoins => assert!(
                matches!(durable, DurableStep::Received | DurableStep::Receipted),
                "M2, {durable:?}"
            ),
            Message::Receipt(_) => assert_eq!(durable, DurableStep::Receipted),
            Message::Money { .. } if who == Who::Receiver => {
                let journal = self.side(who).journal.clone().unwrap_or_default();
                assert!(journal.contains("\"accepted\":350"), "not durable: {journal}");
            }
            Message::CoinsConfirmed => {
                let journal = self.side(who).journal.clone().unwrap_or_default();
                let partly = journal.contains("\"receipt\":{");
                assert!(partly || durable == DurableStep::Settled, "19 before it is durable");
            }
            Message::Abort(reason) if reason == crate::parting::BAD_BATCH => {
                assert_eq!(durable, DurableStep::Refused, "23 before the refusal is durable");
            }
            _ => {}
        }
    }

    /// No end claims what is not so.
    pub(crate) fn check_end(&mut self, who: Who, outcome: &Outcome) {
        let durable = self.side(who).durable();
        match (outcome, who) {
            (Outcome::Done(totals), Who::Sender) => {
                assert_eq!((durable, totals.owned()), (DurableStep::Settled, whole()));
                assert!(self.money.all(Held::New), "paid without payment");
            }
            (Outcome::Unreceipted(_), _) => {
                assert_eq!((durable, who), (DurableStep::Settled, Who::Sender));
                assert!(self.money.all(Held::New), "paid without payment");
            }
            (Outcome::Done(totals), Who::Receiver) => {
                assert_eq!((durable, totals.owned()), (DurableStep::Receipted, whole()));
                assert!(self.money.all(Held::New), "received nothing");
            }
            (Outcome::Returned(_), Who::Sender) => {
                assert_eq!(durable, DurableStep::Open, "returned what may have left");
                assert!(self.money.all(Held::Old), "two owners");
            }
            (Outcome::Returned(_), Who::Receiver) => {
                assert!(matches!(durable, DurableStep::Open | DurableStep::Refused));
                assert!(self.money.all(Held::Old), "no owner");
            }
            // The receiver knows of a batch that this journal does not.
            (Outcome::InDoubt(Cause::OddPosition(_)), Who::Sender) => {}
            (Outcome::InDoubt(_) | Outcome::Partly(_), _) => {
                assert_ne!(durable, DurableStep::Open);
            }
        }
    }

    /// No journal is closed before what is owned is where it belongs.
    pub(crate) fn check_closed(&mut self, who: Who) {
        if who == Who::Receiver && self.money.all(Held::New) && self.receiver.closed {
            assert!(self.money.is_banked(), "closed before what is owned is in Default");
            let journal = self.receiver.journal.clone().unwrap_or_default();
            assert!(!journal.contains("\"word\":\"Awaited\""), "closed on a word not durable");
        }
    }

    /// Whoever owns the coins, both sides know it and nothing is left open at the sender.
    pub(crate) fn assert_settled(&self) {
        if self.money.all(Held::New) {
            assert!(self.sender.closed, "{:?}", self.sender.outcome);
            assert!(self.money.is_banked());
        } else {
            assert!(self.money.all(Held::Old), "{:?}", self.money);
            let outcome = &self.sender.outcome;
            assert!(matches!(outcome, Some(Outcome::Returned(_))), "{outcome:?}");
        }
    }

    /// All changed hands, with a receipt, and nobody has anything left to do.
    pub(crate) fn assert_done(&self) {
        let done = Some(Outcome::Done(Totals { last: whole(), ..Totals::default() }));
        assert_eq!((&self.sender.outcome, &self.receiver.outcome), (&done, &done));
        assert!(self.sender.closed && self.receiver.closed);
        assert!(self.money.all(Held::New) && self.money.is_banked());
    }
}
