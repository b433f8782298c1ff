//! How texts to each number fare, and which numbers of debtors want looking after.

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::clock::Timestamp;
use crate::sms::lifecycle::MessageState;
use crate::sms::number::{Country, NumberError, PhoneNumber};
use crate::sms::tp_status::{Reported, TpStatus};

use super::super::StoreError;
use super::super::reader::Reader;
use super::super::record::{self, Confirmed, stored_subscriber};
use super::super::row;

/// What is to be added of a number.
#[derive(Debug, Default)]
pub(super) struct NumberChange {
    sent: i64,
    delivered: i64,
    undelivered: i64,
    /// It was delivered to, before the failures that are counted in `dead`.
    revived: bool,
    dead: i64,
    last: Option<(u8, i64)>,
    answered_at: Option<i64>,
}

impl NumberChange {
    /// A message is in another state now.
    pub(super) fn moved(&mut self, from: Option<MessageState>, to: MessageState) {
        let is = |states: &[MessageState], state: Option<MessageState>| {
            i64::from(state.is_some_and(|state| states.contains(&state)))
        };
        let change = |states: &[MessageState]| is(states, Some(to)) - is(states, from);
        self.sent += change(&[MessageState::Accepted, MessageState::Delivered, MessageState::Undelivered]);
        self.delivered += change(&[MessageState::Delivered]);
        self.undelivered += change(&[MessageState::Undelivered]);
    }

    /// A report came. A text fails once, however many parts it has.
    pub(super) fn reported(&mut self, status: u8, at: i64, is_of_first: bool) {
        self.last = Some((status, at));
        match TpStatus(status).reported() {
            Reported::Delivered => (self.revived, self.dead) = (true, 0),
            Reported::Undelivered if is_of_first && is_for_good(status) => self.dead += 1,
            Reported::Undelivered | Reported::KeepsAccepted => {}
        }
    }

    /// Somebody answered.
    pub(super) fn answered(&mut self, at: i64) {
        self.answered_at = self.answered_at.max(Some(at));
    }

    pub(super) fn write(&self, conn: &Connection, subscriber: i64) -> Result<(), StoreError> {
        let Self { sent, delivered, undelivered, revived, dead, last, answered_at } = self;
        let (status, at) = last.map_or((None, None), |(status, at)| (Some(status), Some(at)));
        conn.prepare_cached(
            "INSERT INTO number_health
             (subscriber, sent, delivered, undelivered, dead, last_status, last_report_at, answered_at)
             VALUES (?1, ?2, ?3, ?4, ?6, ?7, ?8, ?9) ON CONFLICT (subscriber) DO UPDATE SET
             sent = sent + ?2, delivered = delivered + ?3, undelivered = undelivered + ?4,
             dead = iif(?5, 0, dead) + ?6, last_status = coalesce(?7, last_status),
             last_report_at = coalesce(?8, last_report_at), answered_at = coalesce(?9, answered_at)",
        )?
        .execute(params![subscriber, sent, delivered, undelivered, revived, dead, status, at, answered_at])?;
        Ok(())
    }
}

/// Whether the network will not deliver to the number later either: it says so by the class (TS 23.040 clause 9.2.3.15), but
/// for what is about the one message, such as its validity or its deletion.
fn is_for_good(status: u8) -> bool {
    matches!(status, 0x40..=0x43 | 0x45 | 0x50..=0x5f)
}

/// What is wrong with a number, or with a debtor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberTrouble {
    /// The debtor has no number that may be texted: there is none, or each is dead, unusable, or another person's.
    NoNumber,
    /// Its owner has said to be somebody else.
    WrongPerson,
    /// It is no number that can get texts.
    Unusable,
    /// The network gave up on it for good, twice or more since anything was delivered.
    Dead,
    /// Texts were sent, and none was delivered.
    NeverDelivered,
    /// Nothing was ever delivered to it, nobody has answered from it and it was not confirmed.
    Unconfirmed,
}

impl NumberTrouble {
    /// All of them, the worst first.
    pub const ALL: [Self; 6] =
        [Self::NoNumber, Self::WrongPerson, Self::Unusable, Self::Dead, Self::NeverDelivered, Self::Unconfirmed];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoNumber => "no_number",
            Self::WrongPerson => "wrong_person",
            Self::Unusable => "unusable",
            Self::Dead => "dead",
            Self::NeverDelivered => "never_delivered",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    /// The trouble with this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trouble| trouble.name() == name)
    }
}

/// Failures for good in a row that make a number dead: one may be a mistake of the network.
pub(in super::super) const DEAD: i64 = 2;

/// Debtors that are looked at for one page, however few of them have a trouble: a fraction of a second.
const LOOKED_AT_MAX: usize = 10_000;

/// Which numbers to list.
#[derive(Debug, Clone)]
pub struct HygieneFilter {
    /// Of debtors of these creditors; of all where it is empty.
    pub creditors: Vec<String>,
    /// With this trouble; with any, if none is named.
    pub trouble: Option<NumberTrouble>,
    /// Texts after which a number that got none of them is one that never does.
    pub sent_min: i64,
    /// The country whose numbers are known best.
    pub country: Country,
    /// Debtors behind this row.
    pub after: i64,
    /// At most so many; a debtor's are not divided, so it may be a few more.
    pub limit: usize,
}

/// How a number fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NumberRow {
    /// Texts that the network has taken.
    pub sent: i64,
    /// Those that arrived.
    pub delivered: i64,
    /// Those that did not.
    pub undelivered: i64,
    /// Failures for good since the last delivery.
    dead: i64,
    /// What the last report said.
    pub last_status: Option<u8>,
    /// When that came.
    pub last_report_at: Option<Timestamp>,
    /// When somebody answered last.
    pub answered_at: Option<Timestamp>,
}

/// A number of a debtor that wants looking after.
#[derive(Debug, Clone)]
pub struct Unwell {
    /// The debtor, by the caller's id.
    pub debtor: String,
    /// The number; none where the debtor has none that may be texted.
    pub number: Option<PhoneNumber>,
    /// What is wrong.
    pub trouble: NumberTrouble,
    /// How it fares.
    pub row: NumberRow,
}

/// A number of a debtor, and how it fares.
#[derive(Debug, Clone)]
pub struct Faring {
    /// The number.
    pub number: PhoneNumber,
    /// What is wrong with it, if anything is.
    pub trouble: Option<NumberTrouble>,
    /// That it is confirmed, where it is.
    pub confirmed: Option<Confirmed>,
    /// How it fares.
    pub row: NumberRow,
}

/// A page of them.
#[derive(Debug, Clone, Default)]
pub struct HygienePage {
    /// What was found.
    pub items: Vec<Unwell>,
    /// Where to go on, where there may be more.
    pub next: Option<i64>,
}

impl Reader {
    /// Numbers of debtors that want looking after, by debtor. A page may be short or empty and not be the last.
    pub fn hygiene(&self, filter: &HygieneFilter) -> Result<HygienePage, StoreError> {
        let creditors = serde_json::to_string(&filter.creditors).unwrap_or_default();
        self.with(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT key, id FROM debtor WHERE key > ?1 AND (?2 = '[]' OR EXISTS (
                     SELECT 1 FROM debt JOIN creditor ON creditor.key = debt.creditor WHERE debt.debtor = debtor.key
                     AND creditor.id IN (SELECT value FROM json_each(?2)))) ORDER BY key LIMIT ?3",
            )?;
            let mut rows = statement.query(params![filter.after, creditors, LOOKED_AT_MAX])?;
            let mut page = HygienePage::default();
            let mut looked_at = 0;
            while let Some(row) = rows.next()? {
                let (key, id): (i64, String) = (row.get(0)?, row.get(1)?);
                let found = troubles_of(conn, key, &id, filter)?;
                page.items
                    .extend(found.into_iter().filter(|one| filter.trouble.is_none_or(|only| only == one.trouble)));
                looked_at += 1;
                if page.items.len() >= filter.limit || looked_at == LOOKED_AT_MAX {
                    page.next = Some(key);
                    break;
                }
            }
            Ok(page)
        })
    }

    /// The numbers of a debtor and how each fares; nothing where no debtor has this id. A number is one that never gets a
    /// text after `sent_min`; `country` is the one whose numbers are known best.
    pub fn numbers(&self, debtor: &str, sent_min: i64, country: Country) -> Result<Option<Vec<Faring>>, StoreError> {
        self.with(|conn| {
            let key = conn.prepare_cached("SELECT key FROM debtor WHERE id = ?")?.query_row([debtor], |row| row.get(0));
            key.optional()?.map(|key| faring_of(conn, key, sent_min, country)).transpose()
        })
    }
}

/// The numbers of a debtor, the one to try first in front.
fn faring_of(conn: &Connection, debtor: i64, sent_min: i64, country: Country) -> Result<Vec<Faring>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT number FROM debtor_number WHERE debtor = ? ORDER BY place")?;
    let numbers = statement.query_map([debtor], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    let faring = |number| {
        let row = number_row(conn, number)?.unwrap_or_default();
        let confirmed = record::confirmed(conn, number)?;
        Ok(Faring { number, trouble: trouble_of(conn, number, row, sent_min, country)?, confirmed, row })
    };
    numbers.into_iter().filter_map(row::number).map(faring).collect()
}

fn troubles_of(conn: &Connection, key: i64, id: &str, filter: &HygieneFilter) -> Result<Vec<Unwell>, StoreError> {
    let mut found = Vec::new();
    let mut is_any_good = false;
    for Faring { number, trouble, confirmed: _, row } in faring_of(conn, key, filter.sent_min, filter.country)? {
        is_any_good |=
            !matches!(trouble, Some(NumberTrouble::WrongPerson | NumberTrouble::Unusable | NumberTrouble::Dead));
        found.extend(trouble.map(|trouble| Unwell { debtor: id.to_owned(), number: Some(number), trouble, row }));
    }
    if !is_any_good {
        let (debtor, trouble) = (id.to_owned(), NumberTrouble::NoNumber);
        found.insert(0, Unwell { debtor, number: None, trouble, row: NumberRow::default() });
    }
    Ok(found)
}

fn trouble_of(
    conn: &Connection,
    number: PhoneNumber,
    row: NumberRow,
    sent_min: i64,
    country: Country,
) -> Result<Option<NumberTrouble>, StoreError> {
    let subscriber = stored_subscriber(number);
    let wrong = "SELECT 1 FROM suppression JOIN suppression_act ON suppression_act.key = act
         WHERE subscriber = ? AND lift IS NULL AND kind = 'wrong_person'";
    if conn.prepare_cached(wrong)?.exists([subscriber])? {
        return Ok(Some(NumberTrouble::WrongPerson));
    }
    if is_unusable(number, country) {
        return Ok(Some(NumberTrouble::Unusable));
    }
    if row.dead >= DEAD {
        return Ok(Some(NumberTrouble::Dead));
    }
    if row.delivered == 0 && row.sent >= sent_min.max(1) {
        return Ok(Some(NumberTrouble::NeverDelivered));
    }
    let is_known = row.delivered > 0 || row.answered_at.is_some() || record::confirmed(conn, number)?.is_some();
    Ok((!is_known).then_some(NumberTrouble::Unconfirmed))
}

/// A number that is taken in is a possible one, by the plans of then.
fn is_unusable(number: PhoneNumber, country: Country) -> bool {
    match PhoneNumber::parse(&number.e164(), country) {
        Ok(_) => false,
        Err(error) => matches!(error, NumberError::Landline | NumberError::WrongLength | NumberError::UnknownCountry),
    }
}

fn number_row(conn: &Connection, number: PhoneNumber) -> Result<Option<NumberRow>, StoreError> {
    let sql = "SELECT sent, delivered, undelivered, dead, last_status, last_report_at, answered_at FROM number_health
         WHERE subscriber = ?";
    let at = |ms: Option<i64>| ms.map(Timestamp::from_millis);
    let found = conn
        .prepare_cached(sql)?
        .query_row([stored_subscriber(number)], |row| {
            Ok(NumberRow {
                sent: row.get(0)?,
                delivered: row.get(1)?,
                undelivered: row.get(2)?,
                dead: row.get(3)?,
                last_status: row.get(4)?,
                last_report_at: at(row.get(5)?),
                answered_at: at(row.get(6)?),
            })
        })
        .optional()?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No such number, for good (TS 23.040 clause 9.2.3.15).
    const NO_SUCH: u8 = 0x41;

    #[test]
    fn a_text_of_several_parts_fails_once() {
        let mut change = NumberChange::default();
        change.reported(NO_SUCH, 1, true);
        change.reported(NO_SUCH, 2, false);
        assert_eq!(change.dead, 1);
        change.reported(NO_SUCH, 3, true);
        assert_eq!(change.dead, 2);
    }
}
