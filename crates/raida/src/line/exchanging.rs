//! What a line is used for when coins are exchanged: to see which serial numbers are free, and to have
//! them kept, the exchange executed, or taken back.

use bytes::Bytes;
use coin::exchange::{Answer, Refusal, Request};
use coin::{Origin, SerialNumber};
use tokio::time::Instant;

use super::{Line, Silence};
use crate::Trade;
use crate::api::{
    Offer, Reply, Route, Status, Wanted, write_exchange, write_reservation, write_take_back,
    write_wanted,
};
use crate::limits::{ANSWER_BYTES_MAX, OFFER_BYTES_MAX};

impl Line {
    /// Asks which serial numbers are free; what is none is left out.
    pub(crate) async fn ask_offer(
        &self,
        wanted: &Wanted,
        until: Instant,
    ) -> Result<Vec<SerialNumber>, Silence> {
        let bytes_max = ANSWER_BYTES_MAX + OFFER_BYTES_MAX;
        let answer = self.ask(Route::ShowChange, write_wanted(wanted), bytes_max, until).await?;
        let offer: Offer<'_> = serde_json::from_slice(&answer)?;
        self.check_signature(&offer.reply.server)?;
        let Offer { reply, d1, d5, d25, d100, d250 } = offer;
        match reply.status() {
            Some(Status::Pass) => {
                let numbers = [d1, d5, d25, d100, d250].into_iter().flatten();
                Ok(numbers.filter_map(|sn| SerialNumber::new(sn).ok()).collect())
            }
            Some(_) | None => Err(Silence::NoOffer),
        }
    }

    /// Asks once for a step of a trade. What is not said in so many words is silence.
    pub(crate) async fn ask_trade(
        &self,
        request: Request,
        trade: &Trade,
        until: Instant,
    ) -> Result<Answer, Silence> {
        let id = trade.id(self.agent);
        let (route, body) = match request {
            Request::Reserve => {
                (Route::Reserve, write_reservation(id, &trade.reservation_at(self.agent)))
            }
            Request::Exchange => (Route::Exchange, write_exchange(id, &trade.at(self.agent))),
            Request::Cancel => (Route::Cancel, write_take_back(id, &trade.at(self.agent))),
        };
        let answer: Bytes = self.ask(route, body, ANSWER_BYTES_MAX, until).await?;
        let reply: Reply<'_> = serde_json::from_slice(&answer)?;
        self.check_signature(&reply.server)?;
        Ok(read(request, &reply))
    }
}

/// Reads what an agent says of a step.
fn read(request: Request, reply: &Reply<'_>) -> Answer {
    match (reply.status(), request) {
        (Some(Status::Pass), Request::Reserve) => Answer::Reserved,
        (Some(Status::Exchange), _) => match (reply.origin(), request) {
            (Some(origin @ Origin::Exchange(_)), _) => Answer::Executed(origin),
            // What was exchanged there may be anything, and is no reservation or cancellation.
            (_, Request::Reserve | Request::Cancel) => Answer::Refused(Refusal::Other),
            (_, Request::Exchange) => Answer::Silent,
        },
        (Some(Status::Cancelled), _) => Answer::Cancelled,
        (Some(Status::Fail | Status::Dud), _) => Answer::Refused(Refusal::Other),
        (Some(Status::Error), _) => Answer::Refused(Refusal::Busy),
        (Some(_) | None, _) => Answer::Silent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: [Answer; 3]) {
        let reply: Reply<'_> = serde_json::from_str(text).unwrap();
        let said = [Request::Reserve, Request::Exchange, Request::Cancel]
            .map(|request| read(request, &reply));
        assert_eq!(said, expected, "{text}");
    }

    #[test]
    fn only_the_word_for_what_was_asked_counts_and_an_origin_is_that_of_an_exchange() {
        use Answer::{Cancelled, Executed, Refused, Reserved, Silent};
        let other = Refused(Refusal::Other);
        let origin = format!(r#"{{"status":"exchange","origin":"{}"}}"#, "a7".repeat(32));
        check(&origin, [Executed(Origin::Exchange([0xa7; 32])); 3]);
        check(r#"{"status":"exchange"}"#, [other, Silent, other]);
        check(r#"{"status":"exchange","origin":"minted"}"#, [other, Silent, other]);
        check(r#"{"status":"pass"}"#, [Reserved, Silent, Silent]);
        check(r#"{"status":"cancelled"}"#, [Cancelled; 3]);
        check(r#"{"status":"fail"}"#, [other; 3]);
        check(r#"{"status":"dud"}"#, [other; 3]);
        check(r#"{"status":"error"}"#, [Refused(Refusal::Busy); 3]);
        check(r#"{"status":"success"}"#, [Silent; 3]);
        check(r#"{"status":"done"}"#, [Silent; 3]);
    }
}
