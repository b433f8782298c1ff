//! What a text would take, without sending it.

use super::text::{CharacterAt, Encoding, TextCoding, TextError, TextOptions, choose, count_parts};

/// What a text takes as asked, and otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Parts. They may be more than the options or the standard allow: the preview says how many too many.
    pub segments: usize,
    /// The coding as asked for.
    pub coding: TextCoding,
    /// Septets or UTF-16 units of the text, headers not counted.
    pub units: usize,
    /// Characters that GSM 7-bit lacks, and those that cost it two septets. Indexes count characters from 0.
    pub costly: Vec<CharacterAt>,
    /// What other choices would take, where they differ and can be made.
    pub alternatives: Vec<Alternative>,
}

/// Another choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alternative {
    /// What to ask for.
    pub encoding: Encoding,
    /// Parts that it takes.
    pub segments: usize,
}

/// Counts parts as [`super::segment::Segments::new`] would make them. A text that is empty, or that lacks characters in
/// the encoding asked for, is an error; one that is too long is not.
pub fn preview(text: &str, options: &TextOptions) -> Result<Preview, TextError> {
    let chosen = choose(text, options)?;
    // `choose` gives a coding that holds every character; an empty text has been refused.
    let segments = count_parts(&chosen.text, chosen.coding).ok_or(TextError::Empty)?;
    let units = chosen.coding.units(&chosen.text).ok_or(TextError::Empty)?;
    let characters = text.chars().enumerate().map(|(index, character)| CharacterAt { character, index });
    let costly = characters.filter(|at| TextCoding::Gsm7.cost(at.character) != Some(1)).collect();
    let alternatives = Encoding::ALL.into_iter().skip(1).filter_map(|encoding| {
        let other = choose(text, &TextOptions { encoding, ..options.clone() }).ok()?;
        let differs = (other.coding, &other.text) != (chosen.coding, &chosen.text);
        // A choice that falls back to another one, or that changes nothing, is that other one.
        let is_itself = match encoding {
            Encoding::Transliterate => !other.changes.is_empty(),
            Encoding::Auto | Encoding::Gsm7 | Encoding::National | Encoding::Ucs2 => {
                other.coding.encoding() == encoding
            }
        };
        let segments = count_parts(&other.text, other.coding).filter(|_| differs && is_itself)?;
        Some(Alternative { encoding, segments })
    });
    Ok(Preview { segments, coding: chosen.coding, units, costly, alternatives: alternatives.collect() })
}

#[cfg(test)]
mod tests {
    use super::super::segment::Segments;
    use super::*;

    #[track_caller]
    fn check(text: &str, encoding: Encoding, segments: usize, alternatives: &[(Encoding, usize)]) {
        let options = TextOptions { encoding, ..TextOptions::default() };
        let preview = preview(text, &options).unwrap();
        let others: Vec<_> = preview.alternatives.iter().map(|other| (other.encoding, other.segments)).collect();
        assert_eq!((preview.segments, others.as_slice()), (segments, alternatives));
        let real = Segments::new(text, &options, 0).unwrap();
        assert_eq!((preview.segments, preview.coding, preview.units), (real.count(), real.coding(), real.units()));
    }

    #[test]
    fn each_choice_that_differs_is_counted() {
        let accented = format!("n\u{e3}o{}", "x".repeat(100));
        check(&accented, Encoding::Auto, 2, &[(Encoding::National, 1), (Encoding::Transliterate, 1)]);
        check(&accented, Encoding::Transliterate, 1, &[(Encoding::National, 1), (Encoding::Ucs2, 2)]);
        check(&"x".repeat(100), Encoding::Auto, 1, &[(Encoding::Ucs2, 2)]);
        check(&"x".repeat(100), Encoding::Ucs2, 2, &[(Encoding::Gsm7, 1)]);
    }

    #[test]
    fn costly_characters_are_listed_by_index() {
        let costly = preview("\u{e9}\u{20ac} \u{1F600}\u{e3}", &TextOptions::default()).unwrap().costly;
        let costly: Vec<_> = costly.iter().map(|at| (at.character, at.index)).collect();
        assert_eq!(costly, [('\u{20ac}', 1), ('\u{1F600}', 3), ('\u{e3}', 4)]);
    }

    #[test]
    fn a_text_that_is_too_long_is_still_counted() {
        let options = TextOptions { max_segments: 1, ..TextOptions::default() };
        assert_eq!(preview(&"x".repeat(400), &options).unwrap().segments, 3);
        assert_eq!(preview(&"x".repeat(153 * 300), &options).unwrap().segments, 300);
        assert_eq!(preview("", &options), Err(TextError::Empty));
    }
}
