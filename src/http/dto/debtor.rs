//! Debtors and what is known of them as JSON.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contact::Habit;
use crate::contact::reply::Language;
use crate::dunning::debtor::Debtor;
use crate::sms::number::PhoneNumber;

use super::message::Eyes;

/// Where a debtor is and which hours suit. What is left out is not known: then the number tells.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct DebtorHours {
    /// The state, such as `SP`.
    pub(in super::super) state: Option<String>,
    /// The zone, such as `America/Manaus`.
    pub(in super::super) zone: Option<String>,
    /// Only at these hours, such as `09:00-12:00`; at all lawful ones if there are none.
    #[serde(default)]
    pub(in super::super) preferred: Vec<String>,
    /// Never at these hours.
    #[serde(default)]
    pub(in super::super) forbidden: Vec<String>,
}

impl From<Habit> for DebtorHours {
    fn from(habit: Habit) -> Self {
        let words = |spans: Vec<crate::contact::calendar::Span>| spans.iter().map(ToString::to_string).collect();
        Self {
            state: habit.state,
            zone: habit.zone,
            preferred: words(habit.preferred),
            forbidden: words(habit.forbidden),
        }
    }
}

/// Who owes. It replaces what was there.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct DebtorRequest {
    /// Your id.
    #[schema(required, nullable = false)]
    pub(in super::super) id: Option<String>,
    /// The name, as it is written to the person.
    pub(in super::super) name: Option<String>,
    /// The number of an identity document.
    pub(in super::super) document: Option<String>,
    /// What the person is written in: `pt-BR`, `es-MX` or `en`; the creditor's language if nothing is said.
    pub(in super::super) language: Option<String>,
    /// What kind of customer it is, in your words.
    pub(in super::super) kind: Option<String>,
    /// Customer since, such as `2019-05-02`.
    pub(in super::super) since: Option<String>,
    /// Anything else, in your words.
    #[serde(default)]
    pub(in super::super) tags: Vec<String>,
    /// The numbers, the one to try first in front, in any form of the configured country.
    #[serde(default)]
    pub(in super::super) numbers: Vec<String>,
    /// Those of the numbers that you know to be the debtor's: nobody is asked there who it is. Of a number that stands neither
    /// here nor in `unconfirmed`, what is known stays.
    #[serde(default)]
    pub(in super::super) confirmed: Vec<String>,
    /// Those of which you no longer say so. What the owner has said by text stands.
    #[serde(default)]
    pub(in super::super) unconfirmed: Vec<String>,
}

/// A debtor. Without `pii`, name and document are left out and numbers masked.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct DebtorAnswer {
    /// Your id.
    id: String,
    /// The name.
    #[schema(required)]
    name: Option<String>,
    /// The number of an identity document.
    #[schema(required)]
    document: Option<String>,
    /// What the person is written in.
    #[schema(required)]
    language: Option<&'static str>,
    /// What kind of customer it is.
    #[schema(required)]
    kind: Option<String>,
    /// Customer since.
    #[schema(required)]
    since: Option<String>,
    /// Anything else.
    tags: Vec<String>,
    /// The numbers, the one to try first in front.
    numbers: Vec<String>,
    /// Those that are known to be the debtor's, by your word or by the owner's.
    confirmed: Vec<String>,
}

impl DebtorAnswer {
    /// With those of the numbers that are confirmed.
    pub(in super::super) fn new(debtor: Debtor, confirmed: &[PhoneNumber], eyes: Eyes) -> Self {
        let shown = |text: Option<String>| text.filter(|_| eyes.see_people());
        Self {
            id: debtor.id,
            name: shown(debtor.name),
            document: shown(debtor.document),
            language: debtor.language.map(Language::code),
            kind: debtor.kind,
            since: debtor.since.map(|since| since.to_string()),
            tags: debtor.tags,
            numbers: debtor.numbers.iter().map(|number| eyes.number(*number)).collect(),
            confirmed: confirmed.iter().map(|number| eyes.number(*number)).collect(),
        }
    }
}
