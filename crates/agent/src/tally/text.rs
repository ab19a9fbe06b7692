//! The numbers of agents in the text format of Prometheus (version 0.0.4). No label comes from
//! outside, so that nothing has to be escaped; what never happened is left out.

use std::fmt::{Display, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use coin::Denomination;
use raida::api::{Route, Status};

use super::histogram::Histogram;
use super::{Cause, Tally};
use crate::Agent;
use crate::agent::Census;

/// What the text is called in HTTP.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Writes the numbers of these agents, and what each has counted in its ledger, unless that has
/// failed.
pub(crate) fn write(agents: &[Arc<Agent>], censuses: &[Option<Census>]) -> String {
    let mut text = Text(String::new());
    text.family("raida_requests_total", "counter", "Requests by route and status word.");
    for agent in agents {
        for (route, counts) in routes().zip(&agent.tally().requests) {
            for (status, count) in Status::ALL.into_iter().zip(counts) {
                let labels = format!("route=\"{route}\",status=\"{status}\"");
                text.counted(agent, "raida_requests_total", &labels, count);
            }
        }
    }
    text.family("raida_coins_total", "counter", "Coins by what was said of them.");
    for agent in agents {
        for (status, count) in Status::ALL.into_iter().zip(&agent.tally().coins) {
            text.counted(agent, "raida_coins_total", &format!("verdict=\"{status}\""), count);
        }
    }
    text.family("raida_refusals_total", "counter", "Requests and connections beyond a limit.");
    for agent in agents {
        for (cause, count) in Cause::ALL.into_iter().zip(&agent.tally().refusals) {
            let labels = format!("cause=\"{}\"", cause.word());
            text.counted(agent, "raida_refusals_total", &labels, count);
        }
    }
    text.histogram(agents, "raida_commit_seconds", "Seconds of a commit.", |tally| {
        &tally.commit_seconds
    });
    text.histogram(agents, "raida_commit_coins", "Coins changed by a commit.", |tally| {
        &tally.commit_coins
    });
    text.gauge(agents, "raida_connections", "Connections open.", |agent| {
        agent.tally().connections.load(Ordering::Relaxed)
    });
    text.gauge(agents, "raida_commit_queue", "Requests that wait for a commit.", |agent| {
        agent.commit_queue() as u64
    });
    text.gauge(agents, "raida_tickets", "Tickets alive.", |agent| agent.tickets_alive() as u64);
    text.gauge(agents, "raida_up", "Whether the agent answers and commits.", |agent| {
        u64::from(agent.ailment().is_none())
    });
    text.census(agents, censuses);
    text.0
}

fn routes() -> impl Iterator<Item = &'static str> {
    Route::all().map(Route::name).chain(["other"])
}

struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.0.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }

    fn counted(&mut self, agent: &Agent, name: &str, labels: &str, count: &AtomicU64) {
        let count = count.load(Ordering::Relaxed);
        if count > 0 {
            self.sample(name, &format!("agent=\"{}\",{labels}", agent.number()), count);
        }
    }

    fn gauge(
        &mut self,
        agents: &[Arc<Agent>],
        name: &str,
        help: &str,
        value: impl Fn(&Agent) -> u64,
    ) {
        self.family(name, "gauge", help);
        for agent in agents {
            self.sample(name, &format!("agent=\"{}\"", agent.number()), value(agent));
        }
    }

    fn histogram<const N: usize>(
        &mut self,
        agents: &[Arc<Agent>],
        name: &str,
        help: &str,
        of: impl Fn(&Tally) -> &Histogram<N>,
    ) {
        self.family(name, "histogram", help);
        for agent in agents {
            let (histogram, label) = (of(agent.tally()), format!("agent=\"{}\"", agent.number()));
            let mut all = 0;
            for (bound, count) in histogram.up_to() {
                let bound = bound.map_or("+Inf".to_owned(), |bound| bound.to_string());
                self.sample(&format!("{name}_bucket"), &format!("{label},le=\"{bound}\""), count);
                all = count;
            }
            self.sample(&format!("{name}_sum"), &label, histogram.sum());
            self.sample(&format!("{name}_count"), &label, all);
        }
    }

    fn census(&mut self, agents: &[Arc<Agent>], censuses: &[Option<Census>]) {
        let counted = || {
            let counted = agents.iter().zip(censuses);
            counted.filter_map(|(agent, census)| Some((agent.number(), (*census)?)))
        };
        self.family("raida_circulation_coins", "gauge", "Coins in circulation by value.");
        for (agent, Census { counts, .. }) in counted() {
            for value in Denomination::ALL {
                let labels = format!("agent=\"{agent}\",denomination=\"{value}\"");
                self.sample("raida_circulation_coins", &labels, counts.coins_of(value));
            }
        }
        self.family("raida_reservations", "gauge", "Exchanges that keep serial numbers.");
        for (agent, Census { pending, .. }) in counted() {
            self.sample("raida_reservations", &format!("agent=\"{agent}\""), pending);
        }
        // A request that is taken back moves from one to the other.
        self.family("raida_exchanges", "gauge", "Exchanges, since the ledger was founded.");
        for (agent, Census { counts, .. }) in counted() {
            for (ended, count) in [("done", counts.exchanged()), ("cancelled", counts.cancelled())]
            {
                let labels = format!("agent=\"{agent}\",ended=\"{ended}\"");
                self.sample("raida_exchanges", &labels, count);
            }
        }
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl Display) {
        writeln!(self.0, "{name}{{{labels}}} {value}").expect("a string takes all text");
    }
}
