//! The words of the agents' HTTP API (v1), shared by those who ask and those who answer.
//!
//! A question is a form, in the query of a GET or in the body of a POST; an answer is a JSON
//! object, or an array of them in the order of the question. HTTP's own status is 200 always:
//! what an agent thinks stands in the field `status`.

mod audit;
mod exchange;
mod form;
pub mod hint;
mod lineage;
mod offer;
mod origins;
mod question;
mod reply;
mod request_id;
mod route;
mod status;
mod super_fix;
mod ticket;

pub use audit::{Audit, Circulation, Exchanges};
pub use exchange::{
    Breaking, Cancellation, Exchange, KnownCoin, Reservation, read_break, read_cancel, read_change,
    read_exchange, read_join, read_reservation, write_cancel, write_exchange, write_reservation,
    write_take_back,
};
pub use form::{Form, FormError};
pub use hint::Hint;
pub use lineage::{Ancestry, BadLineage, read_origin, write_origin};
pub use offer::{ChangeGiven, Offer, Wanted, read_wanted, write_wanted};
pub use origins::{COUNTS_ORIGINS, Counting, write_origins};
pub use question::{
    AboutCoin, CoinQuestion, Dud, Proposal, many_coins, one_coin, write_coins, write_coins_with,
};
pub(crate) use reply::CoinReply;
pub use reply::Reply;
pub use request_id::{BadRequestId, RequestId};
pub use route::{Route, Shape};
pub use status::Status;
pub(crate) use super_fix::write_super_fix;
pub use super_fix::{Proposed, read_proposed, read_tickets};
pub use ticket::{BadTicket, Ticket};
