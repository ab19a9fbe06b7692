//! A piece of JSON that knows where in its file it stands. It is a slice of the
//! text: looking into it copies nothing, and so leaves no secret behind.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::error::{Place, Reason, StackError};

/// One value in a JSON text.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    text: &'a str,
    raw: &'a str,
    coin: Option<usize>,
    field: Option<&'static str>,
    entry: Option<usize>,
}

/// The members of an object whose keys were asked for.
pub(super) struct Fields<'a> {
    of: Node<'a>,
    found: Vec<(&'static str, &'a RawValue)>,
}

impl<'a> Node<'a> {
    /// The value that is the whole text.
    pub(super) const fn root(text: &'a str) -> Node<'a> {
        Node { text, raw: text, coin: None, field: None, entry: None }
    }

    /// The same value, known as coin number `coin` of the file.
    pub(super) const fn as_coin(self, coin: usize) -> Node<'a> {
        Node { coin: Some(coin), field: None, entry: None, ..self }
    }

    /// Finds the members of an object that have one of the `known` keys and
    /// passes over all others.
    pub(super) fn fields(self, known: &'static [&'static str]) -> Result<Fields<'a>, StackError> {
        let found = self.parse(KnownFields(known), "an object")?;
        let fields = Fields { of: self, found };
        for (at, &(key, raw)) in fields.found.iter().enumerate() {
            if fields.found[..at].iter().any(|&(earlier, _)| earlier == key) {
                return Err(fields.child(key, raw).refused(Reason::FieldTwice));
            }
        }
        Ok(fields)
    }

    /// Returns the elements of an array and how many there are; beyond `max`
    /// they are counted only.
    pub(super) fn elements(self, max: usize) -> Result<(Vec<Node<'a>>, usize), StackError> {
        let (kept, found) = self.parse(BoundedArray(max), "an array")?;
        let node =
            |(at, raw): (usize, &'a RawValue)| Node { raw: raw.get(), entry: Some(at + 1), ..self };
        Ok((kept.into_iter().enumerate().map(node).collect(), found))
    }

    /// Returns what stands between the quotes of a text without escapes.
    pub(super) fn plain_text(self) -> Option<&'a str> {
        let text = self.raw.strip_prefix('"')?.strip_suffix('"')?;
        (!text.contains('\\')).then_some(text)
    }

    /// Returns the value as another type, if it is one. Not for secrets.
    pub(super) fn remark<T: Deserialize<'a>>(self) -> Option<T> {
        serde_json::from_str(self.raw).ok()
    }

    /// Returns the value as it is written.
    pub(super) const fn raw(self) -> &'a str {
        self.raw
    }

    /// Says what is wrong with this value.
    pub(super) fn refused(self, reason: Reason) -> StackError {
        self.refused_at(self.start(), reason)
    }

    /// Looks for something at the place of a field that is not there.
    pub(super) fn lacks(self, field: &'static str) -> StackError {
        Node { field: Some(field), ..self }.refused(Reason::Missing)
    }

    fn refused_at(self, (line, column): (usize, usize), reason: Reason) -> StackError {
        let Node { coin, field, entry, .. } = self;
        StackError { place: Place { line, column, coin, field, entry }, reason }
    }

    /// Returns line and column at which the value starts.
    fn start(self) -> (usize, usize) {
        // Both are slices of one text, so the difference is the place in it.
        let offset = self.raw.as_ptr() as usize - self.text.as_ptr() as usize;
        let before = &self.text.as_bytes()[..offset];
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        (line, offset - line_start + 1)
    }

    fn parse<S>(self, seed: S, expected: &'static str) -> Result<S::Value, StackError>
    where
        S: DeserializeSeed<'a>,
    {
        let mut deserializer = serde_json::Deserializer::from_str(self.raw);
        let value = seed.deserialize(&mut deserializer);
        let value = value.and_then(|value| deserializer.end().map(|()| value));
        value.map_err(|error| self.explain(&error, expected))
    }

    /// Keeps the place of a JSON error and not its text, which may show input.
    fn explain(self, error: &serde_json::Error, expected: &'static str) -> StackError {
        let (line, column) = self.start();
        let at = match error.line() {
            0 | 1 => (line, column + error.column().saturating_sub(1)),
            further => (line + further - 1, error.column().max(1)),
        };
        match error.classify() {
            Category::Eof => self.refused_at(at, Reason::CutShort),
            Category::Syntax | Category::Io => self.refused_at(at, Reason::NotJson),
            Category::Data => self.refused(Reason::WrongKind { expected }),
        }
    }
}

impl<'a> Fields<'a> {
    /// Returns the member of this key, if it is there.
    pub(super) fn optional(&self, key: &'static str) -> Option<Node<'a>> {
        let &(_, raw) = self.found.iter().find(|&&(found, _)| found == key)?;
        Some(self.child(key, raw))
    }

    /// Returns the member of this key.
    pub(super) fn required(&self, key: &'static str) -> Result<Node<'a>, StackError> {
        self.optional(key).ok_or_else(|| self.of.lacks(key))
    }

    fn child(&self, key: &'static str, raw: &'a RawValue) -> Node<'a> {
        Node { raw: raw.get(), field: Some(key), entry: None, ..self.of }
    }
}

/// An object key. One with escapes is copied; keys are no secrets.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

struct KnownFields(&'static [&'static str]);

impl<'de> DeserializeSeed<'de> for KnownFields {
    type Value = Vec<(&'static str, &'de RawValue)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for KnownFields {
    type Value = Vec<(&'static str, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            match self.0.iter().find(|&&known| known == key) {
                // One more than there are keys: some key is there twice, and
                // the object is refused. Keeping more would only fill memory.
                Some(&known) if found.len() <= self.0.len() => {
                    found.push((known, map.next_value()?));
                }
                Some(_) | None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(found)
    }
}

struct BoundedArray(usize);

impl<'de> DeserializeSeed<'de> for BoundedArray {
    type Value = (Vec<&'de RawValue>, usize);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for BoundedArray {
    type Value = (Vec<&'de RawValue>, usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let (mut kept, mut found) = (Vec::new(), 0);
        while let Some(element) = array.next_element()? {
            found += 1;
            if found <= self.0 {
                kept.push(element);
            }
        }
        Ok((kept, found))
    }
}
