//! Creditors as rows.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::contact::reply::Language;
use crate::dunning::creditor::Creditor;
use crate::dunning::event::Happening;
use crate::dunning::money::Currency;

use super::super::StoreError;
use super::super::reader::Reader;
use super::super::work::Work;
use super::Taken;

macro_rules! creditors {
    ($which:literal) => {
        concat!("SELECT key, id, name, sender, zone, language, currency, ladder, triggers FROM creditor ", $which)
    };
}

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, Option<Creditor>)> {
    let (zone, language, currency): (String, String, String) = (row.get(4)?, row.get(5)?, row.get(6)?);
    let values = TimeZone::get(&zone).ok().zip(Language::from_code(&language)).zip(Currency::from_code(&currency));
    let Some(((zone, language), currency)) = values else { return Ok((row.get(0)?, None)) };
    let (id, name, sender, ladder) = (row.get(1)?, row.get(2)?, row.get(3)?, row.get(7)?);
    let triggers = triggers(row.get::<_, Option<String>>(8)?.as_deref());
    Ok((row.get(0)?, Some(Creditor { id, name, sender, zone, language, currency, ladder, triggers })))
}

/// What a later release calls an event is not known here and triggers nothing.
fn triggers(stored: Option<&str>) -> BTreeMap<&'static str, String> {
    let stored: BTreeMap<String, String> =
        stored.and_then(|stored| serde_json::from_str(stored).ok()).unwrap_or_default();
    stored.into_iter().filter_map(|(name, template)| Some((Happening::known(&name)?, template))).collect()
}

fn stored_triggers(triggers: &BTreeMap<&'static str, String>) -> Option<String> {
    if triggers.is_empty() { None } else { serde_json::to_string(triggers).ok() }
}

/// A creditor by the caller's id.
pub(super) fn creditor_of(conn: &Connection, id: &str) -> Result<Option<Creditor>, StoreError> {
    let found = conn.prepare_cached(creditors!("WHERE id = ?"))?.query_row([id], read).optional()?;
    let Some((key, creditor)) = found else { return Ok(None) };
    let corrupt = StoreError::Corrupt { table: "creditor", key, what: "zone, language or currency" };
    creditor.map(Some).ok_or(corrupt)
}

impl Work<'_> {
    /// Takes a creditor in.
    pub fn take_creditor(&mut self, creditor: &Creditor, client: &str) -> Result<Taken, StoreError> {
        let sql = "SELECT key FROM creditor WHERE id = ?";
        let known: Option<i64> =
            self.conn.prepare_cached(sql)?.query_row([&creditor.id], |row| row.get(0)).optional()?;
        let (sql, taken) = match known {
            None => {
                let insert = "INSERT INTO creditor (name, sender, zone, language, currency, ladder, triggers, at,
                     client, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
                (insert, Taken::Created)
            }
            // What a person has spoilt is written anew.
            Some(_) if creditor_of(self.conn, &creditor.id).is_ok_and(|found| found.as_ref() == Some(creditor)) => {
                return Ok(Taken::Same);
            }
            Some(_) => {
                let update =
                    "UPDATE creditor SET name = ?, sender = ?, zone = ?, language = ?, currency = ?, ladder = ?,
                     triggers = ?, at = ?, client = ? WHERE id = ?";
                (update, Taken::Changed)
            }
        };
        self.conn.prepare_cached(sql)?.execute(params![
            creditor.name,
            creditor.sender,
            creditor.zone.iana_name(),
            creditor.language.code(),
            creditor.currency.code(),
            creditor.ladder,
            stored_triggers(&creditor.triggers),
            self.now.as_millis(),
            client,
            creditor.id,
        ])?;
        if taken == Taken::Changed {
            self.look_at_cases_to(Some(&creditor.id))?;
        }
        Ok(taken)
    }
}

/// All creditors that can be read, by their ids.
pub(in super::super) fn creditor_rows(conn: &Connection) -> Result<Vec<(i64, Creditor)>, StoreError> {
    let mut statement = conn.prepare_cached(creditors!("ORDER BY id"))?;
    let found = statement.query_map([], read)?.collect::<Result<Vec<_>, _>>()?;
    Ok(found.into_iter().filter_map(|(key, creditor)| Some((key, creditor?))).collect())
}

impl Reader {
    /// All creditors, by their ids.
    pub fn creditors(&self) -> Result<Vec<Creditor>, StoreError> {
        self.with(|conn| Ok(creditor_rows(conn)?.into_iter().map(|(_, creditor)| creditor).collect()))
    }
}
