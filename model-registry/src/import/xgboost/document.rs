//! A model file as one tree of values, whichever of the two encodings it came in, and the
//! way to a value by its keys: every refusal names that way, as in
//! `learner.gradient_booster.model.trees[3].left_children`.

use std::collections::BTreeMap;

use super::XgBoostError;

/// A value of a file. Lists of numbers, which are nearly all of a model, are kept packed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    List(Vec<Value>),
    Object(BTreeMap<String, Value>),
}

impl Value {
    /// A list in its packed form where it has one.
    pub(super) fn list(values: Vec<Self>) -> Self {
        if let Some(integers) = every(&values, |value| match value {
            Self::Integer(integer) => Some(*integer),
            _ => None,
        }) {
            return Self::Integers(integers);
        }
        match every(&values, Self::number) {
            Some(numbers) => Self::Numbers(numbers),
            None => Self::List(values),
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Self::Integer(integer) => Some(*integer as f64),
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

fn every<T>(values: &[Value], of: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    values.iter().map(of).collect()
}

/// A value and the keys that lead to it.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    value: &'a Value,
    path: String,
}

impl<'a> Place<'a> {
    /// The whole file.
    pub(super) fn root(value: &'a Value) -> Self {
        Self {
            value,
            path: String::new(),
        }
    }

    /// The keys that lead here.
    pub(super) fn path(&self) -> &str {
        if self.path.is_empty() {
            "the file"
        } else {
            &self.path
        }
    }

    /// The value under a key of an object, which must be there.
    pub(super) fn key(&self, key: &str) -> Result<Self, XgBoostError> {
        self.optional(key)?
            .ok_or_else(|| XgBoostError::Absent(self.path_of(key)))
    }

    /// The value under a key of an object, if it is there.
    pub(super) fn optional(&self, key: &str) -> Result<Option<Self>, XgBoostError> {
        let Value::Object(entries) = self.value else {
            return Err(self.is_not("an object"));
        };
        Ok(entries.get(key).map(|value| Self {
            value,
            path: self.path_of(key),
        }))
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// The values of a list of objects.
    pub(super) fn objects(&self) -> Result<Vec<Self>, XgBoostError> {
        match self.value {
            Value::List(values) => Ok(values
                .iter()
                .enumerate()
                .map(|(index, value)| Self {
                    value,
                    path: self.at(index),
                })
                .collect()),
            Value::Integers(none) if none.is_empty() => Ok(Vec::new()),
            _ => Err(self.is_not("a list of objects")),
        }
    }

    /// The path of an entry of a list.
    pub(super) fn at(&self, index: usize) -> String {
        format!("{}[{index}]", self.path)
    }

    pub(super) fn text(&self) -> Result<&'a str, XgBoostError> {
        match self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.is_not("text")),
        }
    }

    pub(super) fn texts(&self) -> Result<Vec<&'a str>, XgBoostError> {
        self.objects()
            .map_err(|_| self.is_not("a list of texts"))?
            .iter()
            .map(Place::text)
            .collect()
    }

    /// A whole number, also where the file writes it as text, as `XGBoost` does with its
    /// parameters.
    pub(super) fn integer(&self) -> Result<i64, XgBoostError> {
        let integer = match self.value {
            Value::Integer(integer) => Some(*integer),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        };
        integer.ok_or_else(|| self.is_not("a whole number"))
    }

    /// Every number of a number, a list of numbers or a text of either (`5E-1`, `[5E-1]`).
    pub(super) fn spelt_numbers(&self) -> Result<Vec<f64>, XgBoostError> {
        let Value::Text(text) = self.value else {
            return match self.value.number() {
                Some(number) => Ok(vec![number]),
                None => self.numbers(),
            };
        };
        let inner = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'));
        inner
            .unwrap_or(text)
            .split(',')
            .map(|number| number.trim().parse().ok())
            .collect::<Option<_>>()
            .ok_or_else(|| self.is_not("a number, nor a list of them"))
    }

    pub(super) fn numbers(&self) -> Result<Vec<f64>, XgBoostError> {
        match self.value {
            Value::Numbers(numbers) => Ok(numbers.clone()),
            Value::Integers(integers) => Ok(integers.iter().map(|&value| value as f64).collect()),
            _ => Err(self.is_not("a list of numbers")),
        }
    }

    pub(super) fn integers(&self) -> Result<&'a [i64], XgBoostError> {
        match self.value {
            Value::Integers(integers) => Ok(integers),
            _ => Err(self.is_not("a list of whole numbers")),
        }
    }

    /// Whole numbers, or truth values, as they are.
    pub(super) fn flags(&self) -> Result<Vec<bool>, XgBoostError> {
        let wrong = || self.is_not("a list of 0 and 1");
        match self.value {
            Value::Integers(integers) => integers
                .iter()
                .map(|&flag| match flag {
                    0 => Ok(false),
                    1 => Ok(true),
                    _ => Err(wrong()),
                })
                .collect(),
            Value::List(values) => values
                .iter()
                .map(|value| match value {
                    Value::Bool(flag) => Ok(*flag),
                    _ => Err(wrong()),
                })
                .collect(),
            _ => Err(wrong()),
        }
    }

    /// Refuses a list of another length than one it belongs to.
    pub(super) fn has_length(&self, found: usize, expected: usize) -> Result<(), XgBoostError> {
        if found == expected {
            return Ok(());
        }
        Err(XgBoostError::Length {
            path: self.path().to_owned(),
            found,
            expected,
        })
    }

    fn is_not(&self, expected: &'static str) -> XgBoostError {
        XgBoostError::Kind {
            path: self.path().to_owned(),
            expected,
        }
    }
}
