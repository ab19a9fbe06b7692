//! The two sides of a payment.

use protocol::room::Side;

/// One thing for each side.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pair<T> {
    pub(crate) s: T,
    pub(crate) r: T,
}

impl<T> Pair<T> {
    /// Returns that of a side.
    pub(crate) fn of(&self, side: Side) -> &T {
        match side {
            Side::S => &self.s,
            Side::R => &self.r,
        }
    }

    /// Returns that of a side, to change it.
    pub(crate) fn of_mut(&mut self, side: Side) -> &mut T {
        match side {
            Side::S => &mut self.s,
            Side::R => &mut self.r,
        }
    }
}

/// Returns the other side.
pub(crate) fn peer_of(side: Side) -> Side {
    match side {
        Side::S => Side::R,
        Side::R => Side::S,
    }
}
