//! Text of the peer or the relay as it may reach a terminal.

use std::fmt::Write;

use crate::limits::SHOWN_CHARS_MAX;

/// Returns the text with everything escaped that could move the cursor, turn the direction of
/// writing or hide itself, as `\u{1b}`, and cut after [`SHOWN_CHARS_MAX`] characters with `…`.
///
/// A backslash is doubled, so that an escape cannot be feigned.
pub fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(SHOWN_CHARS_MAX));
    for (count, char) in text.chars().enumerate() {
        if count == SHOWN_CHARS_MAX {
            out.push('…');
            break;
        }
        match char {
            '\\' => out.push_str("\\\\"),
            char if char.is_control() || is_invisible(char) => {
                write!(out, "\\u{{{:x}}}", u32::from(char)).expect("a String takes all text");
            }
            char => out.push(char),
        }
    }
    out
}

/// Bidirectional controls, zero-width and other format characters, line and paragraph separators,
/// variation selectors, and tag characters.
fn is_invisible(char: char) -> bool {
    matches!(char,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(shown(text), expected);
    }

    #[test]
    fn plain_text_of_any_script_stays() {
        for text in ["", "for lunch", "für Käse, 10 €", "Спасибо", "ありがとう", "<b>&amp;</b> #1"]
        {
            check(text, text);
        }
    }

    #[test]
    fn nothing_that_moves_the_cursor_or_hides_gets_through() {
        check("\u{1b}[2Jgone", r"\u{1b}[2Jgone");
        check("a\rb\nc\td\u{7f}\u{9b}", r"a\u{d}b\u{a}c\u{9}d\u{7f}\u{9b}");
        check("abc\u{202e}cba\u{2066}x\u{200f}", r"abc\u{202e}cba\u{2066}x\u{200f}");
        check("in\u{200b}visible\u{feff}\u{e0041}", r"in\u{200b}visible\u{feff}\u{e0041}");
    }

    #[test]
    fn an_escape_cannot_be_feigned() {
        check(r"\u{1b}", r"\\u{1b}");
    }

    #[test]
    fn long_text_is_cut() {
        let text = "é".repeat(SHOWN_CHARS_MAX);
        check(&text, &text);
        check(&(text.clone() + "x"), &(text + "…"));
    }
}
