//! `audit`: what is in circulation, as the agent has counted it.

use coin::Denomination;
use raida::api::{Audit, Circulation, Exchanges, Status};

use super::Refusal;
use super::reply::{Answer, Signature};
use crate::agent::{Agent, Census};

/// Answers `audit`.
pub(crate) async fn audit<'s>(
    agent: &Agent,
    signature: &'s Signature,
) -> Result<Answer<'s>, Refusal> {
    let Census { counts, pending } = agent.census().await?;
    Ok(Answer::Audit(Box::new(Audit {
        reply: signature.reply(Status::Pass, "In circulation"),
        circulation: Circulation {
            d1: counts.coins_of(Denomination::One),
            d5: counts.coins_of(Denomination::Five),
            d25: counts.coins_of(Denomination::TwentyFive),
            d100: counts.coins_of(Denomination::Hundred),
            d250: counts.coins_of(Denomination::TwoHundredFifty),
            coins: counts.coins(),
            value: counts.value(),
        },
        exchanges: Exchanges {
            pending: pending as u64,
            exchanged: counts.exchanged(),
            cancelled: counts.cancelled(),
        },
    })))
}
