//! Taking a message in: the row, its segments, its lane, its idempotency key and its first event.

use rusqlite::{OptionalExtension, params};

use crate::clock::Timestamp;
use crate::contact::place::Warning;
use crate::contact::{self, Companion, TextMark};
use crate::dispatch::budget::{Allowance, Period};
use crate::dispatch::gate::{Question, Reason, Verdict};
use crate::dispatch::plan::LaneKey;
use crate::dispatch::route::Route;
use crate::sms::id::{MessageId, MessageKey};
use crate::sms::lifecycle::MessageState;
use crate::sms::message::{OnUnknown, Purpose, Submission};
use crate::sms::number::PhoneNumber;

use super::StoreError;
use super::board::LaneInfo;
use super::event::{About, EventKind};
use super::ladder::{self, CaseKey};
use super::portfolio::DebtKey;
use super::record::{self, addressee_of};
use super::row::{MessageRow, SegmentRow, message_code, stored_number};
use super::seal::{self, Salt};
use super::work::{Effect, Work};

/// What became of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubmitAnswer {
    /// It is queued, or blocked at once.
    Queued(Ruling),
    /// The same submission was made before and has this name.
    Repeated(MessageId),
    /// Another message was submitted under the same idempotency key, with this name.
    DuplicateRef(MessageId),
    /// Its validity is over.
    Over,
    /// What it was written from is another by now.
    Changed,
    /// Its batch is a campaign, whose share, progress and end are for its own texts.
    OfCampaign,
    /// No SIM on its route can ever send so many parts.
    ExceedsBudget {
        /// Parts of the message.
        parts: u32,
        /// The limit that is too small.
        period: Period,
        /// Its value.
        limit: u32,
    },
}

/// What is said of a message before it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// What holds it, if anything.
    pub verdict: Verdict,
    /// What its sender may want to know of the hours that hold for it.
    pub warnings: Vec<Warning>,
}

/// What a text was written from, where that can change before it is queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// A debtor's debts to a creditor.
    pub case: CaseKey,
    /// The revision that was read.
    pub revision: i64,
    /// All debts that the text is about.
    pub debts: Vec<DebtKey>,
}

/// A message with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The message.
    pub submission: Submission,
    /// The code that follows it.
    pub companion: Option<Submission>,
    /// What it was written from, where that can change.
    pub basis: Option<Basis>,
}

impl Post {
    /// Parts of the message and of the code that follows it.
    pub fn parts(&self) -> u32 {
        let all = std::iter::once(&self.submission).chain(&self.companion);
        u32::try_from(all.map(|one| one.parts.len()).sum::<usize>()).unwrap_or(u32::MAX)
    }
}

impl Work<'_> {
    /// Whether what a text was written from is still as it was.
    pub(super) fn holds_still(&self, basis: &Basis) -> Result<bool, StoreError> {
        Ok(ladder::revision(self.conn, basis.case)?.is_some_and(|revision| revision == basis.revision))
    }

    /// Refuses a message that a caller wrote under the name of a campaign.
    pub fn refuse_of_campaign(&self, submission: &Submission) -> Option<SubmitAnswer> {
        let batch = submission.labels.batch.as_ref()?;
        self.board.campaigns.contains_key(batch).then_some(SubmitAnswer::OfCampaign)
    }

    /// Takes a message in with what belongs to it; not where what it was written from is another by now.
    pub fn post(&mut self, post: &Post) -> Result<SubmitAnswer, StoreError> {
        let Post { submission, companion, basis } = post;
        if let Some(basis) = basis
            && !self.holds_still(basis)?
        {
            return Ok(self.find_ref(submission)?.unwrap_or(SubmitAnswer::Changed));
        }
        let answer = match companion {
            Some(companion) => self.submit_both(submission, companion)?,
            None => self.submit(submission)?,
        };
        if let (SubmitAnswer::Queued(_), Some(basis)) = (&answer, basis) {
            let ids = [Some(submission.id), companion.as_ref().map(|companion| companion.id)];
            let sql = "INSERT INTO message_debt (message, debt) SELECT key, ? FROM message WHERE id = ?";
            let mut insert = self.conn.prepare_cached(sql)?;
            for id in ids.into_iter().flatten() {
                for debt in &basis.debts {
                    insert.execute(params![debt.0, id.as_bytes()])?;
                }
            }
        }
        Ok(answer)
    }

    /// Takes a message in, unless it is a repeat or too large.
    pub fn submit(&mut self, submission: &Submission) -> Result<SubmitAnswer, StoreError> {
        if submission.expires <= self.now {
            return Ok(self.find_ref(submission)?.unwrap_or(SubmitAnswer::Over));
        }
        let route = self.route(route_of(submission), submission.purpose, submission.to)?;
        self.submit_by(submission, route)
    }

    /// The same by a route that is settled.
    pub(super) fn submit_by(&mut self, submission: &Submission, route: Route) -> Result<SubmitAnswer, StoreError> {
        if let Some(refused) = self.never_fits(submission, &route) {
            return Ok(self.find_ref(submission)?.unwrap_or(refused));
        }
        // Nearly every reference is new, so it is written first and looked up only when it was there.
        if !self.remember_ref(submission)?
            && let Some(known) = self.find_ref(submission)?
        {
            return Ok(known);
        }
        self.enqueue(submission, route).map(SubmitAnswer::Queued)
    }

    /// That no SIM on its route can ever send it, where that is so.
    pub(super) fn never_fits(&self, submission: &Submission, route: &Route) -> Option<SubmitAnswer> {
        let parts = u32::try_from(submission.parts.len()).unwrap_or(u32::MAX);
        match self.board.ever_fits(self.settings, route, parts) {
            Err(Allowance::Never { period, limit }) => Some(SubmitAnswer::ExceedsBudget { parts, period, limit }),
            Err(Allowance::Now | Allowance::From { .. }) | Ok(()) => None,
        }
    }

    /// Puts a message into the queue, unless the gate forbids it for good.
    pub(super) fn enqueue(&mut self, submission: &Submission, route: Route) -> Result<Ruling, StoreError> {
        self.enqueue_as(submission, route, None)
    }

    /// Puts a message behind another one, which waits.
    pub(super) fn enqueue_behind(
        &mut self,
        submission: &Submission,
        route: Route,
        first: MessageKey,
    ) -> Result<Ruling, StoreError> {
        self.enqueue_as(submission, route, Some(first))
    }

    fn enqueue_as(
        &mut self,
        submission: &Submission,
        route: Route,
        first: Option<MessageKey>,
    ) -> Result<Ruling, StoreError> {
        let addressee = addressee_of(submission);
        let question = Question {
            paused: false,
            asked: submission.due,
            due: submission.due,
            expires: submission.expires,
            parts: u32::try_from(submission.parts.len()).unwrap_or(u32::MAX),
            begun: false,
        };
        let mut record = record::read(self.conn, &self.board.contact, addressee, None, false, self.now)?;
        if first.is_some() {
            record.companion = Companion::Waits;
        }
        let warnings = self.board.contact.warnings(&record.addressee);
        let batch = submission.labels.batch.clone().unwrap_or_default();
        let info = LaneInfo { class: record.class.to_string(), route, batch, begun: false };
        let verdict = self.board.ask_lane(self.conn, &info, None, question, Some(&record), self.now)?;
        let lane = self.lane(info)?;
        // A companion is brought forward when its first has left.
        let due = if first.is_some() { submission.expires } else { place(&verdict, submission.due) };
        let salt = self.salts.of(submission.id);
        let key = self.insert_message(submission, record.addressee.text, lane, due, salt)?;
        if let Some(first) = first {
            self.tie_behind(first, key)?;
        }
        self.count(None, MessageState::Queued);
        let campaign = self.campaign_of(lane, key)?;
        self.count_of_campaign(campaign, None, MessageState::Queued);
        let about = About { message: Some(key), data: Some(seal::queued(submission, salt)), ..About::default() };
        self.event(EventKind::Message(MessageState::Queued), &about)?;
        if let Verdict::Block { reason } = verdict {
            let message = MessageRow::by_key(self.conn, key)?;
            let mut segments = SegmentRow::of(self.conn, &message)?;
            self.block(&message, &mut segments, reason)?;
            return Ok(Ruling { verdict, warnings });
        }
        self.effect(Effect::Queued { lane, priority: submission.priority, due });
        self.note_expiry(submission.expires);
        self.note_hold(key, verdict)?;
        Ok(Ruling { verdict, warnings })
    }

    pub(super) fn find_ref(&self, submission: &Submission) -> Result<Option<SubmitAnswer>, StoreError> {
        let Some(client_ref) = &submission.client_ref else { return Ok(None) };
        let known = self
            .conn
            .prepare_cached("SELECT fingerprint, message FROM client_ref WHERE client = ? AND ref = ?")?
            .query_row(params![submission.client, client_ref], |row| {
                Ok((row.get::<_, [u8; 32]>(0)?, MessageId::from_bytes(row.get(1)?)))
            })
            .optional()?;
        Ok(known.map(|(fingerprint, id)| {
            if fingerprint == submission.fingerprint {
                SubmitAnswer::Repeated(id)
            } else {
                SubmitAnswer::DuplicateRef(id)
            }
        }))
    }

    /// False when it was there already.
    fn remember_ref(&self, submission: &Submission) -> Result<bool, StoreError> {
        let Some(client_ref) = &submission.client_ref else { return Ok(true) };
        let written = self
            .conn
            .prepare_cached(
                "INSERT INTO client_ref (client, ref, at, fingerprint, message) VALUES (?, ?, ?, ?, ?)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                submission.client,
                client_ref,
                self.now.as_millis(),
                submission.fingerprint,
                submission.id.as_bytes(),
            ])?;
        Ok(written > 0)
    }

    fn insert_message(
        &mut self,
        submission: &Submission,
        mark: TextMark,
        lane: LaneKey,
        due: Timestamp,
        salt: Salt,
    ) -> Result<MessageKey, StoreError> {
        let first_segment = self.counters.segment + 1;
        let resend_after = match submission.on_unknown {
            OnUnknown::Hold => None,
            OnUnknown::ResendAfter(after) => Some(i64::try_from(after.as_millis()).unwrap_or(i64::MAX)),
        };
        let labels = &submission.labels;
        let origin = self.origin_of(labels)?;
        let tags = if labels.tags.is_empty() { None } else { serde_json::to_string(&labels.tags).ok() };
        self.conn
            .prepare_cached(
                "INSERT INTO message (id, created_at, client, client_ref, recipient, text, purpose, priority, not_before,
                 due, expires, encoding_asked, encoding, units, resend_after, max_segments, sim, sim_group, report,
                 debtor, debt, creditor, batch, team, operator, tags, lane, first_segment, parts, parts_sent, state,
                 text_mark, confirms_opt_out, salt, origin)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?,
                 ?, ?, ?, ?)",
            )?
            .execute(params![
                submission.id.as_bytes(),
                self.now.as_millis(),
                submission.client,
                submission.client_ref,
                stored_number(submission.to),
                submission.text.0,
                submission.purpose.name(),
                submission.priority,
                submission.not_before.map(Timestamp::as_millis),
                submission.due.as_millis(),
                submission.expires.as_millis(),
                submission.encoding_asked,
                submission.encoding,
                submission.units,
                resend_after,
                submission.max_segments,
                submission.sim,
                submission.group,
                submission.report,
                labels.debtor,
                labels.debt,
                labels.creditor,
                labels.batch,
                labels.team,
                labels.operator,
                tags,
                lane.0,
                first_segment,
                submission.parts.len(),
                message_code(MessageState::Queued),
                mark.0,
                submission.confirms_opt_out,
                salt.0,
                origin.0,
            ])?;
        let key = MessageKey(self.conn.last_insert_rowid());
        let mut insert = self.conn.prepare_cached(
            "INSERT INTO segment (key, message, part, state, lane, prio, due, expires, pdu)
             VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?)",
        )?;
        for (index, part) in (0_i64..).zip(&submission.parts) {
            insert.execute(params![
                first_segment + index,
                key.0,
                index + 1,
                lane.0,
                submission.priority,
                due.as_millis(),
                submission.expires.as_millis(),
                part.octets,
            ])?;
            self.counters.segment = first_segment + index;
        }
        self.wait(lane, i64::try_from(submission.parts.len()).unwrap_or(i64::MAX));
        Ok(key)
    }

    /// The route of a message for which `asked` was asked. An answer for which nothing was asked goes by the SIM that last
    /// received from the number, else the one that last sent to it, and waits for that one.
    pub(super) fn route(&self, asked: Route, purpose: Purpose, recipient: PhoneNumber) -> Result<Route, StoreError> {
        if purpose != Purpose::Reply || asked != Route::Any {
            return Ok(asked);
        }
        let received = "SELECT sim.iccid FROM inbound JOIN sim ON sim.key = inbound.sim WHERE number = ?
             ORDER BY inbound.seq DESC LIMIT 1";
        let sent = "SELECT sim.iccid FROM message JOIN segment ON segment.key = message.first_segment
             JOIN sim ON sim.key = segment.sim WHERE recipient = ? AND parts_sent > 0 ORDER BY message.key DESC LIMIT 1";
        for last in [received, sent] {
            let mut statement = self.conn.prepare_cached(last)?;
            let iccid = statement.query_row([stored_number(recipient)], |row| row.get(0)).optional()?;
            if let Some(iccid) = iccid {
                return Ok(Route::Sim(iccid));
            }
        }
        Ok(asked)
    }

    /// Says in the log that a message is held, where the reason is more than the pace of its turn.
    pub(super) fn note_hold(&mut self, message: MessageKey, verdict: Verdict) -> Result<(), StoreError> {
        match verdict {
            Verdict::Hold { reason, until } if reason != Reason::SimPace => {
                let until = until.map_or_else(String::new, |until| format!(",\"not_before\":\"{until}\""));
                let data = Some(format!("{{\"code\":\"{}\"{until}}}", reason.code()));
                self.event(EventKind::MessageHeld, &About { message: Some(message), data, ..About::default() })
            }
            Verdict::Hold { .. } | Verdict::Go | Verdict::Block { .. } => Ok(()),
        }
    }
}

/// When a message is looked at for the first time: a person who must not be texted before some time has it put off, while
/// hours hold the whole lane.
fn place(verdict: &Verdict, due: Timestamp) -> Timestamp {
    match verdict {
        Verdict::Hold { reason: Reason::Contact(contact::Reason::Window | contact::Reason::Holiday), .. } => due,
        Verdict::Hold { reason: Reason::Contact(_), until: Some(until) } => due.max(*until),
        Verdict::Hold { .. } | Verdict::Go | Verdict::Block { .. } => due,
    }
}

pub(super) fn route_of(submission: &Submission) -> Route {
    match (&submission.sim, &submission.group) {
        (Some(sim), _) => Route::Sim(sim.clone()),
        (None, Some(group)) => Route::Group(group.clone()),
        (None, None) => Route::Any,
    }
}
