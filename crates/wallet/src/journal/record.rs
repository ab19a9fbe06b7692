//! What a record says, and how coins are written in it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use coin::{AnSet, Coin, NETWORK_NUMBER, PownString, SerialNumber, StoredCoin};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroizing;

use crate::operation::Kind;
use crate::place::Place;

/// A record of a journal. Contents of files are numbered from 0 in the order in
/// which they appear; everything else names them by number.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    /// The first record: what this operation is. `at` is in seconds since 1970 UTC.
    Begin { kind: Kind, at: i64, about: String },
    /// State of the caller; of each label the last one counts.
    Note(Part),
    /// Contents of coin files.
    Coins(Vec<CoinRecord>),
    /// Contents of another file, or their next part.
    Blob { bytes: Secret, continued: bool },
    /// These contents are kept under this label; the last ones count.
    Keep { label: String, contents: Vec<Span>, continued: bool },
    /// New files. All records `write` and `move` of one append are one act.
    Write { to: Place, files: Vec<NewFile> },
    /// Files that move.
    Move { from: Place, to: Place, files: Vec<MovedFile> },
    /// Files of the last act that got another name than it says.
    Renamed(Vec<Renamed>),
    /// The last act is done and durable.
    Done,
    /// These coins are in flight from here on.
    InFlight { coins: Vec<SerialNumber> },
    /// These coins are no longer in flight: what became of them is known.
    Landed { coins: Vec<SerialNumber> },
    /// The last record.
    End { at: i64, summary: String },
}

/// A text, or its next part.
#[derive(Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) label: String,
    pub(crate) text: String,
    pub(crate) continued: bool,
}

/// So many contents from that number on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Span {
    pub(crate) from: u32,
    pub(crate) count: u32,
}

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NewFile {
    pub(crate) name: String,
    pub(crate) content: u32,
}

/// A file to be moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MovedFile {
    pub(crate) name: String,
    pub(crate) content: u32,
    /// Its name there, if it is another one.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub(crate) new_name: Option<String>,
}

/// A file that got another name, because its own was taken by other contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Renamed {
    pub(crate) place: Place,
    pub(crate) name: String,
    #[serde(rename = "as")]
    pub(crate) new_name: String,
}

/// A coin as its file holds it. The bytes are those of a batch (network number,
/// serial number, 25 authenticity numbers: 405), and 25 proposed ones if there
/// are some: 805.
pub(crate) struct CoinRecord(pub(crate) StoredCoin);

/// Bytes that are wiped when dropped; base64 in JSON.
pub(crate) struct Secret(pub(crate) Zeroizing<Vec<u8>>);

const COIN_BYTES: usize = coin::batch::COIN_BYTES;
const COIN_BYTES_WITH_PANS: usize = COIN_BYTES + AnSet::BYTES;

#[derive(Serialize, Deserialize)]
struct CoinJson {
    bytes: Secret,
    pown: PownString,
    #[serde(rename = "ed", default, skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    #[serde(rename = "aoid", default, skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

impl Serialize for CoinRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let CoinRecord(coin) = self;
        let json = CoinJson {
            bytes: Secret(coin_bytes(coin)),
            pown: coin.pown,
            expires: coin.expires.clone(),
            notes: coin.notes.clone(),
        };
        json.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CoinRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<CoinRecord, D::Error> {
        let CoinJson { bytes, pown, expires, notes } = CoinJson::deserialize(deserializer)?;
        let (coin, pans) = parse_coin(&bytes.0).ok_or_else(|| de::Error::custom("no coin"))?;
        Ok(CoinRecord(StoredCoin { coin, pans, pown, expires, notes }))
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(STANDARD.encode(&*self.0)))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        // Not the decoder's own message: it quotes the byte it stumbled over.
        let bytes = STANDARD.decode(&*text).map_err(|_| de::Error::custom("no base64"))?;
        Ok(Secret(Zeroizing::new(bytes)))
    }
}

fn coin_bytes(stored: &StoredCoin) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(COIN_BYTES_WITH_PANS));
    bytes.push(NETWORK_NUMBER);
    bytes.extend_from_slice(&stored.coin.sn.get().to_be_bytes());
    stored.coin.ans.write_bytes(&mut bytes);
    if let Some(pans) = &stored.pans {
        pans.write_bytes(&mut bytes);
    }
    bytes
}

fn parse_coin(bytes: &[u8]) -> Option<(Coin, Option<AnSet>)> {
    let (own, pans) = bytes.split_at_checked(COIN_BYTES)?;
    let (head, ans) = own.split_first_chunk::<5>()?;
    let [NETWORK_NUMBER, a, b, c, d] = *head else { return None };
    let sn = SerialNumber::new(u32::from_be_bytes([a, b, c, d])).ok()?;
    let ans = AnSet::from_bytes(ans.try_into().ok()?);
    let pans = match pans {
        [] => None,
        pans => Some(AnSet::from_bytes(pans.try_into().ok()?)),
    };
    Some((Coin { sn, ans }, pans))
}
