//! Everything that is held of a person, as one document: the rows that erasure would empty, what is held of a person who is
//! blocked, and what the log says of the messages.
//!
//! Rows are shown as they are stored, by the names of `store::personal` and in its order: what is added there is exported too.
//! Times are RFC 3339, octets hexadecimal; amounts are hundredths and days are days since 1970-01-01.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, params_from_iter};
use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::contact::secret::Secret;
use crate::pdu::to_hex;
use crate::sms::number::PhoneNumber;

use super::StoreError;
use super::erasure::{self, Person};
use super::personal::{Fate, TABLES, WHO, Who};
use super::reader::Reader;
use super::row::{message_state_of, number, stored_number};
use super::suppression;

/// Columns with a time in ms.
const TIMES: [&str; 18] = [
    "at",
    "created_at",
    "not_before",
    "due",
    "expires",
    "offered_at",
    "accepted_at",
    "reported_at",
    "unknown_at",
    "effective",
    "until",
    "held_until",
    "entered_at",
    "waiting_since",
    "scts",
    "last_report_at",
    "answered_at",
    "lifted_at",
];

/// No day is so late, and no time so early: the year 1973.
const A_TIME: i64 = 100_000_000_000;

/// Of what the log says of the messages: the columns of the chain.
const EVENTS: &str =
    "SELECT event.seq, event.at, event.type, message.id AS message, event.part, event.modem, event.sim,
     event.data, event.hash FROM text CROSS JOIN message ON message.key = text.key
     CROSS JOIN event ON event.message = text.key ORDER BY event.seq";

/// The ledger's entries with the decisions that they rest on.
const SUPPRESSIONS: &str =
    "SELECT suppression.key, act.at, act.kind, act.purposes, act.creditor, act.effective, act.source,
     act.client, act.why, act.inbound, suppression.number, lifted.at AS lifted_at, lifted.client AS lifted_by,
     lifted.why AS lifted_why
     FROM suppression JOIN suppression_act AS act ON act.key = suppression.act
     LEFT JOIN suppression_lift AS lifted ON lifted.key = suppression.lift
     WHERE suppression.subscriber IN (SELECT value FROM subscriber)";

impl Reader {
    /// What is held of a person; `None` where nothing is known of a debtor.
    pub fn export(&self, person: &Person, secret: &Secret, now: Timestamp) -> Result<Option<Value>, StoreError> {
        self.with(|conn| {
            // One state of the database, however long it takes.
            let transaction = conn.unchecked_transaction()?;
            let held = held(&transaction, person)?;
            let found = erasure::numbers_of(&transaction, person)?;
            let (debtor, numbers) = match (found, person) {
                (Some(found), _) => found,
                (None, _) if held.is_empty() => return Ok(None),
                (None, Person::Debtor(id)) => (Some(id.clone()), Vec::new()),
                (None, Person::Number(number)) => (None, vec![*number]),
            };
            let who = erasure::who(debtor, &numbers, secret, i64::MAX, i64::MAX);
            let suppressed: Vec<Value> = numbers
                .iter()
                .map(|number| suppression::erased_entries(&transaction, secret, *number))
                .collect::<Result<Vec<_>, _>>()?
                .into_iter()
                .flatten()
                .map(|entry| json!({ "kind": entry.kind.name(), "creditor": entry.creditor, "effective": entry.effective.to_string() }))
                .collect();
            Ok(Some(json!({
                "at": now.to_string(),
                "tables": tables(&transaction, &who)?,
                "suppressed_as_digest": suppressed,
                "blocked": held,
            })))
        })
    }
}

/// What is held of those who are blocked, where this person is one of them.
fn held(conn: &Connection, person: &Person) -> Result<Vec<Value>, StoreError> {
    let sql = "SELECT key, until, held FROM erasure WHERE state <> 'done' AND held IS NOT NULL AND (debtor = ?1
         OR EXISTS (SELECT 1 FROM json_each(numbers) WHERE value IN (SELECT value FROM json_each(?2))))";
    let (debtor, forms): (Option<&str>, Vec<i64>) = match person {
        Person::Debtor(id) => (Some(id), Vec::new()),
        Person::Number(number) => (None, number.forms().map(stored_number).collect()),
    };
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map((debtor, Value::from(forms).to_string()), |row| {
        let held: String = row.get(2)?;
        let until = row.get::<_, Option<i64>>(1)?.map(|until| Timestamp::from_millis(until).to_string());
        let held: Value = serde_json::from_str(&held).unwrap_or_default();
        Ok(json!({ "erasure": row.get::<_, i64>(0)?, "until": until, "tables": held }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The rows of a person by table, those that there are, and the events of the messages.
pub(super) fn tables(conn: &Connection, who: &Who) -> Result<Value, StoreError> {
    let mut tables = Map::new();
    // Messages that are on their way are theirs too.
    let who = Who { since: i64::MAX, ..who.clone() };
    for table in TABLES.iter().filter(|table| !matches!(table.fate, Fate::Plain | Fate::Own)) {
        let rows = match table.name {
            "suppression" => rows(conn, &format!("{WHO} {SUPPRESSIONS}"), &who, table.name)?,
            // They are told with the entries.
            "suppression_act" | "suppression_lift" => Vec::new(),
            name => rows(conn, &table.select(), &who, name)?,
        };
        if !rows.is_empty() {
            tables.insert(table.name.to_owned(), Value::Array(rows));
        }
    }
    let events = rows(conn, &format!("{WHO} {EVENTS}"), &who, "event")?;
    tables.insert("event".to_owned(), Value::Array(events));
    Ok(Value::Object(tables))
}

fn rows(conn: &Connection, sql: &str, who: &Who, table: &str) -> Result<Vec<Value>, StoreError> {
    let mut statement = conn.prepare(sql)?;
    let names: Vec<String> = statement.column_names().map(ToOwned::to_owned).collect();
    let found = statement.query_map(params_from_iter(who.values()), |row| object(row, &names, table))?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn object(row: &Row<'_>, names: &[String], table: &str) -> rusqlite::Result<Value> {
    let mut object = Map::new();
    for (index, name) in names.iter().enumerate() {
        let value = match row.get_ref(index)? {
            ValueRef::Null => continue,
            ValueRef::Integer(value) => integer(table, name, value),
            ValueRef::Real(value) => Value::from(value),
            ValueRef::Text(text) => Value::from(String::from_utf8_lossy(text)),
            ValueRef::Blob(octets) => Value::from(to_hex(octets)),
        };
        object.insert(name.clone(), value);
    }
    Ok(Value::Object(object))
}

fn integer(table: &str, name: &str, value: i64) -> Value {
    if value >= A_TIME && TIMES.contains(&name) {
        return Value::from(Timestamp::from_millis(value).to_string());
    }
    match (table, name) {
        ("message", "state") => message_state_of(value).map_or(Value::from(value), |state| Value::from(state.name())),
        (_, "recipient" | "number") => {
            number(value).map_or(Value::from(value), |number: PhoneNumber| Value::from(number.e164()))
        }
        _ => Value::from(value),
    }
}
