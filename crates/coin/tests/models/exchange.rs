//! A wallet that exchanges its coin X for the number Y, while a rival gives its
//! coin Z for the same Y, or for the number X where the exchange has freed it.
//!
//! The rival asks whom it likes when it likes, takes back what it likes, and stops
//! where it likes. The wallet goes forward or, once, back; a crash leaves it the
//! direction and what it has booked.

use coin::exchange::{Answer, Direction, Exchanging, Request, Standing};
use coin::{Origin, Ownership, Question};
use stateright::{Model, Property};

use crate::{Agents, explore, is_long, shortest};

/// The origins of Y: X was given for it, or Z.
const OF_X: Origin = Origin::Exchange([1; Origin::BYTES]);
const OF_Z: Origin = Origin::Exchange([2; Origin::BYTES]);

/// A rule that the model leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LeftOut {
    Nothing,
    /// Coins of one number from different origins are different coins.
    Origins,
    /// An agent that refuses may still execute.
    RefusalsPass,
    /// What stands on the way back is powned before it counts.
    PownOnTheWayBack,
}

/// Who holds a number at an agent, and so from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Holder {
    Nobody,
    Wallet,
    /// The wallet, with secrets that no cancellation shows.
    WalletAnew,
    Rival,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Record {
    Nothing,
    Executed,
    Cancelled,
}

/// What the wallet has heard of an agent in this round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Heard {
    Nothing,
    Executed,
    /// Executed, with another origin.
    OtherOrigin,
    Returned,
    Kept,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Agent {
    bad: bool,
    x: Holder,
    y: Holder,
    z: Holder,
    record: Record,
    heard: Heard,
    /// It said once that it could not take it back; that may arrive late.
    said_kept: bool,
    /// It passed the coin that counts.
    passed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Booked {
    Nothing,
    Inputs,
    Outputs,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct State {
    agents: Vec<Agent>,
    direction: Direction,
    booked: Booked,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    /// An agent is asked what the machine asks next, and answers.
    Ask(usize),
    /// A request that was sent, or may have been, acts.
    Late(usize, Request),
    /// An answer of before arrives.
    LateKept(usize),
    Lie(usize, Heard),
    /// The coins that may count are looked at, or powned.
    Own(usize),
    Book,
    TurnBack,
    Forget,
    /// The rival gives its coin, or takes it back.
    GiveForY(usize),
    GiveForX(usize),
    TakeBack(usize),
}

#[derive(Clone)]
struct Exchange {
    agents: Agents,
    left_out: LeftOut,
}

impl Agent {
    /// Does what an agent does, whoever sees the answer.
    fn act(&mut self, request: Request) -> Heard {
        match (request, self.record) {
            (Request::Cancel, Record::Executed)
                if self.y == Holder::Wallet && self.x == Holder::Nobody =>
            {
                (self.x, self.y, self.record) = (Holder::Wallet, Holder::Nobody, Record::Cancelled);
                Heard::Returned
            }
            (Request::Cancel, Record::Executed) => {
                self.said_kept = true;
                Heard::Kept
            }
            (Request::Cancel, Record::Nothing | Record::Cancelled) => {
                self.record = Record::Cancelled;
                Heard::Returned
            }
            (Request::Exchange | Request::Reserve, Record::Cancelled) => Heard::Returned,
            (Request::Exchange | Request::Reserve, Record::Executed) => Heard::Executed,
            (Request::Exchange | Request::Reserve, Record::Nothing)
                if self.x == Holder::Wallet && self.y == Holder::Nobody =>
            {
                (self.x, self.y, self.record) = (Holder::Nobody, Holder::Wallet, Record::Executed);
                Heard::Executed
            }
            (Request::Exchange | Request::Reserve, Record::Nothing) => Heard::Nothing,
        }
    }

    /// Shows X, or gives Y new secrets.
    fn own(&mut self, outputs: bool) {
        match (outputs, self.x, self.y) {
            (false, Holder::Wallet, _) => self.passed = true,
            (true, _, Holder::Wallet | Holder::WalletAnew) => {
                (self.y, self.passed) = (Holder::WalletAnew, true);
            }
            _ => {}
        }
    }
}

impl State {
    fn machine(&self, agents: Agents) -> Exchanging {
        let mut machine = match self.direction {
            Direction::Reserving | Direction::Forward => Exchanging::forward(agents.rule()),
            Direction::Back => Exchanging::back(agents.rule()),
        };
        let request = self.direction.request();
        for (number, agent) in self.agents.iter().enumerate() {
            let answer = match agent.heard {
                Heard::Nothing => continue,
                Heard::Executed | Heard::Kept => Answer::Executed(OF_X),
                Heard::OtherOrigin => Answer::Executed(OF_Z),
                Heard::Returned => Answer::Cancelled,
            };
            machine.answered(number, request, answer);
        }
        machine
    }

    fn forget(&mut self) {
        for agent in &mut self.agents {
            (agent.heard, agent.passed) = (Heard::Nothing, false);
        }
    }

    /// Counts the honest agents of which `is` holds.
    fn honest(&self, is: impl Fn(&Agent) -> bool) -> u8 {
        self.agents.iter().filter(|agent| !agent.bad && is(agent)).map(|_| 1).sum()
    }
}

impl Exchange {
    /// Tells whether outputs are to be counted now, inputs, or neither.
    fn counted(&self, state: &State) -> Booked {
        match state.machine(self.agents).standing() {
            Standing::Stands { .. } | Standing::Final { .. } => Booked::Outputs,
            Standing::Returned { .. } => Booked::Inputs,
            Standing::Pending | Standing::Reserved { .. } | Standing::OutOfReach => Booked::Nothing,
        }
    }

    /// Returns what the wallet may book now. Forward, what stands counts at once;
    /// on the way back an owner's round decides, at the agents that are done.
    fn bookable(&self, state: &State) -> Booked {
        let counted = self.counted(state);
        let at_once = state.direction == Direction::Forward
            || self.left_out == LeftOut::PownOnTheWayBack && counted == Booked::Outputs;
        let mut round = Ownership::new(self.agents.rule());
        for (number, agent) in state.agents.iter().enumerate() {
            if agent.passed {
                let origin = if counted == Booked::Outputs { OF_X } else { Origin::Minted };
                round.answered(number, Question::Pown, coin::Answer::Pass(origin));
            }
        }
        if at_once || round.grade().is_owned() { counted } else { Booked::Nothing }
    }

    fn ask(&self, state: &mut State, number: usize) {
        let Some(request) = state.machine(self.agents).next_request(number) else { return };
        let agent = &mut state.agents[number];
        agent.heard = match agent.act(request) {
            Heard::Nothing if self.left_out == LeftOut::RefusalsPass => Heard::Returned,
            heard => heard,
        };
    }

    fn turn_back(&self, state: &mut State) {
        state.direction = Direction::Back;
        if self.left_out == LeftOut::RefusalsPass {
            let others = state.agents.iter_mut().filter(|agent| agent.heard != Heard::Returned);
            others.for_each(|agent| agent.heard = Heard::Nothing);
        } else {
            state.forget();
        }
    }

    /// Lets the wallet do what it should, at agents that answer, while the rival
    /// sits on what it has.
    fn ends(&self, state: &State) -> bool {
        let mut state = state.clone();
        for _ in 0..3 {
            state.forget();
            (0..state.agents.len()).for_each(|number| self.ask(&mut state, number));
            let outputs = self.counted(&state) == Booked::Outputs;
            state.agents.iter_mut().for_each(|agent| agent.own(outputs));
            if self.bookable(&state) != Booked::Nothing {
                return true;
            }
            self.turn_back(&mut state);
        }
        false
    }

    /// Counts the coins that some owner can have all that decides of: minted were 2.
    fn in_circulation(&self, state: &State) -> usize {
        let line = match self.agents.bad() {
            0 => self.agents.rule().own,
            _ => self.agents.rule().last,
        };
        let wallets = |holder| matches!(holder, Holder::Wallet | Holder::WalletAnew);
        let somebodys = |holder| holder != Holder::Nobody;
        let counts = match self.left_out {
            LeftOut::Origins => vec![
                state.honest(|agent| somebodys(agent.x)),
                state.honest(|agent| somebodys(agent.y)),
                state.honest(|agent| somebodys(agent.z)),
            ],
            LeftOut::Nothing | LeftOut::RefusalsPass | LeftOut::PownOnTheWayBack => vec![
                state.honest(|agent| wallets(agent.x)),
                state.honest(|agent| agent.x == Holder::Rival),
                state.honest(|agent| wallets(agent.y)),
                state.honest(|agent| agent.y == Holder::Rival),
                state.honest(|agent| somebodys(agent.z)),
            ],
        };
        counts.into_iter().filter(|count| count + self.agents.bad() >= line).count()
    }
}

impl Model for Exchange {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let agent = |bad| Agent {
            bad,
            x: Holder::Wallet,
            y: Holder::Nobody,
            z: Holder::Rival,
            record: Record::Nothing,
            heard: Heard::Nothing,
            said_kept: false,
            passed: false,
        };
        let honest = usize::from(self.agents.number() - self.agents.bad());
        let mut agents = vec![agent(false); honest];
        agents.resize(usize::from(self.agents.number()), agent(true));
        vec![State { agents, direction: Direction::Forward, booked: Booked::Nothing }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        let open = state.booked == Booked::Nothing;
        let machine = state.machine(self.agents);
        let counted = self.counted(state);
        for (number, agent) in state.agents.iter().enumerate() {
            if number > 0 && state.agents[number - 1] == *agent {
                continue;
            }
            if open && machine.next_request(number).is_some() {
                match (agent.bad, state.direction) {
                    (false, _) => steps.push(Step::Ask(number)),
                    (true, Direction::Reserving | Direction::Forward) => {
                        let lies = [Heard::Executed, Heard::OtherOrigin, Heard::Returned];
                        steps.extend(lies.map(|lie| Step::Lie(number, lie)));
                    }
                    (true, Direction::Back) => {
                        let lies = [Heard::Kept, Heard::Returned];
                        steps.extend(lies.map(|lie| Step::Lie(number, lie)));
                    }
                }
                if agent.said_kept {
                    steps.push(Step::LateKept(number));
                }
            }
            let done = agent.heard == Heard::Returned || counted == Booked::Outputs;
            if open && state.direction == Direction::Back && counted != Booked::Nothing && done {
                steps.push(Step::Own(number));
            }
            if !agent.bad {
                steps.push(Step::Late(number, Request::Exchange));
                if state.direction == Direction::Back {
                    steps.push(Step::Late(number, Request::Cancel));
                }
                let rival =
                    [Step::GiveForY(number), Step::GiveForX(number), Step::TakeBack(number)];
                steps.extend(rival);
            }
        }
        if open {
            steps.extend([Step::Book, Step::Forget]);
            if state.direction == Direction::Forward {
                steps.push(Step::TurnBack);
            }
        }
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        let mut state = last.clone();
        match step {
            Step::Ask(number) => self.ask(&mut state, number),
            Step::Late(number, request) => drop(state.agents[number].act(request)),
            Step::LateKept(number) => state.agents[number].heard = Heard::Kept,
            Step::Lie(number, lie) => state.agents[number].heard = lie,
            Step::Own(number) => {
                let outputs = self.counted(last) == Booked::Outputs;
                let agent = &mut state.agents[number];
                if agent.bad { agent.passed = true } else { agent.own(outputs) }
            }
            Step::Book => {
                state.booked = self.bookable(last);
                if state.booked != Booked::Nothing {
                    state.forget();
                }
            }
            Step::TurnBack => self.turn_back(&mut state),
            Step::Forget => state.forget(),
            Step::GiveForY(number) => {
                let agent = &mut state.agents[number];
                if (agent.y, agent.z) == (Holder::Nobody, Holder::Rival) {
                    (agent.y, agent.z) = (Holder::Rival, Holder::Nobody);
                }
            }
            Step::GiveForX(number) => {
                let agent = &mut state.agents[number];
                if (agent.x, agent.z) == (Holder::Nobody, Holder::Rival) {
                    (agent.x, agent.z) = (Holder::Rival, Holder::Nobody);
                }
            }
            Step::TakeBack(number) => {
                let Agent { x, y, z, .. } = &mut state.agents[number];
                for given in [x, y] {
                    if *given == Holder::Rival {
                        (*given, *z) = (Holder::Nobody, Holder::Rival);
                    }
                }
            }
        }
        state.agents.sort_unstable();
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Exchange>> {
        vec![
            Property::always("never printed", |model: &Exchange, state: &State| {
                model.in_circulation(state) <= 2
            }),
            Property::always("booked means owned", |model: &Exchange, state: &State| {
                let wallets = |holder| matches!(holder, Holder::Wallet | Holder::WalletAnew);
                let held = match state.booked {
                    Booked::Nothing => return true,
                    Booked::Inputs => state.honest(|agent| wallets(agent.x)),
                    Booked::Outputs => state.honest(|agent| wallets(agent.y)),
                };
                held + model.agents.bad() >= model.agents.rule().own
            }),
            Property::always("no dead end", |model: &Exchange, state: &State| {
                let mut mended = state.clone();
                mended.agents.iter_mut().for_each(|agent| agent.bad = false);
                state.booked != Booked::Nothing || model.ends(&mended)
            }),
        ]
    }
}

#[track_caller]
fn holds(agents: Agents) {
    let model = Exchange { agents, left_out: LeftOut::Nothing };
    let violated = explore(&format!("exchange, {agents:?}"), model);
    assert!(violated.is_empty(), "{violated:#?}");
}

#[track_caller]
fn finds(left_out: LeftOut, agents: Agents, property: &str) {
    let model = Exchange { agents, left_out };
    let found = shortest(&format!("exchange without {left_out:?}"), &model, property);
    assert!(found.is_some());
}

#[test]
fn of_one_agent_an_exchange_ends_and_nothing_is_printed() {
    holds(Agents::Honest(1));
}

#[test]
fn of_three_agents_too_and_one_of_them_may_be_bad() {
    holds(Agents::Honest(3));
    holds(Agents::OneBad(3));
}

#[test]
fn of_five_agents_too_and_one_of_them_may_be_bad() {
    holds(Agents::Honest(5));
    holds(Agents::OneBad(5));
}

#[test]
fn of_seven_agents_too_when_there_is_time() {
    if is_long() {
        holds(Agents::OneBad(7));
        holds(Agents::Honest(7));
    }
}

#[test]
fn coins_that_are_not_told_apart_by_origin_are_printed() {
    finds(LeftOut::Origins, Agents::Honest(3), "never printed");
}

#[test]
fn a_refusal_that_is_taken_for_final_loses_the_inputs_to_a_late_request() {
    finds(LeftOut::RefusalsPass, Agents::Honest(3), "booked means owned");
}

#[test]
fn what_stands_on_the_way_back_is_lost_unless_it_is_powned() {
    finds(LeftOut::PownOnTheWayBack, Agents::Honest(3), "booked means owned");
}
