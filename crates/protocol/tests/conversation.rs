//! The two machines talk to each other in a world in memory: a link that can be cut, journals that
//! forget what was not persisted, agents that change hands once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "conversation/crashes.rs"]
mod crashes;
#[path = "conversation/cuts.rs"]
mod cuts;
#[path = "conversation/endless.rs"]
mod endless;
#[path = "conversation/journal.rs"]
mod journal;
#[path = "conversation/money.rs"]
mod money;
#[path = "conversation/nonsense.rs"]
mod nonsense;
#[path = "conversation/parting.rs"]
mod parting;
#[path = "conversation/random.rs"]
mod random;
#[path = "conversation/rules.rs"]
mod rules;
#[path = "conversation/side.rs"]
mod side;
#[path = "conversation/undecided.rs"]
mod undecided;
#[path = "conversation/waits.rs"]
mod waits;
#[path = "conversation/walks.rs"]
mod walks;
#[path = "conversation/whole.rs"]
mod whole;
#[path = "conversation/world.rs"]
mod world;
