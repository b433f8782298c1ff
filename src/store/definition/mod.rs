//! How segments and ladders are written down: as JSON, in the database and in the API alike.
//!
//! What is read is complete or refused: a field that nobody knows is a misspelt one, and would change who is texted.

mod ladder;
mod segment;

pub use ladder::{read_ladder, write_ladder};
pub use segment::{read_segment, write_segment};

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
    fn of(what: impl ToString) -> Self {
        Self { place: String::new(), what: what.to_string() }
    }

    fn at(self, place: impl std::fmt::Display) -> Self {
        Self { place: format!("{place}: {}", self.place), ..self }
    }
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
