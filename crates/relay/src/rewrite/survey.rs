//! One look at a chunk, many bytes at a time: how many lines, and whether all is plain ASCII.

/// What is in a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Survey {
    /// `\n` in it.
    pub(super) ends: u64,
    /// Whether every byte is ASCII, and so the whole is UTF-8.
    pub(super) ascii: bool,
    /// Whether there is a `\r`.
    pub(super) returns: bool,
}

/// Bytes that are looked at together: two registers of the smallest machine.
const LANES: usize = 32;
/// Blocks after which the counters, a byte wide each, are added up before they overflow.
const BLOCKS_MAX: usize = 255;

impl Survey {
    /// Looks at all bytes.
    pub(super) fn of(bytes: &[u8]) -> Survey {
        let (blocks, rest) = bytes.as_chunks::<LANES>();
        let mut survey = Survey::of_few(rest);
        for blocks in blocks.chunks(BLOCKS_MAX) {
            survey = survey.and(Survey::of_blocks(blocks));
        }
        survey
    }

    /// Looks at [`BLOCKS_MAX`] blocks at most; the compiler makes vector instructions of it.
    fn of_blocks(blocks: &[[u8; LANES]]) -> Survey {
        let mut ends = [0_u8; LANES];
        let mut returns = [0_u8; LANES];
        let mut ones = [0_u8; LANES];
        for block in blocks {
            for lane in 0..LANES {
                ends[lane] += u8::from(block[lane] == b'\n');
                returns[lane] |= u8::from(block[lane] == b'\r');
                ones[lane] |= block[lane];
            }
        }
        Survey {
            ends: ends.iter().map(|count| u64::from(*count)).sum(),
            ascii: ones.is_ascii(),
            returns: returns.contains(&1),
        }
    }

    fn of_few(bytes: &[u8]) -> Survey {
        Survey {
            ends: bytes.iter().filter(|byte| **byte == b'\n').count() as u64,
            ascii: bytes.is_ascii(),
            returns: bytes.contains(&b'\r'),
        }
    }

    fn and(self, other: Survey) -> Survey {
        Survey {
            ends: self.ends + other.ends,
            ascii: self.ascii && other.ascii,
            returns: self.returns || other.returns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8]) {
        assert_eq!(Survey::of(bytes), Survey::of_few(bytes), "{} bytes", bytes.len());
    }

    #[test]
    fn every_byte_counts_wherever_it_stands() {
        for length in [0, 1, 31, 32, 33, 64, 100, 32 * 255 - 1, 32 * 255, 32 * 256 + 5] {
            let plain = vec![b'x'; length];
            check(&plain);
            check(&vec![b'\n'; length]);
            for odd in [b'\n', b'\r', 0x80, 0xff, 0] {
                for place in (0..length).step_by(7).chain(length.checked_sub(1)) {
                    let mut bytes = plain.clone();
                    bytes[place] = odd;
                    check(&bytes);
                }
            }
        }
    }
}
