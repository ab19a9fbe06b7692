//! From verdicts to folders: where a coin lies after the agents have answered.

use coin::mending::Holdings;
use coin::{AGENTS, Grade, Holding, Ownership, Rule};
use wallet::Folder;

/// Returns the folder of a coin after a pown round. Owned coins lie in Bank only when all 25 agents hold
/// the new secret; else in Fracked until they do.
pub(super) fn folder(round: &Ownership) -> Folder {
    match round.grade() {
        Grade::Final | Grade::Settling if usize::from(round.count(Holding::HoldsPan)) == AGENTS => {
            Folder::Bank
        }
        Grade::Final | Grade::Settling => Folder::Fracked,
        Grade::Limbo => Folder::Limbo,
        Grade::Counterfeit => Folder::Counterfeit,
    }
}

/// Tells whether 13 agents say explicitly that they hold neither secret of a coin, or a coin of another
/// origin than most.
pub(super) fn is_counterfeit(holdings: &Holdings) -> bool {
    let is_against =
        |holding: &&Holding| matches!(holding, Holding::Neither | Holding::OtherOrigin);
    holdings.iter().filter(is_against).count() >= usize::from(Rule::CLOUDCOIN.own)
}

#[cfg(test)]
mod tests {
    use super::is_counterfeit;
    use coin::{AGENTS, Holding};

    #[test]
    fn silence_never_makes_a_coin_counterfeit() {
        let mut holdings = [Holding::Unknown; AGENTS];
        holdings[..12].fill(Holding::Neither);
        assert!(!is_counterfeit(&holdings));
        holdings[12] = Holding::Neither;
        assert!(is_counterfeit(&holdings));
    }
}
