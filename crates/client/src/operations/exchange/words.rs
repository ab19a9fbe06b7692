//! What a person reads about an exchange, and the letters that its new coins get.

use std::fmt::Write as _;

use coin::choose::{Counts, Swap};
use coin::exchange::{Exchanging, Known};
use coin::{Amount, Coin, Letter, Origin, PownString, Rule, SerialNumber};
use raida::Trade;

use super::worth;

/// Says which coins become which.
pub(super) fn begun(trade: &Trade) -> String {
    let numbers =
        |coins: &[Coin]| -> Vec<SerialNumber> { coins.iter().map(|coin| coin.sn).collect() };
    let take = Counts::of(&numbers(trade.outputs()));
    swap_in_words(&Swap { give: numbers(trade.inputs()), take })
}

/// Says which coins shall become which.
pub(crate) fn swap_in_words(swap: &Swap) -> String {
    let (gives, takes) = (values(Counts::of(&swap.give)), values(swap.take));
    match swap.give.as_slice() {
        [one] => format!("a coin of {gives} (number {one}) for {takes}"),
        _ => format!("{gives} for {takes}"),
    }
}

/// Says that an exchange stands.
pub(super) fn stands(amount: Amount, coins: usize, letters: PownString) -> String {
    let agents = letters.passes();
    let mut text = format!("{amount} became {coins} coins at {agents} agents");
    if agents < 25 {
        text += "; they lie in Fracked until the others were fixed: coin-wallet fix";
    }
    text
}

/// Says why an exchange that stands stays open.
pub(super) fn settling(agents: usize) -> String {
    format!(
        "{agents} agents say that they do not hold any more what was given, {} are wanted: coin-wallet resume \
         asks the others",
        Rule::CLOUDCOIN.last
    )
}

/// Says that the coins count again.
pub(super) fn returned(amount: Amount) -> String {
    format!("the exchange of {amount} was taken back: its coins count again")
}

/// Says why it goes back.
pub(super) fn turned_back(trade: &Trade, exchanging: &Exchanging) -> String {
    let refused = exchanging.all_known().filter(|known| matches!(known, Known::Refused(_)));
    format!(
        "{} agents refuse the exchange of {}, {} are needed: it is taken back",
        refused.count(),
        worth(trade),
        Rule::CLOUDCOIN.own
    )
}

/// Says what is undecided, why, and what comes next.
pub(super) fn pending(trade: &Trade, exchanging: &Exchanging) -> String {
    let count = |is: fn(&Known) -> bool| exchanging.all_known().filter(is).count();
    let executed = count(|known| matches!(known, Known::Executed(_) | Known::Kept(_)));
    let returned = count(|known| *known == Known::Returned);
    let silent = count(|known| *known == Known::Unknown);
    let mut text = format!(
        "the exchange of {} is not decided: {executed} agents have executed it",
        worth(trade)
    );
    if returned > 0 {
        let _ = write!(text, ", {returned} have taken it back or never will");
    }
    let _ = write!(
        text,
        ", {silent} are silent, {} are needed; its coins wait in Limbo and count for nothing until \
         coin-wallet resume has asked again",
        Rule::CLOUDCOIN.own
    );
    text
}

/// Returns the letters of coins that an exchange of this origin made.
pub(super) fn letters(exchanging: &Exchanging, origin: Origin) -> PownString {
    PownString::from_fn(|agent| match exchanging.known(agent) {
        Known::Executed(of) | Known::Kept(of) if of == origin => Letter::Pass,
        Known::Executed(_) | Known::Kept(_) | Known::Refused(_) | Known::Returned => Letter::Fail,
        Known::Unknown | Known::Reserved => Letter::NoReply,
    })
}

/// Lists coins, the largest first: `100, 5×25, 4×5`.
fn values(coins: Counts) -> String {
    let words = coins.iter().map(|(denomination, number)| match number {
        1 => denomination.value().to_string(),
        _ => format!("{number}×{}", denomination.value()),
    });
    words.collect::<Vec<_>>().join(", ")
}
