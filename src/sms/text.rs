//! Which alphabet a text is sent in.
//!
//! [`Encoding`] is what a caller asks for, [`TextCoding`] what one text gets. Choosing compares the number of parts; it
//! knows nothing of what a part costs at which operator.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::transliterate::transliterate;
use crate::pdu::{Alphabet, Coding, Concat, Dcs, GSM7, Language, NationalShift, OCTETS_MAX, SEPTETS_MAX, Udh};

/// How the alphabet of a message is to be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Encoding {
    /// GSM 7-bit if every character fits, else the national tables that the options list, else UCS-2.
    #[default]
    Auto,
    /// GSM 7-bit or nothing.
    Gsm7,
    /// GSM 7-bit with whichever national tables take the fewest parts; UCS-2 if none holds every character.
    National,
    /// UCS-2.
    Ucs2,
    /// GSM 7-bit, with replacements for characters that it lacks.
    Transliterate,
}

impl Encoding {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Auto, Self::Gsm7, Self::National, Self::Ucs2, Self::Transliterate];

    /// The name in the API and in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Gsm7 => "gsm7",
            Self::National => "national",
            Self::Ucs2 => "ucs2",
            Self::Transliterate => "transliterate",
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is none of those listed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown name, expected one of {expected}")]
pub struct UnknownName {
    /// The names that there are.
    pub expected: String,
}

impl FromStr for Encoding {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        find(&Self::ALL, name)
    }
}

/// A set of national language tables that a message can be sent with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NationalTable {
    /// Portuguese single shift: the accented letters cost two septets, the rest stays.
    PorSingle,
    /// Spanish single shift. Spanish has no locking shift table.
    SpaSingle,
    /// Portuguese locking shift: the accented letters cost one, the Greek and Nordic ones are gone.
    PorLocking,
    /// Portuguese locking and single shift.
    PorBoth,
}

impl NationalTable {
    /// All of them, those that ask less of a handset first.
    pub const ALL: [Self; 4] = [Self::PorSingle, Self::SpaSingle, Self::PorLocking, Self::PorBoth];

    /// The name in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PorSingle => "por-single",
            Self::SpaSingle => "spa-single",
            Self::PorLocking => "por-locking",
            Self::PorBoth => "por-both",
        }
    }

    fn locking(self) -> Option<Language> {
        match self {
            Self::PorSingle | Self::SpaSingle => None,
            Self::PorLocking | Self::PorBoth => Some(Language::Portuguese),
        }
    }

    fn single(self) -> Option<Language> {
        match self {
            Self::PorSingle | Self::PorBoth => Some(Language::Portuguese),
            Self::SpaSingle => Some(Language::Spanish),
            Self::PorLocking => None,
        }
    }
}

/// The tables of a message that is sent with these.
impl From<NationalTable> for Coding {
    fn from(table: NationalTable) -> Self {
        Self::new(table.locking(), table.single())
    }
}

impl fmt::Display for NationalTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for NationalTable {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        find(&Self::ALL, name)
    }
}

fn find<T: Copy + fmt::Display>(all: &[T], name: &str) -> Result<T, UnknownName> {
    let names = || all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    all.iter().copied().find(|one| one.to_string() == name).ok_or_else(|| UnknownName { expected: names() })
}

/// What a text is sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextCoding {
    /// The GSM 7-bit default alphabet with its extension table.
    Gsm7,
    /// GSM 7-bit with national tables, which a header names in every part.
    National(NationalTable),
    /// UTF-16.
    Ucs2,
}

impl TextCoding {
    /// The `encoding` that answers show.
    pub fn encoding(self) -> Encoding {
        match self {
            Self::Gsm7 => Encoding::Gsm7,
            Self::National(_) => Encoding::National,
            Self::Ucs2 => Encoding::Ucs2,
        }
    }

    /// TP-DCS of every part; `class` is 0 to 3.
    pub fn dcs(self, class: Option<u8>) -> Dcs {
        match self {
            Self::Gsm7 | Self::National(_) => Dcs::new(Alphabet::Gsm7, class),
            Self::Ucs2 => Dcs::new(Alphabet::Ucs2, class),
        }
    }

    /// The 7-bit tables, `None` for UCS-2.
    pub(super) fn tables(self) -> Option<Coding> {
        match self {
            Self::Gsm7 => Some(GSM7),
            Self::National(table) => Some(table.into()),
            Self::Ucs2 => None,
        }
    }

    /// The header of a part, `None` if it needs none.
    pub(super) fn header(self, concat: Option<Concat>) -> Option<Udh> {
        let mut header = Udh::default();
        if let Some(concat) = concat {
            header.push_concat(concat);
        }
        if let Self::National(table) = self {
            let [locking, single] = [table.locking(), table.single()].map(|shift| shift.map(Language::identifier));
            header.push_national(NationalShift { locking, single });
        }
        Some(header).filter(|header| !header.elements.is_empty())
    }

    /// Septets or UTF-16 units that `character` takes; `None` if it does not fit.
    pub(super) fn cost(self, character: char) -> Option<usize> {
        match self.tables() {
            Some(tables) => tables.cost(character),
            None => Some(character.len_utf16()),
        }
    }

    /// Septets or UTF-16 units that a part has room for beside `header`.
    pub(super) fn capacity(self, header: Option<&Udh>) -> usize {
        match self {
            Self::Gsm7 | Self::National(_) => SEPTETS_MAX - header.map_or(0, Udh::septet_count),
            Self::Ucs2 => (OCTETS_MAX - header.map_or(0, Udh::octet_count)) / 2,
        }
    }

    /// Septets or UTF-16 units that a text of one part may have.
    pub fn one_part_units(self) -> usize {
        self.capacity(self.header(None).as_ref())
    }

    /// Septets or UTF-16 units of `text`; `None` if a character does not fit.
    pub fn units(self, text: &str) -> Option<usize> {
        match self.tables() {
            Some(tables) => tables.units(text),
            None => Some(text.chars().map(char::len_utf16).sum()),
        }
    }
}

/// What a caller asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextOptions {
    /// How to choose.
    pub encoding: Encoding,
    /// Tables that [`Encoding::Auto`] may use before UCS-2, and that [`Encoding::National`] prefers among equals.
    pub national: Vec<NationalTable>,
    /// Most parts that the text may take; 0 leaves the 255 of the standard.
    pub max_segments: u8,
}

/// A character that an encoding does not hold, or that costs more than one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CharacterAt {
    /// The character.
    pub character: char,
    /// Its index in the text, counted in characters (Unicode scalar values) from 0.
    pub index: usize,
}

/// A character that transliteration replaced.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Change {
    /// The character of the original text and its index there.
    pub original: CharacterAt,
    /// What stands in its place; empty if nothing does.
    pub replacement: String,
}

/// Why a text is not sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// No character at all, or none left after transliteration.
    #[error("text is empty")]
    Empty,
    /// More parts than allowed.
    #[error("text takes {needed} parts, at most {max}")]
    TooLong {
        /// Parts that the text takes.
        needed: usize,
        /// Parts that it may take.
        max: usize,
    },
    /// The asked encoding lacks characters. The message counts them; it does not show the text.
    #[error("{} characters are not in the encoding that was asked for", .characters.len())]
    NotEncodable {
        /// All that it lacks, in order.
        characters: Vec<CharacterAt>,
    },
}

/// A text with the coding it is sent in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen<'a> {
    /// The coding; every character of `text` is in it.
    pub coding: TextCoding,
    /// The text to send, which is the original unless `changes` says otherwise.
    pub text: Cow<'a, str>,
    /// What transliteration changed.
    pub changes: Vec<Change>,
}

/// Chooses the coding of `text`. Counts no parts against the limit.
pub fn choose<'a>(text: &'a str, options: &TextOptions) -> Result<Chosen<'a>, TextError> {
    if text.is_empty() {
        return Err(TextError::Empty);
    }
    let as_is = |coding| Chosen { coding, text: Cow::Borrowed(text), changes: Vec::new() };
    match options.encoding {
        Encoding::Auto if TextCoding::Gsm7.units(text).is_some() => Ok(as_is(TextCoding::Gsm7)),
        Encoding::Auto => {
            let listed = options.national.iter().copied().map(TextCoding::National);
            Ok(as_is(fewest_parts(text, listed).unwrap_or(TextCoding::Ucs2)))
        }
        Encoding::Gsm7 => match lacking(text) {
            characters if characters.is_empty() => Ok(as_is(TextCoding::Gsm7)),
            characters => Err(TextError::NotEncodable { characters }),
        },
        Encoding::National => {
            // Portuguese has all Spanish letters at the same cost, so what handsets know has to come from the options.
            let tables = options.national.iter().copied().chain(NationalTable::ALL).map(TextCoding::National);
            let codings = std::iter::once(TextCoding::Gsm7).chain(tables);
            Ok(as_is(fewest_parts(text, codings).unwrap_or(TextCoding::Ucs2)))
        }
        Encoding::Ucs2 => Ok(as_is(TextCoding::Ucs2)),
        Encoding::Transliterate => {
            let (text, changes) = transliterate(text);
            if text.is_empty() {
                return Err(TextError::Empty);
            }
            Ok(Chosen { coding: TextCoding::Gsm7, text, changes })
        }
    }
}

/// Parts that `text` takes in `coding`; `None` if a character does not fit.
pub fn count_parts(text: &str, coding: TextCoding) -> Option<usize> {
    super::segment::lay_out(text, coding).map(|layout| layout.part_count())
}

/// The coding with the fewest parts among those that hold every character; the first of equals.
fn fewest_parts(text: &str, codings: impl Iterator<Item = TextCoding>) -> Option<TextCoding> {
    let counted = codings.filter_map(|coding| count_parts(text, coding).map(|parts| (parts, coding)));
    counted.min_by_key(|(parts, _)| *parts).map(|(_, coding)| coding)
}

/// The characters that GSM 7-bit lacks.
fn lacking(text: &str) -> Vec<CharacterAt> {
    let characters = text.chars().enumerate().map(|(index, character)| CharacterAt { character, index });
    characters.filter(|at| GSM7.cost(at.character).is_none()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_printed() {
        for encoding in Encoding::ALL {
            assert_eq!(encoding.to_string().parse(), Ok(encoding));
        }
        for table in NationalTable::ALL {
            assert_eq!(table.to_string().parse(), Ok(table));
        }
        let expected = "auto, gsm7, national, ucs2, transliterate".to_owned();
        assert_eq!("GSM7".parse::<Encoding>(), Err(UnknownName { expected }));
        assert!("spa-locking".parse::<NationalTable>().is_err());
    }
}
