//! Model checking of the shipped machines: `Sender`, `Receiver`, `ownership` and `reclaim` together, over
//! every order of events that a network, two crashing programs and three agents allow.
//!
//! ```text
//!   Sender ◀── lines, in order, cut at any moment ──▶ Receiver
//!     │ reclaim, hand back                              │ pown
//!     └──────▶ three agents as registers ◀──────────────┘
//!              every request may be lost, late, repeated; every answer lost
//! ```
//!
//! Nothing here is counted down: crashes, cuts, stops, late requests and repetitions may happen as often as
//! they like, because a state does not remember how often they did. Time stands still, so that a wait that is
//! over is a person who stops. One coin; three agents stand for 25: owned at 2, final at 3; one of
//! them may hold a secret that nobody knows.
//!
//! Bounded by `LIVECONNECT_MODEL_STATES`, states for each question; without it by what a short run takes.

mod act;
mod agents;
mod calm;
mod check;
mod liar;
mod money;
mod program;
mod rules;
mod world;
