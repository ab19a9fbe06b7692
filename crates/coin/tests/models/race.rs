//! A coin that its receiver powns while its sender takes it back.
//!
//! Agents hold the secret that was sent, the one of the reclaim or the receiver's.
//! The sender may begin at any time, however wrong that is: a dishonest one would.

use coin::reclaim::{Act, Departed, Ground, Look, Will};
use coin::{Answer, Grade, Origin, Ownership, Question};
use stateright::{Model, Property};

use crate::{Agents, explore, is_long, shortest};

/// A rule that the model leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LeftOut {
    Nothing,
    /// The sender lets go when nobody can own the coin.
    Yield,
    /// A receiver that concedes asks again.
    AskingAgain,
    /// Silence says nothing.
    SilenceSaysNothing,
}

/// What the receiver has made durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Receiver {
    /// It will never pown the coin.
    Refused,
    /// Its secrets are durable.
    Powning,
    /// It gave the coin up; only where that is left out does it matter.
    Conceded,
    Owns(Grade),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Secret {
    Sent,
    Reclaim,
    Receivers,
}

/// What an agent has said to one side in this round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Heard {
    Nothing,
    /// A pown was not answered, or failed.
    Unclear,
    New,
    Neither,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Conduct {
    Honest,
    Bad,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Agent {
    conduct: Conduct,
    holds: Secret,
    by_sender: Heard,
    by_receiver: Heard,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    agents: Vec<Agent>,
    sender: Departed,
    /// The grade with which the sender booked the coin.
    booked_back: Option<Grade>,
    receiver: Receiver,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Sender,
    Receiver,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    /// An agent is asked what its next question is, and answers.
    Ask(Side, usize),
    /// It is asked to tell what it holds, and the answer is lost.
    AskInVain(Side, usize),
    /// The bad agent says something.
    Lie(Side, usize, Answer),
    /// A request of before reaches an agent.
    Late(usize, Secret, Secret),
    /// A crash, or just a new round.
    Forget(Side),
    BeginReclaim,
    Conclude(Side),
}

#[derive(Clone)]
struct Race {
    agents: Agents,
    receiver: Receiver,
    left_out: LeftOut,
}

impl Heard {
    /// Brings a machine to where this agent has said so.
    fn tell(self, round: &mut Ownership, agent: usize) {
        let mut hear = |answers: &[(Question, Answer)]| {
            answers.iter().for_each(|&(question, said)| round.answered(agent, question, said));
        };
        let minted = Origin::Minted;
        match self {
            Heard::Nothing => {}
            Heard::Unclear => hear(&[(Question::Pown, Answer::Fail)]),
            Heard::New => hear(&[(Question::Pown, Answer::Pass(minted))]),
            Heard::Neither => {
                hear(&[(Question::Pown, Answer::Fail), (Question::Find, Answer::Neither)]);
            }
        }
    }

    /// Returns what is heard when this comes in answer to a question.
    fn after(question: Question, answer: Answer) -> Heard {
        match (question, answer) {
            (Question::Pown, Answer::Pass(_)) | (Question::Find, Answer::HoldsPan(_)) => Heard::New,
            // It is asked to pown again, as if nothing had been said.
            (Question::Find, Answer::HoldsAn(_)) => Heard::Nothing,
            (Question::Find, Answer::Neither) => Heard::Neither,
            _ => Heard::Unclear,
        }
    }
}

impl Agent {
    fn heard(&mut self, side: Side) -> &mut Heard {
        match side {
            Side::Sender => &mut self.by_sender,
            Side::Receiver => &mut self.by_receiver,
        }
    }

    fn act(&mut self, question: Question, old: Secret, new: Secret) -> Answer {
        match question {
            Question::Pown if self.holds == old || self.holds == new => {
                self.holds = new;
                Answer::Pass(Origin::Minted)
            }
            Question::Pown => Answer::Fail,
            Question::Find if self.holds == new => Answer::HoldsPan(Origin::Minted),
            Question::Find if self.holds == old => Answer::HoldsAn(Origin::Minted),
            Question::Find => Answer::Neither,
        }
    }
}

impl State {
    /// Returns the old and the new secret of what a side is asking for, if it asks.
    fn claim(&self, side: Side) -> Option<(Secret, Secret)> {
        match (side, self.sender.act(), self.receiver) {
            (Side::Sender, Act::Pown, _) => Some((Secret::Sent, Secret::Reclaim)),
            (Side::Sender, Act::HandBack, _) => Some((Secret::Reclaim, Secret::Sent)),
            (Side::Sender, Act::Look | Act::Rest, _) => None,
            (Side::Receiver, _, Receiver::Powning) => Some((Secret::Sent, Secret::Receivers)),
            (Side::Receiver, _, Receiver::Refused | Receiver::Conceded | Receiver::Owns(_)) => None,
        }
    }

    fn round(&self, side: Side, agents: Agents) -> Ownership {
        let mut round = Ownership::new(agents.rule());
        for (number, agent) in self.agents.iter().enumerate() {
            let mut agent = *agent;
            agent.heard(side).tell(&mut round, number);
        }
        round
    }

    fn forget(&mut self, side: Side) {
        self.agents.iter_mut().for_each(|agent| *agent.heard(side) = Heard::Nothing);
    }

    fn ended(&self) -> bool {
        self.sender == Departed::Back || matches!(self.receiver, Receiver::Owns(_))
    }

    fn held(&self, secret: Secret) -> u8 {
        let honest = self.agents.iter().filter(|agent| agent.conduct == Conduct::Honest);
        honest.filter(|agent| agent.holds == secret).map(|_| 1).sum()
    }
}

impl Race {
    fn conclude(&self, state: &mut State, side: Side) {
        let round = state.round(side, self.agents);
        match side {
            Side::Sender => {
                let was = state.sender;
                let now = was.powned(&round).handed_back(&round);
                if now == Departed::Back {
                    state.booked_back = Some(round.grade());
                }
                if now != was && !(self.left_out == LeftOut::Yield && now == Departed::Yielding) {
                    state.sender = now;
                    state.forget(side);
                }
            }
            Side::Receiver => match round.grade() {
                grade if grade.is_owned() => state.receiver = Receiver::Owns(grade),
                Grade::Counterfeit if self.left_out == LeftOut::AskingAgain => {
                    state.receiver = Receiver::Conceded;
                }
                _ => {}
            },
        }
    }

    /// Lets a side ask an agent; the bad one answers as `lie` says.
    fn ask(&self, state: &mut State, side: Side, agent: usize, lie: Answer) {
        let question = state.round(side, self.agents).next_question(agent);
        let (Some((old, new)), Some(question)) = (state.claim(side), question) else { return };
        let asked = &mut state.agents[agent];
        let answer = match asked.conduct {
            Conduct::Honest => asked.act(question, old, new),
            Conduct::Bad => self.heard_as(question, lie),
        };
        *asked.heard(side) = Heard::after(question, answer);
    }

    fn heard_as(&self, question: Question, answer: Answer) -> Answer {
        match (self.left_out, question, answer) {
            (LeftOut::SilenceSaysNothing, Question::Find, Answer::Silent) => Answer::Neither,
            (_, _, answer) => answer,
        }
    }

    /// Lets everybody do what they should, while the bad agent holds neither of
    /// anybody's secrets: somebody has the coin in the end.
    ///
    /// One that stays silent for ever is another matter. Where two have half of the
    /// others each, the coin waits until it answers.
    fn ends(&self, state: &State) -> bool {
        let mut state = state.clone();
        if state.receiver == Receiver::Refused && state.sender == Departed::Away {
            self.begin(&mut state);
        }
        for _ in 0..6 {
            for side in [Side::Sender, Side::Receiver] {
                state.forget(side);
                for agent in 0..state.agents.len() {
                    // As many questions as decide anything.
                    (0..4).for_each(|_| self.ask(&mut state, side, agent, Answer::Neither));
                }
                if state.claim(side).is_some() {
                    self.conclude(&mut state, side);
                }
            }
            if state.ended() {
                return true;
            }
        }
        false
    }

    fn begin(&self, state: &mut State) {
        let all_held = state
            .agents
            .iter()
            .map(|_| (coin::reclaim::Before::NotHeld, Answer::HoldsAn(Origin::Minted)));
        let look = Look::new(self.agents.rule(), all_held);
        let begun = state.sender.begin(Some(Ground::Expired), look, Will::Insisted);
        state.sender = begun.expect("nothing is in the way");
    }
}

impl Model for Race {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let agent = |conduct| Agent {
            conduct,
            holds: Secret::Sent,
            by_sender: Heard::Nothing,
            by_receiver: Heard::Nothing,
        };
        let honest = usize::from(self.agents.number() - self.agents.bad());
        let mut agents = vec![agent(Conduct::Honest); honest];
        agents.resize(usize::from(self.agents.number()), agent(Conduct::Bad));
        let receiver = self.receiver;
        vec![State { agents, sender: Departed::Away, booked_back: None, receiver }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if state.sender == Departed::Away {
            steps.push(Step::BeginReclaim);
        }
        let mut late = Vec::new();
        if state.sender != Departed::Away {
            late.push((Secret::Sent, Secret::Reclaim));
        }
        if matches!(state.sender, Departed::Yielding | Departed::Gone) {
            late.push((Secret::Reclaim, Secret::Sent));
        }
        if state.receiver != Receiver::Refused {
            late.push((Secret::Sent, Secret::Receivers));
        }
        for (number, agent) in state.agents.iter().enumerate() {
            let alike = number > 0 && state.agents[number - 1] == *agent;
            if alike {
                continue;
            }
            if agent.conduct == Conduct::Honest {
                let moved = late.iter().filter(|(old, _)| agent.holds == *old);
                steps.extend(moved.map(|&(old, new)| Step::Late(number, old, new)));
            }
            for side in [Side::Sender, Side::Receiver] {
                let question = state.round(side, self.agents).next_question(number);
                let (Some(_), Some(question)) = (state.claim(side), question) else { continue };
                match agent.conduct {
                    Conduct::Honest => {
                        steps.push(Step::Ask(side, number));
                        steps.push(Step::AskInVain(side, number));
                    }
                    Conduct::Bad => {
                        let minted = Origin::Minted;
                        let lies = match question {
                            Question::Pown => vec![Answer::Pass(minted), Answer::Fail],
                            Question::Find => vec![
                                Answer::HoldsPan(minted),
                                Answer::HoldsAn(minted),
                                Answer::Neither,
                            ],
                        };
                        steps.extend(lies.into_iter().map(|lie| Step::Lie(side, number, lie)));
                    }
                }
            }
        }
        for side in [Side::Sender, Side::Receiver] {
            if state.claim(side).is_some() {
                steps.extend([Step::Forget(side), Step::Conclude(side)]);
            }
        }
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        let mut state = last.clone();
        match step {
            Step::Ask(side, agent) => self.ask(&mut state, side, agent, Answer::Silent),
            Step::AskInVain(side, agent) => {
                let question = state.round(side, self.agents).next_question(agent)?;
                let heard = Heard::after(question, self.heard_as(question, Answer::Silent));
                *state.agents[agent].heard(side) = heard;
            }
            Step::Lie(side, agent, lie) => self.ask(&mut state, side, agent, lie),
            Step::Late(agent, old, new) => drop(state.agents[agent].act(Question::Pown, old, new)),
            Step::Forget(side) => state.forget(side),
            Step::BeginReclaim => self.begin(&mut state),
            Step::Conclude(side) => self.conclude(&mut state, side),
        }
        state.agents.sort_unstable();
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Race>> {
        vec![
            Property::always("never doubled", |race: &Race, state: &State| {
                let receivers = match state.receiver {
                    Receiver::Owns(grade) => Some(grade),
                    Receiver::Refused | Receiver::Powning | Receiver::Conceded => None,
                };
                match (state.booked_back, receivers, race.agents.bad()) {
                    (Some(_), Some(_), 0) => false,
                    (Some(one), Some(other), _) => one != Grade::Final && other != Grade::Final,
                    (None, _, _) | (_, None, _) => true,
                }
            }),
            Property::always("booked means owned", |race: &Race, state: &State| {
                let sure = |grade| match race.agents.bad() {
                    0 => true,
                    _ => grade == Grade::Final,
                };
                let own = race.agents.rule().own;
                let owned = |secret| state.held(secret) >= own;
                let by_sender =
                    state.booked_back.is_none_or(|g| !sure(g) || owned(Secret::Reclaim));
                match state.receiver {
                    Receiver::Owns(grade) if sure(grade) => by_sender && owned(Secret::Receivers),
                    _ => by_sender,
                }
            }),
            Property::always("no dead end", |race: &Race, state: &State| {
                let mut mended = state.clone();
                mended.agents.iter_mut().for_each(|agent| agent.conduct = Conduct::Honest);
                state.ended() || (race.ends(state) && race.ends(&mended))
            }),
        ]
    }
}

#[track_caller]
fn holds(agents: Agents, receiver: Receiver) {
    let race = Race { agents, receiver, left_out: LeftOut::Nothing };
    let violated = explore(&format!("race, {agents:?}, {receiver:?}"), race);
    assert!(violated.is_empty(), "{violated:#?}");
}

#[track_caller]
fn finds(left_out: LeftOut, agents: Agents, receiver: Receiver, property: &str) {
    let race = Race { agents, receiver, left_out };
    let found = shortest(&format!("race without {left_out:?}"), &race, property);
    assert!(found.is_some());
}

#[test]
fn of_one_agent_somebody_has_the_coin_in_the_end() {
    holds(Agents::Honest(1), Receiver::Powning);
    holds(Agents::Honest(1), Receiver::Refused);
}

#[test]
fn of_three_agents_too_and_one_of_them_may_be_bad() {
    for receiver in [Receiver::Powning, Receiver::Refused] {
        holds(Agents::Honest(3), receiver);
        holds(Agents::OneBad(3), receiver);
    }
}

#[test]
fn of_five_agents_too_and_one_of_them_may_be_bad() {
    for receiver in [Receiver::Powning, Receiver::Refused] {
        holds(Agents::Honest(5), receiver);
        holds(Agents::OneBad(5), receiver);
    }
}

#[test]
fn of_seven_agents_too_when_there_is_time() {
    if is_long() {
        holds(Agents::Honest(7), Receiver::Refused);
        holds(Agents::OneBad(7), Receiver::Refused);
        holds(Agents::Honest(7), Receiver::Powning);
    }
}

#[test]
fn without_the_yield_a_bad_agent_leaves_a_coin_that_nobody_can_own() {
    finds(LeftOut::Yield, Agents::OneBad(3), Receiver::Powning, "no dead end");
}

#[test]
fn a_receiver_that_concedes_for_ever_leaves_a_coin_that_nobody_takes() {
    finds(LeftOut::AskingAgain, Agents::OneBad(3), Receiver::Powning, "no dead end");
}

#[test]
fn silence_that_counts_as_neither_gives_a_coin_away_that_nobody_takes() {
    finds(LeftOut::SilenceSaysNothing, Agents::Honest(1), Receiver::Refused, "no dead end");
}
