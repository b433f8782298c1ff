//! What came of a plan, written in one transaction: texts that are no longer wanted are withdrawn, the text of the day is
//! queued, and steps are noted. A process that is killed before the commit plans the same again; after it, nothing.

use jiff::civil::Date;
use rusqlite::{OptionalExtension as _, params};

use crate::dispatch::gate::Reason;
use crate::dunning::debt::Status;
use crate::dunning::ladder::{Channel, Done, StepId};
use crate::sms::id::MessageKey;
use crate::sms::lifecycle::SegmentState;
use crate::sms::message::Submission;
use crate::sms::number::PhoneNumber;

use super::super::StoreError;
use super::super::event::{About, EventKind};
use super::super::portfolio::{DebtKey, stored_day};
use super::super::row::stored_number;
use super::super::submit::SubmitAnswer;
use super::super::work::Work;
use super::case::{self, CaseKey};
use super::no_text::NoText;

/// What a plan of a case has come to.
#[derive(Debug)]
pub struct Carried {
    /// Which case.
    pub key: CaseKey,
    /// The revision that was planned.
    pub revision: i64,
    /// The day that was planned.
    pub day: Date,
    /// The text of the day.
    pub sending: Option<Sending>,
    /// Steps whose text is not wanted any more, with the day from which they were counted.
    pub withdraw: Vec<(DebtKey, StepId, Date)>,
    /// What became of steps.
    pub steps: Vec<Step>,
    /// Debts that are left to another channel.
    pub exits: Vec<Exit>,
    /// For each debt that goes by a ladder, its name and version.
    pub ladders: Vec<(DebtKey, String, u32)>,
    /// The next day on which something may be up.
    pub next: Option<Date>,
    /// Why the text of the day could not be written, where it could not.
    pub problem: Option<NoText>,
}

/// A text about debts.
#[derive(Debug)]
pub struct Sending {
    /// The message.
    pub submission: Submission,
    /// The code that follows it.
    pub companion: Option<Submission>,
    /// All debts that it is about.
    pub debts: Vec<DebtKey>,
}

/// What became of a step.
#[derive(Debug)]
pub struct Step {
    /// Of which debt.
    pub debt: DebtKey,
    /// What.
    pub done: Done,
    /// Whether it goes by the text of the day.
    pub is_sending: bool,
}

/// A debt that is left to another channel.
#[derive(Debug)]
pub struct Exit {
    /// Which.
    pub debt: DebtKey,
    /// By which step.
    pub step: StepId,
    /// To which channel.
    pub channel: Channel,
}

/// How far the cases of a creditor were looked at after an edit.
#[derive(Debug, Clone)]
pub struct Looked {
    /// The row of the creditor.
    pub creditor: i64,
    /// After which edit.
    pub epoch: i64,
    /// The row of the last debtor; `None` where there is none after.
    pub upto: Option<i64>,
    /// Cases before that are to be looked at once more.
    pub left: Vec<CaseKey>,
}

impl Work<'_> {
    /// Carries a plan out. False where the case is another by now, or a text that is not wanted any more has left: it is
    /// planned again.
    pub fn carry_out(&mut self, carried: &Carried) -> Result<bool, StoreError> {
        let CaseKey { creditor, debtor } = carried.key;
        if self.revision_of(carried.key)? != Some(carried.revision) {
            return Ok(false);
        }
        let mut unwanted = Vec::new();
        for (debt, step, cycle) in &carried.withdraw {
            let Some(key) = self.text_of(*debt, step, *cycle)? else { continue };
            let Some((_, segments)) = self.readable(key)? else { continue };
            if segments.iter().any(|row| row.state.has_left() || row.may_be_on_wire()) {
                return Ok(false);
            }
            unwanted.push(key);
        }
        for key in unwanted {
            self.withdraw(key)?;
        }
        let message = carried.sending.as_ref().map(|sending| self.send(sending)).transpose()?.flatten();
        let is_refused = carried.sending.is_some() && message.is_none();
        for step in carried.steps.iter().filter(|step| !(is_refused && step.is_sending)) {
            self.note_step(step, message.filter(|_| step.is_sending))?;
        }
        for Exit { debt, step, channel } in &carried.exits {
            let data = serde_json::json!({ "debt": debt.0, "step": step.0, "channel": channel.name() });
            self.event(EventKind::LadderExit, &About { data: Some(data.to_string()), ..About::default() })?;
        }
        for (debt, ladder, version) in &carried.ladders {
            self.conn
                .prepare_cached("UPDATE track SET planned = ?, ladder = ?, version = ? WHERE debt = ?")?
                .execute(params![stored_day(carried.day), ladder, version, debt.0])?;
        }
        let (mut next, mut problem) = (carried.next, carried.problem.as_ref().map(NoText::stored));
        if is_refused {
            // As with a text that cannot be written, it is tried again on the next day.
            next = carried.day.tomorrow().ok().into_iter().chain(next).min();
            problem = Some(NoText::not_taken().stored());
        }
        self.conn
            .prepare_cached("UPDATE dunning_case SET next = ?, problem = ? WHERE creditor = ? AND debtor = ?")?
            .execute(params![next.map(stored_day), problem, creditor, debtor])?;
        Ok(true)
    }

    /// The revision of a case.
    pub(in super::super) fn revision_of(&self, key: CaseKey) -> Result<Option<i64>, StoreError> {
        case::revision(self.conn, key)
    }

    /// The text that a step went by. One that went for an earlier due day is another.
    fn text_of(&self, debt: DebtKey, step: &StepId, cycle: Date) -> Result<Option<MessageKey>, StoreError> {
        let sql = "SELECT message FROM step WHERE debt = ? AND step = ? AND cycle = ? AND message IS NOT NULL";
        let mut statement = self.conn.prepare_cached(sql)?;
        let values = params![debt.0, step.0, stored_day(cycle)];
        Ok(statement.query_row(values, |row| row.get(0).map(MessageKey)).optional()?)
    }

    /// Takes back a text of which nothing was handed over.
    fn withdraw(&mut self, key: MessageKey) -> Result<(), StoreError> {
        let Some((message, mut segments)) = self.readable(key)? else { return Ok(()) };
        if segments.iter().all(|row| matches!(row.state, SegmentState::Waiting { .. })) {
            let reason = Reason::Contact(crate::contact::Reason::Outdated);
            self.block(&message, &mut segments, reason)?;
        }
        Ok(())
    }

    /// Queues a text about debts, with what follows it. `None` where it was queued before, or can never go.
    pub(in super::super) fn send(&mut self, sending: &Sending) -> Result<Option<MessageKey>, StoreError> {
        let Sending { submission, companion, debts } = sending;
        let answer = match companion {
            Some(companion) => self.submit_both(submission, companion)?,
            None => self.submit(submission)?,
        };
        let SubmitAnswer::Queued(_) = answer else { return Ok(None) };
        let sql = "SELECT key FROM message WHERE id = ?";
        let key = self.conn.prepare_cached(sql)?.query_row([submission.id.as_bytes()], |row| row.get(0))?;
        let key = MessageKey(key);
        let follower = self.companion_of(key)?;
        let mut insert = self.conn.prepare_cached("INSERT INTO message_debt (message, debt) VALUES (?, ?)")?;
        for message in [Some(key), follower].into_iter().flatten() {
            for debt in debts {
                insert.execute(params![message.0, debt.0])?;
            }
        }
        Ok(Some(key))
    }

    fn note_step(&mut self, step: &Step, message: Option<MessageKey>) -> Result<(), StoreError> {
        let Step { debt, done, .. } = step;
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO step (debt, step, cycle, day, outcome, message) VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                debt.0,
                done.step.0,
                stored_day(done.cycle),
                stored_day(done.day),
                done.outcome.name(),
                message.map(|message| message.0),
            ])?;
        let data = serde_json::json!({ "debt": debt.0, "step": done.step.0, "outcome": done.outcome.name() });
        self.event(EventKind::LadderStep, &About { message, data: Some(data.to_string()), ..About::default() })
    }

    /// Something of a case is another than it was: what was planned from before is not carried out, and it is planned anew.
    pub(in super::super) fn look_at_case(&mut self, debt: DebtKey) -> Result<(), StoreError> {
        self.conn
            .prepare_cached(
                "INSERT INTO dunning_case (creditor, debtor, next, revision)
                 SELECT creditor, debtor, 0, 1 FROM debt WHERE key = ?
                 ON CONFLICT (creditor, debtor) DO UPDATE SET next = 0, revision = revision + 1",
            )?
            .execute([debt.0])?;
        Ok(())
    }

    /// The same of all cases of a debtor.
    pub(in super::super) fn look_at_cases_of(&mut self, debtor: &str) -> Result<(), StoreError> {
        self.conn
            .prepare_cached(
                "UPDATE dunning_case SET next = 0, revision = revision + 1
                 WHERE debtor = (SELECT key FROM debtor WHERE id = ?1)
                 AND creditor IN (SELECT debt.creditor FROM debt WHERE debt.debtor =
                 (SELECT key FROM debtor WHERE id = ?1))",
            )?
            .execute([debtor])?;
        Ok(())
    }

    /// The same of all cases of debtors that have a number.
    pub(in super::super) fn look_at_cases_with(&mut self, number: PhoneNumber) -> Result<(), StoreError> {
        for form in number.forms() {
            self.conn
                .prepare_cached(
                    "UPDATE dunning_case SET next = 0, revision = revision + 1
                     WHERE (creditor, debtor) IN (SELECT debt.creditor, debt.debtor FROM debtor_number
                     JOIN debt ON debt.debtor = debtor_number.debtor WHERE number = ?)",
                )?
                .execute([stored_number(form)])?;
        }
        Ok(())
    }

    /// The same of all cases of a creditor; of all creditors where none is named. How far they were is
    /// noted by [`Self::look_on`].
    pub(in super::super) fn look_at_cases_to(&mut self, creditor: Option<&str>) -> Result<(), StoreError> {
        self.conn
            .prepare_cached("UPDATE creditor SET epoch = epoch + 1, looked = -1 WHERE ?1 IS NULL OR id = ?1")?
            .execute([creditor])?;
        Ok(())
    }

    /// The same where the text of a case could not be written.
    pub(in super::super) fn look_at_cases_with_problems(&mut self) -> Result<(), StoreError> {
        self.conn
            .prepare_cached(
                "UPDATE creditor SET epoch = epoch + 1, looked = -1 WHERE EXISTS (SELECT 1 FROM dunning_case
                 INDEXED BY dunning_case_problem WHERE dunning_case.creditor = creditor.key AND problem IS NOT NULL)",
            )?
            .execute([])?;
        Ok(())
    }

    /// Notes how far the cases of a creditor were looked at. Nothing where they are to be looked at anew meanwhile.
    pub fn look_on(&mut self, looked: &Looked) -> Result<(), StoreError> {
        let Looked { creditor, epoch, upto, left } = looked;
        let sql = "UPDATE creditor SET looked = ? WHERE key = ? AND epoch = ?";
        if self.conn.prepare_cached(sql)?.execute(params![upto, creditor, epoch])? == 0 {
            return Ok(());
        }
        for key in left {
            let sql = "UPDATE dunning_case SET next = 0 WHERE creditor = ? AND debtor = ?";
            self.conn.prepare_cached(sql)?.execute([key.creditor, key.debtor])?;
        }
        Ok(())
    }

    /// Begins or moves the track of a debt that is `status` now.
    pub(in super::super) fn keep_track(
        &mut self,
        debt: DebtKey,
        since: Option<Date>,
        status: Status,
        grace_days: i64,
    ) -> Result<(), StoreError> {
        let promise = match status {
            Status::Promised { until } => Some(stored_day(until) + grace_days),
            Status::Open | Status::Agreed | Status::Disputed | Status::Paid | Status::Cancelled => None,
        };
        self.conn
            .prepare_cached(
                "INSERT INTO track (debt, since, promise) VALUES (?1, ?2, ?3)
                 ON CONFLICT (debt) DO UPDATE SET since = coalesce(?4, since), promise = ?3",
            )?
            .execute(params![debt.0, since.map_or(0, stored_day), promise, since.map(stored_day)])?;
        self.look_at_case(debt)
    }
}
