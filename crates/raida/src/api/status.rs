//! The status words of an answer.

use std::fmt;

macro_rules! status_words {
    ($($status:ident $word:literal $meaning:literal;)*) => {
        /// What an agent says of a request or of a coin.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Status {
            $(#[doc = $meaning] $status,)*
        }

        impl Status {
            /// All of them, in the order of their declaration.
            pub const ALL: [Status; [$($word),*].len()] = [$(Status::$status),*];

            /// Returns the word on the wire.
            pub fn word(self) -> &'static str {
                match self {
                    $(Status::$status => $word,)*
                }
            }

            /// Returns the status of a word in any case, or `None` for a word without meaning.
            pub fn from_word(word: &str) -> Option<Status> {
                $(if word.eq_ignore_ascii_case($word) {
                    return Some(Status::$status);
                })*
                None
            }
        }
    };
}

status_words! {
    Pass "pass" "The agent holds the secret, or took the proposed one.";
    Fail "fail" "The agent holds another secret, or does not know the coin.";
    Dud "dud" "The request was not understood; nothing was changed.";
    Error "error" "The agent could not answer; nothing was changed.";
    Ready "ready" "The agent is up.";
    Ticket "ticket" "The message is a ticket.";
    AllPass "allpass" "Brief form: every coin passed.";
    AllFail "allfail" "Brief form: no coin passed.";
    Mixed "mixed" "Brief form: some coins passed.";
    Success "success" "What was asked for was done.";
    Exchange "exchange" "The exchange was executed, now or before.";
    Cancelled "cancelled" "The request was cancelled and will never be executed.";
    An "an" "The agent holds the AN.";
    Pan "pan" "The agent holds the PAN.";
    Neither "neither" "The agent holds neither AN nor PAN.";
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_any_case() {
        assert_eq!(Status::from_word("Pass"), Some(Status::Pass));
        assert_eq!(Status::from_word("NEITHER"), Some(Status::Neither));
        assert_eq!(Status::from_word("passed"), None);
        assert_eq!(Status::from_word(""), None);
    }
}
