//! Persons who were erased after the copy was made, as far as the copy holds something of them.

use std::collections::HashSet;

use rusqlite::{Row, params};

use crate::clock::Timestamp;

use super::super::super::audit::{digest_of_debtor, digest_of_number};
use super::super::super::erasure::{self, Person};
use super::super::super::row::{self, stored_number};
use super::super::super::{record, retention};
use super::{Fault, Work};

/// Who asks for an erasure again, as the erasure says.
const CLIENT: &str = "recado";

/// Why: whoever asked first gave a reason in the database that is replaced.
const REASON: &str = "erased after the copy that was put back was made";

impl Work<'_> {
    pub(super) fn erasures(&mut self) -> Result<(), Fault> {
        if !self.has("erasure")? {
            return Ok(());
        }
        let mut ended: HashSet<i64> = HashSet::new();
        let sql = "SELECT at, client, reason, until, debtor, numbers, subscribers, held FROM erasure ORDER BY key";
        let mut statement = self.from.prepare(sql).map_err(Fault::Old)?;
        let mut rows = statement.query([]).map_err(Fault::Old)?;
        while let Some(row) = rows.next().map_err(Fault::Old)? {
            let order = Order::read(row).map_err(Fault::Old)?;
            let sql = "SELECT 1 FROM erasure WHERE at = ? AND client = ? AND reason = ?";
            // What went at the end of its time goes again by itself.
            if retention::is_by_term(&order.client, &order.reason)
                || self.to.prepare_cached(sql)?.exists(params![order.at, order.client, order.reason])?
            {
                continue;
            }
            if order.debtor.is_none() && order.numbers.is_none() {
                ended.insert(order.at);
            } else {
                self.order(&order)?;
            }
        }
        drop(rows);
        let asked = self.asked(&ended)?;
        if asked.is_empty() && self.erased.is_empty() {
            return Ok(());
        }
        self.persons(&asked)
    }

    /// Digests of whom erasures of these times were asked for: a change and its entry in the audit have one time.
    fn asked(&mut self, ended: &HashSet<i64>) -> Result<HashSet<String>, Fault> {
        let mut digests = HashSet::new();
        if ended.is_empty() {
            return Ok(digests);
        }
        let sql = "SELECT at, id FROM audit WHERE object = 'erasures' AND kind = 'change' AND id IS NOT NULL";
        let mut statement = self.from.prepare(sql).map_err(Fault::Old)?;
        let mut rows = statement.query([]).map_err(Fault::Old)?;
        let mut left = ended.clone();
        while let Some(row) = rows.next().map_err(Fault::Old)? {
            let (at, id): (i64, String) = (row.get(0).map_err(Fault::Old)?, row.get(1).map_err(Fault::Old)?);
            if ended.contains(&at) {
                left.remove(&at);
                digests.insert(id);
            }
        }
        if self.secret.is_none() {
            let why = "whom its audit means cannot be told without suppression.key";
            self.carried.missed.push(format!("who was erased: {why}"));
        } else if !left.is_empty() {
            let why = format!("the audit has no entry of {} erasures", left.len());
            self.carried.missed.push(format!("who was erased: {why}"));
        }
        Ok(digests)
    }

    /// Erases again of whom the copy holds something.
    fn persons(&mut self, asked: &HashSet<String>) -> Result<(), Fault> {
        let Some(secret) = self.secret else { return Ok(()) };
        let mut done: HashSet<i64> = HashSet::new();
        for sql in [
            "SELECT DISTINCT id FROM debtor",
            "SELECT DISTINCT debtor FROM message WHERE debtor IS NOT NULL",
            "SELECT DISTINCT debtor FROM standing WHERE debtor IS NOT NULL",
            "SELECT DISTINCT debtor FROM campaign_row WHERE debtor IS NOT NULL",
        ] {
            if asked.is_empty() {
                break;
            }
            let mut statement = self.to.prepare(sql)?;
            let mut rows = statement.query([])?;
            let mut found: Vec<String> = Vec::new();
            while let Some(row) = rows.next()? {
                found.extend(Some(row.get(0)?).filter(|id: &String| asked.contains(&digest_of_debtor(secret, id))));
            }
            for id in found {
                if let Some((debtor, numbers)) = erasure::numbers_of(self.to, &Person::Debtor(id))? {
                    let subscribers = numbers.iter().map(|number| record::stored_subscriber(*number));
                    done.extend(subscribers.clone());
                    let subscribers = list(subscribers);
                    let numbers = list(numbers.iter().map(|number| stored_number(*number)));
                    self.order(&Order::again(self.now, debtor, numbers, subscribers))?;
                }
            }
        }
        for sql in [
            "SELECT DISTINCT number FROM debtor_number",
            "SELECT DISTINCT recipient FROM message WHERE recipient > 0",
            "SELECT DISTINCT number FROM inbound WHERE number IS NOT NULL",
            "SELECT DISTINCT number FROM suppression WHERE number IS NOT NULL",
            "SELECT DISTINCT recipient FROM campaign_row WHERE recipient IS NOT NULL",
        ] {
            let mut statement = self.to.prepare(sql)?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let Some(number) = row::number(row.get(0)?) else { continue };
                let subscriber = record::stored_subscriber(number);
                let is_meant = self.erased.contains(&secret.mac(number))
                    || (!asked.is_empty() && asked.contains(&digest_of_number(secret, number)));
                if is_meant && done.insert(subscriber) {
                    found.push((stored_number(number), subscriber));
                }
            }
            for (number, subscriber) in found {
                self.order(&Order::again(self.now, None, list([number]), list([subscriber])))?;
            }
        }
        Ok(())
    }

    /// Asks for an erasure in the copy, as if it had been asked for just now.
    fn order(&mut self, order: &Order) -> Result<(), Fault> {
        let Order { at, client, reason, until, debtor, numbers, subscribers, held } = order;
        let sql = "SELECT 1 FROM erasure WHERE state <> 'done' AND debtor IS ? AND numbers IS ?";
        if self.to.prepare_cached(sql)?.exists(params![debtor, numbers])? {
            return Ok(());
        }
        self.to
            .prepare_cached(
                "INSERT INTO erasure (at, client, reason, until, state, stage, debtor, numbers, subscribers, message, seq,
                     held, counts)
                 SELECT ?, ?, ?, ?, 'running', 0, ?, ?, ?, (SELECT coalesce(max(key), 0) FROM message),
                     (SELECT coalesce(max(seq), 0) FROM event), ?, '{}'",
            )?
            .execute(params![at, client, reason, until, debtor, numbers, subscribers, held])?;
        self.carried.erasures += 1;
        Ok(())
    }
}

/// An erasure, as its row has it.
struct Order {
    at: i64,
    client: String,
    reason: String,
    until: Option<i64>,
    debtor: Option<String>,
    numbers: Option<String>,
    subscribers: Option<String>,
    held: Option<String>,
}

impl Order {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            at: row.get(0)?,
            client: row.get(1)?,
            reason: row.get(2)?,
            until: row.get(3)?,
            debtor: row.get(4)?,
            numbers: row.get(5)?,
            subscribers: row.get(6)?,
            held: row.get(7)?,
        })
    }

    /// One that was asked for in the database that is replaced.
    fn again(now: Timestamp, debtor: Option<String>, numbers: String, subscribers: String) -> Self {
        Self {
            at: now.as_millis(),
            client: CLIENT.to_owned(),
            reason: REASON.to_owned(),
            until: None,
            debtor,
            numbers: Some(numbers),
            subscribers: Some(subscribers),
            held: None,
        }
    }
}

/// Numbers as the row of an erasure has them.
fn list(numbers: impl IntoIterator<Item = i64>) -> String {
    serde_json::Value::from_iter(numbers).to_string()
}
