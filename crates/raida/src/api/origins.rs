//! Where coins came from, as questions and answers speak of it.
//!
//! Agents that hold a serial number from different origins hold different coins, so whoever counts
//! agents counts those of one origin. A question says with `origins=t` that its caller does. Whoever
//! does not say so adds passes up, and hears of minted coins only.

use coin::Origin;

use super::Form;

/// What a question of a caller who counts origins has before its coins; see
/// [`write_coins_with`](super::write_coins_with).
pub const COUNTS_ORIGINS: &str = "&origins=t";

/// What stands in a list for a coin that was minted.
const NONE: &str = "-";

/// How a caller counts the agents that hold a coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    /// Only those that hold it from one origin.
    Origins,
    /// Whoever says that it holds it, as clients of v1 do.
    Passes,
}

impl Counting {
    /// Reads how the caller counts: the field `origins`.
    pub fn read(form: &Form<'_>) -> Counting {
        match form.one("origins") {
            Some("t") => Counting::Origins,
            Some(_) | None => Counting::Passes,
        }
    }
}

/// Writes where coins came from for the brief form, or nothing when all of them were minted.
pub fn write_origins(origins: &[Origin]) -> Option<String> {
    let word = |origin: &Origin| match origin {
        Origin::Minted => NONE.to_owned(),
        Origin::Exchange(_) => origin.to_string(),
    };
    let is_made = origins.iter().any(|origin| *origin != Origin::Minted);
    is_made.then(|| origins.iter().map(word).collect::<Vec<_>>().join(","))
}

/// Reads where so many coins came from.
pub(super) fn read_many(text: Option<&str>, coins: usize) -> Option<Vec<Origin>> {
    let Some(text) = text else { return Some(vec![Origin::Minted; coins]) };
    let origin = |word: &str| if word == NONE { Some(Origin::Minted) } else { read(Some(word)) };
    let origins: Vec<Origin> = text.split(',').map(origin).collect::<Option<_>>()?;
    (origins.len() == coins).then_some(origins)
}

/// Reads where a coin came from.
pub(super) fn read(text: Option<&str>) -> Option<Origin> {
    text.map_or(Some(Origin::Minted), |text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE: Origin = Origin::Exchange([0xa7; 32]);

    #[test]
    fn only_one_word_says_that_the_caller_counts_origins() {
        for (text, counting) in [
            (&COUNTS_ORIGINS[1..], Counting::Origins),
            ("origins=true", Counting::Passes),
            ("origins=", Counting::Passes),
            ("origins[]=t", Counting::Passes),
            ("", Counting::Passes),
        ] {
            assert_eq!(Counting::read(&Form::parse(text.as_bytes()).unwrap()), counting, "{text}");
        }
    }

    #[test]
    fn lists_are_read_back_and_minted_coins_need_none() {
        let origins = vec![Origin::Minted, MADE, Origin::Minted];
        let text = write_origins(&origins).unwrap();
        assert_eq!(text, format!("-,{},-", "a7".repeat(32)));
        assert_eq!(read_many(Some(&text), 3), Some(origins));
        assert_eq!(write_origins(&[Origin::Minted; 3]), None);
        assert_eq!(read_many(None, 2), Some(vec![Origin::Minted; 2]));
        assert_eq!(read_many(Some(&text), 2), None);
        assert_eq!(read_many(Some("-,x,-"), 3), None);
    }
}
