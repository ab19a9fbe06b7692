//! Connection files: read or refused, and what was read can be written and read again.

use protocol::conn_file::ConnFile;

/// Reads bytes as a connection file.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(file) = ConnFile::parse(text) {
        let again = ConnFile::parse(&file.to_text()).expect("what we write is a connection file");
        assert!(again == file);
        let line = ConnFile::parse(&file.to_line()).expect("what we write on a line is one, too");
        assert!(line == file);
    }
}
