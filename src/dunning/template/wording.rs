//! Words that a text to a debtor should not have, and words that it must.
//!
//! The lists are rules that a company can edit (`config/rules/wording.toml`, and `[[content]]` of `contact.toml`); how they
//! are looked for is here. Words are compared without accents and capitals, and do not reach over a place to fill. A list
//! finds what is written; it does not understand, and a person approves.

use jiff::civil::Date;

use crate::contact::calendar::Certainty;
use crate::contact::place::State;
use crate::contact::reply::Language;
use crate::sms::number::Country;

/// All that is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wording {
    /// Words to keep from.
    pub cautions: Vec<Caution>,
    /// What texts must have where the recipient lives.
    pub duties: Vec<Duty>,
}

/// Words to keep from, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caution {
    /// Its name in findings.
    pub id: String,
    /// The language that they are of.
    pub language: Language,
    /// What kind of words they are.
    pub kind: CautionKind,
    /// The phrases.
    pub phrases: Vec<Phrase>,
    /// Why, in words for a person.
    pub reason: String,
    /// How sure it is.
    pub certainty: Certainty,
}

/// Kinds of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CautionKind {
    /// They threaten, or tell others of the debt.
    Threat,
    /// They press.
    Pressure,
    /// They tell that there is a debt, to somebody who may be another.
    Debt,
}

impl CautionKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Threat, Self::Pressure, Self::Debt];

    /// The word in files and findings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Threat => "threat",
            Self::Pressure => "pressure",
            Self::Debt => "debt",
        }
    }
}

/// What a text must have for recipients of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// Its name in findings.
    pub id: String,
    /// The country where it holds.
    pub country: Country,
    /// The state, if it holds in one alone.
    pub state: Option<State>,
    /// The law.
    pub law: String,
    /// What there must be.
    pub must: Must,
    /// Words that fulfil it, one of them is enough.
    pub words: Vec<Phrase>,
    /// How sure it is.
    pub certainty: Certainty,
    /// When it was looked up.
    pub gathered: Date,
}

/// What there must be in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Must {
    /// The original amount, what was added, and what is owed now.
    Itemise,
    /// Who writes and to whom it is owed.
    NameCreditor,
    /// Words by which the recipient can stop the texts.
    OfferOptOut,
}

impl Must {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Itemise, Self::NameCreditor, Self::OfferOptOut];

    /// The word in files and findings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Itemise => "itemise",
            Self::NameCreditor => "name_creditor",
            Self::OfferOptOut => "offer_opt_out",
        }
    }
}

/// Words that follow each other; a word with `*` at its end stands for all that begin so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase(Vec<Pattern>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    letters: String,
    is_beginning: bool,
}

impl Phrase {
    /// From words between blanks; `None` if there is none, or one with something else than small letters and digits.
    pub fn parse(text: &str) -> Option<Self> {
        let pattern = |word: &str| {
            let letters = word.strip_suffix('*').unwrap_or(word);
            let is_plain = letters.bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit());
            let is_beginning = letters.len() < word.len();
            (is_plain && !letters.is_empty()).then(|| Pattern { letters: letters.to_owned(), is_beginning })
        };
        let patterns: Vec<Pattern> = text.split(' ').map(pattern).collect::<Option<_>>()?;
        Some(Self(patterns))
    }

    /// Where the phrase begins in `words`, in octets of what they were read from.
    pub(super) fn find(&self, words: &[Word]) -> Option<usize> {
        let is_here = |window: &[Word]| self.0.iter().zip(window).all(|(pattern, word)| pattern.is(&word.letters));
        let found = words.windows(self.0.len().max(1)).find(|window| is_here(window))?;
        found.first().map(|word| word.at)
    }
}

impl Pattern {
    fn is(&self, word: &str) -> bool {
        if self.is_beginning { word.starts_with(&self.letters) } else { word == self.letters }
    }
}

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Where it begins, in octets.
    pub(super) at: usize,
    /// Small letters without accents.
    letters: String,
}

/// The words of a text that begins at an octet.
pub(super) fn words(start: usize, text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((at, character)) = rest.next() {
        if !character.is_alphanumeric() {
            continue;
        }
        let mut letters = any_ascii::any_ascii_char(character).to_lowercase();
        while let Some((_, character)) = rest.next_if(|(_, character)| character.is_alphanumeric()) {
            letters.push_str(&any_ascii::any_ascii_char(character).to_lowercase());
        }
        words.push(Word { at: start + at, letters });
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(phrase: &str, text: &str, expected: Option<usize>) {
        assert_eq!(Phrase::parse(phrase).unwrap().find(&words(0, text)), expected, "{phrase}: {text}");
    }

    #[test]
    fn words_are_found_whatever_their_accents() {
        check("ultima chance", "Sua \u{da}LTIMA  chance!", Some(4));
        check("ultima chance", "a \u{fa}ltima", None);
        check("pris*", "voc\u{ea} ser\u{e1} preso. Pris\u{e3}o", Some(19));
        check("pris", "pris\u{e3}o", None);
        check("a", "", None);
    }

    #[test]
    fn phrases_are_plain_words() {
        for text in ["", " ", "a  b", "\u{e9}", "A", "*", "a*b"] {
            assert_eq!(Phrase::parse(text), None, "{text:?}");
        }
    }
}
