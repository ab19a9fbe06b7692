//! Who may take which of the two seats of a room: knowing no sockets and no clock.
//!
//! A seat of a room with a token belongs to a side. Whoever holds it and is silent for too long is
//! replaced by a newcomer of the same side, a live one never; and while it lives, its side does not
//! take the other seat either. Nobody is ever sent away for a stranger: in a public room only a
//! closed connection frees a seat.

use protocol::room::{Code, Side};

/// Whether a room asks for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admits {
    /// Everybody who knows the number.
    Everybody,
    /// Those who know the token too.
    TokenHolders,
}

/// A seat, as far as admission is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seat {
    /// Nobody sits there.
    Free,
    /// A member that spoke lately.
    Live(Option<Side>),
    /// A member that was silent for too long.
    Silent(Option<Side>),
}

/// Returns which seat (0 or 1) the newcomer takes; a member that sits there is replaced.
///
/// # Errors
/// [`Code::RoomFull`].
pub(crate) fn admit(
    admits: Admits,
    seats: [Seat; 2],
    newcomer: Option<Side>,
) -> Result<usize, Code> {
    if admits == Admits::TokenHolders && newcomer.is_some() {
        for (place, seat) in seats.into_iter().enumerate() {
            match seat {
                Seat::Silent(side) if side == newcomer => return Ok(place),
                Seat::Live(side) if side == newcomer => return Err(Code::RoomFull),
                Seat::Free | Seat::Live(_) | Seat::Silent(_) => {}
            }
        }
    }
    seats.iter().position(|seat| *seat == Seat::Free).ok_or(Code::RoomFull)
}

#[cfg(test)]
mod tests {
    use super::Admits::{Everybody, TokenHolders};
    use super::Seat::{Free, Live, Silent};
    use super::*;

    const S: Option<Side> = Some(Side::S);
    const R: Option<Side> = Some(Side::R);

    fn check(
        admits: Admits,
        seats: [Seat; 2],
        newcomer: Option<Side>,
        expected: Result<usize, Code>,
    ) {
        assert_eq!(admit(admits, seats, newcomer), expected, "{admits:?} {seats:?} {newcomer:?}");
    }

    #[test]
    fn a_free_seat_is_taken_and_a_third_finds_none() {
        for admits in [Everybody, TokenHolders] {
            check(admits, [Free, Free], S, Ok(0));
            check(admits, [Live(S), Free], R, Ok(1));
            check(admits, [Free, Live(S)], None, Ok(0));
            check(admits, [Live(S), Live(R)], None, Err(Code::RoomFull));
        }
    }

    #[test]
    fn a_silent_member_is_replaced_by_its_own_side_only() {
        check(TokenHolders, [Silent(S), Live(R)], S, Ok(0));
        check(TokenHolders, [Live(R), Silent(S)], S, Ok(1));
        check(TokenHolders, [Free, Silent(S)], S, Ok(1));
        check(TokenHolders, [Silent(S), Live(R)], R, Err(Code::RoomFull));
        check(TokenHolders, [Silent(S), Live(R)], None, Err(Code::RoomFull));
        check(TokenHolders, [Silent(None), Live(R)], None, Err(Code::RoomFull));
        check(TokenHolders, [Silent(None), Live(R)], S, Err(Code::RoomFull));
    }

    #[test]
    fn a_live_member_is_never_replaced_and_its_side_stays_with_it() {
        check(TokenHolders, [Live(S), Live(R)], S, Err(Code::RoomFull));
        check(TokenHolders, [Live(S), Free], S, Err(Code::RoomFull));
    }

    #[test]
    fn in_a_public_room_silence_frees_no_seat_and_sides_mean_nothing() {
        check(Everybody, [Silent(S), Live(R)], S, Err(Code::RoomFull));
        check(Everybody, [Live(S), Free], S, Ok(1));
    }
}
