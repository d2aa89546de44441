//! JSON in which no field is there twice. Parsers differ in which of two they take, so a
//! partner's own record could hold another amount than the one that was decided on.

use crate::web::{Problem, texts};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, Error, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Number, Value};
use std::fmt;
use std::pin::Pin;

/// A body of the API: JSON without a repeated field, and every text one that can be kept.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest for Body<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = web::Json::<StrictJson>::from_request(request, payload);
        Box::pin(async move {
            let StrictJson(value) = body
                .await
                .map_err(|error| Problem::of(&error))?
                .into_inner();
            texts::in_json(&value)?;
            let read = T::deserialize(value).map_err(|error| {
                Problem::BadRequest(format!("the body is not accepted: {error}"))
            })?;
            Ok(Self(read))
        })
    }
}

/// A value without a repeated field, at any depth.
struct StrictJson(Value);

struct StrictVisitor;

impl<'de> Deserialize<'de> for StrictJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number is not finite"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(StrictJson(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let StrictJson(value) = fields.next_value()?;
            if object.contains_key(&name) {
                return Err(A::Error::custom(format!(
                    "the field \"{name}\" is there twice"
                )));
            }
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_there_twice_is_refused_at_any_depth() {
        let read = |text: &str| serde_json::from_str::<StrictJson>(text).map(|json| json.0);
        assert!(read(r#"{"a":[{"b":1,"b":2}]}"#).is_err());
        let plain = r#"{"a":[{"b":1.5},null,true,"x",-3]}"#;
        let expected: Value = serde_json::from_str(plain).expect("valid");
        assert_eq!(read(plain).expect("valid"), expected);
    }
}
