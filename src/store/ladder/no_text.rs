//! Why a text of a ladder could not be written, as its case keeps it until it is planned again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::dunning::operands::Operands;

/// The code of reasons that a release of before wrote down in words alone.
const OF_BEFORE: &str = "other";

/// Why a text could not be written: for programs, and in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoText {
    /// The code in answers.
    pub code: String,
    /// What it is about, by name.
    pub operands: BTreeMap<String, String>,
    /// In words.
    pub detail: String,
}

impl NoText {
    /// All codes, but for that of words of a release before.
    pub const CODES: [&str; 10] = [
        "no_template",
        "no_number",
        "no_text",
        "unknown_text",
        "unfilled",
        "too_long",
        "empty",
        "refused",
        "not_encodable",
        "not_taken",
    ];

    /// For a code, what it is about, and the words.
    pub fn new(code: &str, operands: Operands, detail: String) -> Self {
        let operands = operands.into_map().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { code: code.to_owned(), operands, detail }
    }

    pub(super) fn not_taken() -> Self {
        let detail =
            "no SIM may ever send so many parts at once, or the day of the text is over; a shorter template goes";
        Self::new("not_taken", Operands::none(), detail.to_owned())
    }

    /// What stands in the row.
    pub(super) fn stored(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| self.detail.clone())
    }

    /// From a row.
    pub(super) fn from_stored(stored: String) -> Self {
        serde_json::from_str(&stored).unwrap_or_else(|_| Self {
            code: OF_BEFORE.to_owned(),
            operands: BTreeMap::new(),
            detail: stored,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_comes_back_as_it_was_and_one_of_before_in_its_words() {
        let reason = NoText::new("no_template", Operands::of("template", "atraso"), "no template".to_owned());
        assert_eq!(NoText::from_stored(reason.stored()), reason);
        let before = NoText::from_stored("no template \"atraso\" is approved".to_owned());
        assert_eq!((before.code.as_str(), before.detail.as_str()), ("other", "no template \"atraso\" is approved"));
    }
}
