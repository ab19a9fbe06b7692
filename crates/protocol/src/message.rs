//! The 24 messages of a transfer: one table, and the typed form that the machines see.
//!
//! The numbers, names and details are those of the seed's table; 20 to 23 fill its gap with what
//! its own sequence of events needs. Everything else (the wire, the link, the pages for people)
//! is derived from [`Number`] and [`Message`].

use coin::{Amount, Denomination};
use serde::{Deserialize, Serialize};

/// Who says a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Speaker {
    /// The sender of the coins.
    Sender,
    /// The receiver of the coins.
    Receiver,
    /// Both sides.
    Both,
    /// Both sides, and the relay itself.
    BothAndRelay,
}

/// What stands in `Message_Details`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Details {
    /// `null`.
    None,
    /// An integer.
    Integer,
    /// Base64 of encrypted bytes, in as many frames as needed.
    Encrypted,
    /// Text for people.
    Text,
}

macro_rules! message_table {
    ($($no:literal $variant:ident $wire:literal $says:ident $details:ident $meaning:literal;)*) => {
        /// A message number of the seed's table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[repr(u8)]
        pub enum Number {
            $(#[doc = $meaning] $variant = $no,)*
        }

        impl Number {
            /// All numbers, in the order of the table.
            pub const ALL: [Number; 24] = [$(Number::$variant,)*];

            /// Returns the number as it stands on the wire, 1 to 24.
            pub fn get(self) -> u8 {
                self as u8
            }

            /// Returns the message of that number, or `None` where the table has none.
            pub fn from_wire(number: u64) -> Option<Number> {
                match number {
                    $($no => Some(Number::$variant),)*
                    _ => None,
                }
            }

            /// Returns the name as the seed writes it.
            pub fn wire_name(self) -> &'static str {
                match self { $(Number::$variant => $wire,)* }
            }

            /// Returns who says it.
            pub fn speaker(self) -> Speaker {
                match self { $(Number::$variant => Speaker::$says,)* }
            }

            /// Returns what its details are.
            pub fn details(self) -> Details {
                match self { $(Number::$variant => Details::$details,)* }
            }

            /// Returns what it means, in a sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Number::$variant => $meaning,)* }
            }
        }
    };
}

message_table! {
    1 Heartbeat "Heartbeat" Both None "I am here.";
    2 EmptyImportExport "Empty_Import_Export" Sender None "Empty your Import and Export folders.";
    3 ImportExportEmpty "Import_Export_Empty" Receiver None "My Import and Export folders are empty.";
    4 Money "Money to be Sent" Both Integer "This much shall be sent; the receiver confirms the same amount.";
    5 MakingChange "Making_Change" Sender None "I look whether change is needed.";
    6 JoiningCoins "Joining_Coins" Sender None "I look whether coins are to be joined.";
    7 FindingChange "Finding_Change" Sender None "I look for coins that were lost on the way.";
    21 FixingChange "Fixing_Change" Sender None "I look for coins that some agents refuse.";
    8 MovingCoinsToSender "Moving_Coins_To_Sender" Sender None "I move the coins to the Bank of my hidden wallet.";
    9 DetectingCoins "Detecting_Coin_authenticity" Sender None "I ask all agents whether the coins are good.";
    10 FixingCoins "Fixing_Coins" Sender None "I look at the coins that some agents refuse.";
    11 PuttingCoinsInExport "Putting_Coins_in_Export" Sender None "I put the coins in Export.";
    12 EncryptingCoins "Encrypting Coins" Sender None "I encrypt the coins; sealed with it goes the manifest.";
    22 ReadyToSendCoins "Ready_To_Send_Coins" Sender None "I am ready to send the coins; are you?";
    13 ReadyToReceive "Ready_To_Receive" Receiver None "I am ready to receive them.";
    24 Coins "Coins" Sender Encrypted "Here are the coins.";
    14 Received "Received" Receiver None "The coins and their new secrets are durable here.";
    15 DecryptingCoins "Decrypting_Coins" Receiver None "I check the coins against the manifest.";
    16 PowningCoins "Powning_Coins" Receiver None "I change the coins' secrets at the agents.";
    17 Receipt "receipt" Receiver Encrypted "Here is the receipt.";
    18 ConfirmingChangeOfOwnership "Confirming Change of Ownership" Sender None "I check that the old secrets are dead.";
    19 CoinsConfirmed "Coins confirmed." Sender None "The transfer is closed on both sides.";
    20 JoinRoom "Join_Room" BothAndRelay Integer "Let me into this room; the relay answers who is in it.";
    23 Abort "Abort" BothAndRelay Text "I stop, for this reason.";
}

/// A place in a run of frames that carry one secret text (24 and 17).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Chunk {
    /// Number of the frame, from 0.
    pub index: u32,
    /// Whether it is the last one.
    pub last: Last,
}

/// Whether a chunk ends its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Last {
    /// More chunks follow.
    No,
    /// This chunk ends the text.
    Yes,
}

/// The SHA-256 of a batch of coins, as laid out by [`coin::batch`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BatchHash(#[serde(with = "hex::serde")] pub [u8; 32]);

impl std::fmt::Debug for BatchHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BatchHash({})", hex::encode(self.0))
    }
}

/// What a batch must turn out to be; it goes ahead of the coins, sealed beside 12.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Manifest {
    /// The sum of the coins.
    pub amount: Amount,
    /// Coins per denomination, 250 first.
    pub counts: Vec<(Denomination, u32)>,
    /// The hash of the batch.
    pub batch: BatchHash,
}

impl Manifest {
    /// Returns the sum that the counts make, or `None` above all the money there is.
    pub fn sum(&self) -> Option<Amount> {
        let units = self.counts.iter().try_fold(0u64, |sum, (denomination, count)| {
            sum.checked_add(u64::from(denomination.value()) * u64::from(*count))
        })?;
        Amount::new(units).ok()
    }

    /// Returns the number of coins, or `None` where the counts overflow a u32.
    pub fn coins(&self) -> Option<u32> {
        self.counts.iter().try_fold(0u32, |sum, (_, count)| sum.checked_add(*count))
    }
}

/// The last step that a side made durable; it stands sealed in its first frame under new keys.
///
/// The order is the order of a transfer on either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DurableStep {
    /// Nothing, or nothing but the agreement on the amount.
    Open,
    /// Sender: the coins may have left.
    InFlight,
    /// Receiver: coins and new secrets are stored.
    Received,
    /// Receiver: every coin has its verdict, and there is a receipt.
    Receipted,
    /// Sender: the old secrets are dead, as the receipt and the agents show, or the agents alone.
    Settled,
    /// Receiver: this batch will never be powned here.
    Refused,
}

/// Where a side stands after a reconnect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Its last durable step.
    pub step: DurableStep,
    /// The batch that this step is about, from `InFlight` / `Received` on.
    pub batch: Option<BatchHash>,
}

/// A message of the peer or to the peer, as the machines see it: authenticated, in order, without
/// bytes of coins or receipts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// 1; the position stands in the first frame under new keys only.
    Heartbeat(Option<Position>),
    /// 2
    EmptyImportExport,
    /// 3
    ImportExportEmpty,
    /// 4; the memo goes sealed, from the sender only, at most 256 bytes of text.
    Money {
        /// The amount, never zero.
        amount: Amount,
        /// What the payment is for.
        memo: Option<String>,
    },
    /// 5
    MakingChange,
    /// 6
    JoiningCoins,
    /// 7
    FindingChange,
    /// 21
    FixingChange,
    /// 8
    MovingCoinsToSender,
    /// 9
    DetectingCoins,
    /// 10
    FixingCoins,
    /// 11
    PuttingCoinsInExport,
    /// 12
    EncryptingCoins(Manifest),
    /// 22
    ReadyToSendCoins,
    /// 13
    ReadyToReceive,
    /// 24; the opened bytes travel beside it.
    Coins(Chunk),
    /// 14
    Received,
    /// 15
    DecryptingCoins,
    /// 16
    PowningCoins,
    /// 17; the opened bytes travel beside it.
    Receipt(Chunk),
    /// 18
    ConfirmingChangeOfOwnership,
    /// 19
    CoinsConfirmed,
    /// 23
    Abort(String),
}

impl Message {
    /// Returns the number under which it goes over the wire.
    pub fn number(&self) -> Number {
        match self {
            Message::Heartbeat(_) => Number::Heartbeat,
            Message::EmptyImportExport => Number::EmptyImportExport,
            Message::ImportExportEmpty => Number::ImportExportEmpty,
            Message::Money { .. } => Number::Money,
            Message::MakingChange => Number::MakingChange,
            Message::JoiningCoins => Number::JoiningCoins,
            Message::FindingChange => Number::FindingChange,
            Message::FixingChange => Number::FixingChange,
            Message::MovingCoinsToSender => Number::MovingCoinsToSender,
            Message::DetectingCoins => Number::DetectingCoins,
            Message::FixingCoins => Number::FixingCoins,
            Message::PuttingCoinsInExport => Number::PuttingCoinsInExport,
            Message::EncryptingCoins(_) => Number::EncryptingCoins,
            Message::ReadyToSendCoins => Number::ReadyToSendCoins,
            Message::ReadyToReceive => Number::ReadyToReceive,
            Message::Coins(_) => Number::Coins,
            Message::Received => Number::Received,
            Message::DecryptingCoins => Number::DecryptingCoins,
            Message::PowningCoins => Number::PowningCoins,
            Message::Receipt(_) => Number::Receipt,
            Message::ConfirmingChangeOfOwnership => Number::ConfirmingChangeOfOwnership,
            Message::CoinsConfirmed => Number::CoinsConfirmed,
            Message::Abort(_) => Number::Abort,
        }
    }
}
