//! Hints: what an agent tells of a ticket to whoever shows it.
//!
//! ```text
//! rn=T            1:7                  the serial number and the age in seconds
//!                 1:7:5f…              the same of a coin that an exchange made: its origin
//!                 -2:1000000000        there is no such ticket any more
//!                 -3:2147483640        not a ticket
//! rns[]=T&rns[]=U [1:7,-2:1000000000]  in the order asked; not JSON
//! master_ticket=T 1,22:5f…,16777216    every coin that the ticket speaks for, with its origin
//!                                      where an exchange made it
//! ```
//!
//! With `to=7` the caller says that it is agent 7: a ticket that was given for the fixing of agent
//! 7 is shown to nobody else. Origins are shown to agents alone: clients of v1 read no third part.

use std::fmt;
use std::time::Duration;

use coin::{Origin, SerialNumber};

use super::{Dud, Form};

/// The field that names the one agent that is to be fixed: in a request for tickets, and in the
/// questions of that agent about them.
pub const TO: &str = "to";

/// What an agent says of one ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// The ticket speaks for this coin.
    Coin {
        /// The serial number.
        sn: SerialNumber,
        /// Where it came from.
        origin: Origin,
        /// How long ago it was given.
        age: Duration,
    },
    /// There is no such ticket, or not any more, or not for this caller.
    Unknown,
    /// The text is no ticket.
    Malformed,
}

const UNKNOWN: &str = "-2:1000000000";
const MALFORMED: &str = "-3:2147483640";

/// Reads the agent that a request names with [`TO`]; none where it names none.
///
/// # Errors
///
/// [`Dud::Agent`] when it is none of 0 to 24.
pub fn addressee(form: &Form<'_>) -> Result<Option<usize>, Dud> {
    form.one(TO).map(|text| agent(TO, text)).transpose()
}

/// Reads the number of an agent, 0 to 24.
///
/// # Errors
///
/// [`Dud::Agent`] with the name of the field.
pub fn agent(field: &'static str, text: &str) -> Result<usize, Dud> {
    let number = text.parse().ok().filter(|number| *number < coin::AGENTS);
    number.ok_or(Dud::Agent { field })
}

impl Hint {
    /// Reads what an agent says of one ticket. Whatever names no coin is [`Hint::Unknown`].
    pub fn parse(text: &str) -> Hint {
        let coin = text.trim().split_once(':').and_then(|(sn, rest)| {
            let (age, origin) = split_origin(rest)?;
            let (sn, age_s) = (sn.parse().ok()?, age.parse().ok()?);
            Some(Hint::Coin { sn, origin, age: Duration::from_secs(age_s) })
        });
        coin.unwrap_or(Hint::Unknown)
    }

    /// Reads what an agent says of many tickets, or `None` when the text is no such list.
    pub fn parse_many(text: &str) -> Option<Vec<Hint>> {
        let list = text.trim().strip_prefix('[')?.strip_suffix(']')?;
        Some(list.split(',').map(Hint::parse).collect())
    }

    /// Writes what is said of many tickets.
    pub fn write_many(hints: &[Hint]) -> String {
        let hints: Vec<String> = hints.iter().map(ToString::to_string).collect();
        format!("[{}]", hints.join(","))
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Hint::Coin { sn, origin: Origin::Minted, age } => write!(f, "{sn}:{}", age.as_secs()),
            Hint::Coin { sn, origin, age } => write!(f, "{sn}:{}:{origin}", age.as_secs()),
            Hint::Unknown => f.write_str(UNKNOWN),
            Hint::Malformed => f.write_str(MALFORMED),
        }
    }
}

/// Reads the coins that a ticket speaks for, with their origins; none where the text is something
/// else.
pub fn read_covered(text: &str) -> Vec<(SerialNumber, Origin)> {
    let coin = |text: &str| {
        let (sn, origin) = split_origin(text)?;
        Some((sn.parse().ok()?, origin))
    };
    let coins: Option<Vec<_>> = text.trim().split(',').map(coin).collect();
    coins.unwrap_or_default()
}

/// Writes the coins that a ticket speaks for.
pub fn write_covered(coins: &[(SerialNumber, Origin)]) -> String {
    if coins.is_empty() {
        return UNKNOWN.to_owned();
    }
    let coin = |(sn, origin): &(SerialNumber, Origin)| match origin {
        Origin::Minted => sn.to_string(),
        Origin::Exchange(_) => format!("{sn}:{origin}"),
    };
    let coins: Vec<String> = coins.iter().map(coin).collect();
    coins.join(",")
}

/// Cuts off the origin of a coin that an exchange made, or returns `None` when what stands in its
/// place is none.
fn split_origin(text: &str) -> Option<(&str, Origin)> {
    match text.split_once(':') {
        None => Some((text, Origin::Minted)),
        Some((rest, origin)) => Some((rest, origin.parse().ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE: Origin = Origin::Exchange([0xa7; 32]);

    fn sn(number: u32) -> SerialNumber {
        SerialNumber::new(number).unwrap()
    }

    #[test]
    fn hints_are_read_back_and_what_names_no_coin_is_unknown() {
        let coin = |origin| Hint::Coin { sn: sn(22), origin, age: Duration::from_secs(7) };
        let made = format!("22:7:{}", "a7".repeat(32));
        for (text, hint) in [("22:7", coin(Origin::Minted)), (&made, coin(MADE))] {
            assert_eq!((hint.to_string().as_str(), Hint::parse(text)), (text, hint));
        }
        for text in [UNKNOWN, MALFORMED, "-1", "", "22", "22:", ":7", "0:7", "22:-7", "22:7:7"] {
            assert_eq!(Hint::parse(text), Hint::Unknown, "{text}");
        }
    }

    #[test]
    fn many_hints_stand_in_brackets() {
        let hints =
            [Hint::Unknown, Hint::Coin { sn: sn(1), origin: Origin::Minted, age: Duration::ZERO }];
        let text = Hint::write_many(&hints);
        assert_eq!(text, "[-2:1000000000,1:0]");
        assert_eq!(Hint::parse_many(&text), Some(hints.to_vec()));
        for text in ["", "1:0", "[1:0", "{}"] {
            assert_eq!(Hint::parse_many(text), None, "{text}");
        }
    }

    #[test]
    fn coins_of_a_ticket_are_all_read_or_none() {
        let coins = [(sn(1), Origin::Minted), (sn(22), MADE), (sn(16_777_216), Origin::Minted)];
        let text = write_covered(&coins);
        assert_eq!(text, format!("1,22:{},16777216", "a7".repeat(32)));
        assert_eq!(read_covered(&text), coins);
        for text in ["", "-2:1000000000", "1,", "1,0", "1;2", "1,22:7"] {
            assert_eq!(read_covered(text), [], "{text}");
        }
        assert_eq!(read_covered(&write_covered(&[])), []);
    }
}
