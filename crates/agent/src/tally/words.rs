//! The status words of one answer, counted.

use raida::api::Status;

/// How often each word was said of a coin, and the word of the answer as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    coins: [u32; Status::ALL.len()],
    whole: Option<Status>,
}

impl Words {
    /// The words of an answer that is about no coin.
    pub(crate) fn whole(status: Status) -> Words {
        Words { coins: [0; Status::ALL.len()], whole: Some(status) }
    }

    /// The words of an answer about coins, in any order.
    pub(crate) fn of(coins: impl IntoIterator<Item = Status>) -> Words {
        let mut words = Words { coins: [0; Status::ALL.len()], whole: None };
        coins.into_iter().for_each(|status| words.add(status));
        words
    }

    /// Adds what was said of one more coin.
    pub(crate) fn add(&mut self, status: Status) {
        self.coins[status as usize] += 1;
    }

    /// Returns the number of coins.
    pub(crate) fn coins(&self) -> usize {
        self.coins.iter().map(|count| *count as usize).sum()
    }

    /// Returns how often each word was said, without those that were not.
    pub(crate) fn of_coins(&self) -> impl Iterator<Item = (Status, u32)> {
        Status::ALL.into_iter().zip(self.coins).filter(|(_, count)| *count > 0)
    }

    /// Returns the one word that was said, or `mixed`.
    pub(crate) fn summary(&self) -> Status {
        let mut said = self.of_coins();
        match (self.whole, said.next(), said.next()) {
            (Some(whole), _, _) => whole,
            (None, Some((only, _)), None) => only,
            (None, _, _) => Status::Mixed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_summed_up_in_one_word() {
        assert_eq!(Words::whole(Status::Ready).summary(), Status::Ready);
        assert_eq!(Words::of([Status::Fail, Status::Fail]).summary(), Status::Fail);
        let mixed = Words::of([Status::Pass, Status::Dud, Status::Pass]);
        assert_eq!((mixed.summary(), mixed.coins()), (Status::Mixed, 3));
        assert_eq!(mixed.of_coins().collect::<Vec<_>>(), [(Status::Pass, 2), (Status::Dud, 1)]);
    }
}
