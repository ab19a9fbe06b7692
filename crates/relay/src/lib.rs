//! The chat relay: rooms of two, and every `#` that a member writes reaches the other one as the
//! writer's IP address.
//!
//! ```text
//!   accept ──▶ first line ──▶ house of rooms ──▶ one task per room
//!   house.rs   join.rs        rooms.rs           room.rs: seats.rs (who may sit), pump.rs (data
//!                                                path), rewrite.rs (#), parting.rs (last words)
//! ```
//!
//! The relay is trusted with nothing: it never parses a message, keeps none, and logs neither
//! contents nor tokens. All it promises is in its limits and its notices.

mod address;
mod alarm;
mod chunk;
mod cli;
mod door;
mod gate;
mod house;
mod inbox;
mod join;
mod limits;
mod member;
mod meter;
mod parting;
mod pump;
mod rewrite;
mod room;
mod rooms;
mod seats;
mod settings;
mod signals;
mod watch;

pub use cli::main;
pub use gate::GateLimits;
pub use house::{Listeners, listen, serve, serve_over};
pub use member::Stream;
pub use rewrite::LineLimits;
pub use settings::Settings;
