//! A phrase as it stands in the rules, and where it fits in a text.
//!
//! Words are lower-case ASCII letters and digits, as [`super::words`] leaves them, with single spaces between. `a|b` is one
//! word or the other, `mand*` any word that begins so, `descadastrar~` also with one letter wrong, `mais?` a word that may
//! be missing, and `..` up to three words of any kind. The first word must be there, so that phrases are found by it.

/// Words that `..` may stand for.
const GAP_WORDS_MAX: u32 = 3;

/// Places are bits of a word of 64, and a gap moves by three: more than any phrase needs.
const ELEMENTS_MAX: usize = 16;

/// Shorter stems begin too many words.
const STEM_MIN: usize = 3;

/// A shorter word with a letter wrong is another word.
const SLIP_MIN: usize = 6;

/// A phrase that can be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    text: Box<str>,
    elements: Vec<Element>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Element {
    Word { forms: Vec<Form>, is_optional: bool },
    Gap,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    Is(Box<str>),
    BeginsWith(Box<str>),
    Nearly(Box<str>),
}

/// Why a text is no phrase.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhraseError {
    /// No word at all.
    #[error("a phrase has a word at least")]
    Empty,
    /// More words than a phrase has.
    #[error("a phrase has at most {max} words, found {found}")]
    Long {
        /// Words and gaps that it has.
        found: usize,
        /// The most.
        max: usize,
    },
    /// Would never be found, because texts are compared without it.
    #[error("{word:?} has something else than small letters without accents, and digits")]
    Letters {
        /// The word.
        word: String,
    },
    /// Begins too many words.
    #[error("{word:?} begins too many words, expected {min} letters at least before *")]
    Stem {
        /// The stem.
        word: String,
        /// Letters that it needs.
        min: usize,
    },
    /// Becomes other words.
    #[error("{word:?} with one letter wrong is another word, expected {min} letters at least before ~")]
    Slip {
        /// The word.
        word: String,
        /// Letters that it needs.
        min: usize,
    },
    /// Cannot be found by its first word.
    #[error("the first word is one that must be there")]
    First,
    /// A gap that nothing ends.
    #[error("ends with ..")]
    Last,
}

impl Phrase {
    /// Reads a phrase.
    pub fn parse(text: &str) -> Result<Self, PhraseError> {
        let elements = text.split(' ').filter(|word| !word.is_empty()).map(Element::parse);
        let elements = elements.collect::<Result<Vec<_>, _>>()?;
        match (elements.first(), elements.last()) {
            (None, _) | (_, None) => return Err(PhraseError::Empty),
            (Some(Element::Gap | Element::Word { is_optional: true, .. }), _) => return Err(PhraseError::First),
            (_, Some(Element::Gap)) => return Err(PhraseError::Last),
            (Some(Element::Word { .. }), Some(Element::Word { .. })) => {}
        }
        if elements.len() > ELEMENTS_MAX {
            return Err(PhraseError::Long { found: elements.len(), max: ELEMENTS_MAX });
        }
        Ok(Self { text: text.into(), elements })
    }

    /// As it is written in the rules.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The words that are written out in full, to be known as words.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        self.elements.iter().flat_map(Element::forms).filter_map(|form| match form {
            Form::Is(word) | Form::Nearly(word) => Some(&**word),
            Form::BeginsWith(_) => None,
        })
    }

    /// What it can begin with.
    pub(super) fn first_forms(&self) -> &[Form] {
        self.elements.first().map_or(&[], Element::forms)
    }

    /// Where it can end when it begins with the first of `words`: bit n stands for "after n words". The work is bounded by
    /// the length of the phrase.
    pub(super) fn ends<T: AsRef<str>>(&self, words: &[T]) -> u64 {
        let mut reached: u64 = 1;
        for element in &self.elements {
            reached = match element {
                Element::Gap => (0..=GAP_WORDS_MAX).fold(0, |all, skipped| all | reached << skipped),
                Element::Word { forms, is_optional } => {
                    let fits = |place: u32| {
                        let word = words.get(place as usize).map(AsRef::as_ref);
                        word.is_some_and(|word| forms.iter().any(|form| form.fits(word)))
                    };
                    let after = places(reached).filter(|place| fits(*place)).fold(0, |all, place| all | 2 << place);
                    if *is_optional { after | reached } else { after }
                }
            };
            if reached == 0 {
                return 0;
            }
        }
        reached
    }
}

impl Element {
    fn parse(word: &str) -> Result<Self, PhraseError> {
        if word == ".." {
            return Ok(Self::Gap);
        }
        let (forms, is_optional) = word.strip_suffix('?').map_or((word, false), |forms| (forms, true));
        let forms = forms.split('|').map(Form::parse).collect::<Result<_, _>>()?;
        Ok(Self::Word { forms, is_optional })
    }

    fn forms(&self) -> &[Form] {
        match self {
            Self::Word { forms, .. } => forms,
            Self::Gap => &[],
        }
    }
}

impl Form {
    fn parse(word: &str) -> Result<Self, PhraseError> {
        let letters = word.trim_end_matches(['*', '~']);
        let is_plain = !letters.is_empty() && letters.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let owned = || letters.to_owned();
        match word.get(letters.len()..) {
            _ if !is_plain => Err(PhraseError::Letters { word: word.to_owned() }),
            Some("") => Ok(Self::Is(letters.into())),
            Some("*") if letters.len() < STEM_MIN => Err(PhraseError::Stem { word: owned(), min: STEM_MIN }),
            Some("*") => Ok(Self::BeginsWith(letters.into())),
            Some("~") if letters.len() < SLIP_MIN => Err(PhraseError::Slip { word: owned(), min: SLIP_MIN }),
            Some("~") => Ok(Self::Nearly(letters.into())),
            _ => Err(PhraseError::Letters { word: word.to_owned() }),
        }
    }

    fn fits(&self, word: &str) -> bool {
        match self {
            Self::Is(own) => **own == *word,
            Self::BeginsWith(stem) => word.starts_with(&**stem),
            Self::Nearly(own) => is_nearly(own, word),
        }
    }
}

/// The places whose bits are set.
fn places(mut bits: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let place = bits.checked_ilog2()?;
        bits ^= 1 << place;
        Some(place)
    })
}

/// Whether one letter was left out, added, mistaken, or changed places with the next; the first letter stands.
fn is_nearly(own: &str, word: &str) -> bool {
    let (own, word) = (own.as_bytes(), word.as_bytes());
    if own.first() != word.first() || own.len().abs_diff(word.len()) > 1 {
        return false;
    }
    let same = own.iter().zip(word).take_while(|(a, b)| a == b).count();
    let (own, word) = (own.get(same..).unwrap_or_default(), word.get(same..).unwrap_or_default());
    match (own, word) {
        ([], _) | (_, []) => true,
        ([a, own @ ..], [b, word @ ..]) => {
            let is_swapped = matches!((own, word), ([c, own @ ..], [d, word @ ..]) if a == d && b == c && own == word);
            let is_left_out = own.strip_prefix(&[*b]) == Some(word);
            let is_added = word.strip_prefix(&[*a]) == Some(own);
            own == word || is_swapped || is_left_out || is_added
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Where a phrase ends at the furthest; `None` where it does not fit.
    #[track_caller]
    fn check(phrase: &str, text: &str, expected: Option<u32>) {
        let words: Vec<&str> = text.split_whitespace().collect();
        let ends = Phrase::parse(phrase).unwrap().ends(&words);
        assert_eq!(ends.checked_ilog2(), expected, "{phrase} in {text}");
    }

    #[test]
    fn words_alternatives_stems_and_options() {
        check("numero errado", "numero errado amigo", Some(2));
        check("numero errado", "o numero errado", None);
        check("pare|parem de mand*", "parem de mandando isso", Some(3));
        check("nao quero mais? receber", "nao quero receber", Some(3));
        check("nao quero mais? receber", "nao quero mais receber nada", Some(4));
        check("nao .. receber", "nao quero nunca mais receber", Some(5));
        check("nao .. receber", "nao quero nunca mais isso receber", None);
        check("stop all?", "stop all", Some(2));
        check("stop", "", None);
    }

    #[test]
    fn one_letter_wrong_where_the_phrase_allows_it() {
        for slip in ["descadastar", "descadasstrar", "descadastrat", "descadsatrar", "descadastrar", "descadastra"] {
            check("descadastrar~", slip, Some(1));
        }
        for other in ["descansar", "escadastrar", "descadasta", "descadastrarei"] {
            check("descadastrar~", other, None);
        }
    }

    #[test]
    fn what_is_no_phrase() {
        let check = |text: &str, expected: PhraseError| assert_eq!(Phrase::parse(text), Err(expected), "{text}");
        check(" ", PhraseError::Empty);
        check("não", PhraseError::Letters { word: "não".into() });
        check("a||b", PhraseError::Letters { word: String::new() });
        check("mandar*~", PhraseError::Letters { word: "mandar*~".into() });
        check("pa*", PhraseError::Stem { word: "pa".into(), min: 3 });
        check("pare~", PhraseError::Slip { word: "pare".into(), min: 6 });
        check("mais? nada", PhraseError::First);
        check("nada ..", PhraseError::Last);
        check(&"a ".repeat(17), PhraseError::Long { found: 17, max: 16 });
    }

    proptest! {
        #[test]
        fn the_longest_phrase_keeps_within_its_bits(words in proptest::collection::vec("a", 0..90)) {
            let phrase = Phrase::parse(&format!("a {}a", ".. ".repeat(14))).unwrap();
            let longest = phrase.ends(&words).checked_ilog2();
            prop_assert!(longest.is_none_or(|end| end as usize <= words.len()));
            prop_assert_eq!(longest.is_some(), words.len() >= 2);
        }
    }
}
