//! A dishonest peer: it says whatever it likes whenever it likes, and goes to the agents with every secret
//! that it has. What it does to its own money is its own business; the honest side's is looked at.

use coin::Grade;
use protocol::machine::Preparation;
use protocol::message::{Chunk, DurableStep, Last, Message, Position};

use crate::act::Act;
use crate::agents::Wish;
use crate::money::{BATCH, manifest, unit};
use crate::program::Who;
use crate::world::World;

const CHUNK: Chunk = Chunk { index: 0, last: Last::Yes };
const GRADES: [Grade; 4] = [Grade::Final, Grade::Settling, Grade::Limbo, Grade::Counterfeit];

/// Returns all that a side could say.
pub(crate) fn words(who: Who) -> Vec<Message> {
    let at = |step| {
        let batch = (step != DurableStep::Open).then_some(BATCH);
        Message::Heartbeat(Some(Position { step, batch }))
    };
    let mut words = match who {
        Who::Sender => vec![
            at(DurableStep::InFlight),
            at(DurableStep::Settled),
            Message::EmptyImportExport,
            Preparation::PutInExport.message(),
            Message::EncryptingCoins(manifest()),
            Message::ReadyToSendCoins,
            Message::Coins(CHUNK),
            Message::ConfirmingChangeOfOwnership,
            Message::CoinsConfirmed,
        ],
        Who::Receiver => vec![
            at(DurableStep::Received),
            at(DurableStep::Receipted),
            at(DurableStep::Refused),
            Message::ImportExportEmpty,
            Message::ReadyToReceive,
            Message::Received,
            Message::PowningCoins,
            Message::Receipt(CHUNK),
        ],
    };
    words.push(at(DurableStep::Open));
    words.push(Message::Money { amount: unit(), memo: None });
    words.push(Message::Abort("a reason".to_owned()));
    words
}

impl World {
    /// The same with a liar in the place of one side.
    pub(crate) fn with_liar(mut self, who: Who) -> World {
        let side = self.side_mut(who);
        side.stop();
        side.closed = true;
        self.liar = Some(who);
        self
    }

    /// What the liar can do next.
    pub(crate) fn lies(&self) -> Vec<Act> {
        let Some(liar) = self.liar else { return Vec::new() };
        let mut acts = Vec::new();
        if self.linked && self.side(liar.other()).inbox.is_empty() {
            acts.extend((0..words(liar).len()).map(Act::Lie));
        }
        let wishes: &[Wish] = match liar {
            Who::Sender => &[Wish::Reclaim, Wish::HandBack],
            Who::Receiver if self.left => &[Wish::Take],
            Who::Receiver => &[],
        };
        acts.extend(self.agents.would_change(wishes).map(|(agent, wish)| Act::Late(agent, wish)));
        if liar == Who::Receiver {
            acts.extend(GRADES.map(Act::Claim));
        }
        acts
    }
}
