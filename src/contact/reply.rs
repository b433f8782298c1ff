//! What an inbound text wants, as far as phrases tell, and what follows from it.
//!
//! The phrases and what each is for are rules that a company can edit (`config/rules/replies.toml`); how they are weighed is
//! here. A clear wish to stop is never missed and none is invented: a bare no answers a question and stops nothing, phrases
//! do not reach from one clause into the next, words after a negation or within a quotation do not count, and what is left
//! in doubt is for a person; where the doubt is about a wish to stop, nothing is sent until that person has looked. Knows nothing of who wrote, what was sent before (but for what was asked), or what the effects
//! are applied to.
//!
//! The tests of whole texts are `tests/replies.rs` with `tests/data/replies`, written apart from the phrases.

mod date;
mod effect;
mod intent;
mod lexicon;
mod phrase;
mod verdict;
mod words;

use std::ops::Range;

use jiff::civil::Date;

pub use date::{DAYS_AHEAD_MAX, DateWord};
pub use effect::{Effect, LastAsked, Pause, Suppression};
pub use intent::{Intent, Language};
pub use lexicon::{Lexicon, Role};
pub use phrase::{Phrase, PhraseError};

use verdict::Verdict;

/// What is known about a text besides the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// What was asked in the message that it answers.
    pub last_asked: LastAsked,
    /// The language that the recipient is written to in. Phrases of the others count as well; this one comes first, and
    /// says whether `12/5` is in May.
    pub language: Option<Language>,
    /// The date where the recipient is.
    pub today: Date,
}

/// What was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understanding {
    /// What is wanted, the strictest first. Empty if nothing was recognised.
    pub intents: Vec<Intent>,
    /// The day of a promise, if there is one and it could be read. Never before today.
    pub promise_date: Option<Date>,
    /// What changes, the strictest first, each once. Never empty: what was not understood is for a person.
    pub effects: Vec<Effect>,
    /// Why a person should look, beyond what the intents ask for.
    pub doubts: Vec<Doubt>,
    /// For each intent, in their order, what it was seen by.
    pub evidence: Vec<Evidence>,
    /// Characters of a very long text that were not looked at.
    pub skipped: Option<Range<usize>>,
}

impl Understanding {
    /// The strictest change.
    pub fn effect(&self) -> Effect {
        self.effects.first().copied().unwrap_or(Effect::AskPerson)
    }

    /// Whether a person is to read the text.
    pub fn needs_person(&self) -> bool {
        self.effects.contains(&Effect::AskPerson)
    }
}

/// Why what was understood may not be what was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Doubt {
    /// There is not a word in it.
    Empty,
    /// It is an answer to a question that was not asked.
    Ambiguous,
    /// No phrase is known.
    NotUnderstood,
    /// A wish to stop is negated or quoted.
    Guarded,
    /// A wish to stop stands there only if a full stop or a comma is overlooked.
    Broken,
    /// It has words of a wish to stop and is none that is known.
    PerhapsStop,
    /// It says a thing and its opposite.
    Contradictory,
    /// It is too long to be looked at as a whole.
    Long,
}

impl Doubt {
    /// The word for it in events.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Ambiguous => "ambiguous",
            Self::NotUnderstood => "not_understood",
            Self::Guarded => "guarded",
            Self::Broken => "broken",
            Self::PerhapsStop => "perhaps_stop",
            Self::Contradictory => "contradictory",
            Self::Long => "long",
        }
    }
}

/// What an intent was seen by. Words of the rules, never of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The intent.
    pub intent: Intent,
    /// The phrase as it stands in the rules; `?` for a text of question marks.
    pub phrase: String,
    /// The language of the phrase; `None` for question marks.
    pub language: Option<Language>,
}

/// Understands a text. Any text has an answer, and the work is bounded whatever its length.
pub fn understand(text: &str, context: Context, lexicon: &Lexicon) -> Understanding {
    Verdict::of(text, context, lexicon).into_understanding(lexicon.order(), context)
}
