//! From verdicts to folders: where a coin lies after the agents have answered.

use coin::{AGENTS, Answer, Grade, Holding, Letter, Origin, Ownership, Rule, StoredCoin};
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

/// Whether a look at the agents showed that they hold other secrets than the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecretsNow {
    /// The file is right.
    AsBefore,
    /// Some agents hold the proposed secret.
    Others,
}

/// Returns a coin as each agent says that it holds it: where an agent holds the proposed secret, that is
/// the coin's secret there. Only explicit answers count; one that holds a coin of another origin than most
/// does not hold this one.
pub(super) fn with_what_agents_hold(
    mut stored: StoredCoin,
    answers: &[Answer; AGENTS],
) -> (StoredCoin, SecretsNow) {
    let mut secrets = SecretsNow::AsBefore;
    let most_frequent = most_frequent(answers);
    for (agent, answer) in answers.iter().enumerate() {
        let letter = match answer {
            Answer::Fail | Answer::Silent => Letter::NoReply,
            held if origin(held).is_some_and(|of| Some(of) == most_frequent) => Letter::Pass,
            Answer::HoldsAn(_) | Answer::HoldsPan(_) | Answer::Pass(_) | Answer::Neither => {
                Letter::Fail
            }
        };
        if let (Answer::HoldsPan(_), Some(pans)) = (answer, &mut stored.pans) {
            // Swapped, not replaced: an agent that errs now may hold the other one after all.
            let before = stored.coin.ans.get(agent).clone();
            stored.coin.ans.set(agent, pans.get(agent).clone());
            pans.set(agent, before);
            secrets = SecretsNow::Others;
        }
        stored.pown.set(agent, letter);
    }
    (stored, secrets)
}

/// Tells whether 13 agents say explicitly that they hold neither secret of a coin, or a coin of another
/// origin than most.
pub(super) fn is_counterfeit(answers: &[Answer]) -> bool {
    let most_frequent = most_frequent(answers);
    let is_against = |answer: &&Answer| {
        **answer == Answer::Neither || origin(answer).is_some_and(|of| Some(of) != most_frequent)
    };
    answers.iter().filter(is_against).count() >= usize::from(Rule::CLOUDCOIN.own)
}

fn most_frequent(answers: &[Answer]) -> Option<Origin> {
    Origin::most_frequent(answers.iter().filter_map(origin))
}

/// Returns where the coin came from that an agent holds.
fn origin(answer: &Answer) -> Option<Origin> {
    match answer {
        Answer::Pass(origin) | Answer::HoldsAn(origin) | Answer::HoldsPan(origin) => Some(*origin),
        Answer::Fail | Answer::Neither | Answer::Silent => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{SecretsNow, is_counterfeit, with_what_agents_hold};
    use coin::{
        AGENTS, AnSet, Answer, AuthenticityNumber, Coin, Letter, Origin, PownString, SerialNumber,
        StoredCoin,
    };

    fn secrets(byte: u8) -> AnSet {
        AnSet::from_fn(|_| AuthenticityNumber::from_bytes([byte; 16]))
    }

    fn fracked() -> StoredCoin {
        let coin = Coin { sn: SerialNumber::MIN, ans: secrets(1) };
        StoredCoin {
            pans: Some(secrets(2)),
            ..StoredCoin::new(coin, PownString::all(Letter::NoReply))
        }
    }

    #[test]
    fn a_proposed_secret_that_an_agent_took_late_is_taken_up() {
        let answers = std::array::from_fn(|agent| match agent {
            0..13 => Answer::HoldsAn(Origin::Minted),
            13..20 => Answer::HoldsPan(Origin::Minted),
            20..22 => Answer::Neither,
            _ => Answer::Silent,
        });
        let (stored, now) = with_what_agents_hold(fracked(), &answers);
        assert_eq!(now, SecretsNow::Others);
        assert_eq!(stored.pown.to_string(), "ppppppppppppppppppppffnnn");
        for agent in 0..AGENTS {
            let expected = if (13..20).contains(&agent) { 2 } else { 1 };
            assert_eq!(stored.coin.ans.get(agent).expose()[0], expected, "agent {agent}");
        }
    }

    #[test]
    fn agents_of_another_origin_hold_another_coin() {
        let [one, other] = [1, 2].map(|byte| Origin::Exchange([byte; 32]));
        let answers: [Answer; AGENTS] = std::array::from_fn(|agent| match agent {
            0..12 => Answer::HoldsAn(one),
            12..20 => Answer::HoldsAn(other),
            _ => Answer::Neither,
        });
        let (stored, _) = with_what_agents_hold(fracked(), &answers);
        assert_eq!(stored.pown.to_string(), "ppppppppppppfffffffffffff");
        assert!(is_counterfeit(&answers));
        assert!(!is_counterfeit(&answers[..24]));
    }

    #[test]
    fn silence_never_makes_a_coin_counterfeit() {
        let mut answers = [Answer::Silent; AGENTS];
        answers[..12].fill(Answer::Neither);
        assert!(!is_counterfeit(&answers));
        answers[12] = Answer::Neither;
        assert!(is_counterfeit(&answers));
    }
}
