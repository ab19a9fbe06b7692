//! Forms (`application/x-www-form-urlencoded`), with the three ways in which clients of v1
//! write arrays: `sns[]=1&sns[]=2`, `sns%5B%5D=1&…` and `sns%5B0%5D=1&sns%5B1%5D=2`.

use std::borrow::Cow;
use std::ops::Deref;
use std::str;

use zeroize::Zeroize;

use crate::limits::{FORM_FIELDS_MAX, REQUEST_COINS_MAX};

/// A form: its fields with their values, in the order of the text.
#[derive(Default)]
pub struct Form<'a> {
    fields: Vec<Field<'a>>,
}

struct Field<'a> {
    name: String,
    kind: Kind,
    /// How the text spells the name where the next value of an array is meant: mostly so again.
    spelt: Option<&'a [u8]>,
    values: Vec<Value<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Scalar,
    Array,
}

/// A value, which may be a secret: it borrows from the text where nothing had to be decoded;
/// where something had to be, the copy is wiped on drop. It has no `Debug`.
pub struct Value<'a>(Cow<'a, str>);

/// Why a text is no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// More field names than any request has.
    #[error("more than {FORM_FIELDS_MAX} fields")]
    TooManyFields,
    /// An array longer than any request may have.
    #[error("more than {REQUEST_COINS_MAX} values in an array")]
    TooManyValues,
    /// A field that is no array stands there twice.
    #[error("a field that is no array is given twice")]
    Twice,
    /// Array indices that do not count up from 0.
    #[error("array index {got} where {expected} was due")]
    IndexOutOfOrder {
        /// The index that was due.
        expected: usize,
        /// The index that stood there.
        got: usize,
    },
}

impl<'a> Form<'a> {
    /// Reads a query or a body.
    ///
    /// # Errors
    ///
    /// See [`FormError`]. Memory is bounded by the length of the text and the limits named
    /// there.
    pub fn parse(text: &'a [u8]) -> Result<Form<'a>, FormError> {
        let mut form = Form::default();
        for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let (name, value) = cut(pair);
            form.push(name, Value(value))?;
        }
        Ok(form)
    }

    /// Returns the value of a field that is no array.
    pub fn one(&self, name: &str) -> Option<&str> {
        let place = self.place(name, Kind::Scalar)?;
        self.fields[place].values.first().map(Deref::deref)
    }

    /// Returns the values of an array in their order; none when it is not there.
    pub fn all(&self, name: &str) -> &[Value<'a>] {
        self.place(name, Kind::Array).map_or(&[], |place| &self.fields[place].values)
    }

    fn place(&self, name: &str, kind: Kind) -> Option<usize> {
        self.fields.iter().position(|field| field.kind == kind && field.name == name)
    }

    fn push(&mut self, spelt: &'a [u8], value: Value<'a>) -> Result<(), FormError> {
        if let Some(field) = self.fields.iter_mut().find(|field| field.spelt == Some(spelt)) {
            return field.push(Slot::Next, value);
        }
        let name = decoded_name(spelt);
        let (name, slot) = split(&name);
        let kind = if slot == Slot::Only { Kind::Scalar } else { Kind::Array };
        let place = match self.place(name, kind) {
            Some(place) => place,
            None if self.fields.len() == FORM_FIELDS_MAX => return Err(FormError::TooManyFields),
            None => {
                let (name, values) = (name.to_owned(), Vec::new());
                self.fields.push(Field { name, kind, spelt: None, values });
                self.fields.len() - 1
            }
        };
        if slot == Slot::Next {
            self.fields[place].spelt = Some(spelt);
        }
        self.fields[place].push(slot, value)
    }
}

impl<'a> Field<'a> {
    fn push(&mut self, slot: Slot, value: Value<'a>) -> Result<(), FormError> {
        let expected = self.values.len();
        match slot {
            Slot::Only if expected > 0 => return Err(FormError::Twice),
            Slot::At(got) if got != expected => {
                return Err(FormError::IndexOutOfOrder { expected, got });
            }
            Slot::Only | Slot::Next | Slot::At(_) => {}
        }
        if expected == REQUEST_COINS_MAX {
            return Err(FormError::TooManyValues);
        }
        self.values.push(value);
        Ok(())
    }
}

/// Where in its field a value goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    Only,
    Next,
    At(usize),
}

/// Cuts a pair into its name as it is spelt, and its value. What needs no decoding, as all that
/// clients send in mass, is not looked at twice.
fn cut(pair: &[u8]) -> (&[u8], Cow<'_, str>) {
    let equals = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
    let (name, value) = (&pair[..equals], pair.get(equals + 1..).unwrap_or_default());
    let plain = !value.iter().any(|byte| matches!(byte, b'%' | b'+'));
    match str::from_utf8(value) {
        Ok(value) if plain => (name, Cow::Borrowed(value)),
        _ => {
            (name, form_urlencoded::parse(pair).next().map(|(_, value)| value).unwrap_or_default())
        }
    }
}

fn decoded_name(spelt: &[u8]) -> Cow<'_, str> {
    form_urlencoded::parse(spelt).next().map(|(name, _)| name).unwrap_or_default()
}

fn split(name: &str) -> (&str, Slot) {
    let bracketed = name.strip_suffix(']').and_then(|open| open.rsplit_once('['));
    match bracketed {
        Some((base, "")) => (base, Slot::Next),
        Some((base, index)) if index.bytes().all(|byte| byte.is_ascii_digit()) => {
            (base, Slot::At(index.parse().unwrap_or(usize::MAX)))
        }
        Some(_) | None => (name, Slot::Only),
    }
}

impl Deref for Value<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Drop for Value<'_> {
    fn drop(&mut self) {
        if let Cow::Owned(copy) = &mut self.0 {
            copy.zeroize();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::prop;
    use proptest::{prop_assert_eq, proptest};

    use super::*;

    fn array(text: &str, name: &str) -> Result<Vec<String>, FormError> {
        let form = Form::parse(text.as_bytes())?;
        Ok(form.all(name).iter().map(|value| value.to_string()).collect())
    }

    #[test]
    fn arrays_are_read_in_all_three_encodings() {
        for text in [
            "sns[]=1&sns[]=22&nn=1&sns[]=3",
            "sns%5B%5D=1&sns%5B%5D=22&sns%5B%5D=3",
            "sns%5B0%5D=1&nns[0]=1&sns%5b1%5d=22&sns[2]=3",
        ] {
            assert_eq!(array(text, "sns").unwrap(), ["1", "22", "3"], "{text}");
        }
    }

    #[test]
    fn a_scalar_and_an_array_of_one_name_are_two_things() {
        let form = Form::parse(b"nn=1&nn[]=2&nn[]=3&b=t&c").unwrap();
        assert_eq!((form.one("nn"), form.all("nn").len()), (Some("1"), 2));
        assert_eq!((form.one("b"), form.one("c"), form.one("d")), (Some("t"), Some(""), None));
    }

    #[test]
    fn escapes_are_decoded_and_bad_ones_kept_as_they_are() {
        assert_eq!(array("a[]=%41%zz+b&a[]=%", "a").unwrap(), ["A%zz b", "%"]);
    }

    #[test]
    fn ways_of_writing_an_array_may_be_mixed() {
        assert_eq!(array("a[0]=1&a[]=2&a%5B%5D=3&a[]=4&a[4]=5", "a").unwrap().len(), 5);
        let out_of_order = FormError::IndexOutOfOrder { expected: 1, got: 0 };
        assert_eq!(array("a[0]=1&a[0]=2", "a"), Err(out_of_order));
        assert_eq!(array("a[]=1&a[0]=2", "a"), Err(out_of_order));
    }

    proptest! {
        #[test]
        fn pairs_are_those_of_the_standard(
            text in prop::collection::vec(prop::sample::select(b"ab=&%+[]5B\xc3\xa9\xff".to_vec()), 0..40),
        ) {
            let pairs = text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(cut);
            let pairs: Vec<_> = pairs.map(|(name, value)| (decoded_name(name), value)).collect();
            let standard: Vec<_> = form_urlencoded::parse(&text).collect();
            prop_assert_eq!(pairs, standard);
        }
    }

    #[test]
    fn what_no_client_sends_is_refused() {
        assert_eq!(array("a=1&a=2", "a"), Err(FormError::Twice));
        let out_of_order = FormError::IndexOutOfOrder { expected: 1, got: 2 };
        assert_eq!(array("a[0]=1&a[2]=2", "a"), Err(out_of_order));
        let huge = array("a[99999999999999999999999]=1", "a");
        assert_eq!(huge, Err(FormError::IndexOutOfOrder { expected: 0, got: usize::MAX }));
        let fields: String = (0..=FORM_FIELDS_MAX).map(|i| format!("f{i}=1&")).collect();
        assert_eq!(array(&fields, "a"), Err(FormError::TooManyFields));
        assert_eq!(
            array(&"a[]&".repeat(REQUEST_COINS_MAX + 1), "a"),
            Err(FormError::TooManyValues)
        );
        assert_eq!(array(&"a[]&".repeat(REQUEST_COINS_MAX), "a").unwrap().len(), REQUEST_COINS_MAX);
    }
}
