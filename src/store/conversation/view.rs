//! Conversations as readers see them: lists by the last text, and both sides of one in order of time.

use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use crate::clock::Timestamp;
use crate::contact::standing::Standing;
use crate::sms::id::MessageId;
use crate::sms::lifecycle::MessageState;
use crate::sms::message::Body;
use crate::sms::message::Purpose;
use crate::sms::number::PhoneNumber;
use crate::store::StoreError;
use crate::store::reader::{Reader, json_list};
use crate::store::view::Understood;
use crate::store::{record, reply, row};

/// Which conversations to list.
#[derive(Debug, Clone, Default)]
pub struct ConversationFilter {
    /// Open or closed.
    pub is_open: Option<bool>,
    /// Whether a person is to read it.
    pub needs_person: Option<bool>,
    /// Looked after by this person.
    pub assigned: Option<String>,
    /// Whose last text is understood to want this.
    pub intent: Option<String>,
    /// With this debtor, by the caller's id.
    pub debtor: Option<String>,
    /// Whose last text answers a message of one of these creditors; empty for all.
    pub creditors: Arc<[String]>,
    /// Whose last text came before this one: the cursor.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: u32,
}

/// A conversation.
#[derive(Debug, Clone)]
pub struct ConversationView {
    /// Its number.
    pub key: i64,
    /// With whom.
    pub number: PhoneNumber,
    /// The debtor, by the caller's id.
    pub debtor: Option<String>,
    /// The debt that the last text is about.
    pub debt: Option<String>,
    /// The creditor that the last text is about.
    pub creditor: Option<String>,
    /// The SIM that received last, by name or ICCID.
    pub sim: String,
    /// Its ICCID.
    pub iccid: String,
    /// Whether it is open.
    pub is_open: bool,
    /// Whether a person is to read it.
    pub needs_person: bool,
    /// Who looks after it.
    pub assigned: Option<String>,
    /// The number of the last text.
    pub last_seq: i64,
    /// When it came.
    pub last_at: Timestamp,
    /// What it says.
    pub last_text: Body,
    /// What was understood of it.
    pub last_understood: Option<Understood>,
    /// How things stand with the debtor and the number.
    pub standing: Standing,
}

/// What one side said.
#[derive(Debug, Clone)]
pub enum Turn {
    /// A message to the person.
    Ours {
        /// Its row.
        key: i64,
        /// Its name.
        id: MessageId,
        /// When it was submitted.
        at: Timestamp,
        /// What it says.
        text: Body,
        /// Why it was sent.
        purpose: String,
        /// Where it stands.
        state: MessageState,
        /// Who wrote it.
        operator: Option<String>,
    },
    /// A text of the person.
    Theirs {
        /// Its number.
        seq: i64,
        /// When it came.
        at: Timestamp,
        /// What it says.
        text: Body,
        /// What was understood of it.
        understood: Option<Understood>,
    },
}

impl Turn {
    fn at(&self) -> Timestamp {
        match self {
            Self::Ours { at, .. } | Self::Theirs { at, .. } => *at,
        }
    }
}

/// Where a page of a conversation ends: what is older.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnsBefore {
    /// Messages before this row.
    pub message: i64,
    /// Texts before this one.
    pub inbound: i64,
}

/// A page of a conversation.
#[derive(Debug, Clone)]
pub struct TurnsPage {
    /// In order of time.
    pub turns: Vec<Turn>,
    /// Where there is more that is older.
    pub next: Option<TurnsBefore>,
}

const CONVERSATION: &str = "SELECT conversation.key, conversation.number, conversation.debtor, message.debtor,
     message.debt, message.creditor, sim.iccid, is_open, needs_person, assigned, inbound.seq, inbound.at, inbound.text,
     inbound.understood FROM conversation CROSS JOIN sim ON sim.key = conversation.sim
     CROSS JOIN inbound ON inbound.seq = conversation.inbound LEFT JOIN message ON message.key = inbound.message";

impl Reader {
    /// Conversations, the one with the newest text first.
    pub fn conversations(
        &self,
        filter: &ConversationFilter,
        now: Timestamp,
    ) -> Result<Vec<ConversationView>, StoreError> {
        let (sql, values) = list_sql(filter);
        self.with(|conn| {
            let mut statement = conn.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(values))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(self.read_conversation(conn, row, &filter.creditors, now)?);
            }
            Ok(found)
        })
    }

    /// One conversation, if its last text is the business of these creditors; empty for all.
    pub fn conversation(
        &self,
        key: i64,
        creditors: &[String],
        now: Timestamp,
    ) -> Result<Option<ConversationView>, StoreError> {
        let mut values = vec![Value::Integer(key)];
        let mut sql = format!("{CONVERSATION} WHERE conversation.key = ?");
        if !creditors.is_empty() {
            sql.push_str(OF_CREDITORS);
            values.push(json_list(creditors));
        }
        self.with(|conn| {
            let mut statement = conn.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(values))?;
            rows.next()?.map(|row| self.read_conversation(conn, row, creditors, now)).transpose()
        })
    }

    /// What was said, the newest `limit` before `before`, in order of time; of these creditors, or all when it is empty.
    pub fn turns(
        &self,
        number: PhoneNumber,
        before: Option<TurnsBefore>,
        limit: usize,
        creditors: &[String],
    ) -> Result<TurnsPage, StoreError> {
        let before = before.unwrap_or(TurnsBefore { message: i64::MAX, inbound: i64::MAX });
        let forms: Vec<i64> = number.forms().map(row::stored_number).collect();
        let forms = Value::Text(serde_json::Value::from(forms).to_string());
        self.with(|conn| {
            // One more of each tells whether there is more.
            let ours = turns(conn, OURS, &forms, before.message, limit + 1, creditors, ours)?;
            let theirs = turns(conn, THEIRS, &forms, before.inbound, limit + 1, creditors, theirs)?;
            Ok(merge(ours, theirs, before, limit))
        })
    }

    fn read_conversation(
        &self,
        conn: &Connection,
        row: &Row<'_>,
        creditors: &[String],
        now: Timestamp,
    ) -> Result<ConversationView, StoreError> {
        let key = row.get(0)?;
        let unreadable = StoreError::Corrupt { table: "conversation", key, what: "number" };
        let number = row::number(row.get(1)?).ok_or(unreadable)?;
        // A debtor of before may be somebody else's.
        let debtor: Option<String> = if creditors.is_empty() { row.get(2)? } else { row.get(3)? };
        let iccid: String = row.get(6)?;
        Ok(ConversationView {
            key,
            number,
            standing: record::standing(conn, debtor.as_deref(), &[number], Purpose::Collection, now)?,
            debtor,
            debt: row.get(4)?,
            creditor: row.get(5)?,
            sim: self.sim_label(iccid.clone()),
            iccid,
            is_open: row.get(7)?,
            needs_person: row.get(8)?,
            assigned: row.get(9)?,
            last_seq: row.get(10)?,
            last_at: Timestamp::from_millis(row.get(11)?),
            last_text: Body(row.get(12)?),
            last_understood: understood(row.get(13)?),
        })
    }
}

fn understood(stored: Option<String>) -> Option<Understood> {
    stored.and_then(|stored| reply::retold(&stored))
}

const OF_CREDITORS: &str = " AND message.creditor IN (SELECT value FROM json_each(?))";

/// The list and its values. What is one of two words is written out, so that the index of those that need a person serves.
fn list_sql(filter: &ConversationFilter) -> (String, Vec<Value>) {
    let mut sql = format!("{CONVERSATION} WHERE conversation.inbound < ?");
    let mut values = vec![Value::Integer(filter.before.unwrap_or(i64::MAX))];
    match filter.is_open {
        Some(true) => sql.push_str(" AND is_open = 1"),
        Some(false) => sql.push_str(" AND is_open = 0"),
        None => {}
    }
    match filter.needs_person {
        Some(true) => sql.push_str(" AND needs_person = 1"),
        Some(false) => sql.push_str(" AND needs_person = 0"),
        None => {}
    }
    if let Some(assigned) = &filter.assigned {
        sql.push_str(" AND assigned = ?");
        values.push(Value::Text(assigned.clone()));
    }
    if let Some(intent) = &filter.intent {
        sql.push_str(" AND EXISTS (SELECT 1 FROM json_each(understood, '$.intents') WHERE value = ?)");
        values.push(Value::Text(intent.clone()));
    }
    if let Some(debtor) = &filter.debtor {
        sql.push_str(" AND conversation.debtor = ?");
        values.push(Value::Text(debtor.clone()));
    }
    if !filter.creditors.is_empty() {
        sql.push_str(OF_CREDITORS);
        values.push(json_list(&filter.creditors));
        // A debtor of before may be somebody else's.
        if let Some(debtor) = &filter.debtor {
            sql.push_str(" AND message.debtor = ?");
            values.push(Value::Text(debtor.clone()));
        }
    }
    sql.push_str(" ORDER BY conversation.inbound DESC LIMIT ?");
    values.push(Value::Integer(filter.limit.into()));
    (sql, values)
}

const OURS: &str = "SELECT message.key, id, created_at, message.text, purpose, state, operator FROM message
     WHERE recipient IN (SELECT value FROM json_each(?)) AND message.key < ?";

const THEIRS: &str = "SELECT inbound.seq, inbound.at, inbound.text, understood FROM inbound
     LEFT JOIN message ON message.key = inbound.message
     WHERE inbound.number IN (SELECT value FROM json_each(?)) AND inbound.seq < ?";

fn ours(row: &Row<'_>) -> rusqlite::Result<Turn> {
    Ok(Turn::Ours {
        key: row.get(0)?,
        id: MessageId::from_bytes(row.get(1)?),
        at: Timestamp::from_millis(row.get(2)?),
        text: Body(row.get(3)?),
        purpose: row.get(4)?,
        state: row::message_state_of(row.get(5)?).ok_or(rusqlite::Error::IntegralValueOutOfRange(5, 0))?,
        operator: row.get(6)?,
    })
}

fn theirs(row: &Row<'_>) -> rusqlite::Result<Turn> {
    Ok(Turn::Theirs {
        seq: row.get(0)?,
        at: Timestamp::from_millis(row.get(1)?),
        text: Body(row.get(2)?),
        understood: understood(row.get(3)?),
    })
}

/// What one side said, newest first.
fn turns(
    conn: &Connection,
    select: &str,
    forms: &Value,
    before: i64,
    limit: usize,
    creditors: &[String],
    read: fn(&Row<'_>) -> rusqlite::Result<Turn>,
) -> Result<Vec<Turn>, StoreError> {
    let mut values = vec![forms.clone(), Value::Integer(before)];
    let of = if creditors.is_empty() { "" } else { OF_CREDITORS };
    values.extend((!creditors.is_empty()).then(|| json_list(creditors)));
    // Both number their rows in the first column.
    let sql = format!("{select}{of} ORDER BY 1 DESC LIMIT {limit}");
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map(params_from_iter(values), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The newest of both, each of which is newest first. What is taken is the head of each, so that its end is a place to go
/// on from, whatever the clock did meanwhile.
fn merge(ours: Vec<Turn>, theirs: Vec<Turn>, before: TurnsBefore, limit: usize) -> TurnsPage {
    let (mut ours, mut theirs) = (ours.into_iter().peekable(), theirs.into_iter().peekable());
    let (mut turns, mut end) = (Vec::new(), before);
    while turns.len() < limit {
        let is_ours = match (ours.peek(), theirs.peek()) {
            (None, None) => break,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            // An answer of the same millisecond is by Recado itself and came after.
            (Some(ours), Some(theirs)) => ours.at() >= theirs.at(),
        };
        turns.extend(if is_ours { ours.next() } else { theirs.next() });
        match turns.last() {
            Some(Turn::Ours { key, .. }) => end.message = *key,
            Some(Turn::Theirs { seq, .. }) => end.inbound = *seq,
            None => {}
        }
    }
    let next = (ours.peek().is_some() || theirs.peek().is_some()).then_some(end);
    turns.reverse();
    TurnsPage { turns, next }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema;

    fn said(seq: i64, at: i64) -> Turn {
        Turn::Theirs { seq, at: Timestamp::from_millis(at), text: Body(String::new()), understood: None }
    }

    fn written(key: i64, at: i64) -> Turn {
        Turn::Ours {
            key,
            id: MessageId::new(Timestamp::from_millis(at), [0; 10]),
            at: Timestamp::from_millis(at),
            text: Body(String::new()),
            purpose: "reply".to_owned(),
            state: MessageState::Queued,
            operator: None,
        }
    }

    fn times(page: &TurnsPage) -> Vec<i64> {
        page.turns.iter().map(|turn| turn.at().as_millis()).collect()
    }

    #[test]
    fn pages_follow_one_another_without_a_gap_also_where_the_clock_was_set_back() {
        let before = TurnsBefore { message: i64::MAX, inbound: i64::MAX };
        // Message 3 was written after the clock was set back.
        let ours = || vec![written(3, 5), written(2, 30), written(1, 10)];
        let theirs = || vec![said(2, 40), said(1, 20)];
        let page = merge(ours(), theirs(), before, 3);
        assert_eq!(times(&page), [5, 20, 40]);
        assert_eq!(page.next, Some(TurnsBefore { message: 3, inbound: 1 }));
        let page = merge(ours().split_off(1), Vec::new(), page.next.unwrap(), 3);
        assert_eq!((times(&page), page.next), (vec![10, 30], None));
    }

    #[test]
    fn lists_walk_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let conn = schema::open_writer(&folder.path().join("recado.db")).unwrap();
        let plan = |filter: &ConversationFilter| -> Vec<String> {
            let (sql, values) = list_sql(filter);
            let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            statement.query_map(params_from_iter(values), |row| row.get(3)).unwrap().map(Result::unwrap).collect()
        };
        let of_debtor = || Some("d-1".to_owned());
        for (needs_person, debtor, index) in [
            (None, None, "conversation_inbound"),
            (Some(true), None, "conversation_needs_person"),
            (None, of_debtor(), "conversation_debtor (debtor=? AND inbound<?)"),
        ] {
            let filter = ConversationFilter { needs_person, debtor, limit: 50, ..ConversationFilter::default() };
            let plan = plan(&filter);
            assert!(plan.iter().any(|step| step.contains(index)), "{plan:?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
        }
    }
}
