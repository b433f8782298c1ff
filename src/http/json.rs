//! Reading what callers send, so that every mistake has a field and a reason.
//!
//! A body is read straight into its type. Only when that fails is it read again, field by field, to say which one it
//! was. For this, every field of such a type must be optional to serde; what is required is checked afterwards.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde_json::value::RawValue;
use tokio::time::timeout;

use crate::suggest::closest;

use super::problem::{Kind, Problem};

/// Largest body, in octets.
pub(super) const BODY_MAX: usize = 16 * 1024 * 1024;

/// A body is here within this time, or it is not waited for. The largest one needs 2.3 Mbit/s.
const BODY_WITHIN: Duration = Duration::from_secs(60);

/// A body as it came.
#[derive(Debug)]
pub(super) struct Octets(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for Octets {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Ok(body) = timeout(BODY_WITHIN, Bytes::from_request(request, state)).await else {
            let detail = format!("the body did not come within {} seconds; divide it", BODY_WITHIN.as_secs());
            return Err(Problem::new(Kind::BadRequest, detail).with_status(StatusCode::REQUEST_TIMEOUT));
        };
        body.map(Self).map_err(|rejection| {
            let status = rejection.into_response().status();
            if status == StatusCode::PAYLOAD_TOO_LARGE {
                Problem::new(Kind::TooLarge, "a request may have 16 MiB; divide it")
            } else {
                Problem::new(Kind::BadRequest, "the body could not be read to its end")
            }
        })
    }
}

/// A body of one JSON object.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Octets(octets) = Octets::from_request(request, state).await?;
        object(&octets).map(Self)
    }
}

/// The parameters of a query.
#[derive(Debug)]
pub(super) struct Parameters<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        if let Ok(Query(asked)) = Query::<T>::try_from_uri(&parts.uri) {
            return Ok(Self(asked));
        }
        let given = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let names = given.map(|Query(given)| given.into_iter().map(|(name, _)| name)).into_iter().flatten();
        let unknown = names.into_iter().find_map(|name| unknown_field::<T>(&name));
        Err(unknown
            .unwrap_or_else(|| Problem::new(Kind::BadRequest, "each parameter may be given once, as name=value")))
    }
}

/// The one parameter of a path; nothing where it does not have the form of such a name, as then there is no such thing.
#[derive(Debug)]
pub(super) struct Key<T>(pub(super) Option<T>);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Key<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(text.ok().and_then(|Path(text)| text.parse().ok())))
    }
}

/// Reads one object.
pub(super) fn object<T: DeserializeOwned>(octets: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(octets).map_err(|error| explain::<T>(octets, &error))
}

/// Divides an array into its items, which are read one by one.
pub(super) fn array(octets: &[u8]) -> Result<Vec<&RawValue>, Problem> {
    serde_json::from_slice(octets).map_err(|error| not_json(&error))
}

/// Whether this is meant to be an array.
pub(super) fn is_array(octets: &[u8]) -> bool {
    octets.iter().find(|octet| !octet.is_ascii_whitespace()) == Some(&b'[')
}

fn not_json(error: &serde_json::Error) -> Problem {
    Problem::new(Kind::BadRequest, format!("the body is not JSON: {error}"))
}

fn explain<T: DeserializeOwned>(octets: &[u8], error: &serde_json::Error) -> Problem {
    if !error.is_data() {
        return not_json(error);
    }
    let Ok(fields) = serde_json::from_slice::<BTreeMap<String, &RawValue>>(octets) else {
        return Problem::new(Kind::BadRequest, "the body must be a JSON object");
    };
    for (name, value) in fields {
        if let Some(problem) = unknown_field::<T>(&name) {
            return problem;
        }
        let alone = format!("{{{name:?}:{value}}}");
        if let Err(error) = serde_json::from_str::<T>(&alone) {
            return Problem::bad(name, without_place(&error));
        }
    }
    Problem::new(Kind::BadRequest, without_place(error))
}

/// The words of an error without line and column, which speak of no document that the caller knows.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

/// Longer than any field of ours.
const NAME_MAX: usize = 40;

fn unknown_field<T: DeserializeOwned>(name: &str) -> Option<Problem> {
    let known = field_names::<T>();
    if known.contains(&name) {
        return None;
    }
    // A long name is no slip of the finger, and comparing it takes time.
    let comparable = if name.chars().nth(NAME_MAX).is_some() { &[] } else { known };
    let detail = match closest(name, comparable.iter().copied()) {
        Some(near) => format!("there is no field of this name; did you mean `{near}`?"),
        None => format!("there is no field of this name; there are {}", known.join(", ")),
    };
    Some(Problem::new(Kind::UnknownField, detail).field(name.chars().take(NAME_MAX).collect::<String>()))
}

/// The names of the fields that `T` reads.
fn field_names<T: DeserializeOwned>() -> &'static [&'static str] {
    T::deserialize(Curious).err().and_then(|names| names.0).unwrap_or_default()
}

/// A deserializer that has no data and wants to know only what it is asked for.
struct Curious;

/// The fields of a struct, carried as the error of [`Curious`].
#[derive(Debug, Clone, Copy)]
struct Names(Option<&'static [&'static str]>);

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no data")
    }
}

impl std::error::Error for Names {}

impl de::Error for Names {
    fn custom<M: fmt::Display>(_: M) -> Self {
        Self(None)
    }
}

impl<'de> Deserializer<'de> for Curious {
    type Error = Names;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Names> {
        Err(Names(None))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Names> {
        Err(Names(Some(fields)))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        size: Option<u8>,
        colour: Option<String>,
    }

    #[track_caller]
    fn check(body: &str, kind: Kind, field: Option<&str>, word: &str) {
        let problem = object::<Order>(body.as_bytes()).unwrap_err();
        let value = serde_json::to_value(&problem).unwrap();
        assert_eq!(value["type"], serde_json::to_value(Problem::new(kind, "")).unwrap()["type"], "{body}");
        assert_eq!(value.get("field").and_then(|f| f.as_str()), field, "{body}");
        assert!(value["detail"].as_str().unwrap().contains(word), "{value}");
    }

    #[test]
    fn every_mistake_has_a_field_and_a_reason() {
        check(r#"{"size":1,"color":"red"}"#, Kind::UnknownField, Some("color"), "`colour`");
        check(r#"{"weight":1}"#, Kind::UnknownField, Some("weight"), "size, colour");
        check(r#"{"colour":"red","size":"big"}"#, Kind::BadRequest, Some("size"), "expected u8");
        check(r#"{"size":256}"#, Kind::BadRequest, Some("size"), "256");
        check(r#"{"size":1,"size":2}"#, Kind::BadRequest, None, "duplicate field `size`");
        check(r#"{"size":1"#, Kind::BadRequest, None, "line 1 column 9");
        check("", Kind::BadRequest, None, "not JSON");
        check(r#""red""#, Kind::BadRequest, None, "JSON object");
    }

    #[test]
    fn what_is_null_is_absent() {
        assert_eq!(object::<Order>(br#"{"size":null}"#), Ok(Order { size: None, colour: None }));
    }
}
