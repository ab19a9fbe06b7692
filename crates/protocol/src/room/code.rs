//! Why the relay refuses or ends a connection: the one table of codes.

macro_rules! code_table {
    ($($(#[doc = $doc:literal])* $variant:ident $wire:literal $sentence:literal $advice:literal;)*) => {
        /// The reason that stands in the relay's last line to a member.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Code {
            /// All codes, in the order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// Returns the word on the wire.
            pub fn wire(self) -> &'static str {
                match self { $(Code::$variant => $wire,)* }
            }

            /// Returns the code of that word, or `None` where the table has none.
            pub fn from_wire(word: &str) -> Option<Code> {
                match word { $($wire => Some(Code::$variant),)* _ => None }
            }

            /// Returns the sentence that the relay says with it.
            pub fn sentence(self) -> &'static str {
                match self { $(Code::$variant => $sentence,)* }
            }

            /// Returns what a person can do about it.
            pub fn advice(self) -> &'static str {
                match self { $(Code::$variant => $advice,)* }
            }
        }
    };
}

code_table! {
    /// Two members are in the room, or the wanted seat is held by a live member.
    RoomFull "room_full" "this room has its two members already"
        "wait a quarter of a minute and try again, or take another room number";
    /// The first line does not enter a room.
    BadJoin "bad_join"
        "the first line has to enter a room: message 20, or the tag Join_Room, with a room number"
        "check that this is the address of a LiveConnect relay and the room a number from 1 to 2^53";
    /// The first line did not come in time.
    JoinTimeout "join_timeout" "no room was entered in time"
        "connect again; if it happens again, the network between you and the relay is too slow";
    /// A line was longer than a line may be.
    LineTooLong "line_too_long" "a line may have 65536 bytes"
        "the program that sent the line does not keep to the protocol: update it";
    /// A line would become too long by the addresses put into it.
    TooManyHashes "too_many_hashes"
        "a line may have 131072 bytes once its number signs are replaced by the address"
        "send fewer number signs in one line";
    /// A line was not UTF-8.
    NotUtf8 "not_utf8" "a line has to be UTF-8 text" "send text, not binary data or another encoding";
    /// The relay holds as many connections as it may.
    TooManyConnections "too_many_connections" "this relay has no connection left"
        "try again later, or use another relay";
    /// The relay holds as many rooms as it may.
    TooManyRooms "too_many_rooms" "this relay has no room left"
        "try again later, or use another relay";
    /// Too many joins or lines in a short time.
    RateLimited "rate_limited" "too much came from this address in a short time"
        "wait a minute and try again";
    /// Nothing was heard for the idle wait.
    Idle "idle" "nothing was heard from you for too long" "connect again";
    /// The member did not take what the other one says.
    SlowReader "slow_reader" "you did not take what the other one said in time"
        "connect again; if it happens again, the network between you and the relay is too slow";
    /// The relay is being stopped.
    Draining "draining" "this relay is being stopped" "connect again in a moment";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back() {
        for code in Code::ALL {
            assert_eq!(Code::from_wire(code.wire()), Some(*code));
        }
        assert_eq!(Code::from_wire("no_such_code"), None);
    }

    #[test]
    fn sentences_fit_both_forms() {
        for code in Code::ALL {
            let plain = |byte: u8| (b' '..=b'~').contains(&byte) && !b"#<>".contains(&byte);
            assert!(code.sentence().bytes().all(plain), "{code:?}");
            assert!(code.advice().bytes().all(plain), "{code:?}");
        }
    }
}
