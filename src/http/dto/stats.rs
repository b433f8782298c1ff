//! Results as JSON, and as the rows of a table.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::dunning::money::Currency;
use crate::dunning::result::{Count, Counts, Dimension};
use crate::sms::lifecycle::MessageState;
use crate::store::rollup::{StatsRow, Total};

/// Results.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct StatsAnswer {
    /// A row for each group and period in which texts were taken in.
    pub(in super::super) rows: Vec<StatsRowAnswer>,
    /// The zone in which days begin.
    pub(in super::super) zone: String,
    /// Payments count that came within so many days after the text.
    pub(in super::super) within_days: u8,
    /// Events that are not counted yet.
    pub(in super::super) behind: i64,
}

/// Results of the texts of one group.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct StatsRowAnswer {
    /// What was asked to be told apart, by its name. What does not apply to a text is empty.
    group: BTreeMap<&'static str, String>,
    /// The day, the Monday or the hour in which they were taken in, where that was asked for.
    #[schema(required)]
    period: Option<String>,
    /// How many of what; null where SIMs are told apart, since a text is of no SIM.
    #[schema(required)]
    texts: Option<TextsAnswer>,
    /// Parts that the network has taken, also of texts that did not go whole.
    parts: u64,
    /// What these have cost, at the prices of their time.
    #[schema(example = "12.3450")]
    cost: String,
}

/// What became of texts. A text is counted where it is now, and by when it was taken in.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct TextsAnswer {
    /// Taken in.
    queued: i64,
    /// Of these, with something still to go.
    waiting: i64,
    /// Taken by the network whole, whatever became of them then.
    sent: i64,
    /// Of these, on the handset.
    delivered: i64,
    /// Of these, given up by the network.
    undelivered: i64,
    /// Of which nobody knows whether the network took them.
    unknown: i64,
    /// Refused.
    failed: i64,
    /// Not sent in time.
    expired: i64,
    /// That must not go.
    blocked: i64,
    /// Taken back.
    cancelled: i64,
    /// Answered, each text once.
    replied: i64,
    /// Answered with a promise.
    promised: i64,
    /// Answered with a wish to stop.
    opted_out: i64,
    /// Answered by somebody else.
    wrong_person: i64,
    /// Answered with a denial.
    disputed: i64,
    /// Answered with the word that it is paid.
    says_paid: i64,
    /// Debts of which something was paid within the days, after the last text about them. It is what followed, not what was
    /// caused.
    paid_debts: u64,
    /// How much that was.
    paid: Vec<MoneyAnswer>,
}

/// An amount.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct MoneyAnswer {
    /// What it is in.
    currency: &'static str,
    /// How much.
    #[schema(example = "110.00")]
    amount: String,
}

/// A column of counts: its name, and how to count it.
type Column = (&'static str, fn(&Counts) -> i64);

const COUNTS: [Column; 16] = [
    ("queued", |counts| counts.get(Count::Taken)),
    ("waiting", Counts::waiting),
    ("sent", Counts::sent),
    ("delivered", |counts| counts.get(Count::In(MessageState::Delivered))),
    ("undelivered", |counts| counts.get(Count::In(MessageState::Undelivered))),
    ("unknown", |counts| counts.get(Count::In(MessageState::Unknown))),
    ("failed", |counts| counts.get(Count::In(MessageState::Failed))),
    ("expired", |counts| counts.get(Count::In(MessageState::Expired))),
    ("blocked", |counts| counts.get(Count::In(MessageState::Blocked))),
    ("cancelled", |counts| counts.get(Count::In(MessageState::Cancelled))),
    ("replied", |counts| counts.get(Count::Replied)),
    ("promised", |counts| counts.get(Count::Promised)),
    ("opted_out", |counts| counts.get(Count::OptedOut)),
    ("wrong_person", |counts| counts.get(Count::WrongPerson)),
    ("disputed", |counts| counts.get(Count::Disputed)),
    ("says_paid", |counts| counts.get(Count::SaysPaid)),
];

impl TextsAnswer {
    fn new(total: &Total) -> Self {
        let counts = &total.counts;
        let money = |(currency, amount): (Currency, crate::dunning::money::Amount)| MoneyAnswer {
            currency: currency.code(),
            amount: amount.to_string(),
        };
        let of = |state| counts.get(Count::In(state));
        Self {
            queued: counts.get(Count::Taken),
            waiting: counts.waiting(),
            sent: counts.sent(),
            delivered: of(MessageState::Delivered),
            undelivered: of(MessageState::Undelivered),
            unknown: of(MessageState::Unknown),
            failed: of(MessageState::Failed),
            expired: of(MessageState::Expired),
            blocked: of(MessageState::Blocked),
            cancelled: of(MessageState::Cancelled),
            replied: counts.get(Count::Replied),
            promised: counts.get(Count::Promised),
            opted_out: counts.get(Count::OptedOut),
            wrong_person: counts.get(Count::WrongPerson),
            disputed: counts.get(Count::Disputed),
            says_paid: counts.get(Count::SaysPaid),
            paid_debts: total.paid_debts(),
            paid: total.paid_amounts().into_iter().map(money).collect(),
        }
    }
}

impl StatsRowAnswer {
    pub(in super::super) fn new(row: StatsRow, by: &[Dimension]) -> Self {
        let StatsRow { group, period, total } = row;
        Self {
            group: by.iter().map(|by| by.name()).zip(group).collect(),
            period,
            texts: (!by.contains(&Dimension::Sim)).then(|| TextsAnswer::new(&total)),
            parts: total.spent.parts,
            cost: total.spent.cost.to_string(),
        }
    }
}

/// The heading of the table of results.
pub(in super::super) fn heading(by: &[Dimension], is_over_time: bool) -> Vec<String> {
    let groups = by.iter().map(|by| by.name());
    let period = is_over_time.then_some("period");
    let counts = COUNTS.into_iter().map(|(name, _)| name).chain(["paid_debts"]).filter(|_| has_texts(by));
    let names = groups.chain(period).chain(counts).map(str::to_owned);
    let paid = Currency::ALL.map(|currency| format!("paid_{}", currency.code().to_ascii_lowercase()));
    let paid = paid.into_iter().filter(|_| has_texts(by));
    names.chain(paid).chain(["parts", "cost"].map(str::to_owned)).collect()
}

fn has_texts(by: &[Dimension]) -> bool {
    !by.contains(&Dimension::Sim)
}

/// A row of it.
pub(in super::super) fn cells(row: StatsRow, by: &[Dimension]) -> Vec<String> {
    let StatsRow { group, period, total } = row;
    let mut cells = group;
    cells.extend(period);
    if has_texts(by) {
        cells.extend(COUNTS.iter().map(|(_, count)| count(&total.counts).to_string()));
        cells.push(total.paid_debts().to_string());
        let amounts = total.paid_amounts();
        let paid = |currency| amounts.iter().find(|(one, _)| *one == currency);
        let zero = || "0.00".to_owned();
        cells.extend(Currency::ALL.map(|currency| paid(currency).map_or_else(zero, |(_, amount)| amount.to_string())));
    }
    cells.extend([total.spent.parts.to_string(), total.spent.cost.to_string()]);
    cells
}
