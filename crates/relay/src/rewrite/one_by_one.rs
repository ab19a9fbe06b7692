//! The careful way: one line after the other, until a line breaks a rule, the batch is full,
//! or it was enough for one turn.

use memchr::memchr_iter;
use protocol::room::Code;

use super::{Batch, LineLimits, Text, spread, text_of};
use crate::address::Address;
use crate::limits::{BATCH_BYTES_MAX, CAREFUL_LINES_MAX};

/// Rewrites whole lines, as many as fit a batch.
pub(super) fn rewrite<'a>(
    input: &[u8],
    address: &Address,
    limits: LineLimits,
    out: &'a mut [u8],
) -> Batch<'a> {
    let (mut taken, mut written, mut lines) = (0, 0, 0);
    let mut checked = Ok(());
    for end in memchr_iter(b'\n', input) {
        let line = text_of(&input[taken..end]);
        let delivered = match check(line, address, limits) {
            Ok(delivered) => delivered,
            Err(code) => {
                checked = Err(code);
                break;
            }
        };
        if written + delivered + 1 > BATCH_BYTES_MAX || lines == CAREFUL_LINES_MAX {
            break;
        }
        written += spread::copy(line, address, memchr_iter(b'#', line), &mut out[written..]);
        out[written] = b'\n';
        written += 1;
        (taken, lines) = (end + 1, lines + 1);
    }
    Batch { text: Text::Whole(&out[..written]), taken, lines, checked }
}

/// Returns how many bytes the line becomes.
fn check(line: &[u8], address: &Address, limits: LineLimits) -> Result<usize, Code> {
    if line.len() > limits.sent_bytes_max {
        return Err(Code::LineTooLong);
    }
    if str::from_utf8(line).is_err() {
        return Err(Code::NotUtf8);
    }
    let marks = memchr_iter(b'#', line).count();
    let delivered = line.len() + marks * address.growth();
    if delivered > limits.delivered_bytes_max { Err(Code::TooManyHashes) } else { Ok(delivered) }
}
