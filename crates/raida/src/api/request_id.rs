//! The id of a request that must be carried out once, however often it is asked for.

use std::fmt;
use std::str::FromStr;

/// The id of a request: 16 bytes that the client chooses at random; 32 hexadecimal digits on the
/// wire. No secret, but nobody else's to know before the request is answered: who knows it can
/// cancel the request. So each agent is given another one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId([u8; RequestId::BYTES]);

/// The text is no id of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the id of a request has 32 hexadecimal digits")]
pub struct BadRequestId;

impl RequestId {
    /// Bytes of an id.
    pub const BYTES: usize = 16;

    /// Takes the 16 bytes as they are.
    pub const fn from_bytes(bytes: [u8; RequestId::BYTES]) -> RequestId {
        RequestId(bytes)
    }

    /// Returns the 16 bytes.
    pub const fn bytes(&self) -> &[u8; RequestId::BYTES] {
        &self.0
    }
}

impl FromStr for RequestId {
    type Err = BadRequestId;

    /// Reads 32 hexadecimal digits of either case.
    fn from_str(text: &str) -> Result<RequestId, BadRequestId> {
        let mut bytes = [0; RequestId::BYTES];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| BadRequestId)?;
        Ok(RequestId(bytes))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_32_digits_of_either_case_and_is_written_lower() {
        let text = "0123456789abcdefABCDEF0011223344";
        let id: RequestId = text.parse().unwrap();
        assert_eq!(id.to_string(), text.to_lowercase());
        assert_eq!(RequestId::from_bytes(*id.bytes()), id);
        for bad in ["", &text[1..], &format!("{text}0"), &text.replace('f', "g")] {
            assert_eq!(bad.parse::<RequestId>(), Err(BadRequestId), "{bad}");
        }
    }
}
