//! What `lineage` is asked and answers: which exchange an origin is.
//!
//! An origin is the hash of its exchange, so that it does not matter who answers: what has another
//! hash is no answer.

use std::borrow::Cow;

use coin::{Lineage, Origin, SerialNumber};
use serde::{Deserialize, Serialize};

use super::exchange::check_sides;
use super::{Dud, Form, Reply, Status, origins};

/// The field that names an origin.
const ORIGIN: &str = "o";

/// The answer to `lineage`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ancestry<'a> {
    /// Status `pass`, and in `origins` where the coins that were given came from.
    #[serde(flatten, borrow)]
    pub reply: Reply<'a>,
    /// The serial numbers that were given.
    #[serde(default)]
    pub sns: Vec<u32>,
    /// The serial numbers that were taken for them.
    #[serde(default)]
    pub csn: Vec<u32>,
}

/// The answer is not the lineage of the origin that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not the lineage of that origin")]
pub struct BadLineage;

/// Reads a request of the route `lineage`.
///
/// # Errors
///
/// [`Dud::Missing`], [`Dud::Origin`].
pub fn read_origin(form: &Form<'_>) -> Result<Origin, Dud> {
    let text = form.one(ORIGIN).ok_or(Dud::Missing { field: ORIGIN })?;
    match text.parse() {
        Ok(origin @ Origin::Exchange(_)) => Ok(origin),
        Ok(Origin::Minted) | Err(_) => Err(Dud::Origin { field: ORIGIN }),
    }
}

/// Writes the body of a request of the route `lineage`.
pub fn write_origin(origin: Origin) -> String {
    format!("{ORIGIN}={origin}")
}

impl<'a> Ancestry<'a> {
    /// Makes the answer.
    pub fn new(reply: Reply<'a>, lineage: &Lineage) -> Ancestry<'a> {
        let (sns, of): (Vec<u32>, Vec<Origin>) =
            lineage.inputs().iter().map(|(sn, origin)| (sn.get(), *origin)).unzip();
        let csn = lineage.outputs().iter().map(|sn| sn.get()).collect();
        Ancestry {
            reply: Reply { origins: origins::write_origins(&of).map(Cow::Owned), ..reply },
            sns,
            csn,
        }
    }

    /// Returns the lineage of this origin, if that is what was answered.
    ///
    /// # Errors
    ///
    /// [`BadLineage`].
    pub fn of(&self, origin: Origin) -> Result<Lineage, BadLineage> {
        if self.reply.status() != Some(Status::Pass) {
            return Err(BadLineage);
        }
        let number = |sn: &u32| SerialNumber::new(*sn).map_err(|_| BadLineage);
        let sns: Vec<SerialNumber> = self.sns.iter().map(number).collect::<Result<_, _>>()?;
        let of = self.reply.origins(sns.len()).ok_or(BadLineage)?;
        let outputs: Vec<SerialNumber> = self.csn.iter().map(number).collect::<Result<_, _>>()?;
        check_sides(sns.iter().copied(), outputs.iter().copied()).map_err(|_| BadLineage)?;
        let lineage = Lineage::new(sns.into_iter().zip(of).collect(), outputs);
        if lineage.origin() == origin { Ok(lineage) } else { Err(BadLineage) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sn(number: u32) -> SerialNumber {
        SerialNumber::new(number).unwrap()
    }

    fn answer(lineage: &Lineage) -> String {
        let reply = Reply { status: Status::Pass.word().into(), ..Reply::default() };
        serde_json::to_string(&Ancestry::new(reply, lineage)).unwrap()
    }

    #[test]
    fn a_lineage_is_read_back_and_is_that_of_its_origin_alone() {
        let inputs = vec![(sn(8), Origin::Minted), (sn(9), Origin::Minted)];
        let minted = Lineage::new(inputs, vec![sn(1), sn(2)]);
        let made = vec![(sn(1), minted.origin()), (sn(7), Origin::Minted)];
        let later = Lineage::new(made, vec![sn(3), sn(4)]);
        for lineage in [&minted, &later] {
            let text = answer(lineage);
            let read: Ancestry<'_> = serde_json::from_str(&text).unwrap();
            assert_eq!(read.of(lineage.origin()).as_ref(), Ok(lineage), "{text}");
            assert_eq!(read.of(Origin::Exchange([0; 32])), Err(BadLineage));
        }
        let text = answer(&later).replace(r#""csn":[3,4]"#, r#""csn":[3,5]"#);
        let changed: Ancestry<'_> = serde_json::from_str(&text).unwrap();
        assert_eq!(changed.of(later.origin()), Err(BadLineage));
    }

    #[test]
    fn what_could_be_no_exchange_is_no_lineage_whatever_its_hash() {
        let minted = |number| (sn(number), Origin::Minted);
        for (inputs, outputs) in [
            (vec![minted(9)], vec![sn(1), sn(2)]),
            (vec![minted(9)], vec![sn(9)]),
            (vec![minted(9), minted(9)], vec![sn(1), sn(2)]),
            (Vec::new(), Vec::new()),
        ] {
            let lineage = Lineage::new(inputs, outputs);
            let text = answer(&lineage);
            let read: Ancestry<'_> = serde_json::from_str(&text).unwrap();
            assert_eq!(read.of(lineage.origin()), Err(BadLineage), "{text}");
        }
    }

    #[test]
    fn only_the_origin_of_an_exchange_can_be_asked_for() {
        let read = |text: &str| read_origin(&Form::parse(text.as_bytes()).unwrap());
        let made = Origin::Exchange([0xa7; 32]);
        assert_eq!(read(&write_origin(made)), Ok(made));
        assert_eq!(read("o=minted"), Err(Dud::Origin { field: "o" }));
        assert_eq!(read("o=a7"), Err(Dud::Origin { field: "o" }));
        assert_eq!(read(""), Err(Dud::Missing { field: "o" }));
    }
}
