//! What a line is used for when a coin is fixed: to get tickets, to ask about them, and to have
//! new secrets set; and to hear which exchange made it.

use bytes::Bytes;
use coin::{AuthenticityNumber, Lineage, Origin, SerialNumber};
use tokio::time::Instant;
use tracing::debug;
use zeroize::Zeroizing;

use super::{Line, Silence};
use crate::api::hint::{TO, read_covered};
use crate::api::{
    AboutCoin, Ancestry, COUNTS_ORIGINS, Hint, Reply, Route, Status, Ticket, write_coins_with,
    write_origin, write_super_fix,
};
use crate::limits::{ANSWER_BYTES_MAX, ANSWER_COIN_BYTES_MAX, REQUEST_COINS_MAX};

/// Bytes of the longest list of coins, on one ticket or in a lineage: 8 digits, an origin and what
/// stands between, each.
const LIST_BYTES_MAX: usize = (8 + 2 * Origin::BYTES + 2) * REQUEST_COINS_MAX;

/// The answer of an agent that was asked for a ticket.
pub(crate) struct Ticketed {
    /// One ticket for the coins that passed; none where none did.
    pub(crate) ticket: Option<Ticket>,
    /// What the agent says of each coin; `None` for a word without meaning.
    pub(crate) words: Vec<Option<Status>>,
    /// Where the coins came from, in the order asked; of no meaning where one did not pass.
    pub(crate) origins: Vec<Origin>,
}

impl Line {
    /// Asks for one ticket for all of these coins, to be shown to the agent `to` alone.
    pub(crate) async fn ask_ticket<'a>(
        &self,
        coins: impl ExactSizeIterator<Item = AboutCoin<'a>>,
        to: usize,
        until: Instant,
    ) -> Result<Ticketed, Silence> {
        let asked = coins.len();
        let body = write_coins_with(&format!("&b=t&{TO}={to}{COUNTS_ORIGINS}"), coins);
        let answer = self.ask(Route::MultiDetect, body, bytes_max(asked), until).await?;
        let reply: Reply<'_> = serde_json::from_slice(&answer)?;
        let words = self.read_words(&reply, asked)?;
        let origins = reply.origins(asked).ok_or(Silence::NoOrigins)?;
        // A ticket of another agent would be asked about in the wrong place.
        let ticket = reply.ticket.as_deref().and_then(|text| text.parse().ok());
        let ticket = ticket.filter(|ticket: &Ticket| ticket.agent() == self.agent);
        Ok(Ticketed { ticket, words, origins })
    }

    /// Asks, as the agent `by`, which coin each of these tickets speaks for.
    pub(crate) async fn ask_hints(
        &self,
        tickets: &[Ticket],
        by: usize,
        until: Instant,
    ) -> Result<Vec<Hint>, Silence> {
        let mut body = Zeroizing::new(format!("{TO}={by}").into_bytes());
        for ticket in tickets {
            body.extend_from_slice(format!("&rns%5B%5D={ticket}").as_bytes());
        }
        let asked = tickets.len();
        let answer = self.ask(Route::MultiHints, body, bytes_max(asked), until).await?;
        let hints = str::from_utf8(&answer).ok().and_then(Hint::parse_many);
        let hints = hints.ok_or(Silence::NoHint)?;
        if hints.len() != asked {
            return Err(Silence::OtherLength { asked, got: hints.len() });
        }
        Ok(hints)
    }

    /// Asks, as the agent `by`, which coins this ticket speaks for.
    pub(crate) async fn ask_covered(
        &self,
        ticket: &Ticket,
        by: usize,
        until: Instant,
    ) -> Result<Vec<(SerialNumber, Origin)>, Silence> {
        let body = Zeroizing::new(format!("{TO}={by}&master_ticket={ticket}").into_bytes());
        let answer = self.ask(Route::Hints, body, LIST_BYTES_MAX, until).await?;
        str::from_utf8(&answer).map(read_covered).map_err(|_| Silence::NoHint)
    }

    /// Asks which exchange this origin is. What has another hash is no answer.
    pub(crate) async fn ask_lineage(
        &self,
        origin: Origin,
        until: Instant,
    ) -> Result<Lineage, Silence> {
        let body = Zeroizing::new(write_origin(origin).into_bytes());
        let bytes_max = ANSWER_BYTES_MAX + LIST_BYTES_MAX;
        let answer = self.ask(Route::Lineage, body, bytes_max, until).await?;
        let ancestry: Ancestry<'_> = serde_json::from_slice(&answer)?;
        ancestry.of(origin).map_err(|_| Silence::NoLineage)
    }

    /// Asks the agent to set new secrets on these tickets. Returns what it says of each coin, in
    /// the order asked; `None` for a word without meaning.
    pub(crate) async fn ask_super_fix(
        &self,
        tickets: &[Option<Ticket>],
        coins: &[(SerialNumber, &AuthenticityNumber)],
        until: Instant,
    ) -> Result<Vec<Option<Status>>, Silence> {
        let body = write_super_fix(tickets, coins);
        let answer = self.ask(Route::SuperFix, body, bytes_max(coins.len()), until).await?;
        let reply: Reply<'_> = serde_json::from_slice(&answer)?;
        self.read_words(&reply, coins.len())
    }

    pub(super) async fn ask(
        &self,
        route: Route,
        body: Zeroizing<Vec<u8>>,
        bytes_max: usize,
        until: Instant,
    ) -> Result<Bytes, Silence> {
        let heard = self.post(route, body, bytes_max, until).await;
        match &heard {
            Ok(_) => debug!(agent = self.agent, route = route.name(), "answered"),
            Err(silence) => debug!(agent = self.agent, route = route.name(), %silence, "silent"),
        }
        heard
    }

    /// Reads a brief answer: a word for each coin, with commas between them.
    fn read_words(&self, reply: &Reply<'_>, asked: usize) -> Result<Vec<Option<Status>>, Silence> {
        self.check_signature(&reply.server)?;
        let words: Vec<_> = reply.message.split(',').map(Status::from_word).collect();
        let got = words.len();
        if got == asked { Ok(words) } else { Err(Silence::OtherLength { asked, got }) }
    }
}

fn bytes_max(coins: usize) -> usize {
    ANSWER_BYTES_MAX + coins * ANSWER_COIN_BYTES_MAX
}
