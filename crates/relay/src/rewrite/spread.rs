//! Copying lines apart, so that there is room for the address in place of each `#`.

use crate::address::Address;

/// Copies the lines, the address in place of the `#` at each of the places, which ascend; returns
/// how many bytes they became. `out` has room for [`PADDED_BYTES`] more.
///
/// [`PADDED_BYTES`]: crate::address::PADDED_BYTES
pub(super) fn copy(
    lines: &[u8],
    address: &Address,
    places: impl Iterator<Item = usize>,
    out: &mut [u8],
) -> usize {
    let (mut read, mut written) = (0, 0);
    for place in places {
        written = put(&lines[read..place], out, written);
        written = address.put(out, written);
        read = place + 1;
    }
    put(&lines[read..], out, written)
}

#[inline(always)]
fn put(piece: &[u8], out: &mut [u8], at: usize) -> usize {
    let end = at + piece.len();
    out[at..end].copy_from_slice(piece);
    end
}

#[cfg(test)]
mod tests {
    use memchr::memchr_iter;

    use super::*;
    use crate::address::PADDED_BYTES;

    #[test]
    fn marks_give_way_wherever_they_stand() {
        let address = Address::new("::1".parse().unwrap());
        for lines in ["", "#", "##", "a", "a#", "#a", "a##b#", "no mark\n", "#\n#\n#\n"] {
            let expected = lines.replace('#', "::1");
            let mut out = vec![0; expected.len() + PADDED_BYTES];
            let places = memchr_iter(b'#', lines.as_bytes());
            assert_eq!(copy(lines.as_bytes(), &address, places, &mut out), expected.len());
            assert_eq!(&out[..expected.len()], expected.as_bytes());
        }
    }
}
