//! What a template comes to with real rows: parts, alphabets, the longest case, and what it costs.
//!
//! Rows come one by one and only counts and the longest are kept, so that a whole portfolio can be looked at.

use std::collections::BTreeMap;
use std::fmt;

use crate::sms::preview::preview;
use crate::sms::text::{Encoding, TextCoding, TextError, TextOptions};

use super::super::money::{Amount, PartPrice};
use super::compile::{RenderError, Rendered};

/// Septets of a text that takes one part.
pub const ONE_PART_MAX: usize = 160;

/// Refused rows that are named; the others are counted.
const REFUSED_NAMED_MAX: usize = 100;

/// How a survey counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Yardstick {
    /// How texts are encoded. Codes are never transliterated, whatever it says.
    pub options: TextOptions,
    /// Septets that a text should have at most, at most those of one part. Some handsets of old count one fewer.
    pub limit: usize,
    /// What a part costs.
    pub price: PartPrice,
}

impl Default for Yardstick {
    fn default() -> Self {
        Self { options: TextOptions::default(), limit: ONE_PART_MAX, price: PartPrice::default() }
    }
}

/// The counts so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    yardstick: Yardstick,
    arms: BTreeMap<String, Arm>,
    refused: BTreeMap<&'static str, u64>,
    refused_rows: Vec<RefusedRow>,
}

/// What one of the texts comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arm {
    /// Rows that get it.
    pub rows: u64,
    /// Messages by how many parts they take, those of codes too.
    pub by_parts: BTreeMap<usize, u64>,
    /// Texts by encoding.
    pub by_encoding: BTreeMap<&'static str, u64>,
    /// Parts, those of codes too.
    pub parts: u64,
    /// Texts over the limit.
    pub over_limit: u64,
    /// The longest.
    pub longest: Option<Longest>,
}

/// The longest text of all rows: most parts, and of these most units. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Longest {
    /// Whose it is.
    pub row: String,
    /// The text.
    pub text: String,
    /// What it is sent in.
    pub coding: TextCoding,
    /// Septets or UTF-16 units.
    pub units: usize,
    /// Parts.
    pub parts: usize,
    /// Units that are left to the limit; negative when it is passed.
    pub room: i64,
}

/// A row without a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRow {
    /// Whose it is.
    pub row: String,
    /// Why.
    pub refusal: Refusal,
}

/// Why a row got no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It could not be filled.
    #[error("{0}")]
    Render(#[from] RenderError),
    /// It could not be encoded.
    #[error("{0}")]
    Text(#[from] TextError),
}

impl Refusal {
    /// The code in answers.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Render(error) => error.code(),
            Self::Text(TextError::Empty) => "empty",
            Self::Text(TextError::TooLong { .. }) => "too_long",
            Self::Text(TextError::NotEncodable { .. }) => "not_encodable",
        }
    }
}

/// One row, measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// What the text is sent in.
    pub coding: TextCoding,
    /// Its septets or UTF-16 units.
    pub units: usize,
    /// Its parts.
    pub parts: usize,
    /// Parts of the code that follows.
    pub companion_parts: usize,
    /// Units that are left to the limit; negative when it is passed.
    pub room: i64,
}

impl Measured {
    /// What its parts cost, those of its code too; nothing where no price is known.
    pub fn cost(&self, price: PartPrice) -> Option<Amount> {
        let parts = u64::try_from(self.parts + self.companion_parts).unwrap_or(u64::MAX);
        (price != PartPrice::default()).then(|| price.of(parts))
    }
}

impl Yardstick {
    /// Measures a text as it would be sent.
    pub fn measure(&self, rendered: &Rendered) -> Result<Measured, TextError> {
        let as_is = self.options_for_codes();
        let options = if rendered.holds_code { &as_is } else { &self.options };
        let taken = preview(&rendered.text, options)?;
        let companion = rendered.companion.as_deref().map(|code| preview(code, &as_is)).transpose()?;
        let limit = self.limit.min(taken.coding.one_part_units());
        let difference = |more: usize, less: usize| i64::try_from(more - less).unwrap_or(i64::MAX);
        let room = match limit.checked_sub(taken.units) {
            Some(_) => difference(limit, taken.units),
            None => -difference(taken.units, limit),
        };
        let companion_parts = companion.map_or(0, |companion| companion.segments);
        Ok(Measured { coding: taken.coding, units: taken.units, parts: taken.segments, companion_parts, room })
    }

    /// Nothing is replaced in a code.
    fn options_for_codes(&self) -> TextOptions {
        let encoding = match self.options.encoding {
            Encoding::Transliterate | Encoding::Gsm7 => Encoding::Auto,
            other @ (Encoding::Auto | Encoding::National | Encoding::Ucs2) => other,
        };
        TextOptions { encoding, ..self.options.clone() }
    }
}

impl Survey {
    /// Nothing counted yet.
    pub fn new(yardstick: Yardstick) -> Self {
        Self { yardstick, arms: BTreeMap::new(), refused: BTreeMap::new(), refused_rows: Vec::new() }
    }

    /// Counts a row, by the debtor's id, and tells what it comes to.
    pub fn add(&mut self, row: &str, rendered: Result<&Rendered, RenderError>) -> Result<Measured, Refusal> {
        let measured = rendered.map_err(Refusal::from).and_then(|rendered| {
            let measured = self.yardstick.measure(rendered)?;
            Ok((rendered, measured))
        });
        match measured {
            Ok((rendered, measured)) => {
                self.arms.entry(rendered.arm.clone()).or_default().add(row, rendered, &measured);
                Ok(measured)
            }
            Err(refusal) => {
                *self.refused.entry(refusal.code()).or_default() += 1;
                if self.refused_rows.len() < REFUSED_NAMED_MAX {
                    self.refused_rows.push(RefusedRow { row: row.to_owned(), refusal: refusal.clone() });
                }
                Err(refusal)
            }
        }
    }

    /// Each text's counts, by its name.
    pub fn arms(&self) -> &BTreeMap<String, Arm> {
        &self.arms
    }

    /// Rows without a text, by code.
    pub fn refused(&self) -> &BTreeMap<&'static str, u64> {
        &self.refused
    }

    /// The first of them.
    pub fn refused_rows(&self) -> &[RefusedRow] {
        &self.refused_rows
    }

    /// All parts together.
    pub fn parts(&self) -> u64 {
        self.arms.values().map(|arm| arm.parts).sum()
    }

    /// What all parts cost; nothing where no price is known.
    pub fn cost(&self) -> Option<Amount> {
        (self.yardstick.price != PartPrice::default()).then(|| self.yardstick.price.of(self.parts()))
    }
}

impl Arm {
    fn add(&mut self, row: &str, rendered: &Rendered, measured: &Measured) {
        let Measured { coding, units, parts, companion_parts, room } = *measured;
        self.rows += 1;
        for parts in [parts, companion_parts].into_iter().filter(|parts| *parts > 0) {
            *self.by_parts.entry(parts).or_default() += 1;
            self.parts += u64::try_from(parts).unwrap_or(u64::MAX);
        }
        *self.by_encoding.entry(coding.encoding().as_str()).or_default() += 1;
        self.over_limit += u64::from(room < 0);
        let is_longer = self.longest.as_ref().is_none_or(|longest| (longest.parts, -longest.room) < (parts, -room));
        if is_longer {
            let (row, text) = (row.to_owned(), rendered.text.clone());
            self.longest = Some(Longest { row, text, coding, units, parts, room });
        }
    }
}

impl fmt::Debug for Longest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { row, units, parts, room, .. } = self;
        let mut shown = f.debug_struct("Longest");
        shown.field("row", row).field("units", units).field("parts", parts).field("room", room).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str, companion: Option<&str>) -> Rendered {
        let companion = companion.map(ToOwned::to_owned);
        Rendered { text: text.to_owned(), arm: "a".to_owned(), segment: None, version: 1, companion, holds_code: false }
    }

    #[test]
    fn the_longest_case_is_kept_with_its_row() {
        let price = "0.035".parse().unwrap();
        let mut survey = Survey::new(Yardstick { limit: 159, price, ..Yardstick::default() });
        for (row, length) in [("r1", 100), ("r2", 160), ("r3", 161), ("r4", 20)] {
            survey.add(row, Ok(&rendered(&"x".repeat(length), None))).unwrap();
        }
        survey.add("r5", Ok(&rendered(&format!("{}\u{e3}", "x".repeat(69)), Some(&"9".repeat(200))))).unwrap();
        let arm = &survey.arms()["a"];
        let longest = arm.longest.as_ref().unwrap();
        assert_eq!((longest.row.as_str(), longest.units, longest.parts, longest.room), ("r3", 161, 2, -2));
        assert_eq!((arm.rows, arm.over_limit, arm.parts), (5, 2, 8));
        assert_eq!(arm.by_parts, BTreeMap::from([(1, 4), (2, 2)]));
        assert_eq!(arm.by_encoding, BTreeMap::from([("gsm7", 4), ("ucs2", 1)]));
        assert_eq!(survey.cost().map(|cost| cost.to_string()), Some("0.28".to_owned()));
    }

    #[test]
    fn room_is_that_of_the_alphabet() {
        let yardstick = Yardstick::default();
        let room = |text: &str| yardstick.measure(&rendered(text, None)).unwrap().room;
        assert_eq!((room("x"), room("\u{e3}"), room(&"\u{e3}".repeat(71))), (159, 69, -1));
    }

    #[test]
    fn rows_without_a_text_are_counted_and_the_first_are_named() {
        let mut survey = Survey::new(Yardstick::default());
        for row in 0..150 {
            let refusal = survey.add(&row.to_string(), Err(RenderError::Unfilled { variable: "link" }));
            assert_eq!(refusal.unwrap_err().code(), "unfilled");
        }
        assert_eq!((survey.refused()["unfilled"], survey.refused_rows().len()), (150, 100));
        assert_eq!((survey.parts(), survey.cost()), (0, None));
    }

    #[test]
    fn codes_keep_their_characters_whatever_is_asked() {
        let options = TextOptions { encoding: Encoding::Transliterate, ..TextOptions::default() };
        let yardstick = Yardstick { options, ..Yardstick::default() };
        let coding = |rendered: &Rendered| yardstick.measure(rendered).unwrap().coding;
        let text = rendered("n\u{e3}o", Some("S\u{c3}O"));
        assert_eq!(
            (coding(&text), coding(&Rendered { holds_code: true, ..text.clone() })),
            (TextCoding::Gsm7, TextCoding::Ucs2)
        );
    }
}
