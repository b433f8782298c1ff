//! Whether a database is what it should be: its structure, its references, both chains, and what can be counted again.
//!
//! It is looked at from another process than the daemon's, with connections that change nothing. What a running daemon commits
//! meanwhile can make counts differ: those are taken in one read.

use std::path::Path;

use rusqlite::Connection;

use crate::dispatch::balance::Rule;
use crate::dispatch::budget::Limits;
use crate::dispatch::sim::SimSettings;
use crate::sms::id::MessageKey;
use crate::sms::lifecycle::message_state;

use super::reader::Reader;
use super::row::{MessageRow, SegmentRow, code};
use super::{OpenError, StoreError, audit, schema};

/// Complaints of SQLite that are kept; the first ones say enough.
const COMPLAINTS_MAX: usize = 20;

/// What is looked at, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// `PRAGMA integrity_check`.
    Structure,
    /// `PRAGMA foreign_key_check`.
    References,
    /// What is counted in one place and stands in another.
    Counts,
    /// The state of each message against its parts.
    States,
    /// The chain over the events.
    Events,
    /// The chain over the audit.
    Audit,
}

impl Look {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Structure, Self::References, Self::Counts, Self::States, Self::Events, Self::Audit];

    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Structure => "structure",
            Self::References => "references",
            Self::Counts => "counts",
            Self::States => "states",
            Self::Events => "chain of events",
            Self::Audit => "chain of the audit",
        }
    }
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Where it was found.
    pub look: Look,
    /// In words that hold nothing of what is stored.
    pub detail: String,
}

/// What can be counted again: a question whose answer is nothing where all is well, and what it means.
const COUNTS: &[(&str, &str)] = &[
    (
        "SELECT state FROM (SELECT state, messages FROM tally UNION ALL SELECT state, -count(*) FROM message GROUP BY state)
         GROUP BY state HAVING sum(messages) <> 0",
        "messages in state {} are not as many as is counted",
    ),
    (
        "SELECT lane.key FROM lane WHERE waiting <> (SELECT count(*) FROM segment WHERE segment.lane = lane.key AND state = 0)",
        "parts that wait in lane {} are not as many as is counted",
    ),
    (
        "SELECT min(seq) FROM event HAVING max(seq) - min(seq) + 1 <> count(*)",
        "the log has a gap behind event {}",
    ),
    (
        "SELECT event_cut.seq FROM event_cut WHERE event_cut.seq + 1 <> (SELECT min(seq) FROM event)",
        "the log does not begin behind event {}, where it was cut",
    ),
    (
        "SELECT seq FROM rollup WHERE seq > (SELECT coalesce(max(seq), 0) FROM event)",
        "results are counted up to event {}, which is not there",
    ),
    (
        "SELECT key FROM webhook WHERE seq > (SELECT coalesce(max(seq), 0) FROM event)",
        "endpoint {} is behind the end of the log",
    ),
    (
        "SELECT sim FROM segment WHERE state = 2 GROUP BY modem HAVING count(*) > 1 LIMIT 1",
        "more than one part is on the wire of one modem, by SIM {}",
    ),
    (
        "SELECT count(*) FROM segment WHERE state = 11 HAVING count(*) > 0",
        "{} parts are set aside because they cannot be read",
    ),
];

/// Looks at everything. `begins` is told of each look before it.
pub fn verify(path: &Path, mut begins: impl FnMut(Look)) -> Result<Vec<Flaw>, OpenError> {
    schema::inspect(path)?;
    let mut flaws = Vec::new();
    let conn = schema::open_looker(path)?;
    for (look, pragma) in [
        (Look::Structure, format!("PRAGMA integrity_check({COMPLAINTS_MAX})")),
        (
            Look::References,
            format!(
                "SELECT \"table\" || ' refers to nothing in ' || parent FROM pragma_foreign_key_check LIMIT {COMPLAINTS_MAX}"
            ),
        ),
    ] {
        begins(look);
        let says = said(&conn, &pragma)?;
        flaws.extend(says.into_iter().filter(|says| says != "ok").map(|detail| Flaw { look, detail }));
    }
    if !schema::is_current(&conn, path)? {
        // What is looked at below is what this release knows of; the next start brings the file up to date.
        return Ok(flaws);
    }
    if flaws.iter().any(|flaw| flaw.look == Look::Structure) {
        return Ok(flaws);
    }
    begins(Look::Counts);
    counts(&conn, &mut flaws)?;
    begins(Look::States);
    states(&conn, &mut flaws)?;
    begins(Look::Events);
    let sims = SimSettings { default: Limits::none(), balance: Rule::default(), cards: Vec::new() };
    if let Some(reader) = Reader::look(path, sims)?
        && let Some((seq, fault)) = reader.verify(None)?.and_then(|found| found.fault)
    {
        flaws.push(Flaw { look: Look::Events, detail: format!("event {seq}: {}", fault.detail()) });
    }
    begins(Look::Audit);
    if let Some(seq) = audit::verify(&conn)?.fault {
        flaws.push(Flaw { look: Look::Audit, detail: format!("entry {seq} is not what was written") });
    }
    Ok(flaws)
}

fn said(conn: &Connection, sql: &str) -> Result<Vec<String>, OpenError> {
    let read = |conn: &Connection| -> rusqlite::Result<Vec<String>> {
        conn.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
    };
    match read(conn) {
        Ok(says) => Ok(says),
        // So damaged that SQLite does not go on.
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseCorrupt) => {
            Ok(vec![error.to_string()])
        }
        Err(error) => Err(error.into()),
    }
}

fn counts(conn: &Connection, flaws: &mut Vec<Flaw>) -> Result<(), StoreError> {
    for (sql, words) in COUNTS {
        let mut statement = conn.prepare(sql)?;
        let found = statement.query_map([], |row| row.get::<_, i64>(0))?.collect::<Result<Vec<_>, _>>()?;
        for value in found.into_iter().take(COMPLAINTS_MAX) {
            flaws.push(Flaw { look: Look::Counts, detail: words.replace("{}", &value.to_string()) });
        }
    }
    Ok(())
}

/// Each message's state follows from its parts.
fn states(conn: &Connection, flaws: &mut Vec<Flaw>) -> Result<(), StoreError> {
    let transaction = conn.unchecked_transaction()?;
    let mut keys = transaction.prepare("SELECT key FROM message ORDER BY key")?;
    let mut rows = keys.query([])?;
    let mut found = 0;
    while let Some(row) = rows.next()? {
        let key = MessageKey(row.get(0)?);
        if found < COMPLAINTS_MAX
            && let Some(detail) = flaw_of(&transaction, key)?
        {
            found += 1;
            flaws.push(Flaw { look: Look::States, detail });
        }
    }
    Ok(())
}

fn flaw_of(conn: &Connection, key: MessageKey) -> Result<Option<String>, StoreError> {
    let read = MessageRow::by_key(conn, key).and_then(|message| Ok((SegmentRow::of(conn, &message)?, message)));
    let (segments, message) = match read {
        Ok(read) => read,
        Err(error) if error.is_of_a_row() => {
            let sql = "SELECT EXISTS (SELECT 1 FROM segment WHERE message = ? AND state = ?)";
            let is_set_aside: bool = conn.prepare_cached(sql)?.query_row([key.0, code::SET_ASIDE], |row| row.get(0))?;
            return Ok((!is_set_aside).then(|| format!("message {} cannot be read: {error}", key.0)));
        }
        Err(error) => return Err(error),
    };
    let count = |parts: usize| i64::try_from(parts).unwrap_or(i64::MAX);
    let sent = segments.iter().filter(|segment| segment.state.is_sent()).count();
    let detail = if count(segments.len()) != message.parts {
        format!("message {} has not all of its parts", key.0)
    } else if message_state(segments.iter().map(|segment| &segment.state)) != message.state {
        format!("the state of message {} is not what follows from its parts", key.0)
    } else if count(sent) != message.parts_sent {
        format!("of message {} another count of parts was sent", key.0)
    } else {
        return Ok(None);
    };
    Ok(Some(detail))
}
