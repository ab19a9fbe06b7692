//! The steps of the conversation, in the order of the seed, both sides side by side.
//!
//! | step | messages | durable when it ends |
//! |---|---|---|
//! | [`meet`] | 20, 1 | – |
//! | [`clear_folders`] | 2, 3 | – |
//! | [`agree_amount`] | 4 | receiver: the amount it accepted |
//! | [`prepare_coins`] | 5–12, 21 | sender: the batch |
//! | [`hand_over`] | 22, 13, 24, 14 | sender: InFlight; receiver: Received |
//! | [`take_ownership`] | 15–17 | receiver: Receipted, or Refused |
//! | [`settle`] | 18, 19 | sender: Settled; receiver: that it is closed |
//! | [`part`] | 23 | – |

pub(crate) mod agree_amount;
pub(crate) mod clear_folders;
pub(crate) mod hand_over;
pub(crate) mod meet;
pub(crate) mod part;
pub(crate) mod prepare_coins;
pub(crate) mod settle;
pub(crate) mod take_ownership;
