//! Everything about a debtor in order: debts and what happened to them, steps of ladders, texts and what became of them,
//! answers, and who may not be texted any more.
//!
//! It is put together from what is stored anyway, so it is as long as that is kept, and as true.

use rusqlite::{Connection, OptionalExtension as _, Row, ToSql};
use serde_json::Value;

use crate::clock::Timestamp;
use crate::dunning::money::Amount;
use crate::sms::id::MessageId;
use crate::sms::message::Body;
use crate::sms::number::PhoneNumber;

use super::StoreError;
use super::portfolio::day;
use super::reader::Reader;
use super::record::stored_subscriber;
use super::row::{self, stored_number};

/// Something on the way of a debtor.
#[derive(Debug, Clone, Default)]
pub struct Stage {
    /// When.
    pub at: Timestamp,
    /// What, in the words of the API.
    pub kind: String,
    /// The debt, by the caller's id.
    pub debt: Option<String>,
    /// The creditor, by the caller's id.
    pub creditor: Option<String>,
    /// The message.
    pub message: Option<MessageId>,
    /// The number.
    pub number: Option<PhoneNumber>,
    /// The text.
    pub text: Option<Body>,
    /// The amount.
    pub amount: Option<Amount>,
    /// What else there is to say, in words of the API.
    pub details: Vec<(&'static str, String)>,
    /// Where it stands among what happened at the same time.
    order: (u8, i64),
}

/// What the log says of a debtor's debts, by the index `event_debt`; the plus takes the affinity of the key away, which the
/// index does not have.
const STEPS: &str = "SELECT event.seq, event.at, debt.id, creditor.id, type, data, message.id FROM debt
     JOIN creditor ON creditor.key = debt.creditor CROSS JOIN event ON json_extract(event.data, '$.debt') = +debt.key
     LEFT JOIN message ON message.key = event.message
     WHERE debt.debtor = ?1 AND type IN ('debt.changed', 'ladder.step', 'ladder.exit')
     AND (type <> 'debt.changed' OR json_extract(data, '$.happening') IS NULL)
     AND (?2 = '[]' OR creditor.id IN (SELECT value FROM json_each(?2)))";

/// The way of a debtor, looked at by whom.
struct Way<'a> {
    conn: &'a Connection,
    debtor: &'a str,
    key: i64,
    /// Creditors that are seen, as a list in JSON; `[]` for all.
    own: String,
    stages: Vec<Stage>,
}

impl Reader {
    /// Everything about a debtor, oldest first, as far as it is these creditors'; all of it when they are none. `None` where no
    /// debtor has this id.
    pub fn journey(&self, debtor: &str, creditors: &[String]) -> Result<Option<Vec<Stage>>, StoreError> {
        self.with(|conn| {
            let sql = "SELECT key FROM debtor WHERE id = ?";
            let Some(key) = conn.prepare_cached(sql)?.query_row([debtor], |row| row.get(0)).optional()? else {
                return Ok(None);
            };
            let own = serde_json::to_string(creditors).unwrap_or_default();
            let mut way = Way { conn, debtor, key, own, stages: Vec::new() };
            way.debts()?;
            way.happenings()?;
            way.steps()?;
            way.texts()?;
            way.states()?;
            way.numbers()?;
            way.standing()?;
            let mut stages = way.stages;
            stages.sort_by_key(|stage| (stage.at, stage.order));
            Ok(Some(stages))
        })
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn detail(name: &'static str, value: Option<String>) -> Option<(&'static str, String)> {
    value.filter(|value| !value.is_empty()).map(|value| (name, value))
}

impl Way<'_> {
    /// Adds the stages that a query gives.
    fn add(
        &mut self,
        source: u8,
        sql: &str,
        values: &[&dyn ToSql],
        read: impl Fn(&Row<'_>) -> rusqlite::Result<(i64, Stage)>,
    ) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        for found in statement.query_map(values, read)? {
            let (place, stage) = found?;
            self.stages.push(Stage { order: (source, place), ..stage });
        }
        Ok(())
    }

    fn debts(&mut self) -> Result<(), StoreError> {
        let sql = "SELECT debt.key, entered_at, debt.id, creditor.id, original, due, debt.currency, product FROM debt
             JOIN creditor ON creditor.key = debt.creditor WHERE debtor = ?1
             AND (?2 = '[]' OR creditor.id IN (SELECT value FROM json_each(?2)))";
        let (key, own) = (self.key, self.own.clone());
        self.add(0, sql, &[&key, &own], |row| {
            let due = row.get::<_, i64>(5).map(day)?.map(|due| due.to_string());
            let details = [detail("due", due), detail("currency", row.get(6)?), detail("product", row.get(7)?)];
            let stage = Stage {
                at: at(row.get(1)?),
                kind: "debt.taken_in".to_owned(),
                debt: row.get(2)?,
                creditor: row.get(3)?,
                amount: Amount::from_hundredths(row.get(4)?),
                details: details.into_iter().flatten().collect(),
                ..Stage::default()
            };
            Ok((row.get(0)?, stage))
        })
    }

    /// What happened to debts, and what files said of them.
    fn happenings(&mut self) -> Result<(), StoreError> {
        let sql = "SELECT debt_event.key, debt_event.at, debt.id, creditor.id, kind, coalesce(settled, debt_event.amount), day,
             debt_event.client, debt_event.inbound, debt_event.untold FROM debt JOIN debt_event ON debt_event.debt = debt.key
             JOIN creditor ON creditor.key = debt.creditor WHERE debtor = ?1
             AND (?2 = '[]' OR creditor.id IN (SELECT value FROM json_each(?2)))";
        let (key, own) = (self.key, self.own.clone());
        self.add(2, sql, &[&key, &own], |row| {
            let day = row.get::<_, Option<i64>>(6)?.and_then(day).map(|day| day.to_string());
            let inbound = row.get::<_, Option<i64>>(8)?.map(|seq| seq.to_string());
            let untold: Option<String> = row.get(9)?;
            let untold = detail("untold", untold.map(|untold| untold.replacen(' ', ": ", 1)));
            let details = [detail("day", day), detail("client", row.get(7)?), detail("inbound", inbound), untold];
            let stage = Stage {
                at: at(row.get(1)?),
                kind: format!("debt.{}", row.get::<_, String>(4)?),
                debt: row.get(2)?,
                creditor: row.get(3)?,
                amount: row.get::<_, Option<i64>>(5)?.and_then(Amount::from_hundredths),
                details: details.into_iter().flatten().collect(),
                ..Stage::default()
            };
            Ok((row.get(0)?, stage))
        })
    }

    /// What ladders did, and what else changed of debts.
    fn steps(&mut self) -> Result<(), StoreError> {
        let (key, own) = (self.key, self.own.clone());
        self.add(4, STEPS, &[&key, &own], |row| {
            let data: Value =
                row.get::<_, Option<String>>(5)?.and_then(|data| serde_json::from_str(&data).ok()).unwrap_or_default();
            let word = |name: &'static str| detail(name, data.get(name).and_then(Value::as_str).map(ToOwned::to_owned));
            let words = ["step", "outcome", "channel", "was", "status", "due"].map(word);
            let stage = Stage {
                at: at(row.get(1)?),
                kind: row.get(4)?,
                debt: row.get(2)?,
                creditor: row.get(3)?,
                message: row.get::<_, Option<_>>(6)?.map(MessageId::from_bytes),
                details: words.into_iter().flatten().collect(),
                ..Stage::default()
            };
            Ok((row.get(0)?, stage))
        })
    }

    fn texts(&mut self) -> Result<(), StoreError> {
        let sql =
            "SELECT message.key, created_at, message.debt, message.creditor, message.id, recipient, text, purpose,
             origin.mode, origin.ladder, origin.step, origin.template, origin.arm, message.operator, message.batch
             FROM message LEFT JOIN origin ON origin.key = message.origin WHERE debtor = ?1
             AND (?2 = '[]' OR message.creditor IN (SELECT value FROM json_each(?2)))";
        let (debtor, own) = (self.debtor.to_owned(), self.own.clone());
        self.add(5, sql, &[&debtor, &own], |row| {
            let names = ["purpose", "mode", "ladder", "step", "template", "arm", "operator", "batch"];
            let mut details = Vec::new();
            for (name, column) in names.into_iter().zip(7..) {
                details.extend(detail(name, row.get(column)?));
            }
            let stage = Stage {
                at: at(row.get(1)?),
                kind: "text".to_owned(),
                debt: row.get(2)?,
                creditor: row.get(3)?,
                message: Some(MessageId::from_bytes(row.get(4)?)),
                number: row::number(row.get(5)?),
                text: Some(Body(row.get(6)?)),
                details,
                ..Stage::default()
            };
            Ok((row.get(0)?, stage))
        })
    }

    /// What became of texts.
    fn states(&mut self) -> Result<(), StoreError> {
        let sql = "SELECT event.seq, event.at, type, data, message.id, message.debt, message.creditor
             FROM message CROSS JOIN event ON event.message = message.key WHERE debtor = ?1 AND type >= 'message.'
             AND type < 'message/' AND NOT (type = 'message.queued' AND event.at = created_at)
             AND (?2 = '[]' OR message.creditor IN (SELECT value FROM json_each(?2)))";
        let (debtor, own) = (self.debtor.to_owned(), self.own.clone());
        self.add(6, sql, &[&debtor, &own], |row| {
            let kind: String = row.get(2)?;
            let data: Value =
                row.get::<_, Option<String>>(3)?.and_then(|data| serde_json::from_str(&data).ok()).unwrap_or_default();
            let word = |name: &str| data.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
            let details = [detail("reason", word("code").or(word("reason"))), detail("not_before", word("not_before"))];
            let stage = Stage {
                at: at(row.get(1)?),
                kind: kind.replacen("message.", "text.", 1),
                message: Some(MessageId::from_bytes(row.get(4)?)),
                debt: row.get(5)?,
                creditor: row.get(6)?,
                details: details.into_iter().flatten().collect(),
                ..Stage::default()
            };
            Ok((row.get(0)?, stage))
        })
    }

    /// What came from the debtor's numbers, and what holds of them.
    fn numbers(&mut self) -> Result<(), StoreError> {
        let mut statement =
            self.conn.prepare_cached("SELECT number FROM debtor_number WHERE debtor = ? ORDER BY place")?;
        let stored = statement.query_map([self.key], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
        let mut seen = Vec::new();
        for number in stored.into_iter().filter_map(row::number) {
            // Two forms of one line are one.
            if seen.contains(&number.subscriber()) {
                continue;
            }
            seen.push(number.subscriber());
            for form in number.forms() {
                self.answers(form)?;
            }
            self.suppressions(number)?;
            let sql = "SELECT at, iif(inbound IS NULL, 'caller', 'reply') FROM confirmed_number WHERE subscriber = ?1";
            self.add(9, sql, &[&stored_subscriber(number)], |row| {
                let kind = "number.confirmed".to_owned();
                let details = detail("confirmed_by", row.get(1)?).into_iter().collect();
                Ok((0, Stage { at: at(row.get(0)?), kind, number: Some(number), details, ..Stage::default() }))
            })?;
        }
        Ok(())
    }

    fn answers(&mut self, number: PhoneNumber) -> Result<(), StoreError> {
        // What answers a text about somebody else with this number is that one's.
        let sql = "SELECT inbound.seq, inbound.at, inbound.text, understood, message.id, message.debt, message.creditor
             FROM inbound LEFT JOIN message ON message.key = inbound.message WHERE inbound.number = ?1
             AND (message.debtor IS NULL OR message.debtor = ?2)
             AND (?3 = '[]' OR message.creditor IN (SELECT value FROM json_each(?3)))";
        let (debtor, own) = (self.debtor.to_owned(), self.own.clone());
        self.add(7, sql, &[&stored_number(number), &debtor, &own], |row| {
            let seq: i64 = row.get(0)?;
            let understood = row.get::<_, Option<String>>(3)?.and_then(|stored| super::reply::retold(&stored));
            let intents = understood.map(|understood| understood.intents.join(","));
            let details = [detail("inbound", Some(seq.to_string())), detail("intents", intents)];
            let stage = Stage {
                at: at(row.get(1)?),
                kind: "answer".to_owned(),
                number: Some(number),
                text: Some(Body(row.get(2)?)),
                message: row.get::<_, Option<_>>(4)?.map(MessageId::from_bytes),
                debt: row.get(5)?,
                creditor: row.get(6)?,
                details: details.into_iter().flatten().collect(),
                ..Stage::default()
            };
            Ok((seq, stage))
        })
    }

    fn suppressions(&mut self, number: PhoneNumber) -> Result<(), StoreError> {
        let sql = "SELECT suppression.key, act.at, kind, creditor, source, act.client, act.inbound FROM suppression
             JOIN suppression_act AS act ON act.key = suppression.act WHERE suppression.subscriber = ?1
             AND (?2 = '[]' OR creditor IN (SELECT value FROM json_each(?2)))";
        let (subscriber, own) = (stored_subscriber(number), self.own.clone());
        self.add(8, sql, &[&subscriber, &own], |row| {
            let inbound = row.get::<_, Option<i64>>(6)?.map(|seq| seq.to_string());
            let details = [
                detail("kind", row.get(2)?),
                detail("source", row.get(4)?),
                detail("client", row.get(5)?),
                detail("inbound", inbound),
            ];
            let stage = Stage {
                at: at(row.get(1)?),
                kind: "suppression.added".to_owned(),
                creditor: row.get(3)?,
                number: Some(number),
                details: details.into_iter().flatten().collect(),
                ..Stage::default()
            };
            Ok((row.get(0)?, stage))
        })?;
        let sql = "SELECT suppression.key, lifted.at, kind, creditor, lifted.client FROM suppression
             JOIN suppression_act AS act ON act.key = suppression.act
             JOIN suppression_lift AS lifted ON lifted.key = suppression.lift WHERE suppression.subscriber = ?1
             AND (?2 = '[]' OR creditor IN (SELECT value FROM json_each(?2)))";
        self.add(8, sql, &[&subscriber, &own], |row| {
            let details = [detail("kind", row.get(2)?), detail("client", row.get(4)?)];
            let stage = Stage {
                at: at(row.get(1)?),
                kind: "suppression.lifted".to_owned(),
                creditor: row.get(3)?,
                number: Some(number),
                details: details.into_iter().flatten().collect(),
                ..Stage::default()
            };
            Ok((row.get(0)?, stage))
        })
    }

    /// How things stand now; what stood before is not kept.
    fn standing(&mut self) -> Result<(), StoreError> {
        if self.own != "[]" {
            // It is not of one creditor.
            return Ok(());
        }
        let debtor = self.debtor.to_owned();
        self.add(9, "SELECT at, state, client FROM standing WHERE debtor = ?1", &[&debtor], |row| {
            let details = [detail("standing", row.get(1)?), detail("client", row.get(2)?)];
            let kind = "standing".to_owned();
            Ok((
                1,
                Stage {
                    at: at(row.get(0)?),
                    kind,
                    details: details.into_iter().flatten().collect(),
                    ..Stage::default()
                },
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_log_says_of_a_debt_is_found_by_its_index() {
        let folder = tempfile::tempdir().unwrap();
        let conn = super::super::schema::open_writer(&folder.path().join("recado.db")).unwrap();
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {STEPS}")).unwrap();
        let plan: Vec<String> = statement.query_map(("", ""), |row| row.get(3)).unwrap().map(Result::unwrap).collect();
        assert!(plan.iter().any(|line| line.contains("event USING INDEX event_debt (<expr>=?)")), "{plan:?}");
    }
}
