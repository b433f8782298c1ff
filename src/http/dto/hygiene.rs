//! Numbers that want looking after, as JSON and as the rows of a table.

use serde::Serialize;
use utoipa::ToSchema;

use crate::sms::tp_status::TpStatus;
use crate::store::rollup::{Confirmed, Faring, NumberTrouble, Unwell};

use super::at;
use super::message::Eyes;

/// A number of a debtor that wants looking after.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct HygieneAnswer {
    /// The debtor.
    debtor: String,
    /// The number, masked without `pii`; null where the debtor has none that may be texted.
    #[schema(required)]
    number: Option<String>,
    /// What is wrong: `no_number`, `wrong_person`, `unusable`, `dead`, `never_delivered` or `unconfirmed`.
    trouble: &'static str,
    /// Texts to it that the network has taken.
    sent: i64,
    /// Those that arrived.
    delivered: i64,
    /// Those that the network gave up on.
    undelivered: i64,
    /// What the last report said.
    #[schema(required)]
    last_status: Option<&'static str>,
    /// When that came.
    #[schema(required)]
    last_report_at: Option<String>,
    /// When somebody answered last.
    #[schema(required)]
    answered_at: Option<String>,
}

/// The heading of the table.
pub(in super::super) const HEADING: [&str; 9] =
    ["debtor", "number", "trouble", "sent", "delivered", "undelivered", "last_status", "last_report_at", "answered_at"];

impl HygieneAnswer {
    pub(in super::super) fn new(found: Unwell, eyes: Eyes) -> Self {
        let Unwell { debtor, number, trouble, row } = found;
        let number = number.map(|number| eyes.number(number));
        Self {
            debtor,
            number,
            trouble: trouble.name(),
            sent: row.sent,
            delivered: row.delivered,
            undelivered: row.undelivered,
            last_status: row.last_status.map(|status| TpStatus(status).meaning()),
            last_report_at: row.last_report_at.map(at),
            answered_at: row.answered_at.map(at),
        }
    }

    /// As a row of the table.
    pub(in super::super) fn cells(self) -> Vec<String> {
        vec![
            self.debtor,
            self.number.unwrap_or_default(),
            self.trouble.to_owned(),
            self.sent.to_string(),
            self.delivered.to_string(),
            self.undelivered.to_string(),
            self.last_status.unwrap_or_default().to_owned(),
            self.last_report_at.unwrap_or_default(),
            self.answered_at.unwrap_or_default(),
        ]
    }
}

/// How a number of a debtor fares.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct NumberAnswer {
    /// The number, masked without `pii`.
    number: String,
    /// What is wrong, if anything is: `wrong_person`, `unusable`, `dead`, `never_delivered` or `unconfirmed`.
    #[schema(required)]
    trouble: Option<&'static str>,
    /// Since when it is known to be the debtor's.
    #[schema(required)]
    confirmed_at: Option<String>,
    /// On whose word: `reply` of its owner, or `caller`.
    #[schema(required)]
    confirmed_by: Option<&'static str>,
    /// Texts to it that the network has taken.
    sent: i64,
    /// Those that arrived.
    delivered: i64,
    /// Those that the network gave up on.
    undelivered: i64,
    /// What the last report said.
    #[schema(required)]
    last_status: Option<&'static str>,
    /// When that came.
    #[schema(required)]
    last_report_at: Option<String>,
    /// When somebody answered last.
    #[schema(required)]
    answered_at: Option<String>,
}

impl NumberAnswer {
    pub(in super::super) fn new(Faring { number, trouble, confirmed, row }: Faring, eyes: Eyes) -> Self {
        Self {
            number: eyes.number(number),
            trouble: trouble.map(NumberTrouble::name),
            confirmed_at: confirmed.map(|confirmed| at(confirmed.at)),
            confirmed_by: confirmed.map(Confirmed::by),
            sent: row.sent,
            delivered: row.delivered,
            undelivered: row.undelivered,
            last_status: row.last_status.map(|status| TpStatus(status).meaning()),
            last_report_at: row.last_report_at.map(at),
            answered_at: row.answered_at.map(at),
        }
    }
}
