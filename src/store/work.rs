//! One transaction: the connection, the image of SIMs and lanes, events and tallies on their way to disk, and what the
//! dispatcher must be told once it is committed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use crate::clock::Timestamp;
use crate::contact::Addressee;
use crate::contact::ContactSettings;
use crate::contact::calendar::Calendar;
use crate::contact::edition::Edition;
use crate::contact::reply::{Intent, Lexicon};
use crate::dispatch::budget::{Allowance, Demand, Share};
use crate::dispatch::gate::{Question, Reason, Verdict};
use crate::dispatch::plan::{LaneKey, Plan};
use crate::dispatch::route::{Route, SimNames};
use crate::modem::UssdCode;
use crate::sms::id::{MessageId, MessageKey, SegmentId, SimKey};
use crate::sms::lifecycle::{MessageState, SegmentState, message_state};
use crate::sms::received::Skipped;

use super::board::{ALWAYS, Board, LaneInfo, Sim, SimStatus};
use super::campaign::CampaignKey;
use super::chain::ChainHash;
use super::event::{self, About, EventKind};
use super::row::{MessageRow, SegmentRow, message_code};
use super::seal::Salts;
use super::submit::Ruling;
use super::{Settings, StoreError, record};

/// What the dispatcher must be told after the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A lane exists, or opened or closed.
    Lane {
        /// Which.
        key: LaneKey,
        /// By which SIMs.
        route: Route,
        /// Whether it is closed, by a person or by the hours of contact.
        paused: bool,
    },
    /// A lane is no more; nothing waits in it.
    NoLane(LaneKey),
    /// Something waits in a lane.
    Queued {
        /// In which.
        lane: LaneKey,
        /// At which priority.
        priority: u8,
        /// From when.
        due: Timestamp,
    },
    /// Something of a message waits still, which may be leased.
    Left {
        /// Of which message.
        message: MessageKey,
        /// In which lane.
        lane: LaneKey,
        /// At which priority.
        priority: u8,
        /// From when.
        due: Timestamp,
    },
    /// A SIM is in a modem, or changed.
    Line {
        /// Which.
        sim: SimKey,
        /// Its names.
        names: SimNames,
        /// Whether its modem can send.
        ready: bool,
        /// Whether a person paused it.
        paused: bool,
        /// Whether it may carry its self-test only.
        resting: bool,
        /// From when its budget lets a message begin.
        free_at: Timestamp,
        /// What is left of its day's budget.
        share: Share,
    },
    /// A SIM is in no modem any more.
    Gone(SimKey),
    /// An offer is committed.
    Offered {
        /// By which SIM.
        sim: SimKey,
        /// Which part.
        segment: SegmentId,
        /// From when the SIM's budget lets the next message begin.
        free_at: Timestamp,
        /// What is left of its day's budget.
        share: Share,
    },
    /// A line has done with a part.
    Finished {
        /// Which SIM.
        sim: SimKey,
        /// Which part.
        segment: SegmentId,
        /// Whether the parts that follow go on by the same line.
        go_on: bool,
    },
    /// Everything is paused or resumed.
    Pause(bool),
}

impl Effect {
    /// Tells the plan.
    pub fn apply(self, plan: &mut Plan) {
        match self {
            Self::Lane { key, route, paused } => plan.lane(key, &route, paused),
            Self::NoLane(key) => plan.no_lane(key),
            Self::Queued { lane, priority, due } => plan.queued(lane, priority, due),
            Self::Left { message, lane, priority, due } => {
                if !plan.is_leased(message) {
                    plan.queued(lane, priority, due);
                }
            }
            Self::Line { sim, names, ready, paused, resting, free_at, share } => {
                plan.line(sim, &names, ready, paused, resting);
                plan.free_at(sim, free_at);
                plan.share(sim, share);
            }
            Self::Gone(sim) => plan.release(sim),
            Self::Offered { sim, segment, free_at, share } => {
                plan.offered(sim, segment);
                plan.free_at(sim, free_at);
                plan.share(sim, share);
            }
            Self::Finished { sim, segment, go_on } => plan.finished(sim, segment, go_on),
            Self::Pause(paused) => plan.pause(paused),
        }
    }
}

/// What is worth counting, once it is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A part was offered so long after it came due.
    HandedOver(Duration),
    /// A part that was handed over is done with.
    Settled {
        /// The SIM that had it.
        sim: SimNames,
        /// What became of it.
        result: Settled,
    },
    /// A status report came so long after the network took the part.
    Reported(Duration),
    /// A text came in, and what was understood of it.
    Received(Vec<Intent>),
    /// Something came in that is no text for a person.
    Skipped(Skipped),
    /// The gate forbade a message for good.
    Blocked(Reason),
    /// An event was written. Told only where somebody reads it in the log.
    Logged(Box<Line>),
    /// A row could not be read, and nothing meets it any more until a person has mended it.
    SetAside {
        /// Of which table.
        table: &'static str,
        /// Which.
        key: i64,
        /// What is wrong with it.
        why: String,
    },
}

/// An event as a line of the log: what happened, and to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number.
    pub seq: i64,
    /// What happened.
    pub kind: EventKind,
    /// The message that it is about.
    pub message: Option<MessageId>,
    /// The part of it.
    pub part: Option<u8>,
    /// The modem.
    pub modem: Option<String>,
    /// The SIM, as it is called before people.
    pub sim: Option<String>,
}

/// Of those lines, for whoever wants them alone or not at all.
pub const LOG_TARGET: &str = "recado::event";

/// What became of a part that was handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// The network took it.
    Accepted,
    /// Refused for good.
    Refused,
    /// Back in the queue.
    Returned,
    /// Nobody knows.
    Unknown,
}

/// What a committed transaction leaves to be told.
#[derive(Debug, Default)]
pub struct Aftermath {
    /// For the dispatcher, in order.
    pub effects: Vec<Effect>,
    /// For the counters.
    pub facts: Vec<Fact>,
    /// Codes for the networks of these SIMs.
    pub asks: Vec<(SimKey, UssdCode)>,
}

/// The last numbers given. Only the writer gives any, so it need not ask the database for them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counters {
    /// Of an event.
    pub(super) seq: i64,
    /// The hash of that event, which goes into the next one.
    pub(super) hash: ChainHash,
    /// Of a segment.
    pub(super) segment: i64,
}

impl Counters {
    pub(super) fn load(conn: &Connection) -> Result<Self, StoreError> {
        let segment = conn.query_row("SELECT coalesce(max(key), 0) FROM segment", [], |row| row.get(0))?;
        let (seq, hash) = event::last(conn)?;
        Ok(Self { seq, hash, segment })
    }
}

/// A transaction at work.
#[derive(Debug)]
pub struct Work<'a> {
    pub(super) conn: &'a Connection,
    pub(super) board: &'a mut Board,
    pub(super) settings: &'a Settings,
    pub(super) salts: &'a Salts,
    pub(super) now: Timestamp,
    pub(super) counters: Counters,
    tally: BTreeMap<i64, i64>,
    pub(super) campaign_tally: BTreeMap<(CampaignKey, i64), i64>,
    waiting: BTreeMap<LaneKey, i64>,
    aftermath: Aftermath,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        conn: &'a Connection,
        board: &'a mut Board,
        settings: &'a Settings,
        salts: &'a Salts,
        now: Timestamp,
        counters: Counters,
    ) -> Self {
        Self {
            conn,
            board,
            settings,
            salts,
            now,
            counters,
            tally: BTreeMap::new(),
            campaign_tally: BTreeMap::new(),
            waiting: BTreeMap::new(),
            aftermath: Aftermath::default(),
        }
    }

    /// Takes notice of the time: when the clock was set back, and when a period begins of which something may have been
    /// spent already, budgets are read anew. A clock that was doubted is believed before anything is judged by it.
    pub(super) fn begin(&mut self) -> Result<(), StoreError> {
        let set_back = self.board.begin(self.now);
        self.believe_the_clock()?;
        if let Some(seen) = set_back
            && !self.board.is_clock_doubted()
        {
            self.go_back(seen)?;
        }
        let is_back = set_back.is_some();
        let is_affected = |sim: &Sim| is_back || sim.budget.is_stale(self.now);
        let affected: Vec<SimKey> =
            self.board.sims.iter().filter(|(_, sim)| is_affected(sim)).map(|(&key, _)| key).collect();
        for sim in affected {
            self.board.read_budget(self.conn, sim, self.now)?;
            self.line_effect(sim);
        }
        self.look_at_the_hours();
        self.look_at_the_shares()
    }

    /// Goes by a clock that shows less than `seen`, which it has shown before.
    pub(super) fn go_back(&mut self, seen: Timestamp) -> Result<(), StoreError> {
        self.draw_in()?;
        self.set_back(seen)?;
        let now = self.now;
        self.board.sims.values_mut().for_each(|sim| sim.account.draw_in(now));
        Ok(())
    }

    /// Goes by other hours and phrases from now on, also for what waits already.
    pub fn set_rules(&mut self, calendar: Arc<Calendar>, lexicon: Arc<Lexicon>, edition: Edition) {
        let contact = ContactSettings { calendar, lexicon, edition, ..(*self.board.contact).clone() };
        self.board.set_rules(contact.into(), self.now);
        self.look_at_the_hours();
    }

    /// Tells the dispatcher how every SIM that is in a modem stands now.
    pub fn retell_lines(&mut self) {
        let is_in_a_modem = |(&key, sim): (&SimKey, &Sim)| sim.place.as_ref().map(|_| key);
        let lines: Vec<SimKey> = self.board.sims.iter().filter_map(is_in_a_modem).collect();
        for sim in lines {
            self.line_effect(sim);
        }
    }

    /// Opens and closes lanes as the hours of contact do.
    fn look_at_the_hours(&mut self) {
        for key in self.board.turn_hours(self.now) {
            self.lane_effect(key);
        }
    }

    /// Tells the plan about a lane.
    pub(super) fn lane_effect(&mut self, key: LaneKey) {
        let Some(info) = self.board.lanes.get(&key) else { return };
        let (route, paused) = (info.route.clone(), self.board.lane_is_closed(info));
        self.effect(Effect::Lane { key, route, paused });
    }

    /// The time of this transaction.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.aftermath.effects.push(effect);
    }

    pub(super) fn fact(&mut self, fact: Fact) {
        self.aftermath.facts.push(fact);
    }

    pub(super) fn ask(&mut self, ask: Option<(SimKey, UssdCode)>) {
        self.aftermath.asks.extend(ask);
    }

    pub(super) fn event(&mut self, kind: EventKind, about: &About<'_>) -> Result<(), StoreError> {
        self.counters.seq += 1;
        let Counters { seq, hash, .. } = self.counters;
        self.counters.hash = event::insert(self.conn, seq, self.now.as_millis(), kind, about, hash)?;
        if tracing::enabled!(target: LOG_TARGET, tracing::Level::DEBUG) {
            self.log(kind, about)?;
        }
        Ok(())
    }

    /// Has an event told in the log once it is committed.
    fn log(&mut self, kind: EventKind, about: &About<'_>) -> Result<(), StoreError> {
        let id = |key: MessageKey| {
            let mut statement = self.conn.prepare_cached("SELECT id FROM message WHERE key = ?")?;
            statement.query_row([key.0], |row| row.get(0).map(MessageId::from_bytes))
        };
        let sim = about.sim.and_then(|sim| self.board.sims.get(&sim));
        let line = Line {
            seq: self.counters.seq,
            kind,
            message: about.message.map(id).transpose()?,
            part: about.part,
            modem: about.modem.map(str::to_owned),
            sim: sim.map(|sim| sim.card.names.label()),
        };
        self.fact(Fact::Logged(Box::new(line)));
        Ok(())
    }

    /// Counts a message into a state, or from one into another.
    pub(super) fn count(&mut self, from: Option<MessageState>, to: MessageState) {
        if let Some(from) = from {
            *self.tally.entry(message_code(from)).or_default() -= 1;
        }
        *self.tally.entry(message_code(to)).or_default() += 1;
    }

    /// Messages that are no more are in no state.
    pub(super) fn uncount_messages(&mut self, state: i64, messages: i64) {
        *self.tally.entry(state).or_default() -= messages;
    }

    /// Counts parts that wait in a lane from now on, or no longer.
    pub(super) fn wait(&mut self, lane: LaneKey, parts: i64) {
        *self.waiting.entry(lane).or_default() += parts;
    }

    /// Nothing is counted of a lane that is no more.
    pub(super) fn forget_waiting(&mut self, lane: LaneKey) {
        self.waiting.remove(&lane);
    }

    /// Stores the state of a segment.
    pub(super) fn save(&mut self, row: &mut SegmentRow) -> Result<(), StoreError> {
        row.write(self.conn)?;
        let waits = matches!(row.state, SegmentState::Waiting { .. });
        let waited = std::mem::replace(&mut row.waits, waits);
        self.wait(row.lane, i64::from(waits) - i64::from(waited));
        Ok(())
    }

    /// Stores the state that follows from the segments, where it is another one, and says so in the log.
    pub(super) fn update_message(&mut self, message: &MessageRow, segments: &[SegmentRow]) -> Result<(), StoreError> {
        self.update_message_as(message, segments, None)
    }

    /// The same with what else there is to say of the change, a JSON object.
    pub(super) fn update_message_as(
        &mut self,
        message: &MessageRow,
        segments: &[SegmentRow],
        data: Option<String>,
    ) -> Result<(), StoreError> {
        let state = message_state(segments.iter().map(|segment| &segment.state));
        let sent = i64::try_from(segments.iter().filter(|s| s.state.is_sent()).count()).unwrap_or(i64::MAX);
        if state == message.state && sent == message.parts_sent {
            return Ok(());
        }
        self.conn.prepare_cached("UPDATE message SET state = ?, parts_sent = ? WHERE key = ?")?.execute((
            message_code(state),
            sent,
            message.key.0,
        ))?;
        if state != message.state {
            self.count(Some(message.state), state);
            let campaign = self.campaign_of(message.lane, message.key)?;
            self.count_of_campaign(campaign, Some(message.state), state);
            self.event(EventKind::Message(state), &About { message: Some(message.key), data, ..About::default() })?;
            self.lead(message, state, segments)?;
        }
        Ok(())
    }

    /// Asks the gate about a message that waits.
    pub fn explain(&self, message: MessageKey, question: Question) -> Result<Verdict, StoreError> {
        let message = MessageRow::by_key(self.conn, message)?;
        self.board.ask_about(self.conn, &message, None, question, self.now)
    }

    /// Asks the gate about a message that would be submitted for `route` as part of `batch`.
    pub fn preview(
        &self,
        route: &Route,
        batch: &str,
        addressee: Option<Addressee>,
        question: Question,
    ) -> Result<Ruling, StoreError> {
        let Some(addressee) = addressee else {
            let lane =
                LaneInfo { class: ALWAYS.to_owned(), route: route.clone(), batch: batch.to_owned(), begun: false };
            let verdict = self.board.ask_lane(self.conn, &lane, None, question, None, self.now)?;
            return Ok(Ruling { verdict, warnings: Vec::new() });
        };
        let route = self.route(route.clone(), addressee.purpose, addressee.number)?;
        let record = record::read(self.conn, &self.board.contact, addressee, None, false, self.now)?;
        let warnings = self.board.contact.warnings(&record.addressee);
        let lane = LaneInfo { class: record.class.to_string(), route, batch: batch.to_owned(), begun: false };
        let verdict = self.board.ask_lane(self.conn, &lane, None, question, Some(&record), self.now)?;
        Ok(Ruling { verdict, warnings })
    }

    /// The SIMs that were seen.
    pub fn sims(&self) -> Vec<SimStatus> {
        self.board.sims(self.now)
    }

    /// Whether everything is paused.
    pub fn all_paused(&self) -> bool {
        self.board.all_paused()
    }

    /// From when the budget of `sim` lets a message of one part begin, and congestion its line.
    pub(super) fn free_at(&self, sim: SimKey) -> Timestamp {
        let Some(sim) = self.board.sims.get(&sim) else { return self.now };
        let open = match sim.budget.ask(Demand::ONE, self.now) {
            Allowance::From { at, .. } => at,
            Allowance::Never { .. } => Timestamp::MAX,
            Allowance::Now => self.now,
        };
        open.max(sim.health.closed_until())
    }

    /// What is left of the day's budget of `sim`.
    pub(super) fn share(&self, sim: SimKey) -> Share {
        self.board.sims.get(&sim).map_or(Share::WHOLE, |sim| sim.budget.share(self.now))
    }

    /// Puts what waits of a message off until `due`, or until its last part is due if that is later: parts go in order, so
    /// all of them are due when the last one is.
    pub(super) fn put_off(
        &mut self,
        message: &MessageRow,
        segments: &mut [SegmentRow],
        due: Timestamp,
    ) -> Result<(), StoreError> {
        let waits = |segment: &SegmentRow| matches!(segment.state, SegmentState::Waiting { .. }).then_some(segment.due);
        let due = segments.iter().filter_map(waits).fold(due, Timestamp::max);
        for segment in segments.iter_mut() {
            if let SegmentState::Waiting { due: old } = &mut segment.state {
                *old = due;
                segment.due = due;
                self.save(segment)?;
            }
        }
        self.note_expiry(message.expires);
        self.effect(Effect::Queued { lane: message.lane, priority: message.priority, due });
        Ok(())
    }

    /// Writes what was counted. The events are written already.
    pub(super) fn finish(self) -> Result<(Aftermath, Counters), StoreError> {
        for (state, change) in self.tally.into_iter().filter(|(_, change)| *change != 0) {
            self.conn
                .prepare_cached(
                    "INSERT INTO tally (state, messages) VALUES (?1, ?2)
                     ON CONFLICT (state) DO UPDATE SET messages = messages + ?2",
                )?
                .execute((state, change))?;
        }
        Self::write_campaign_tally(self.conn, self.campaign_tally)?;
        for (lane, change) in self.waiting.into_iter().filter(|(_, change)| *change != 0) {
            self.conn
                .prepare_cached("UPDATE lane SET waiting = waiting + ? WHERE key = ?")?
                .execute((change, lane.0))?;
            *self.board.waiting.entry(lane).or_default() += change;
        }
        Ok((self.aftermath, self.counters))
    }
}
