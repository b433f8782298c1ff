//! Lists of messages: which index a list walks, so that a page costs what is on it and not what is in the table.
//!
//! Each list walks one index that ends in the row, newest first, and asks the rows there for the rest; the other conditions
//! are kept from the planner with a `+`. Knows nothing of pages of the API and of what a caller may see.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};

use crate::clock::Timestamp;
use crate::sms::id::MessageId;

use super::StoreError;
use super::reader::{MESSAGE, json_list, read_message};
use super::row::message_code;
use super::view::{MessageFilter, MessageView};

/// A state that no more messages than this are in is walked rather than a batch or a creditor, which may have millions.
const FEW: u64 = 20_000;

/// What clients know by a reference. The table is in the order of clients: each of these is found from the one before, and
/// asked for the reference.
const REFERENCE: &str = "message.id IN (
    WITH RECURSIVE whose (client) AS (
        SELECT min(client) FROM client_ref
        UNION ALL
        SELECT (SELECT min(client) FROM client_ref WHERE client > whose.client) FROM whose WHERE whose.client IS NOT NULL
    )
    SELECT client_ref.message FROM whose CROSS JOIN client_ref ON client_ref.client = whose.client
    WHERE client_ref.ref = ?)";

/// The index that a list walks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Walk {
    /// The few rows that clients know by the reference.
    Reference,
    Recipient,
    Debtor,
    State,
    Batch,
    /// Each creditor by itself: an index of several creditors would have to be read to its end and sorted.
    Creditor,
    /// Everything.
    Newest,
}

impl Walk {
    fn of(conn: &Connection, filter: &MessageFilter) -> Result<Self, StoreError> {
        if filter.client_ref.is_some() {
            return Ok(Self::Reference);
        }
        if filter.to.is_some() {
            return Ok(Self::Recipient);
        }
        if filter.debtor.is_some() {
            return Ok(Self::Debtor);
        }
        if let Some(state) = filter.state {
            let sql = "SELECT messages FROM tally WHERE state = ?";
            let messages = conn.prepare_cached(sql)?.query_row([message_code(state)], |row| row.get(0)).optional()?;
            let is_alone = filter.batch.is_none() && filter.creditors.is_empty();
            if is_alone || messages.unwrap_or(0) <= FEW {
                return Ok(Self::State);
            }
        }
        Ok(match (&filter.batch, filter.creditors.is_empty()) {
            (Some(_), _) => Self::Batch,
            (None, false) => Self::Creditor,
            (None, true) => Self::Newest,
        })
    }
}

/// The messages of a list, newest first, without their parts.
pub(super) fn list(conn: &Connection, filter: &MessageFilter) -> Result<Vec<MessageView>, StoreError> {
    let walk = Walk::of(conn, filter)?;
    if walk != Walk::Creditor {
        return one_walk(conn, filter, walk, None);
    }
    let mut found = Vec::new();
    for creditor in filter.creditors.iter() {
        found.extend(one_walk(conn, filter, walk, Some(creditor))?);
    }
    found.sort_unstable_by_key(|view| std::cmp::Reverse(view.key));
    found.dedup_by_key(|view| view.key);
    found.truncate(usize::try_from(filter.limit).unwrap_or(usize::MAX));
    Ok(found)
}

fn one_walk(
    conn: &Connection,
    filter: &MessageFilter,
    walk: Walk,
    creditor: Option<&str>,
) -> Result<Vec<MessageView>, StoreError> {
    let (condition, values) = condition(filter, walk, creditor);
    let sql = format!("{MESSAGE} {condition} ORDER BY message.key DESC LIMIT {}", filter.limit);
    Ok(conn.prepare_cached(&sql)?.query_map(params_from_iter(values), read_message)?.collect::<Result<_, _>>()?)
}

/// The condition of a list and its values. The time becomes a bound of rows through the public names, which begin with it.
fn condition(filter: &MessageFilter, walk: Walk, creditor: Option<&str>) -> (String, Vec<Value>) {
    let mut terms: Vec<String> = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    let mut add = |walked: bool, term: &str, value: Option<Value>| {
        if let Some(value) = value {
            terms.push(format!("{}{term}", if walked { "" } else { "+" }));
            values.push(value);
        }
    };
    add(true, REFERENCE, filter.client_ref.clone().map(Value::Text));
    let to = filter.to.and_then(|to| i64::try_from(to.as_u64()).ok());
    add(walk == Walk::Recipient, "recipient = ?", to.map(Value::Integer));
    add(walk == Walk::Debtor, "debtor = ?", filter.debtor.clone().map(Value::Text));
    add(walk == Walk::State, "state = ?", filter.state.map(|state| Value::Integer(message_code(state))));
    add(walk == Walk::Batch, "message.batch = ?", filter.batch.clone().map(Value::Text));
    if let Some(creditor) = creditor {
        add(true, "message.creditor = ?", Some(Value::Text(creditor.to_owned())));
    } else {
        let creditors = (!filter.creditors.is_empty()).then(|| json_list(&filter.creditors));
        add(false, "message.creditor IN (SELECT value FROM json_each(?))", creditors);
    }
    // Rows are the end of every index: bounds of them cut any walk short.
    let first_name = |since: Timestamp| Value::Blob(MessageId::new(since, [0; 10]).as_bytes().to_vec());
    add(
        true,
        "message.key >= (SELECT coalesce(min(key), 9223372036854775807) FROM (
             SELECT key FROM message WHERE id >= ? ORDER BY id LIMIT 1))",
        filter.since.map(first_name),
    );
    add(true, "message.key < ?", filter.before.map(|key| Value::Integer(key.0)));
    let condition = if terms.is_empty() { String::new() } else { format!("WHERE {}", terms.join(" AND ")) };
    (condition, values)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rusqlite::params;

    use crate::sms::id::MessageKey;
    use crate::sms::lifecycle::MessageState;
    use crate::sms::number::PhoneNumber;
    use crate::store::schema;

    use super::*;

    fn filter() -> MessageFilter {
        MessageFilter { before: Some(MessageKey(1_000)), limit: 50, ..MessageFilter::default() }
    }

    /// What the planner does with a list when each state has so many messages: the index, and whether it sorts.
    fn plan(messages: u64, filter: &MessageFilter) -> (String, bool) {
        let folder = tempfile::tempdir().unwrap();
        let conn = schema::open_writer(&folder.path().join("recado.db")).unwrap();
        let code = message_code(MessageState::Failed);
        conn.execute("INSERT OR REPLACE INTO tally (state, messages) VALUES (?, ?)", params![code, messages]).unwrap();
        let walk = Walk::of(&conn, filter).unwrap();
        let creditor = (walk == Walk::Creditor).then(|| &*filter.creditors[0]);
        let (condition, values) = condition(filter, walk, creditor);
        let sql = format!("EXPLAIN QUERY PLAN {MESSAGE} {condition} ORDER BY message.key DESC LIMIT 50");
        let mut statement = conn.prepare(&sql).unwrap();
        let rows = statement.query_map(params_from_iter(values), |row| row.get::<_, String>(3)).unwrap();
        let steps: Vec<String> = rows.map(Result::unwrap).collect();
        let sorts = steps.iter().any(|step| step.contains("TEMP B-TREE"));
        (steps[0].clone(), sorts)
    }

    #[test]
    fn every_list_walks_one_index_and_sorts_nothing() {
        let state = || Some(MessageState::Failed);
        let batch = || Some("november".to_owned());
        let creditors = || Arc::from(["a".to_owned(), "b".to_owned()]);
        let to = PhoneNumber::from_digits("5511987654321");
        let many = 5_000_000;
        for (messages, list, index) in [
            (many, MessageFilter { state: state(), ..filter() }, "message_state"),
            (many, MessageFilter { state: state(), to, ..filter() }, "message_recipient"),
            (1, MessageFilter { state: state(), to, creditors: creditors(), ..filter() }, "message_recipient"),
            (many, MessageFilter { debtor: batch(), state: state(), batch: batch(), ..filter() }, "message_debtor"),
            (many, MessageFilter { state: state(), batch: batch(), ..filter() }, "message_batch"),
            (12, MessageFilter { state: state(), batch: batch(), ..filter() }, "message_state"),
            (many, MessageFilter { creditors: creditors(), ..filter() }, "message_creditor"),
            (many, MessageFilter { state: state(), creditors: creditors(), ..filter() }, "message_creditor"),
            (12, MessageFilter { state: state(), creditors: creditors(), ..filter() }, "message_state"),
            (many, MessageFilter { batch: batch(), creditors: creditors(), ..filter() }, "message_batch"),
        ] {
            let (step, sorts) = plan(messages, &list);
            assert!(step.contains(&format!("INDEX {index} (")), "{list:?}: {step}");
            assert!(step.contains("key<?"), "{list:?}: {step}");
            assert!(!sorts, "{list:?}");
        }
        let (step, sorts) = plan(many, &filter());
        assert!(step.contains("PRIMARY KEY") && !sorts, "{step}");
        let (step, _) =
            plan(many, &MessageFilter { client_ref: Some("r".to_owned()), creditors: creditors(), ..filter() });
        assert!(step.starts_with("SEARCH message USING INDEX") && step.contains("(id=?"), "{step}");
    }
}
