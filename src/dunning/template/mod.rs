//! Texts with places to fill, and what fills them.
//!
//! A template has one text or several: by segment and language, and of those that are equal by share, so that two wordings
//! can be told apart by what they bring. What a text may use is [`VARIABLES`] and [`FILTERS`]; anything else is refused when it
//! is written, and a row that lacks what its text needs is refused when it is filled. Knows nothing of approval and storage,
//! and nothing of whether the debtor may be texted.

mod choice;
mod compile;
mod example;
mod format;
mod given;
mod lint;
mod outline;
mod row;
mod survey;
mod token;
mod value;
mod variable;
mod wording;

use std::fmt;

use crate::contact::reply::Language;
use crate::sms::message::Purpose;

use super::segment::Segment;

pub use compile::{Compiled, Fault, RenderError, Rendered};
pub use example::examples;
pub use given::{Given, GivenError};
pub use lint::{Asked, Finding, Severity, cautions, lint};
pub use outline::Problem;
pub use survey::{Arm, Longest, Measured, ONE_PART_MAX, Refusal, RefusedRow, Survey, Yardstick};
pub use token::Place;
pub use variable::{FILTERS, Filter, Kind, Scope, VARIABLES, Variable};
pub use wording::{Caution, CautionKind, Duty, Must, Phrase, Wording};

/// Most characters of a body: more would not be read on a telephone.
pub const BODY_CHARACTERS_MAX: usize = 2_000;

/// Most texts of a template.
pub const TEXTS_MAX: usize = 50;

impl Template {
    /// Units of a text that is as long as it should be at most.
    pub fn units_max(&self) -> usize {
        self.limit.map_or(ONE_PART_MAX, usize::from)
    }
}

/// A template in one of its versions.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Its name: small letters, digits, `-` and `_`.
    pub name: String,
    /// Which version it is, from 1.
    pub version: u32,
    /// Why its texts are sent.
    pub purpose: Purpose,
    /// Its texts. Which one a debtor gets: the first that fits, and of those that are for the same people one by share.
    pub texts: Vec<Text>,
    /// What follows as a second message.
    pub companion: Option<Companion>,
    /// Units that each of its texts may have at most, whomever it is filled for; at most those of one part. Without it a text
    /// may take more parts, which is told.
    pub limit: Option<u8>,
}

/// One wording. `Debug` shows nothing of it.
#[derive(Clone, PartialEq)]
pub struct Text {
    /// Its name, by which results are told apart.
    pub name: String,
    /// Which debts it is for; of several debts of one debtor, the one that was due first decides.
    pub segment: Segment,
    /// What it is written in; without it, it is for everybody and amounts are written as the debtor's language has them.
    pub language: Option<Language>,
    /// How much of those that it is for it gets, beside others for the same. 0 is none.
    pub share: u8,
    /// The words, with `{{ places }}` to fill.
    pub body: String,
}

/// A code that follows as a message of its own. It is sent exactly as it is, never with characters replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Companion {
    /// The Pix code.
    Pix,
    /// The digits of the boleto.
    Boleto,
}

impl Companion {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Pix, Self::Boleto];

    /// The word in the API, and the variable that holds it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pix => "pix",
            Self::Boleto => "boleto",
        }
    }

    /// The companion with this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|companion| companion.name() == name)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, segment: _, language, share, body } = self;
        f.debug_struct("Text")
            .field("name", name)
            .field("language", language)
            .field("share", share)
            .field("characters", &body.chars().count())
            .finish()
    }
}

#[cfg(test)]
mod sample;
