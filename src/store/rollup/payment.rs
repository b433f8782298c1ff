//! Payments, and the text that each is counted for: the last one about the debt that asked for something and that the
//! network had taken before.

use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::Value;

use crate::clock::Timestamp;
use crate::dunning::debt::Status;
use crate::dunning::money::{Amount, Currency};
use crate::dunning::result::{PAID_WITHIN_MAX, Paid};

use super::super::StoreError;
use super::super::origin::OriginKey;
use super::Hour;

/// What is counted of a payment.
pub(super) struct Payment {
    /// Whose text it is counted for.
    pub(super) origin: OriginKey,
    pub(super) hour: Hour,
    /// Civil days from the text to the payment, where the creditor is.
    pub(super) day: u8,
    pub(super) currency: Currency,
    pub(super) paid: Paid,
}

/// The last acceptance before an event, of the texts about a debt that ask for something.
const LAST_TEXT: &str = "SELECT max(event.seq), event.at, message.origin, message.created_at
     FROM (SELECT key FROM message WHERE debt = ?1 UNION SELECT message FROM message_debt WHERE debt = ?2) AS about
     CROSS JOIN message ON message.key = about.key CROSS JOIN event ON event.message = message.key
     WHERE message.purpose IN ('collection', 'reminder', 'promotion', 'reply') AND event.type = 'segment.accepted'
     AND event.seq < ?3";

/// The payment that an event tells of, where it does and a text went before it.
pub(super) fn payment(conn: &Connection, seq: i64, at: i64, data: &Value) -> Result<Option<Payment>, StoreError> {
    let Some(debt) = data.get("debt").and_then(Value::as_i64) else { return Ok(None) };
    let sql = "SELECT debt.id, debt.currency, amount, zone FROM debt JOIN creditor ON creditor.key = debt.creditor
         WHERE debt.key = ?";
    let found = conn
        .prepare_cached(sql)?
        .query_row([debt], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?, row.get::<_, String>(3)?))
        })
        .optional()?;
    let Some((id, currency, owed, zone)) = found else { return Ok(None) };
    let entry = data.get("entry").and_then(Value::as_i64);
    let Some(hundredths) = settled(conn, data, entry, owed)? else { return Ok(None) };
    let read = |row: &rusqlite::Row<'_>| {
        let text: (Option<i64>, Option<i64>, Option<i64>, Option<i64>) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(text)
    };
    let text = conn.prepare_cached(LAST_TEXT)?.query_row(params![id, debt, seq], read)?;
    let (Some(_), Some(sent_at), origin, Some(created_at)) = text else { return Ok(None) };
    let zone = TimeZone::get(&zone).unwrap_or(TimeZone::UTC);
    let day = days_between(sent_at, at, &zone).and_then(|days| u8::try_from(days).ok());
    let Some(day) = day.filter(|day| *day <= PAID_WITHIN_MAX) else { return Ok(None) };
    let sql = "SELECT 1 FROM debt_event WHERE debt = ?1 AND key < coalesce(?2, 9223372036854775807)
         AND settled IS NOT NULL AND at >= ?3 AND at <= ?4";
    let is_more = conn.prepare_cached(sql)?.exists(params![debt, entry, sent_at, at])?;
    Ok(Some(Payment {
        origin: OriginKey(origin.unwrap_or_default()),
        hour: Hour::of(Timestamp::from_millis(created_at)),
        day,
        currency: Currency::from_code(&currency).unwrap_or(Currency::Brl),
        paid: Paid { debts: u64::from(!is_more), hundredths },
    }))
}

/// How much an event says was paid of a debt: what was told, or all that was owed before where it came as a status; `owed` is
/// what is owed now, for events of releases that did not say it. `None` where it tells of no payment.
fn settled(conn: &Connection, data: &Value, entry: Option<i64>, owed: i64) -> Result<Option<i64>, StoreError> {
    if let Some(entry) = entry {
        let sql = "SELECT settled FROM debt_event WHERE key = ?";
        let settled: Option<Option<i64>> = conn.prepare_cached(sql)?.query_row([entry], |row| row.get(0)).optional()?;
        return Ok(settled.flatten());
    }
    let word = |name: &str| data.get(name).and_then(Value::as_str);
    let paid = Status::Paid.name();
    let is_paid_now = word("status") == Some(paid) && word("was").is_some_and(|was| was != paid);
    let before = word("owed").and_then(|amount| amount.parse().ok()).map(Amount::hundredths);
    Ok(is_paid_now.then_some(before.unwrap_or(owed)))
}

fn days_between(from: i64, to: i64, zone: &TimeZone) -> Option<i32> {
    let day = |at: i64| Some(Timestamp::from_millis(at).to_jiff()?.to_zoned(zone.clone()).date());
    Some(day(to)?.since(day(from)?).ok()?.get_days())
}
