//! How segments, ladders and templates are written down: as JSON, in the database and in the API alike.
//!
//! What is read is complete or refused: a field that nobody knows is a misspelt one, and would change who is texted.

mod campaign;
mod ladder;
mod segment;
mod template;

use serde::Deserialize as _;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde_json::Value;

pub use campaign::{read_campaign, write_campaign};
pub use ladder::{read_ladder, write_ladder};
pub use segment::{read_segment, write_segment};
pub use template::{read_template, write_template};

/// Why something that was written down cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}{what}")]
pub struct DefinitionError {
    /// Where it stands, such as `step 2: `; empty for the whole.
    pub place: String,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl DefinitionError {
    fn of(what: impl Into<String>) -> Self {
        Self { place: String::new(), what: what.into() }
    }

    fn at(self, place: impl std::fmt::Display) -> Self {
        Self { place: format!("{place}: {}", self.place), ..self }
    }
}

/// Reads the whole.
fn whole<T: DeserializeOwned>(written: Value) -> Result<T, DefinitionError> {
    object(written).map_err(|error: serde_json::Error| DefinitionError::of(error.to_string()))
}

/// A thing that is written as an object. An array of its values in their order would be read too, and
/// nobody could see what each of them is.
fn object<'de, D: Deserializer<'de>, T: DeserializeOwned>(written: D) -> Result<T, D::Error> {
    let written = Value::deserialize(written)?;
    if !written.is_object() {
        return Err(D::Error::custom("expected an object"));
    }
    serde_json::from_value(written).map_err(D::Error::custom)
}

/// Several of them.
fn objects<'de, D: Deserializer<'de>, T: DeserializeOwned>(written: D) -> Result<Vec<T>, D::Error> {
    let written = Vec::<Value>::deserialize(written)?;
    written.into_iter().map(|one| object(one).map_err(D::Error::custom)).collect()
}

/// The thing with this word, or what words there are.
fn named<T: Copy, const N: usize>(
    field: &str,
    word: &str,
    all: [T; N],
    name: impl Fn(T) -> &'static str,
) -> Result<T, DefinitionError> {
    all.into_iter().find(|one| name(*one) == word).ok_or_else(|| {
        let words = all.map(&name).join(", ");
        DefinitionError::of(format!("{field}: no {word:?}; there are {words}"))
    })
}
