//! From verdicts to folders: where a coin lies after the agents have answered.

use coin::{AGENTS, Answer, Grade, Holding, Ownership, Rule};
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

/// Returns the folder of a coin that fewer than 13 agents confirm, by what each says that it holds: only
/// 13 explicit answers "neither" make it counterfeit.
pub(super) fn folder_of_doubtful(answers: &[Answer]) -> Folder {
    let neither = answers.iter().filter(|answer| **answer == Answer::Neither).count();
    if neither >= usize::from(Rule::CLOUDCOIN.own) { Folder::Counterfeit } else { Folder::Limbo }
}
