//! What happens to whole lines on their way: they are checked, each `#` in them becomes the
//! writer's address, and everything else stays byte for byte. Nothing is parsed.
//!
//! ```text
//!   lines ──survey──▶ nothing odd ──▶ all of them at once: pieces of the input around the "#"
//!                 └─▶ "\r\n", a bad line, very many "#" ──▶ one line after the other
//! ```
//!
//! The unit of work is the chunk of lines, not the line: all of them are looked at once, many bytes
//! at a time, and where nothing can be wrong with any of them they are copied apart or handed over
//! as they lie. Both ways give the same output.

mod one_by_one;
mod spread;
mod survey;

use std::io::IoSlice;

use memchr::memrchr;
use protocol::limits::{DELIVERED_BYTES_MAX, LINE_BYTES_MAX};
use protocol::room::Code;

use crate::address::Address;
use crate::limits::{
    BATCH_BYTES_MAX, GATHERED_BYTES_MIN, GATHERED_MARKS_MAX, NOTED_MARKS_MAX, OUT_BYTES,
};
use survey::Survey;

/// How long lines may be, in bytes without their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineLimits {
    /// As a member sends them (`line_too_long`); [`LINE_BYTES_MAX`] at most.
    pub sent_bytes_max: usize,
    /// As the other one gets them (`too_many_hashes`); [`DELIVERED_BYTES_MAX`] at most.
    pub delivered_bytes_max: usize,
}

impl Default for LineLimits {
    fn default() -> LineLimits {
        LineLimits { sent_bytes_max: LINE_BYTES_MAX, delivered_bytes_max: DELIVERED_BYTES_MAX }
    }
}

/// Where a thread rewrites.
#[derive(Debug)]
pub(crate) struct Desk {
    /// The lines with their `#` replaced.
    out: Box<[u8]>,
    /// Where the `#` are.
    places: Box<[u32]>,
}

impl Default for Desk {
    fn default() -> Desk {
        let out = vec![0; OUT_BYTES].into_boxed_slice();
        Desk { out, places: vec![0; NOTED_MARKS_MAX].into_boxed_slice() }
    }
}

/// Rewritten lines, and what they were made of.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    pub(crate) text: Text<'a>,
    /// Bytes of the input that are done with; less than all when the batch was full.
    pub(crate) taken: usize,
    pub(crate) lines: u64,
    /// The code of the first line that breaks a rule; the lines before it are in `text`.
    pub(crate) checked: Result<(), Code>,
}

/// The bytes of a batch, at most [`BATCH_BYTES_MAX`] of them.
#[derive(Debug)]
pub(crate) enum Text<'a> {
    /// They lie in one piece.
    Whole(&'a [u8]),
    /// They lie in the input, the address between them: not worth copying.
    Gathered(Gathered<'a>),
}

/// Lines with few `#`, and where these are.
#[derive(Debug)]
pub(crate) struct Gathered<'a> {
    lines: &'a [u8],
    address: &'a Address,
    /// [`GATHERED_MARKS_MAX`] at most.
    places: &'a [u32],
}

impl<'a> Gathered<'a> {
    /// Returns the text in its order: pieces of the lines, and the address between them. The last
    /// ones are empty where there are few `#`.
    pub(crate) fn slices(&self) -> [IoSlice<'a>; 2 * GATHERED_MARKS_MAX + 1] {
        let mut slices = [IoSlice::new(&[]); 2 * GATHERED_MARKS_MAX + 1];
        let mut read = 0;
        for (number, place) in self.places.iter().enumerate() {
            let place = *place as usize;
            slices[2 * number] = IoSlice::new(&self.lines[read..place]);
            slices[2 * number + 1] = IoSlice::new(self.address.as_bytes());
            read = place + 1;
        }
        slices[2 * self.places.len()] = IoSlice::new(&self.lines[read..]);
        slices
    }
}

impl Text<'_> {
    /// Appends what is behind the first `taken` bytes to `rest`.
    pub(crate) fn append_rest(&self, taken: usize, rest: &mut Vec<u8>) {
        match self {
            Text::Whole(text) => rest.extend_from_slice(&text[taken..]),
            Text::Gathered(gathered) => {
                let mut slices = gathered.slices();
                let mut slices = &mut slices[..];
                IoSlice::advance_slices(&mut slices, taken);
                slices.iter().for_each(|slice| rest.extend_from_slice(slice));
            }
        }
    }
}

/// Rewrites whole lines, as many as fit a batch.
pub(crate) fn rewrite<'a>(
    lines: &'a [u8],
    address: &'a Address,
    limits: LineLimits,
    desk: &'a mut Desk,
) -> Batch<'a> {
    debug_assert!(lines.last().is_none_or(|last| *last == b'\n'), "an unfinished line");
    debug_assert!(lines.len() <= BATCH_BYTES_MAX, "more than a batch, even before it grows");
    let Desk { out, places } = desk;
    let survey = Survey::of(lines, places);
    let nothing_odd = !survey.returns
        && survey.marks <= marks_max(lines.len(), address, limits)
        && lines_are_short(lines, limits.sent_bytes_max)
        && (survey.ascii || str::from_utf8(lines).is_ok());
    if nothing_odd && let Some(places) = places.get(..survey.marks) {
        let text = all_at_once(lines, address, places, out);
        return Batch { text, taken: lines.len(), lines: survey.ends, checked: Ok(()) };
    }
    one_by_one::rewrite(lines, address, limits, out)
}

/// Checks the beginning of a line that has no end yet.
///
/// # Errors
/// [`Code::LineTooLong`].
pub(crate) fn check_unfinished(line: &[u8], limits: LineLimits) -> Result<(), Code> {
    let too_long = text_of(line).len() > limits.sent_bytes_max;
    if too_long { Err(Code::LineTooLong) } else { Ok(()) }
}

/// Rewrites lines of which each keeps to the rules.
fn all_at_once<'a>(
    lines: &'a [u8],
    address: &'a Address,
    places: &'a [u32],
    out: &'a mut [u8],
) -> Text<'a> {
    if places.is_empty() {
        return Text::Whole(lines);
    }
    if places.len() <= GATHERED_MARKS_MAX && lines.len() >= GATHERED_BYTES_MIN {
        return Text::Gathered(Gathered { lines, address, places });
    }
    let places = places.iter().map(|place| *place as usize);
    let length = spread::copy(lines, address, places, out);
    Text::Whole(&out[..length])
}

/// Returns how many `#` so many bytes of lines can have without one of them growing too long, or all
/// of them together.
fn marks_max(bytes: usize, address: &Address, limits: LineLimits) -> usize {
    let longest = bytes.min(limits.sent_bytes_max);
    let growth = (limits.delivered_bytes_max.saturating_sub(longest))
        .min(BATCH_BYTES_MAX.saturating_sub(bytes));
    growth / address.growth()
}

/// Returns whether no line has more than `sent_bytes_max` bytes, without looking at each: among so
/// many bytes there has to be an end.
fn lines_are_short(lines: &[u8], sent_bytes_max: usize) -> bool {
    let mut rest = lines;
    while rest.len() > sent_bytes_max + 1 {
        match memrchr(b'\n', &rest[..=sent_bytes_max]) {
            Some(end) => rest = &rest[end + 1..],
            None => return false,
        }
    }
    true
}

/// Returns the line without the `\r` of an end `\r\n`.
fn text_of(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod instructions;
#[cfg(test)]
mod tests;
