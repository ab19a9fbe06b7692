//! The address of a member as text: what stands in for a `#`.

use std::fmt::Write;
use std::net::IpAddr;

/// Bytes that the longest address has: an IPv6 address of eight groups of four digits.
const TEXT_BYTES_MAX: usize = 39;
/// Bytes that are always copied, however many count: copying a fixed number is one or two moves.
pub(crate) const PADDED_BYTES: usize = 40;

/// An address as text, without any memory of its own elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    padded: [u8; PADDED_BYTES],
    length: u8,
}

impl Address {
    /// Writes the address down.
    pub(crate) fn new(address: IpAddr) -> Address {
        let mut text = Address { padded: [0; PADDED_BYTES], length: 0 };
        write!(text, "{address}").expect("every address has at most 39 bytes");
        text
    }

    /// Returns the text.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.padded[..usize::from(self.length)]
    }

    /// Returns by how many bytes a line grows with each `#`, 1 at least.
    pub(crate) fn growth(&self) -> usize {
        usize::from(self.length) - 1
    }

    /// Copies the address to `out` at `at`; returns where it ends. Up to [`PADDED_BYTES`] bytes from
    /// `at` on are overwritten.
    #[inline]
    pub(crate) fn put(&self, out: &mut [u8], at: usize) -> usize {
        out[at..at + PADDED_BYTES].copy_from_slice(&self.padded);
        at + usize::from(self.length)
    }
}

impl Write for Address {
    fn write_str(&mut self, piece: &str) -> std::fmt::Result {
        let start = usize::from(self.length);
        let end = start + piece.len();
        let place = self.padded[..TEXT_BYTES_MAX].get_mut(start..end).ok_or(std::fmt::Error)?;
        place.copy_from_slice(piece.as_bytes());
        self.length = end as u8;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_everywhere() {
        for text in [
            "::",
            "::1",
            "127.0.0.1",
            "255.255.255.255",
            "1111:2222:3333:4444:5555:6666:7777:8888",
            "::ffff:1.2.3.4",
        ] {
            let address = Address::new(text.parse().unwrap());
            assert_eq!(String::from_utf8_lossy(address.as_bytes()), text);
            let mut out = [b'.'; 64];
            let end = address.put(&mut out, 1);
            assert_eq!(&out[..end], format!(".{text}").as_bytes());
        }
    }
}
