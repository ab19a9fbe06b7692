//! The end of an exchange: where its coins belong when it is decided.

use coin::exchange::{Exchanging, Known};
use coin::{AGENTS, Answer, Coin, PownString, Rule, StoredCoin};
use protocol::machine::Fault;
use raida::{Claim, Trade};
use wallet::{AnyDisk, Folder, Operation, Place, Wallet, WalletError, WalletName};

use super::begun::{Back, LIMBO, OUTPUTS, amount, inputs_in_limbo, put_back};
use super::{Exchanged, note, summary, words};
use crate::operations::batch::with_new_secrets;
use crate::operations::prepare::{BANK, FRACKED};
use crate::operations::{Bench, COINS, broken_note, pown};

/// Where the files of coins go that were given.
const IMPORTED: Place = Place { wallet: WalletName::Default, folder: Folder::Imported };
const IMPORT: Place = Place { wallet: WalletName::Default, folder: Folder::Import };

impl Bench {
    /// Writes down that the exchange stands, and what each agent said of it.
    pub(super) async fn note_stands(&self, letters: PownString) -> Result<(), Fault> {
        self.at_wallet(move |_, operation| operation.note(note::STANDS, &letters.to_string())).await
    }

    /// The exchange stands: the new coins go to Bank, or to Fracked while some agent has not executed it;
    /// the files of those that were given go to Imported.
    ///
    /// # Crash safety
    /// That it stands, and the letters, are written down before: the files are the same every time.
    pub(super) async fn book_outputs(&self) -> Result<(), Fault> {
        let (amount, letters, coins) = self
            .at_wallet(|wallet, operation| {
                let letters: PownString = operation
                    .last_note(note::STANDS)
                    .and_then(|text| text.parse().ok())
                    .ok_or_else(|| broken_note(note::STANDS))?;
                let outputs = operation.kept(OUTPUTS).unwrap_or_default();
                let outputs: Vec<StoredCoin> =
                    outputs.into_iter().map(|kept| StoredCoin { pown: letters, ..kept }).collect();
                let everywhere = usize::from(letters.passes()) == AGENTS;
                let to = if everywhere { BANK } else { FRACKED };
                operation.place(wallet, to, &outputs)?;
                file_inputs(wallet, operation)?;
                Ok((amount(operation), letters, outputs.len()))
            })
            .await?;
        self.screen.say(&words::stands(amount, coins, letters));
        Ok(())
    }

    /// Ends an exchange that stands, once so few agents hold what was given that it can never be owned
    /// again. Before that one of the agents may have lied, and the value would lie half in the inputs, half
    /// in the outputs: it stays open, and is asked for at the others at every `resume`. Its coins are used
    /// meanwhile.
    pub(super) async fn settle(
        &self,
        trade: &Trade,
        exchanging: &Exchanging,
    ) -> Result<Exchanged, Fault> {
        let last = usize::from(Rule::CLOUDCOIN.last);
        let executed = exchanging.all_known().filter(|known| known.executed().is_some()).count();
        // Agents that were fixed have executed it under no id.
        let without = if executed >= last { executed } else { self.without(trade).await };
        if without >= last {
            let amount = self.at_wallet(|_, operation| Ok(amount(operation))).await?;
            self.end_exchange(summary(amount, Exchanged::Stands)).await?;
        } else {
            self.screen.say(&words::settling(without));
        }
        Ok(Exchanged::Stands)
    }

    /// Returns how many agents say of each coin that was given that they do not hold it.
    async fn without(&self, trade: &Trade) -> usize {
        let claim =
            |Coin { sn, ans }: &Coin| Claim { sn: *sn, ans: ans.clone(), pans: ans.clone() };
        let claims: Vec<Claim> = trade.inputs().iter().map(claim).collect();
        let said = self.authority.find(&claims, &self.meter("asking for what was given")).await;
        let without = said.iter().map(|coin| count_of(coin, Answer::Neither));
        without.min().unwrap_or(0)
    }

    /// The exchange was taken back at 13 agents: the coins that were given count again. It goes on until all
    /// agents have said that they will never execute it.
    pub(super) async fn book_inputs(&self, exchanging: &Exchanging) -> Result<Exchanged, Fault> {
        let everywhere = exchanging.all_known().all(|known| known == Known::Returned);
        let back = if everywhere { Back::WhereTheyWere } else { Back::ToFracked };
        let amount = self
            .at_wallet(move |wallet, operation| {
                put_back(wallet, operation, back)?;
                Ok(amount(operation))
            })
            .await?;
        self.screen.say(&words::returned(amount));
        if everywhere {
            self.end_exchange(summary(amount, Exchanged::NotDone)).await?;
        }
        Ok(Exchanged::NotDone)
    }

    /// Tells whether 13 agents hold the new coins of an exchange that was called back, or held them when they
    /// began to be taken over.
    pub(super) async fn stands_all_the_same(&self, trade: &Trade) -> Result<bool, Fault> {
        if self.at_wallet(|_, operation| Ok(operation.kept(COINS).is_some())).await? {
            return Ok(true);
        }
        let held =
            self.authority.detect(trade.outputs(), &self.meter("looking at the new coins")).await;
        Ok(held.pown.iter().all(|letters| letters.passes() >= Rule::CLOUDCOIN.own))
    }

    /// The exchange could not be taken back, and stands: a cancellation under way may still reach agents, so
    /// the new coins get new secrets like coins that come from elsewhere.
    pub(super) async fn take_outputs_over(&self, trade: &Trade) -> Result<Exchanged, Fault> {
        self.at_wallet(|wallet, operation| {
            let coins = match operation.kept(COINS) {
                Some(coins) => coins,
                None => {
                    let outputs = operation.kept(OUTPUTS).unwrap_or_default();
                    let coins: Vec<StoredCoin> =
                        outputs.into_iter().map(|kept| with_new_secrets(kept.coin)).collect();
                    operation.keep(COINS, &coins)?;
                    coins
                }
            };
            operation.place(wallet, IMPORT, &coins).map(drop)
        })
        .await?;
        let totals = pown::totals(&self.take_ownership(WalletName::Default).await?);
        let amount = self.at_wallet(|_, operation| Ok(amount(operation))).await?;
        if !totals.all_owned() {
            // What is not owned may yet be taken back; the coins that were given wait for that.
            return Ok(Exchanged::Pending(amount));
        }
        // As in `settle`: before that one agent that lies could leave half the value on either side.
        let without = self.without(trade).await;
        if without >= usize::from(Rule::CLOUDCOIN.last) {
            self.at_wallet(file_inputs).await?;
            self.end_exchange(summary(amount, Exchanged::Stands)).await?;
        } else {
            self.screen.say(&words::settling(without));
        }
        Ok(Exchanged::Stands)
    }
}

fn count_of(answers: &[Answer; AGENTS], wanted: Answer) -> usize {
    answers.iter().filter(|answer| **answer == wanted).count()
}

/// Files what was given under Imported.
fn file_inputs(
    wallet: &mut Wallet<AnyDisk>,
    operation: &mut Operation<AnyDisk>,
) -> Result<(), WalletError> {
    let names = inputs_in_limbo(wallet, operation)?;
    operation.shift(wallet, LIMBO, IMPORTED, &names).map(drop)
}
