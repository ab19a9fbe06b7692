//! What files hold, numbered in the order in which the journal has it.

use std::collections::HashMap;

use coin::{SerialNumber, StoredCoin, stack};
use zeroize::Zeroizing;

/// The contents of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Coin(StoredCoin),
    Blob(Blob),
}

/// The contents of a file that is no coin's; not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Blob(pub(crate) Zeroizing<Vec<u8>>);

/// Contents by number, counted from `first` on.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    first: u32,
    list: Vec<Content>,
    by_coin: HashMap<SerialNumber, Vec<u32>>,
}

/// What a file on the disk has to do with the contents it should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// It says the same.
    Same,
    /// It is no whole text: a write that was cut.
    Torn,
    /// It says something else.
    Other,
}

impl Contents {
    /// Returns an empty list whose numbers go on from `before`.
    pub(crate) fn after(before: &Contents) -> Contents {
        Contents { first: before.next(), ..Contents::default() }
    }

    pub(crate) fn next(&self) -> u32 {
        self.first + u32::try_from(self.list.len()).expect("a journal's length bounds its contents")
    }

    pub(crate) fn add(&mut self, content: Content) -> u32 {
        let number = self.next();
        if let Content::Coin(coin) = &content {
            self.by_coin.entry(coin.coin.sn).or_default().push(number);
        }
        self.list.push(content);
        number
    }

    /// Appends to the last content, which is the earlier part of a file.
    pub(crate) fn extend_last(&mut self, bytes: &[u8]) -> Option<()> {
        match self.list.last_mut()? {
            Content::Blob(Blob(blob)) => blob.extend_from_slice(bytes),
            Content::Coin(_) => return None,
        }
        Some(())
    }

    pub(crate) fn get(&self, number: u32) -> Option<&Content> {
        self.list.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    pub(crate) fn coin(&self, number: u32) -> Option<&StoredCoin> {
        match self.get(number)? {
            Content::Coin(coin) => Some(coin),
            Content::Blob(_) => None,
        }
    }

    pub(crate) fn coins(&self) -> impl Iterator<Item = &StoredCoin> {
        self.list.iter().filter_map(|content| match content {
            Content::Coin(coin) => Some(coin),
            Content::Blob(_) => None,
        })
    }

    pub(crate) fn find_coin(&self, coin: &StoredCoin) -> Option<u32> {
        let numbers = self.by_coin.get(&coin.coin.sn)?;
        numbers.iter().copied().find(|number| self.coin(*number) == Some(coin))
    }

    pub(crate) fn find_blob(&self, bytes: &[u8]) -> Option<u32> {
        let is_it =
            |content: &Content| matches!(content, Content::Blob(Blob(blob)) if **blob == bytes);
        let at = self.list.iter().position(is_it)?;
        Some(self.first + u32::try_from(at).ok()?)
    }

    pub(crate) fn into_list(self) -> Vec<Content> {
        self.list
    }
}

impl Content {
    /// Returns the bytes of a file with these contents.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Content::Coin(coin) => {
                let mut text = stack::write(std::slice::from_ref(coin));
                Zeroizing::new(std::mem::take(&mut *text).into_bytes())
            }
            Content::Blob(Blob(bytes)) => bytes.clone(),
        }
    }

    /// Compares with what a file holds. A file of a coin may be laid out in
    /// another way and say the same.
    pub(crate) fn likeness(&self, found: &[u8]) -> Likeness {
        if *self.to_bytes() == found || self.is_the_coin_in(found) {
            Likeness::Same
        } else if serde_json::from_slice::<serde::de::IgnoredAny>(found).is_err() {
            // All files that the wallet writes are JSON.
            Likeness::Torn
        } else {
            Likeness::Other
        }
    }

    fn is_the_coin_in(&self, found: &[u8]) -> bool {
        match (self, stack::read(found)) {
            (Content::Coin(coin), Ok(coins)) => coins == std::slice::from_ref(coin),
            (Content::Coin(_) | Content::Blob(_), Ok(_) | Err(_)) => false,
        }
    }
}

impl std::fmt::Debug for Blob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}
