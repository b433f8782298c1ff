//! A step of a campaign on its way into the queue: its texts and how far it has come, in one transaction. A process that is
//! killed before the commit does the step again; after it, never.

use std::collections::BTreeMap;

use rusqlite::params;

use crate::dunning::campaign::{LeftOut, State, Subject, is_repeat};
use crate::sms::message::Submission;

use super::super::StoreError;
use super::super::row::stored_number;
use super::super::submit::{Post, SubmitAnswer};
use super::super::work::Work;
use super::{CampaignKey, view};

/// What a number has of a campaign. The plus keeps SQLite from the index of batches, which would walk the whole campaign for
/// each text; a number has few messages.
const TEXTED: &str = "SELECT debtor, debt FROM message WHERE recipient = ?1 AND +batch = ?2";

/// Some of those that a campaign is for.
#[derive(Debug)]
pub struct CampaignStep {
    /// Of which campaign.
    pub campaign: CampaignKey,
    /// The place that was read after.
    pub after: i64,
    /// The place of the last that was read.
    pub place: i64,
    /// Nothing comes after it.
    pub is_last: bool,
    /// The texts.
    pub texts: Vec<CampaignText>,
    /// Who gets none, by the code of the reason.
    pub left: BTreeMap<&'static str, u64>,
}

/// A text of a campaign.
pub type CampaignText = Post;

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepAnswer {
    /// It is on disk.
    Done,
    /// Something that it was written from is another by now: it is to be written again.
    Changed,
    /// The campaign is not running, or further than that.
    NotNow,
}

impl Work<'_> {
    /// Queues a step, whole or not at all.
    pub fn carry_campaign(&mut self, step: &CampaignStep) -> Result<StepAnswer, StoreError> {
        let Some(view) = view::by_key(self.conn, step.campaign)? else { return Ok(StepAnswer::NotNow) };
        if view.state != State::Running || view.place != step.after || view.queued_at.is_some() {
            return Ok(StepAnswer::NotNow);
        }
        for text in &step.texts {
            if let Some(basis) = &text.basis
                && !self.holds_still(basis)?
            {
                return Ok(StepAnswer::Changed);
            }
        }
        let per_day = self.board.campaigns.get(&view.campaign.name).and_then(super::Image::per_day);
        let mut left = step.left.clone();
        for text in &step.texts {
            if let Some(why) = self.queue_text(text, per_day)? {
                *left.entry(why.code()).or_default() += 1;
            }
        }
        let sql = "INSERT INTO campaign_left (campaign, code, texts) VALUES (?1, ?2, ?3)
             ON CONFLICT (campaign, code) DO UPDATE SET texts = texts + ?3";
        for (code, texts) in left {
            let texts = i64::try_from(texts).unwrap_or(i64::MAX);
            self.conn.prepare_cached(sql)?.execute(params![step.campaign.0, code, texts])?;
        }
        let queued_at = step.is_last.then(|| self.now.as_millis());
        self.conn.prepare_cached("UPDATE campaign SET place = ?, queued_at = ? WHERE key = ?")?.execute(params![
            step.place,
            queued_at,
            step.campaign.0
        ])?;
        Ok(StepAnswer::Done)
    }

    /// Queues a text; else why not.
    fn queue_text(&mut self, text: &CampaignText, per_day: Option<u32>) -> Result<Option<LeftOut>, StoreError> {
        let submission = &text.submission;
        if per_day.is_some_and(|per_day| text.parts() > per_day) {
            return Ok(Some(LeftOut::ExceedsShare));
        }
        if self.has_text_already(submission)? {
            return Ok(Some(LeftOut::Duplicate));
        }
        Ok(match self.post(text)? {
            SubmitAnswer::Queued(_) => None,
            SubmitAnswer::Over => Some(LeftOut::Expired),
            SubmitAnswer::ExceedsBudget { .. } => Some(LeftOut::ExceedsBudget),
            // It has no reference, nothing has changed within this transaction, and it is the campaign that asks.
            SubmitAnswer::Repeated(_)
            | SubmitAnswer::DuplicateRef(_)
            | SubmitAnswer::Changed
            | SubmitAnswer::OfCampaign => Some(LeftOut::Duplicate),
        })
    }

    /// Whether somebody with this number has a text of the same campaign that is as good.
    fn has_text_already(&self, submission: &Submission) -> Result<bool, StoreError> {
        let mut statement = self.conn.prepare_cached(TEXTED)?;
        let labels = &submission.labels;
        let now = Subject { debtor: labels.debtor.clone(), debt: labels.debt.clone() };
        for form in submission.to.forms() {
            let mut rows = statement.query(params![stored_number(form), labels.batch])?;
            while let Some(row) = rows.next()? {
                if is_repeat(&Subject { debtor: row.get(0)?, debt: row.get(1)? }, &now) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::schema;
    use super::*;

    #[test]
    fn a_text_costs_the_same_however_long_the_campaign_is() {
        let folder = tempfile::tempdir().unwrap();
        let conn = schema::open_writer(&folder.path().join("recado.db")).unwrap();
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {TEXTED}")).unwrap();
        let values = vec![rusqlite::types::Null; statement.parameter_count()];
        let rows = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(3)).unwrap();
        let steps: Vec<String> = rows.collect::<Result<_, _>>().unwrap();
        assert_eq!(steps, ["SEARCH message USING INDEX message_recipient (recipient=?)"]);
    }
}
