//! One look at a chunk, many bytes at a time: how many lines, whether all is plain ASCII, and where
//! each `#` is.

use std::sync::LazyLock;

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x64};

/// What is in a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Survey {
    /// `\n` in it.
    pub(super) ends: u64,
    /// Whether every byte is ASCII, and so the whole is UTF-8.
    pub(super) ascii: bool,
    /// Whether there is a `\r`.
    pub(super) returns: bool,
    /// `#` in it.
    pub(super) marks: usize,
}

/// Bytes that are looked at together: one register of the largest machine, four of the smallest.
const LANES: usize = 64;

/// What this machine can do; found out once.
static LEVEL: LazyLock<Level> = LazyLock::new(Level::new);

impl Survey {
    /// Looks at all bytes, and notes where the `#` are, as many as there is room for in `places`.
    pub(super) fn of(bytes: &[u8], places: &mut [u32]) -> Survey {
        dispatch!(*LEVEL, simd => Survey::with(simd, bytes, places))
    }

    #[inline(always)]
    fn with<S: Simd>(simd: S, bytes: &[u8], places: &mut [u32]) -> Survey {
        let (blocks, rest) = bytes.as_chunks::<LANES>();
        let (mut ends, mut returns, mut marks) = (0, 0, 0);
        let mut ones = u8x64::splat(simd, 0);
        for (number, block) in blocks.iter().enumerate() {
            let block = u8x64::from_slice(simd, block);
            ones |= block;
            ends += u64::from(block.simd_eq(b'\n').to_bitmask().count_ones());
            returns |= block.simd_eq(b'\r').to_bitmask();
            let mut found = block.simd_eq(b'#').to_bitmask();
            while found != 0 {
                let place = number * LANES + found.trailing_zeros() as usize;
                note(place, places, &mut marks);
                found &= found - 1;
            }
        }
        let mut survey =
            Survey { ends, ascii: ones.as_slice().is_ascii(), returns: returns != 0, marks };
        survey.add_few(rest, blocks.len() * LANES, places);
        survey
    }

    /// Looks at the bytes from `start` on.
    fn add_few(&mut self, bytes: &[u8], start: usize, places: &mut [u32]) {
        for (byte, place) in bytes.iter().zip(start..) {
            match byte {
                b'\n' => self.ends += 1,
                b'\r' => self.returns = true,
                b'#' => note(place, places, &mut self.marks),
                _ => self.ascii &= byte.is_ascii(),
            }
        }
    }
}

#[inline(always)]
fn note(place: usize, places: &mut [u32], marks: &mut usize) {
    if let Some(noted) = places.get_mut(*marks) {
        *noted = place as u32;
    }
    *marks += 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Survey = Survey { ends: 0, ascii: true, returns: false, marks: 0 };

    fn check(bytes: &[u8]) {
        let (mut places, mut expected_places) = ([0; 16], [0; 16]);
        let mut expected = NOTHING;
        expected.add_few(bytes, 0, &mut expected_places);
        assert_eq!(Survey::of(bytes, &mut places), expected, "{} bytes", bytes.len());
        assert_eq!(places, expected_places, "{} bytes", bytes.len());
    }

    #[test]
    fn every_byte_counts_wherever_it_stands() {
        for length in [0, 1, 63, 64, 65, 100, 128, 1_000] {
            let plain = vec![b'x'; length];
            check(&plain);
            check(&vec![b'\n'; length]);
            check(&vec![b'#'; length]);
            for odd in [b'\n', b'\r', b'#', 0x80, 0xff, 0] {
                for place in (0..length).step_by(7).chain(length.checked_sub(1)) {
                    let mut bytes = plain.clone();
                    bytes[place] = odd;
                    check(&bytes);
                }
            }
        }
    }
}
