//! The certificates that are expected at an address in TLS.

use std::sync::{Arc, PoisonError, RwLock};

use crate::Fingerprint;
use crate::limits::PINS_MAX;

/// The fingerprints of the certificates that are expected, the newest last; none where roots
/// decide. The clones are one list, so that a check that is under way learns of a new one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pins(Arc<RwLock<Vec<Fingerprint>>>);

impl Pins {
    pub(crate) fn new(pins: Vec<Fingerprint>) -> Pins {
        Pins(Arc::new(RwLock::new(pins)))
    }

    /// Returns them as they are now.
    pub(crate) fn list(&self) -> Vec<Fingerprint> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds one; where there are too many the oldest goes.
    pub(crate) fn add(&self, pin: Fingerprint) {
        let mut pins = self.0.write().unwrap_or_else(PoisonError::into_inner);
        pins.retain(|known| *known != pin);
        pins.push(pin);
        let excess = pins.len().saturating_sub(PINS_MAX);
        pins.drain(..excess);
    }
}

impl PartialEq for Pins {
    fn eq(&self, other: &Pins) -> bool {
        self.list() == other.list()
    }
}

impl Eq for Pins {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_pin_drives_out_the_oldest_in_all_clones() {
        let pin = |text: &[u8]| Fingerprint::of(text);
        let pins = Pins::new(vec![pin(b"1")]);
        let clone = pins.clone();
        pins.add(pin(b"2"));
        assert_eq!(clone.list(), [pin(b"1"), pin(b"2")]);
        pins.add(pin(b"1"));
        pins.add(pin(b"3"));
        assert_eq!(clone.list(), [pin(b"1"), pin(b"3")]);
    }
}
