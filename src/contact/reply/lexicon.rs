//! All phrases with what each is for, and finding them in a text.
//!
//! The rules are read by `config::replies`; here is what they mean. Every language is tried on every text, the sender's
//! first: people answer STOP in any country. A phrase is looked for where its first word stands, so that the work follows
//! the length of the text and hardly the number of phrases.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use jiff::civil::Date;

use super::date::DateWord;
use super::intent::{Intent, Language};
use super::phrase::{Form, Phrase};
use super::words::{Word, Words};

/// What a phrase is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The intent, if it is all that is said besides courtesies.
    Whole(Intent),
    /// The intent, if a clause of the text says nothing else.
    Clause(Intent),
    /// The intent, if a short text begins with it.
    Lead(Intent),
    /// Not the intent, although a short text begins so.
    LeadUnless(Intent),
    /// The intent, wherever it stands within a clause.
    Contains(Intent),
    /// What seems to be the intent in these words is not: a negation, an instruction that is quoted.
    Unless(Intent),
    /// The intent, wherever it stands within a clause, and no [`Role::Unless`] changes it.
    Always(Intent),
    /// May be a wish to stop: nothing is sent by itself until a person has looked.
    PerhapsStop,
    /// Means nothing alone.
    Ambiguous,
    /// Says nothing: please, thanks, good morning.
    Courtesy,
    /// Everything after it was written by somebody else.
    Quoted,
    /// Names a day.
    Date(DateWord),
    /// Does not name a day, although it seems so.
    NotDate,
}

impl Role {
    /// The intent that a phrase speaks for.
    pub(super) fn intent(self) -> Option<Intent> {
        match self {
            Self::Whole(intent)
            | Self::Clause(intent)
            | Self::Lead(intent)
            | Self::Contains(intent)
            | Self::Always(intent) => Some(intent),
            Self::LeadUnless(_)
            | Self::Unless(_)
            | Self::PerhapsStop
            | Self::Ambiguous
            | Self::Courtesy
            | Self::Quoted
            | Self::Date(_)
            | Self::NotDate => None,
        }
    }
}

/// The rules by which replies are understood.
#[derive(Debug, Clone)]
pub struct Lexicon {
    gathered: Date,
    /// All intents, those with the strictest effects first.
    order: Vec<Intent>,
    lead_words_max: usize,
    tongues: HashMap<Language, Tongue>,
    /// Words by which an opt-out may be spelt.
    stop_words: HashSet<Box<str>>,
}

#[derive(Debug, Clone, Default)]
struct Tongue {
    abbreviations: HashMap<String, String>,
    phrases: Vec<(Role, Phrase)>,
    /// Phrases by their first word.
    by_word: HashMap<Box<str>, Vec<usize>>,
    /// Those whose first word has no fixed form, by its first letter.
    by_letter: HashMap<u8, Vec<usize>>,
}

/// A phrase in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found<'a> {
    pub(super) role: Role,
    pub(super) language: Language,
    pub(super) phrase: &'a str,
    pub(super) start: usize,
    /// Bit n: it can end n words after its start.
    ends: u64,
}

impl Found<'_> {
    /// The words that it covers at most.
    pub(super) fn span(&self) -> Range<usize> {
        self.start..self.start + self.ends.checked_ilog2().unwrap_or(0) as usize
    }

    /// Whether it can cover exactly these words.
    pub(super) fn covers(&self, span: &Range<usize>) -> bool {
        let length = span.end.checked_sub(self.start).filter(|length| *length < 64);
        self.start == span.start && length.is_some_and(|length| self.ends >> length & 1 == 1)
    }
}

/// Whether phrases may reach from one clause into the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    Clause,
    Text,
}

impl Lexicon {
    /// Rules without a phrase. `order` has every intent, those with the strictest effects first; a text of up to
    /// `lead_words_max` words is short.
    pub fn new(gathered: Date, order: Vec<Intent>, lead_words_max: usize) -> Self {
        let tongues = Language::ALL.into_iter().map(|language| (language, Tongue::default())).collect();
        Self { gathered, order, lead_words_max, tongues, stop_words: HashSet::new() }
    }

    /// The day on which the rules were gathered.
    pub fn gathered(&self) -> Date {
        self.gathered
    }

    /// Adds a phrase.
    pub fn add(&mut self, language: Language, role: Role, phrase: Phrase) {
        if role.intent() == Some(Intent::OptOut) {
            self.stop_words.extend(phrase.literals().filter(|word| word.len() > 2).map(Box::from));
        }
        self.tongues.entry(language).or_default().add(role, phrase);
    }

    /// Lets one word stand for another in a language. Both are as words of phrases are.
    pub fn abbreviate(&mut self, language: Language, short: String, full: String) {
        self.tongues.entry(language).or_default().abbreviations.insert(short, full);
    }

    pub(super) fn order(&self) -> &[Intent] {
        &self.order
    }

    pub(super) fn lead_words_max(&self) -> usize {
        self.lead_words_max
    }

    /// The words of a text.
    pub(super) fn read(&self, text: &str) -> Words {
        Words::read(text, |word| self.stop_words.contains(word))
    }

    /// Every phrase in every language, those of the `first` before the others.
    pub(super) fn find(&self, words: &[Word], first: Option<Language>, reach: Reach) -> Vec<Found<'_>> {
        let limits = match reach {
            Reach::Clause => clause_ends(words),
            Reach::Text => vec![words.len(); words.len()],
        };
        let others = Language::ALL.into_iter().filter(|language| Some(*language) != first);
        let mut found = Vec::new();
        for language in first.into_iter().chain(others) {
            if let Some(tongue) = self.tongues.get(&language) {
                tongue.find(language, words, &limits, &mut found);
            }
        }
        found
    }
}

impl Tongue {
    fn add(&mut self, role: Role, phrase: Phrase) {
        let index = self.phrases.len();
        for form in phrase.first_forms() {
            match form {
                Form::Is(word) => self.by_word.entry(word.clone()).or_default().push(index),
                Form::BeginsWith(word) | Form::Nearly(word) => {
                    if let Some(letter) = word.bytes().next() {
                        self.by_letter.entry(letter).or_default().push(index);
                    }
                }
            }
        }
        self.phrases.push((role, phrase));
    }

    fn find<'a>(&'a self, language: Language, words: &[Word], limits: &[usize], found: &mut Vec<Found<'a>>) {
        let full: Vec<&str> = words.iter().map(|word| self.expand(&word.text)).collect();
        for (start, (word, limit)) in full.iter().zip(limits).enumerate() {
            let clause = full.get(start..*limit).unwrap_or_default();
            let exact = self.by_word.get(*word).into_iter().flatten();
            let loose = word.bytes().next().and_then(|letter| self.by_letter.get(&letter)).into_iter().flatten();
            for (role, phrase) in exact.chain(loose).filter_map(|index| self.phrases.get(*index)) {
                let ends = phrase.ends(clause);
                if ends != 0 {
                    found.push(Found { role: *role, language, phrase: phrase.as_str(), start, ends });
                }
            }
        }
    }

    fn expand<'w>(&'w self, word: &'w str) -> &'w str {
        self.abbreviations.get(word).map_or(word, String::as_str)
    }
}

/// For each word the end of its clause.
fn clause_ends(words: &[Word]) -> Vec<usize> {
    let mut end = words.len();
    let mut ends: Vec<usize> = Vec::with_capacity(words.len());
    for (index, word) in words.iter().enumerate().rev() {
        ends.push(end);
        if word.begins_clause {
            end = index;
        }
    }
    ends.reverse();
    ends
}
