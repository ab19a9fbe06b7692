//! Copying lines with many `#`: a block at a time, whether or not one is in it.
//!
//! A search that is called anew for each `#` costs more than the copying, where every line has one.

use crate::address::Address;

/// Bytes that are copied and looked at together; no more than [`PADDED_BYTES`], which `out` has
/// beyond what is asked of it.
///
/// [`PADDED_BYTES`]: crate::address::PADDED_BYTES
const BLOCK_BYTES: usize = 32;

/// Copies the lines, the address in place of each `#`; returns how many bytes they became, or
/// `None` when there are more than `marks_max`.
pub(super) fn copy(
    lines: &[u8],
    address: &Address,
    marks_max: usize,
    out: &mut [u8],
) -> Option<usize> {
    let (mut rest, mut written, mut marks) = (lines, 0, 0);
    while let Some(block) = rest.first_chunk::<BLOCK_BYTES>() {
        out[written..written + BLOCK_BYTES].copy_from_slice(block);
        let Some(mark) = find_mark(block) else {
            rest = &rest[BLOCK_BYTES..];
            written += BLOCK_BYTES;
            continue;
        };
        marks += 1;
        if marks > marks_max {
            return None;
        }
        written = address.put(out, written + mark);
        rest = &rest[mark + 1..];
    }
    for byte in rest {
        if *byte == b'#' {
            marks += 1;
            written = address.put(out, written);
        } else {
            out[written] = *byte;
            written += 1;
        }
    }
    (marks <= marks_max).then_some(written)
}

fn find_mark(block: &[u8; BLOCK_BYTES]) -> Option<usize> {
    // Without a branch for each byte: the compiler makes two vector instructions of it.
    if !block.iter().fold(false, |found, byte| found | (*byte == b'#')) {
        return None;
    }
    let (words, _) = block.as_chunks::<8>();
    let marks = words.iter().map(|word| marks_in(u64::from_le_bytes(*word)));
    let (number, marks) = marks.enumerate().find(|(_, marks)| *marks != 0)?;
    Some(8 * number + (marks.trailing_zeros() / 8) as usize)
}

/// Returns a number whose lowest bit that is set lies in the first `#` of eight bytes.
fn marks_in(word: u64) -> u64 {
    let word = word ^ u64::from_ne_bytes([b'#'; 8]);
    word.wrapping_sub(u64::from_ne_bytes([0x01; 8])) & !word & u64::from_ne_bytes([0x80; 8])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::PADDED_BYTES;

    #[test]
    fn a_mark_is_found_wherever_it_stands_and_whatever_is_beside_it() {
        let address = Address::new("::1".parse().unwrap());
        for around in [b'"', b'$', b'x', 0x00, 0xa3, 0xff, b'#'] {
            for length in [1, 31, 32, 33, 63, 64, 65, 100] {
                for place in 0..length {
                    let mut lines = vec![around; length];
                    lines[place] = b'#';
                    let expected: Vec<u8> = lines
                        .iter()
                        .flat_map(|byte| {
                            if *byte == b'#' { &b"::1"[..] } else { std::slice::from_ref(byte) }
                        })
                        .copied()
                        .collect();
                    let mut out = vec![0; expected.len() + PADDED_BYTES];
                    let marks = lines.iter().filter(|byte| **byte == b'#').count();
                    assert_eq!(copy(&lines, &address, marks, &mut out), Some(expected.len()));
                    assert_eq!(&out[..expected.len()], expected);
                    assert_eq!(copy(&lines, &address, marks - 1, &mut out), None);
                }
            }
        }
    }
}
