//! Debts as rows, and what they mean for texts about them.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::clock::Timestamp;
use crate::contact::standing::Standing;
use crate::dunning::debt::{Debt, Instalment, Status};
use crate::dunning::money::{Amount, Currency};
use crate::dunning::unsaid::Unsaid;
use crate::sms::id::MessageKey;

use super::super::StoreError;
use super::super::reader::Reader;
use super::super::work::Work;
use super::creditor::creditor_of;
use super::{Taken, Untaken, day, stored_day, stored_words, words};

/// The row of a debt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DebtKey(pub i64);

macro_rules! debts {
    ($which:literal) => {
        concat!(
            "SELECT debt.key, debt.id, creditor.id, debtor.id, debt.currency, original, amount, due, instalment,
             instalments, contract, product, terms, boleto, pix, link, access_code, debt.ladder, debt.tags, status, until
             FROM debt JOIN creditor ON creditor.key = debt.creditor JOIN debtor ON debtor.key = debt.debtor ",
            $which
        )
    };
}

/// A row without a debt is one that cannot be read.
fn read(row: &Row<'_>) -> rusqlite::Result<(DebtKey, Option<Debt>)> {
    let key = DebtKey(row.get(0)?);
    let (currency, status): (String, String) = (row.get(4)?, row.get(19)?);
    let until: Option<i64> = row.get(20)?;
    let values = (
        Currency::from_code(&currency),
        Amount::from_hundredths(row.get(5)?),
        Amount::from_hundredths(row.get(6)?),
        day(row.get(7)?),
        Status::from_name(&status, until.and_then(day)),
    );
    let (Some(currency), Some(original), Some(amount), Some(due), Some(status)) = values else {
        return Ok((key, None));
    };
    let instalment = match (row.get(8)?, row.get(9)?) {
        (Some(number), Some(of)) => Some(Instalment { number, of }),
        _ => None,
    };
    let debt = Debt {
        id: row.get(1)?,
        creditor: row.get(2)?,
        debtor: row.get(3)?,
        currency,
        original,
        amount,
        due,
        instalment,
        contract: row.get(10)?,
        product: row.get(11)?,
        terms: row.get(12)?,
        boleto: row.get(13)?,
        pix: row.get(14)?,
        link: row.get(15)?,
        access_code: row.get(16)?,
        ladder: row.get(17)?,
        tags: words(row.get::<_, Option<String>>(18)?.as_deref()),
        status,
    };
    Ok((key, Some(debt)))
}

/// A debt by the caller's id.
pub(super) fn debt_of(conn: &Connection, id: &str) -> Result<Option<(DebtKey, Debt)>, StoreError> {
    let mut statement = conn.prepare_cached(debts!("WHERE debt.id = ?"))?;
    let Some((key, debt)) = statement.query_row([id], read).optional()? else { return Ok(None) };
    let corrupt = StoreError::Corrupt { table: "debt", key: key.0, what: "currency, amount, day or status" };
    debt.map(|debt| Some((key, debt))).ok_or(corrupt)
}

/// Of a debtor, who has few: those of a creditor are many.
pub(in super::super) const DEBTS_OF_CASE: &str =
    debts!("WHERE debt.debtor = ?2 AND +debt.creditor = ?1 ORDER BY due, debt.id");

/// Debts of a debtor to a creditor, the one due first in front. What cannot be read is left out: nothing is asked for it.
pub(in super::super) fn debts_of_case(
    conn: &Connection,
    creditor: i64,
    debtor: i64,
) -> Result<Vec<(DebtKey, Debt)>, StoreError> {
    let mut statement = conn.prepare_cached(DEBTS_OF_CASE)?;
    let found = statement.query_map([creditor, debtor], read)?.collect::<Result<Vec<_>, _>>()?;
    Ok(found.into_iter().filter_map(|(key, debt)| Some((key, debt?))).collect())
}

/// How the debts stand that a text is about: the one that it names and those that travel with it, of which the worst holds.
/// `Open` where no such debt is known.
pub(in super::super) fn standing_of_debts(
    conn: &Connection,
    named: &str,
    message: Option<MessageKey>,
    now: Timestamp,
) -> Result<Standing, StoreError> {
    let read = |row: &Row<'_>| Ok(stands(&row.get::<_, String>(0)?, row.get(1)?, now));
    let mut statement = conn.prepare_cached("SELECT status, held_until FROM debt WHERE id = ?")?;
    let Some(first) = statement.query_row([named], read).optional()? else { return Ok(Standing::Open) };
    let mut all = vec![first];
    if let Some(message) = message {
        let sql =
            "SELECT status, held_until FROM message_debt JOIN debt ON debt.key = message_debt.debt WHERE message = ?";
        let mut statement = conn.prepare_cached(sql)?;
        for found in statement.query_map([message.0], read)? {
            all.push(found?);
        }
    }
    Ok(all.into_iter().max_by_key(|standing| standing.severity()).unwrap_or_default())
}

/// How a debtor's debts stand, of which the best holds: something of it may still be asked for. `Open` where no debt is known.
pub(in super::super) fn standing_of_all_debts(
    conn: &Connection,
    debtor: &str,
    now: Timestamp,
) -> Result<Standing, StoreError> {
    let sql = "SELECT status, held_until FROM debt WHERE debtor = (SELECT key FROM debtor WHERE id = ?)";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([debtor], |row| Ok(stands(&row.get::<_, String>(0)?, row.get(1)?, now)))?;
    let all = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(all.into_iter().min_by_key(|standing| standing.severity()).unwrap_or_default())
}

/// What a debt's status means for texts that ask for it: a promise that is over holds no more. What a later release wrote is
/// no reason to ask for money.
fn stands(status: &str, held_until: Option<i64>, now: Timestamp) -> Standing {
    match (status, held_until.map(Timestamp::from_millis)) {
        ("open", _) => Standing::Open,
        ("promised", Some(until)) if until <= now => Standing::Open,
        ("promised", Some(until)) => Standing::Promised { until },
        ("agreed", _) => Standing::Agreed,
        ("paid", _) => Standing::Paid,
        ("cancelled", _) => Standing::Cancelled,
        _ => Standing::Disputed,
    }
}

/// Rows of the debts that a message is about.
pub(in super::super) fn debts_of_message(conn: &Connection, message: MessageKey) -> Result<Vec<DebtKey>, StoreError> {
    let sql = "SELECT debt.key FROM message JOIN debt ON debt.id = message.debt WHERE message.key = ?1
         UNION SELECT debt FROM message_debt WHERE message = ?1";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([message.0], |row| row.get(0).map(DebtKey))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Work<'_> {
    /// Takes a debt in whose creditor and debtor are known. What is unsaid stays. How it stands changes only where `status`
    /// says it; a new one is open.
    pub(super) fn take_debt(
        &mut self,
        debt: &Debt,
        unsaid: Unsaid,
        status: Option<Status>,
        client: &str,
    ) -> Result<Result<Taken, Untaken>, StoreError> {
        let Some(rows) = self.rows_of(debt)? else { return Ok(Err(Untaken::NoDebtor)) };
        let Some((key, known)) = debt_of(self.conn, &debt.id)? else {
            let next = Debt { status: status.unwrap_or_default(), ..debt.clone() };
            self.write_debt(&next, rows, client)?;
            let key = DebtKey(self.conn.last_insert_rowid());
            self.follow_debt(key, None, &next)?;
            return Ok(Ok(Taken::Created));
        };
        let mut next = Debt { status: status.unwrap_or(known.status), ..debt.clone() };
        unsaid.complete_debt(&mut next, &known);
        if next == known {
            return Ok(Ok(Taken::Same));
        }
        self.write_debt(&next, rows, client)?;
        self.follow_debt(key, Some(&known), &next)?;
        if known.debtor != next.debtor {
            self.debt_changed_hands(key, &known)?;
        }
        self.debt_changed(key, &known, &next, None)?;
        Ok(Ok(Taken::Changed))
    }

    /// The rows of creditor and debtor; `None` without such a debtor.
    fn rows_of(&self, debt: &Debt) -> Result<Option<(i64, i64)>, StoreError> {
        let key = |row: &Row<'_>| row.get::<_, i64>(0);
        let mut creditor = self.conn.prepare_cached("SELECT key FROM creditor WHERE id = ?")?;
        let mut debtor = self.conn.prepare_cached("SELECT key FROM debtor WHERE id = ?")?;
        let creditor = creditor.query_row([&debt.creditor], key).optional()?;
        Ok(creditor.zip(debtor.query_row([&debt.debtor], key).optional()?))
    }

    fn write_debt(&self, debt: &Debt, (creditor, debtor): (i64, i64), client: &str) -> Result<(), StoreError> {
        let held_until = match debt.status {
            Status::Promised { until } => Some(self.broken_at(&debt.creditor, until)?.as_millis()),
            Status::Open | Status::Agreed | Status::Disputed | Status::Paid | Status::Cancelled => None,
        };
        self.conn
            .prepare_cached(
                "INSERT INTO debt (id, creditor, debtor, currency, original, amount, due, instalment, instalments,
                 contract, product, terms, boleto, pix, link, access_code, ladder, tags, status, until, held_until,
                 entered_at, at, client)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                 ?22, ?22, ?23)
                 ON CONFLICT (id) DO UPDATE SET creditor = ?2, debtor = ?3, currency = ?4, original = ?5, amount = ?6,
                 due = ?7, instalment = ?8, instalments = ?9, contract = ?10, product = ?11, terms = ?12, boleto = ?13,
                 pix = ?14, link = ?15, access_code = ?16, ladder = ?17, tags = ?18, status = ?19, until = ?20,
                 held_until = ?21, at = ?22, client = ?23",
            )?
            .execute(params![
                debt.id,
                creditor,
                debtor,
                debt.currency.code(),
                debt.original.hundredths(),
                debt.amount.hundredths(),
                stored_day(debt.due),
                debt.instalment.map(|instalment| instalment.number),
                debt.instalment.map(|instalment| instalment.of),
                debt.contract,
                debt.product,
                debt.terms,
                debt.boleto,
                debt.pix,
                debt.link,
                debt.access_code,
                debt.ladder,
                stored_words(&debt.tags),
                debt.status.name(),
                debt.status.until().map(stored_day),
                held_until,
                self.now.as_millis(),
                client,
            ])?;
        Ok(())
    }

    /// Has its ladder follow a debt that is written. It goes by it from today where it is new, on another ladder, or owed
    /// again.
    pub(super) fn follow_debt(&mut self, key: DebtKey, before: Option<&Debt>, after: &Debt) -> Result<(), StoreError> {
        let begins = before.is_none_or(|before| {
            before.ladder != after.ladder || (after.status == Status::Open && !before.status.is_asked_for())
        });
        let since = if begins { Some(self.today_at(&after.creditor)?) } else { None };
        self.keep_track(key, since, after.status, self.grace_days())
    }

    /// For so many whole days a promise is waited for after its day.
    pub(super) fn grace_days(&self) -> i64 {
        i64::try_from(self.board.contact.promise_grace.as_secs() / 86_400).unwrap_or(0)
    }

    fn today_at(&self, creditor: &str) -> Result<jiff::civil::Date, StoreError> {
        let zone = creditor_of(self.conn, creditor)?.map_or(jiff::tz::TimeZone::UTC, |creditor| creditor.zone);
        Ok(self.now.to_jiff().map_or(jiff::civil::Date::MAX, |now| now.to_zoned(zone).date()))
    }

    /// When a promise for a day counts as broken: that day and the days of grace are over where the creditor is.
    fn broken_at(&self, creditor: &str, until: jiff::civil::Date) -> Result<Timestamp, StoreError> {
        let zone = creditor_of(self.conn, creditor)?.map_or(jiff::tz::TimeZone::UTC, |creditor| creditor.zone);
        let over = until.tomorrow().ok().and_then(|next| next.to_zoned(zone).ok());
        let over = over.map_or(self.now, |next| Timestamp::from_jiff(next.timestamp()));
        Ok(over + self.board.contact.promise_grace)
    }

    /// Writes a debt that is known.
    pub(super) fn rewrite_debt(&mut self, debt: &Debt, client: &str) -> Result<(), StoreError> {
        let rows = self.rows_of(debt)?;
        rows.map_or(Ok(()), |rows| self.write_debt(debt, rows, client))
    }
}

/// Which debts to list.
#[derive(Debug, Clone, Default)]
pub struct DebtFilter {
    /// Of this debtor.
    pub debtor: Option<String>,
    /// To this creditor.
    pub creditor: Option<String>,
    /// To these creditors alone; to all where it is empty.
    pub creditors: Vec<String>,
    /// That stand so.
    pub status: Option<&'static str>,
    /// Before this row.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

impl Reader {
    /// A debt by the caller's id.
    pub fn debt(&self, id: &str) -> Result<Option<Debt>, StoreError> {
        self.with(|conn| Ok(debt_of(conn, id)?.map(|(_, debt)| debt)))
    }

    /// Debts, newest first, with their rows. What cannot be read is left out.
    pub fn debts(&self, filter: &DebtFilter) -> Result<Vec<(DebtKey, Debt)>, StoreError> {
        let creditors = serde_json::to_string(&filter.creditors).unwrap_or_default();
        self.with(|conn| {
            // A debtor has few debts, a creditor many: each is found by the index of what was asked for.
            let which = match filter {
                DebtFilter { debtor: Some(_), .. } => debts!(
                    "WHERE debt.debtor = (SELECT key FROM debtor WHERE id = ?1)
                     AND (?2 IS NULL OR +debt.creditor = (SELECT key FROM creditor WHERE id = ?2))"
                ),
                DebtFilter { creditor: Some(_), .. } => {
                    debts!("WHERE ?1 IS NULL AND debt.creditor = (SELECT key FROM creditor WHERE id = ?2)")
                }
                DebtFilter { debtor: None, creditor: None, .. } => debts!("WHERE ?1 IS NULL AND ?2 IS NULL"),
            };
            let mut statement = conn.prepare_cached(&format!(
                "{which} AND (?3 = '[]' OR creditor.id IN (SELECT value FROM json_each(?3)))
                 AND (?4 IS NULL OR status = ?4) AND debt.key < coalesce(?5, 9223372036854775807)
                 ORDER BY debt.key DESC LIMIT ?6"
            ))?;
            let values = params![filter.debtor, filter.creditor, creditors, filter.status, filter.before, filter.limit];
            let found = statement.query_map(values, read)?.collect::<Result<Vec<_>, _>>()?;
            Ok(found.into_iter().filter_map(|(key, debt)| Some((key, debt?))).collect())
        })
    }
}
