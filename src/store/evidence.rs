//! What the store knows about an unknown part.

use rusqlite::{Connection, params};

use crate::clock::Timestamp;
use crate::sms::evidence::Evidence;
use crate::sms::number::SUFFIX_DIGITS;
use crate::sms::number::{PhoneNumber, Sender};
use crate::sms::tp_status::TpStatus;

use super::StoreError;
use super::row::stored_number;

/// A row of a segment, as far as it matters here.
struct Unknown {
    sim: i64,
    offered_at: i64,
    cause: Option<String>,
    before: Option<u8>,
    after: Option<u8>,
}

/// What is known about the unknown part in row `segment`; `report` says whether a status report was asked for.
pub(super) fn of_part(
    conn: &Connection,
    segment: i64,
    recipient: PhoneNumber,
    report: bool,
) -> Result<Vec<Evidence>, StoreError> {
    let part = conn
        .prepare_cached("SELECT sim, offered_at, cause, mr_before, mr_after FROM segment WHERE key = ?")?
        .query_row([segment], |row| {
            let (sim, offered_at) = (row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?);
            Ok(Unknown {
                sim: sim.unwrap_or_default(),
                offered_at: offered_at.unwrap_or_default(),
                cause: row.get(2)?,
                before: row.get(3)?,
                after: row.get(4)?,
            })
        })?;
    let mut evidence: Vec<Evidence> = part.cause.clone().map(Evidence::Seen).into_iter().collect();
    if let Some((before, after)) = part.before.zip(part.after) {
        let sql = "SELECT count(*) FROM segment WHERE sim = ? AND state = 7 AND mr_before = ? AND mr_after = ?";
        let unknown = conn.prepare_cached(sql)?.query_row(params![part.sim, before, after], |row| row.get(0))?;
        evidence.push(Evidence::References { before, after, unknown });
    }
    let parked = parked(conn, &part, recipient)?;
    match (report, parked.is_empty()) {
        (false, _) => evidence.push(Evidence::ReportsOff),
        (true, true) => evidence.push(Evidence::NoReport),
        (true, false) => evidence.extend(parked),
    }
    let sql = "SELECT min(at) FROM inbound WHERE number = ? AND at > ?";
    let answered: Option<i64> =
        conn.prepare_cached(sql)?.query_row(params![stored_number(recipient), part.offered_at], |row| row.get(0))?;
    evidence.extend(answered.map(|at| Evidence::Answered { at: Timestamp::from_millis(at) }));
    Ok(evidence)
}

/// Reports to this recipient by the same SIM that fit nothing.
fn parked(conn: &Connection, part: &Unknown, recipient: PhoneNumber) -> Result<Vec<Evidence>, StoreError> {
    let rows = conn
        .prepare_cached(
            "SELECT recipient, tp_mr, tp_status, at FROM parked_report WHERE sim = ? AND at >= ? ORDER BY key",
        )?
        .query_map(params![part.sim, part.offered_at], |row| {
            let parked = Evidence::Parked {
                tp_mr: row.get(1)?,
                tp_status: TpStatus(row.get(2)?),
                at: Timestamp::from_millis(row.get(3)?),
            };
            Ok((Sender::new(row.get::<_, String>(0)?), parked))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    let number = recipient.e164();
    let is_theirs = |to: &Sender| to.suffix(SUFFIX_DIGITS).is_some_and(|suffix| number.ends_with(suffix));
    Ok(rows.into_iter().filter(|(to, _)| is_theirs(to)).map(|(_, parked)| parked).collect())
}
