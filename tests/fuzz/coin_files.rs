//! Coin files and batches of coins: whatever the bytes, they are coins or refused, and what was read can be
//! written and read again.

use coin::{batch, stack};

/// Reads bytes as a coin file and as a batch.
pub(crate) fn check(bytes: &[u8]) {
    if let Ok(coins) = stack::read(bytes) {
        let text = stack::write(&coins);
        let again = stack::read(text.as_bytes()).expect("what we write is a coin file");
        assert!(
            again.iter().map(|stored| &stored.coin).eq(coins.iter().map(|stored| &stored.coin))
        );
    }
    if let Ok(coins) = batch::decode(bytes) {
        assert_eq!(&batch::encode(&coins).expect("it was in order")[..], bytes);
    }
}
