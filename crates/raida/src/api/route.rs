//! The services of an agent and their names.

/// A service of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// Is the agent up?
    Echo,
    /// Which software, and which network.
    Version,
    /// Whether the agent holds a coin's AN; takes the PAN if so.
    Detect,
    /// The same for many coins.
    MultiDetect,
    /// A ticket for a coin whose AN the agent holds.
    Ticket,
    /// The same for many coins.
    MultiTicket,
    /// Which of AN and PAN the agent holds; changes nothing.
    FixLost,
    /// Serial numbers of the pool that all agents offer alike.
    ShowChange,
    /// Breaks a coin into smaller ones whose secrets the agent chooses.
    Change,
    /// Breaks a coin into smaller ones.
    Break,
    /// Joins coins to a larger one.
    Join,
    /// Keeps serial numbers of the pool for the owner of some coins.
    Reserve,
    /// Exchanges coins, once for each id.
    Exchange,
    /// Sees to it that a request is not executed any more.
    Cancel,
    /// Which exchange an origin is.
    Lineage,
    /// What is in circulation.
    Audit,
    /// Which coin a ticket speaks for.
    Hints,
    /// The same for many tickets.
    MultiHints,
    /// Sets a coin's AN on the tickets of 3 or 5 neighbours.
    Fix,
    /// Sets the ANs of many coins on the tickets of 4 neighbours.
    MultiFix,
    /// Sets the ANs of many coins on the tickets of 13 agents.
    SuperFix,
}

/// The form of a route's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One object.
    Object,
    /// An array, even when the request was not understood.
    Array,
    /// A text of its own kind.
    Text,
}

/// Names on the wire; the first one of a route is the one this client uses.
const NAMES: [(&str, Route); 22] = [
    ("echo", Route::Echo),
    ("version", Route::Version),
    ("detect", Route::Detect),
    ("multi_detect", Route::MultiDetect),
    ("get_ticket", Route::Ticket),
    ("multi_get_ticket", Route::MultiTicket),
    ("multi_ticket", Route::MultiTicket),
    ("fix_lost", Route::FixLost),
    ("show_change", Route::ShowChange),
    ("change", Route::Change),
    ("break", Route::Break),
    ("join", Route::Join),
    ("reserve", Route::Reserve),
    ("exchange", Route::Exchange),
    ("cancel", Route::Cancel),
    ("lineage", Route::Lineage),
    ("audit", Route::Audit),
    ("hints", Route::Hints),
    ("multi_hints", Route::MultiHints),
    ("fix", Route::Fix),
    ("multi_fix", Route::MultiFix),
    ("super_fix", Route::SuperFix),
];

impl Route {
    /// Returns the route of a path such as `/service/echo`.
    pub fn from_path(path: &str) -> Option<Route> {
        let name = path.strip_prefix("/service/")?;
        NAMES.into_iter().find_map(|(known, route)| (known == name).then_some(route))
    }

    /// Goes through all routes, in the order of their declaration.
    pub fn all() -> impl Iterator<Item = Route> {
        let mut last = None;
        // Other names of a route stand behind its first one.
        let first = move |route: &Route| last.replace(*route) != Some(*route);
        NAMES.into_iter().map(|(_, route)| route).filter(first)
    }

    /// Returns the name of the service.
    pub fn name(self) -> &'static str {
        let named = NAMES.into_iter().find_map(|(name, route)| (route == self).then_some(name));
        named.expect("the table names every route")
    }

    /// Returns the path of the service.
    pub fn path(self) -> String {
        format!("/service/{}", self.name())
    }

    /// Returns the form of the answer.
    pub fn shape(self) -> Shape {
        match self {
            Route::Echo
            | Route::Version
            | Route::Detect
            | Route::Ticket
            | Route::ShowChange
            | Route::Change
            | Route::Break
            | Route::Join
            | Route::Reserve
            | Route::Exchange
            | Route::Cancel
            | Route::Lineage
            | Route::Audit
            | Route::Fix
            | Route::SuperFix => Shape::Object,
            Route::MultiDetect | Route::MultiTicket | Route::FixLost | Route::MultiFix => {
                Shape::Array
            }
            Route::Hints | Route::MultiHints => Shape::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_found_by_its_path() {
        for (name, route) in NAMES {
            assert_eq!(Route::from_path(&format!("/service/{name}")), Some(route));
            assert_eq!(Route::from_path(&route.path()), Some(route));
        }
        assert!(Route::all().enumerate().all(|(place, route)| place == route as usize));
        for other in ["/", "/service/", "/service/Echo", "/service/echo/", "echo", "/service/fixes"]
        {
            assert_eq!(Route::from_path(other), None, "{other}");
        }
    }
}
