//! The secret that makes a coin one's own: 16 bytes that one agent and the
//! owner know.

use std::fmt;

use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// An authenticity number (AN): 16 secret bytes, shared with one agent.
///
/// It has no `Display` and no `Serialize`, its `Debug` shows nothing of it, it
/// compares in constant time and is wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct AuthenticityNumber([u8; AuthenticityNumber::BYTES]);

/// Why a text is no authenticity number. It never carries the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticityNumberError {
    /// The text has another length.
    #[error("a secret of {found} characters instead of {}", AuthenticityNumber::HEX_DIGITS)]
    WrongLength {
        /// Characters that were there.
        found: usize,
    },
    /// The text has a character that is no hexadecimal digit.
    #[error("a secret with a character that is no hexadecimal digit")]
    NotHexadecimal,
}

impl AuthenticityNumber {
    /// Bytes of an authenticity number.
    pub const BYTES: usize = 16;

    /// Hexadecimal digits of an authenticity number.
    pub const HEX_DIGITS: usize = 2 * Self::BYTES;

    /// Takes the 16 bytes as they are.
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> AuthenticityNumber {
        AuthenticityNumber(bytes)
    }

    /// Reads 32 hexadecimal digits of either case.
    ///
    /// # Errors
    /// [`AuthenticityNumberError`]; neither form holds a part of the text.
    pub fn from_hex(text: &str) -> Result<AuthenticityNumber, AuthenticityNumberError> {
        let (pairs, rest) = text.as_bytes().as_chunks();
        if pairs.len() != Self::BYTES || !rest.is_empty() {
            return Err(match text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                true => AuthenticityNumberError::WrongLength { found: text.len() },
                false => AuthenticityNumberError::NotHexadecimal,
            });
        }
        let mut number = AuthenticityNumber([0; Self::BYTES]);
        let mut seen = 0;
        for (byte, [high, low]) in number.0.iter_mut().zip(pairs) {
            let (high, low) = (VALUES[usize::from(*high)], VALUES[usize::from(*low)]);
            seen |= high | low;
            *byte = high << 4 | low;
        }
        if seen < NO_DIGIT { Ok(number) } else { Err(AuthenticityNumberError::NotHexadecimal) }
    }

    /// Shows the secret bytes. What is made of them is the caller's to wipe.
    pub const fn expose(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// Returns 32 lower-case hexadecimal digits, as files and agents take them.
    pub fn to_hex(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(Self::HEX_DIGITS));
        self.push_hex(&mut text);
        text
    }

    /// Appends 32 lower-case hexadecimal digits. What they are appended to is the caller's to
    /// wipe, and to make large enough beforehand: growing leaves a copy.
    pub fn write_hex(&self, text: &mut Vec<u8>) {
        for byte in self.0 {
            text.extend_from_slice(&[digit(byte >> 4), digit(byte & 0x0f)]);
        }
    }

    /// Appends 32 lower-case hexadecimal digits, without a copy in between.
    pub(crate) fn push_hex(&self, text: &mut String) {
        for byte in self.0 {
            text.push(char::from(digit(byte >> 4)));
            text.push(char::from(digit(byte & 0x0f)));
        }
    }
}

/// The value of each hexadecimal digit, [`NO_DIGIT`] for any other byte. Secrets are read in
/// hundreds of thousands a second.
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        let digit = digit(value);
        values[digit as usize] = value;
        values[digit.to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    values
};

const NO_DIGIT: u8 = 0x10;

const fn digit(value: u8) -> u8 {
    b"0123456789abcdef"[value as usize]
}

impl ConstantTimeEq for AuthenticityNumber {
    fn ct_eq(&self, other: &AuthenticityNumber) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl PartialEq for AuthenticityNumber {
    fn eq(&self, other: &AuthenticityNumber) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for AuthenticityNumber {}

impl fmt::Debug for AuthenticityNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthenticityNumber(secret)")
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroize;

    use super::{AuthenticityNumber, AuthenticityNumberError};

    const TEXT: &str = "0123456789abcdef00ff10a5deadbeef";

    fn check_refused(text: &str, expected: AuthenticityNumberError) {
        let refused = AuthenticityNumber::from_hex(text).unwrap_err();
        assert_eq!(refused, expected);
        assert!(text.is_empty() || !refused.to_string().contains(text));
        assert!(text.is_empty() || !format!("{refused:?}").contains(text));
    }

    #[test]
    fn hexadecimal_digits_of_either_case_are_read_and_written_lower() {
        let lower = AuthenticityNumber::from_hex(TEXT).unwrap();
        let upper = AuthenticityNumber::from_hex(&TEXT.to_uppercase()).unwrap();
        assert_eq!(lower, upper);
        assert_eq!(lower.to_hex().as_str(), TEXT);
        assert_eq!(lower, AuthenticityNumber::from_bytes(*lower.expose()));
    }

    #[test]
    fn a_text_of_another_form_is_refused_and_not_repeated() {
        check_refused("", AuthenticityNumberError::WrongLength { found: 0 });
        check_refused(&TEXT[1..], AuthenticityNumberError::WrongLength { found: 31 });
        check_refused(&format!("{TEXT}aa"), AuthenticityNumberError::WrongLength { found: 34 });
        check_refused(&TEXT.replace('a', "g"), AuthenticityNumberError::NotHexadecimal);
        check_refused(&TEXT.replace('a', "é"), AuthenticityNumberError::NotHexadecimal);
    }

    #[test]
    fn one_other_bit_makes_another_secret() {
        let number = AuthenticityNumber::from_hex(TEXT).unwrap();
        for bit in 0..128 {
            let mut bytes = *number.expose();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(AuthenticityNumber::from_bytes(bytes), number);
        }
    }

    #[test]
    fn debug_shows_nothing_of_the_secret() {
        let number = AuthenticityNumber::from_hex(TEXT).unwrap();
        assert_eq!(format!("{number:?} {number:#?}").matches("secret").count(), 2);
        assert!(!format!("{number:?}").contains("01"));
    }

    #[test]
    fn wiping_leaves_zeros_and_happens_on_drop() {
        fn wiped_on_drop<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        let mut number = AuthenticityNumber::from_hex(TEXT).unwrap();
        wiped_on_drop(&number);
        number.zeroize();
        assert_eq!(number.expose(), &[0; 16]);
    }
}
