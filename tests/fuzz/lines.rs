//! Lines between programs and relay: a message, a join, a notice or chat, and never a panic.

use protocol::line::{NumberedLine, shown};
use protocol::room::{Form, JoinLine, Notice};

/// Reads a line as every program would that may meet it.
pub(crate) fn check(line: &[u8]) {
    let _ = NumberedLine::parse(line);
    if let Ok(join) = JoinLine::parse(line) {
        let again = JoinLine::parse(join.to_json_line().as_bytes()).expect("we can join");
        assert_eq!((again.room, again.side), (join.room, join.side));
        assert!(again.token == join.token);
    }
    if let Some(notice) = Notice::parse(line) {
        for form in [Form::Json, Form::Tag] {
            let text = notice.to_line(form);
            // A sentence of the tag form ends with the line.
            if !text.contains('\n') {
                assert!(Notice::parse(text.as_bytes()).is_some(), "{text:?}");
            }
        }
    }
    if let Ok(text) = str::from_utf8(line) {
        assert!(!shown(text).contains(char::is_control));
    }
}
