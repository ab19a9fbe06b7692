//! What is understood coming in although it never goes out: the seed's own sample of a message has
//! a comma before its closing brace, and people write "nothing" in several ways.

use std::borrow::Cow;

use serde_json::Value;

/// Returns `line` without blanks around it and without one comma before its closing brace.
///
/// Anything else stays as it is: strict JSON decides about it afterwards.
pub(crate) fn without_trailing_comma(line: &str) -> Cow<'_, str> {
    let line = line.trim();
    let body = line.strip_suffix('}').map(str::trim_end);
    match body.and_then(|body| body.strip_suffix(',')) {
        Some(body) => Cow::Owned(format!("{body}}}")),
        None => Cow::Borrowed(line),
    }
}

/// Returns whether a field says "nothing": `null`, `""` or `"None"`; an absent field reads as `null`.
pub(crate) fn is_none_form(field: &Value) -> bool {
    match field {
        Value::Null => true,
        Value::String(text) => text.is_empty() || text == "None",
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comma_of_the_seeds_sample_is_taken_and_no_other() {
        let check = |given: &str, expected: &str| {
            assert_eq!(without_trailing_comma(given), expected);
        };
        check(r#"{"a":1,}"#, r#"{"a":1}"#);
        check("  {\"a\":1 , } ", r#"{"a":1 }"#);
        check(r#"{"a":1}"#, r#"{"a":1}"#);
        check(r#"{"a":1,,}"#, r#"{"a":1,}"#);
        check(r#"{"a":",}"#, r#"{"a":"}"#);
        check("", "");
    }

    #[test]
    fn nothing_has_three_spellings() {
        for nothing in [Value::Null, Value::from(""), Value::from("None")] {
            assert!(is_none_form(&nothing));
        }
        for something in [Value::from("none"), Value::from(0), Value::from(false)] {
            assert!(!is_none_form(&something));
        }
    }
}
