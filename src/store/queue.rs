//! The queue as an index walk: what a lane holds next, and what goes to a modem.

use rusqlite::{Connection, OptionalExtension, params};

use crate::clock::Timestamp;
use crate::contact::calendar::Window;
use crate::dispatch::gate::{Question, Reason, Verdict};
use crate::dispatch::plan::{Draw, Place};
use crate::dispatch::route::Route;
use crate::modem::Lease;
use crate::pdu::{Direction, EncodedPdu, Pdu, Tpdu, Validity};
use crate::sms::id::{MessageKey, SegmentId, SimKey};
use crate::sms::lifecycle::{Carrier, SegmentState};

use super::board::{Board, LaneInfo};
use super::habit::with_habit;
use super::row::{MessageRow, SegmentRow};
use super::work::{Effect, Work};
use super::{Store, StoreError, record};

/// What a draw gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drawn {
    /// A message and its parts that wait, in order.
    Message {
        /// The message.
        message: MessageKey,
        /// Its waiting parts.
        parts: Vec<SegmentId>,
    },
    /// A message that another SIM has begun: it must be pinned to that one ([`Work::pin`]), then draw again.
    Begun(MessageKey),
    /// A message that another SIM is to try first.
    Elsewhere(MessageKey),
    /// A message whose parts the SIM's budget does not hold now.
    TooLarge {
        /// The message.
        message: MessageKey,
        /// Until when no SIM on its route can begin it; `None` where another one can, or where time alone changes nothing.
        until: Option<Timestamp>,
    },
    /// A message that cannot be read: it must be set aside ([`Work::set_aside`]), then draw again.
    Unreadable {
        /// The message.
        message: MessageKey,
        /// What is wrong with it.
        why: String,
    },
    /// A message to a recipient that would be one too many for the SIM in this month: it looks past this place.
    TooMany(Place),
    /// A message to a person who must not be texted now: it and those like it that follow are to be set aside
    /// ([`Work::turn_away_due`]), then draw again.
    TurnedAway(MessageKey),
    /// Nothing is due. What is next there is due at this time.
    Empty(Option<Timestamp>),
}

/// How many messages one transaction sets aside, so that results never wait long behind a closed list.
const SET_ASIDE_AT_ONCE: usize = 200;

/// The walk: `state = 0` stands in the text, so that the partial index is used.
const NEXT: &str = "SELECT message, due FROM segment WHERE lane = ?1 AND prio = ?2 AND state = 0 ORDER BY due, key";

/// The walk from a place on: first what is due at the same time, since SQLite does not seek for both at once.
const NEXT_SAME: &str = "SELECT message, due FROM segment WHERE lane = ?1 AND prio = ?2 AND state = 0
     AND due = ?3 AND key > ?4 ORDER BY key";
const NEXT_LATER: &str = "SELECT message, due FROM segment WHERE lane = ?1 AND prio = ?2 AND state = 0
     AND due > ?3 ORDER BY due, key";

impl Store {
    /// The first due message of a lane and priority that nobody holds.
    pub fn draw(
        &self,
        from: Draw,
        is_leased: impl Fn(MessageKey) -> bool,
        now: Timestamp,
    ) -> Result<Drawn, StoreError> {
        let (lane, prio) = (from.lane.0, from.priority);
        let next = match from.after {
            None => self.walk(NEXT, params![lane, prio], &is_leased)?,
            Some(Place { due, segment }) => {
                let due = due.as_millis();
                match self.walk(NEXT_SAME, params![lane, prio, due, segment.0], &is_leased)? {
                    None => self.walk(NEXT_LATER, params![lane, prio, due], &is_leased)?,
                    same => same,
                }
            }
        };
        match next {
            Some((_, due)) if due > now => Ok(Drawn::Empty(Some(due))),
            Some((message, due)) => match self.drawn(message, due, from.sim, now) {
                Err(error) if error.is_of_a_row() => Ok(Drawn::Unreadable { message, why: error.to_string() }),
                drawn => drawn,
            },
            None => Ok(Drawn::Empty(None)),
        }
    }

    /// The first message on a walk that nobody holds, and when it is due.
    fn walk(
        &self,
        sql: &str,
        values: &[&dyn rusqlite::ToSql],
        is_leased: impl Fn(MessageKey) -> bool,
    ) -> Result<Option<(MessageKey, Timestamp)>, StoreError> {
        let mut walk = self.connection().prepare_cached(sql)?;
        let mut rows = walk.query(values)?;
        while let Some(row) = rows.next()? {
            let message = MessageKey(row.get(0)?);
            if !is_leased(message) {
                return Ok(Some((message, Timestamp::from_millis(row.get(1)?))));
            }
        }
        Ok(None)
    }

    fn drawn(&self, message: MessageKey, due: Timestamp, sim: SimKey, now: Timestamp) -> Result<Drawn, StoreError> {
        let conn = self.connection();
        let row = MessageRow::by_key(conn, message)?;
        let segments = SegmentRow::of(conn, &row)?;
        let begun_by = segments.iter().find_map(|segment| carrier_of(&segment.state));
        if begun_by.is_some_and(|carrier| carrier.sim != sim) {
            return Ok(Drawn::Begun(message));
        }
        if self.board().is_too_many(conn, sim, Some(row.recipient()?), now)? {
            let last = SegmentId(row.first_segment + row.parts - 1);
            return Ok(Drawn::TooMany(Place { due, segment: last }));
        }
        let waiting = segments.iter().filter(|s| matches!(s.state, SegmentState::Waiting { .. }));
        if begun_by.is_none()
            && waiting.clone().any(|s| s.avoid == Some(sim))
            && self.board().has_other(conn, &row, sim, now)?
        {
            return Ok(Drawn::Elsewhere(message));
        }
        let parts: Vec<SegmentId> = waiting.map(|segment| segment.id).collect();
        let question = drawn_question(&row, &segments, now);
        match self.board().ask_about(conn, &row, Some(sim), question, now)? {
            Verdict::Hold { reason: Reason::SimBudget, .. } => {
                let until = match self.board().ask_about(conn, &row, None, question, now)? {
                    Verdict::Hold { reason: Reason::SimBudget, until } => until,
                    Verdict::Hold { .. } | Verdict::Go | Verdict::Block { .. } => None,
                };
                Ok(Drawn::TooLarge { message, until })
            }
            verdict if turns_away(verdict) => Ok(Drawn::TurnedAway(message)),
            Verdict::Hold { .. } | Verdict::Go | Verdict::Block { .. } => Ok(Drawn::Message { message, parts }),
        }
    }

    /// A part ready to be handed over: with the validity that is left, and TP-RD where it goes a second time. `None` when it
    /// does not wait any more.
    pub fn lease(&self, segment: SegmentId, now: Timestamp) -> Result<Option<Lease>, StoreError> {
        let sql = "SELECT segment.message, part, segment.expires, pdu, resent, parts FROM segment
             JOIN message ON message.key = segment.message WHERE segment.key = ? AND segment.state = 0";
        let mut statement = self.connection().prepare_cached(sql)?;
        let row = statement
            .query_row([segment.0], |row| {
                let expires = Timestamp::from_millis(row.get(2)?);
                let (octets, resent): (Vec<u8>, bool) = (row.get(3)?, row.get(4)?);
                Ok((MessageKey(row.get(0)?), row.get::<_, u8>(1)?, expires, octets, resent, row.get::<_, u8>(5)?))
            })
            .optional()?;
        let Some((message, part, expires, octets, resent, of)) = row else { return Ok(None) };
        let expires = self.closing(message, now)?.map_or(expires, |closing| closing.min(expires));
        let corrupt = StoreError::Corrupt { table: "segment", key: segment.0, what: "pdu" };
        let pdu = finish_pdu(&octets, resent, expires, now).ok_or(corrupt)?;
        Ok(Some(Lease { segment, message, part, of, pdu, follows_soon: part < of }))
    }
}

impl Store {
    /// When the hours of the recipient end, where nothing may arrive after them.
    fn closing(&self, message: MessageKey, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let contact = &self.board().contact;
        if !contact.deliver_within_window {
            return Ok(None);
        }
        let to = with_habit(self.connection(), record::addressee(self.connection(), message)?)?;
        match contact.calendar.window(&contact.class(&to), to.habit.hours().as_ref(), now) {
            Window::Open { until } => Ok(Some(until)),
            // The offer will say no.
            Window::Closed { .. } => Ok(None),
        }
    }
}

impl Work<'_> {
    /// Puts off, or ends, a message to a person who must not be texted now, and others that are due in its lane, up to the
    /// first that may go. Those that `is_taken` names are left alone: leased ones, and what the SIM passes by.
    pub fn turn_away_due(
        &mut self,
        from: Draw,
        first: MessageKey,
        is_taken: impl Fn(MessageKey) -> bool,
    ) -> Result<(), StoreError> {
        // It may lie behind many that the SIM passes by.
        let mut heads = vec![first];
        let mut walk = self.conn.prepare_cached(NEXT)?;
        let mut rows = walk.query(params![from.lane.0, from.priority])?;
        while let Some(row) = rows.next()?
            && heads.len() < SET_ASIDE_AT_ONCE
        {
            let (message, due) = (MessageKey(row.get(0)?), Timestamp::from_millis(row.get(1)?));
            if due > self.now {
                break;
            }
            if message != first && !is_taken(message) && heads.last() != Some(&message) {
                heads.push(message);
            }
        }
        drop(rows);
        drop(walk);
        for head in heads {
            let Some((message, mut segments)) = self.readable(head)? else { continue };
            let question = drawn_question(&message, &segments, self.now);
            let verdict = self.board.ask_about(self.conn, &message, Some(from.sim), question, self.now)?;
            if !turns_away(verdict) {
                return Ok(());
            }
            self.turn_away(&message, &mut segments, verdict)?;
        }
        Ok(())
    }

    /// Puts what waits of a message off until the budget of some SIM holds it.
    pub fn hold(&mut self, message: MessageKey, until: Timestamp) -> Result<(), StoreError> {
        let row = MessageRow::by_key(self.conn, message)?;
        let mut segments = SegmentRow::of(self.conn, &row)?;
        self.put_off(&row, &mut segments, until)?;
        self.note_hold(message, Verdict::Hold { reason: Reason::SimBudget, until: Some(until) })
    }

    /// Binds what is left of a message to the SIM that has begun it, also parts that may wait again later.
    pub fn pin(&mut self, message: MessageKey) -> Result<(), StoreError> {
        let row = MessageRow::by_key(self.conn, message)?;
        let segments = SegmentRow::of(self.conn, &row)?;
        let carrier = segments.iter().find_map(|segment| carrier_of(&segment.state));
        let iccid =
            carrier.and_then(|carrier| self.board.sims.get(&carrier.sim)).map(|sim| sim.card.names.iccid.clone());
        let Some(info) = self.board.lanes.get(&row.lane).cloned() else { return Ok(()) };
        let Some(iccid) = iccid else { return Ok(()) };
        self.move_to_lane(&row, LaneInfo { route: Route::Sim(iccid), ..info })
    }

    /// Moves what is left of a message to another lane, also parts that may wait again later.
    pub(super) fn move_to_lane(&mut self, row: &MessageRow, info: LaneInfo) -> Result<(), StoreError> {
        let lane = self.lane(info)?;
        if lane == row.lane {
            return Ok(());
        }
        let segments = SegmentRow::of(self.conn, row)?;
        self.conn.prepare_cached("UPDATE message SET lane = ? WHERE key = ?")?.execute((lane.0, row.key.0))?;
        self.conn.prepare_cached("UPDATE segment SET lane = ? WHERE key >= ? AND key < ?")?.execute((
            lane.0,
            row.first_segment,
            row.first_segment + row.parts,
        ))?;
        let waiting = segments.iter().filter(|row| row.waits).count();
        let waiting = i64::try_from(waiting).unwrap_or(i64::MAX);
        self.wait(row.lane, -waiting);
        self.wait(lane, waiting);
        self.effect(Effect::Queued { lane, priority: row.priority, due: row.due });
        Ok(())
    }
}

/// What is asked about a message that is due.
fn drawn_question(message: &MessageRow, segments: &[SegmentRow], now: Timestamp) -> Question {
    let waiting = segments.iter().filter(|row| matches!(row.state, SegmentState::Waiting { .. })).count();
    Question {
        paused: false,
        asked: now,
        due: now,
        expires: message.expires,
        parts: u32::try_from(waiting).unwrap_or(u32::MAX),
        begun: waiting < segments.len(),
    }
}

/// Whether it is the person who must not be texted now.
fn turns_away(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Hold { reason: Reason::Contact(_), .. } | Verdict::Block { reason: Reason::Contact(_) })
}

pub(super) fn carrier_of(state: &SegmentState) -> Option<&Carrier> {
    match state {
        SegmentState::Offered { to: carrier, .. }
        | SegmentState::Accepted { by: carrier, .. }
        | SegmentState::Reported { by: carrier, .. }
        | SegmentState::Unknown { with: carrier, .. } => Some(carrier),
        SegmentState::Waiting { .. } | SegmentState::Refused | SegmentState::Expired | SegmentState::Withdrawn(_) => {
            None
        }
    }
}

fn finish_pdu(octets: &[u8], resent: bool, expires: Timestamp, now: Timestamp) -> Option<EncodedPdu> {
    let mut pdu = Pdu::decode(octets, Direction::Mo).ok()?;
    let Tpdu::Submit(submit) = &mut pdu.tpdu else { return None };
    submit.rd = resent;
    let left = u32::try_from(expires.saturating_since(now).as_secs()).unwrap_or(u32::MAX);
    submit.validity = Some(Validity::relative(left));
    pdu.encode().ok()
}

/// What the dispatcher must be told at start.
pub(super) fn initial_effects(conn: &Connection, board: &Board) -> Result<Vec<Effect>, StoreError> {
    let mut effects = vec![Effect::Pause(board.all_paused())];
    let mut head = conn.prepare(&format!("{NEXT} LIMIT 1"))?;
    for (&lane, info) in &board.lanes {
        effects.push(Effect::Lane { key: lane, route: info.route.clone(), paused: board.lane_is_closed(info) });
        for priority in 0..10 {
            let due: Option<i64> = head.query_row(params![lane.0, priority], |row| row.get(1)).optional()?;
            let due = due.map(Timestamp::from_millis);
            effects.extend(due.map(|due| Effect::Queued { lane, priority, due }));
        }
    }
    Ok(effects)
}

/// SQLite's plans of the walks, for the test that watches them.
#[cfg(test)]
pub(crate) fn explain_walks(conn: &Connection) -> [String; 3] {
    [NEXT, NEXT_SAME, NEXT_LATER].map(|walk| {
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {walk}")).unwrap();
        let values = std::iter::repeat_n(1, statement.parameter_count());
        statement.query_row(rusqlite::params_from_iter(values), |row| row.get(3)).unwrap()
    })
}
