//! UBJSON (draft 12, <https://ubjson.org>) read into the tree of values: what `XGBoost`
//! writes to `.ubj`. Numbers are big-endian; lists come plain, counted (`[#`), or counted and
//! of one type (`[$d#`).
//!
//! A file may claim any length. Nothing is allocated for a claim: a packed list is taken only
//! when its bytes are there, and all else grows as it is read, one byte or more a value.

use std::collections::BTreeMap;

use super::XgBoostError;
use super::document::Value;

/// Lists and objects in one another; a model needs nine.
const DEEPEST: usize = 64;

/// Reads a whole document.
pub(super) fn read(bytes: &[u8]) -> Result<Value, XgBoostError> {
    let mut reader = Reader { bytes, at: 0 };
    let value = reader.value(0)?;
    if reader.at < bytes.len() {
        return Err(reader.refused("bytes follow the end of the model"));
    }
    Ok(value)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn refused(&self, what: &'static str) -> XgBoostError {
        XgBoostError::Ubjson { at: self.at, what }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], XgBoostError> {
        let rest = &self.bytes[self.at..];
        let Some(taken) = rest.get(..length) else {
            return Err(self.refused("the file ends too soon"));
        };
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], XgBoostError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// The next marker; `N` is padding and means nothing.
    fn marker(&mut self) -> Result<u8, XgBoostError> {
        loop {
            let [marker] = self.array()?;
            if marker != b'N' {
                return Ok(marker);
            }
        }
    }

    /// Goes past a marker if it is the next one.
    fn passes(&mut self, marker: u8) -> bool {
        while self.peek() == Some(b'N') {
            self.at += 1;
        }
        let found = self.peek() == Some(marker);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Result<Value, XgBoostError> {
        let marker = self.marker()?;
        self.value_of(marker, depth)
    }

    fn value_of(&mut self, marker: u8, depth: usize) -> Result<Value, XgBoostError> {
        if depth > DEEPEST {
            return Err(self.refused("lists and objects lie too deep in one another"));
        }
        Ok(match marker {
            b'Z' => Value::Null,
            b'T' => Value::Bool(true),
            b'F' => Value::Bool(false),
            b'i' | b'U' | b'I' | b'l' | b'L' => Value::Integer(self.integer_of(marker)?),
            b'd' => Value::Number(f64::from(f32::from_be_bytes(self.array()?))),
            b'D' => Value::Number(f64::from_be_bytes(self.array()?)),
            b'S' => Value::Text(self.text()?),
            b'C' => match self.array()? {
                [letter] if letter.is_ascii() => Value::Text(char::from(letter).to_string()),
                _ => return Err(self.refused("a letter is not ASCII")),
            },
            b'[' => self.list(depth)?,
            b'{' => self.object(depth)?,
            _ => {
                self.at -= 1;
                return Err(self.refused("this byte begins no value"));
            }
        })
    }

    fn integer_of(&mut self, marker: u8) -> Result<i64, XgBoostError> {
        Ok(match marker {
            b'i' => i8::from_be_bytes(self.array()?).into(),
            b'U' => u8::from_be_bytes(self.array()?).into(),
            b'I' => i16::from_be_bytes(self.array()?).into(),
            b'l' => i32::from_be_bytes(self.array()?).into(),
            b'L' => i64::from_be_bytes(self.array()?),
            _ => {
                self.at -= 1;
                return Err(self.refused("a length must be a whole number"));
            }
        })
    }

    fn length(&mut self) -> Result<usize, XgBoostError> {
        let marker = self.marker()?;
        let length = self.integer_of(marker)?;
        usize::try_from(length).map_err(|_| self.refused("a length is negative"))
    }

    fn text(&mut self) -> Result<String, XgBoostError> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(self.refused("a text is not UTF-8")),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, XgBoostError> {
        if self.passes(b'$') {
            let [kind] = self.array()?;
            if !self.passes(b'#') {
                return Err(self.refused("a list of one type must have a length"));
            }
            let length = self.length()?;
            return self.packed(kind, length);
        }
        let mut values = Vec::new();
        if self.passes(b'#') {
            for _ in 0..self.length()? {
                values.push(self.value(depth + 1)?);
            }
        } else {
            while !self.passes(b']') {
                values.push(self.value(depth + 1)?);
            }
        }
        Ok(Value::list(values))
    }

    fn packed(&mut self, kind: u8, length: usize) -> Result<Value, XgBoostError> {
        Ok(match kind {
            b'i' => self.integers(length, i8::from_be_bytes)?,
            b'U' => self.integers(length, u8::from_be_bytes)?,
            b'I' => self.integers(length, i16::from_be_bytes)?,
            b'l' => self.integers(length, i32::from_be_bytes)?,
            b'L' => self.integers(length, i64::from_be_bytes)?,
            b'd' => Value::Numbers(self.words(length, |word| f32::from_be_bytes(word).into())?),
            b'D' => Value::Numbers(self.words(length, f64::from_be_bytes)?),
            _ => return Err(self.refused("a list of one type that is not a number")),
        })
    }

    fn integers<const N: usize, T: Into<i64>>(
        &mut self,
        length: usize,
        of: fn([u8; N]) -> T,
    ) -> Result<Value, XgBoostError> {
        Ok(Value::Integers(self.words(length, |word| of(word).into())?))
    }

    fn words<const N: usize, T>(
        &mut self,
        length: usize,
        of: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, XgBoostError> {
        let size = length
            .checked_mul(N)
            .ok_or_else(|| self.refused("the file ends too soon"))?;
        let (words, _) = self.take(size)?.as_chunks::<N>();
        Ok(words.iter().map(|&word| of(word)).collect())
    }

    fn object(&mut self, depth: usize) -> Result<Value, XgBoostError> {
        if self.passes(b'$') {
            return Err(self.refused("an object of one type"));
        }
        let mut entries = BTreeMap::new();
        if self.passes(b'#') {
            for _ in 0..self.length()? {
                self.entry(depth, &mut entries)?;
            }
        } else {
            while !self.passes(b'}') {
                self.entry(depth, &mut entries)?;
            }
        }
        Ok(Value::Object(entries))
    }

    fn entry(
        &mut self,
        depth: usize,
        entries: &mut BTreeMap<String, Value>,
    ) -> Result<(), XgBoostError> {
        let key = self.text()?;
        if entries.contains_key(&key) {
            return Err(self.refused("a key comes twice"));
        }
        let value = self.value(depth + 1)?;
        entries.insert(key, value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(bytes: &[u8]) -> &'static str {
        match read(bytes) {
            Err(XgBoostError::Ubjson { what, .. }) => what,
            other => panic!("{other:?} from {bytes:?}"),
        }
    }

    #[test]
    fn lists_plain_counted_and_of_one_type_are_the_same_list() {
        let expected = Value::Integers(vec![1, -2]);
        for bytes in [
            b"[i\x01i\xfe]".as_slice(),
            b"[N#i\x02i\x01NI\xff\xfe",
            b"[$i#U\x02\x01\xfe",
            b"[$l#L\0\0\0\0\0\0\0\x02\0\0\0\x01\xff\xff\xff\xfe",
        ] {
            assert_eq!(read(bytes), Ok(expected.clone()), "{bytes:?}");
        }
        assert_eq!(
            read(b"[$d#i\x01\x3f\x80\0\0"),
            Ok(Value::Numbers(vec![1.0]))
        );
        assert_eq!(
            read(b"{i\x01aTi\x01bSi\x02xy}"),
            Ok(Value::Object(BTreeMap::from([
                ("a".into(), Value::Bool(true)),
                ("b".into(), Value::Text("xy".into()))
            ])))
        );
    }

    #[test]
    fn a_length_without_the_bytes_for_it_is_refused_and_allocates_nothing() {
        let huge = b"L\x7f\xff\xff\xff\xff\xff\xff\xff";
        for head in [
            b"[$d#".as_slice(),
            b"[$U#",
            b"[$L#",
            b"[#",
            b"S",
            b"{",
            b"{#",
        ] {
            let bytes = [head, huge].concat();
            assert_eq!(refusal(&bytes), "the file ends too soon", "{head:?}");
        }
        assert_eq!(refusal(b"[$U#i\xff"), "a length is negative");
        assert_eq!(
            refusal(b"[$Z#i\x05"),
            "a list of one type that is not a number"
        );
    }

    #[test]
    fn depth_is_limited_and_what_is_no_value_refused() {
        assert_eq!(
            refusal(&b"[".repeat(100_000)),
            "lists and objects lie too deep in one another"
        );
        assert_eq!(refusal(b"[x"), "this byte begins no value");
        assert_eq!(refusal(b"TT"), "bytes follow the end of the model");
        assert_eq!(refusal(b"{i\x01aTi\x01aT}"), "a key comes twice");
        assert_eq!(refusal(b"Si\x01\xff"), "a text is not UTF-8");
        assert_eq!(refusal(b""), "the file ends too soon");
    }
}
