//! Campaigns as rows: what was written, who is on a list, how far it has come.

mod carry;
mod end;
mod outlook;
mod quota;
mod view;

use jiff::tz::TimeZone;
use rusqlite::{OptionalExtension as _, params};

use crate::clock::Timestamp;
use crate::dunning::campaign::{Audience, Campaign, State};
use crate::sms::number::PhoneNumber;

use super::StoreError;
use super::board::Scope;
use super::definition::write_campaign;
use super::event::{About, EventKind};
use super::row::stored_number;
use super::work::Work;

pub use carry::{CampaignStep, CampaignText, StepAnswer};
pub use outlook::Outlook;
pub use quota::fresh_quota;
pub(super) use quota::{Image, load};
pub use view::{CampaignView, Progress};

/// Rows of a list that is removed, in one transaction: a few milliseconds of work.
const REMOVED_AT_ONCE: usize = 1_000;

/// The row of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CampaignKey(pub i64);

/// One of a list. `Debug` shows its place only.
#[derive(Clone, PartialEq, Eq)]
pub struct CampaignRow {
    /// Its place in the list, from 1.
    pub place: i64,
    /// The number; that of the debtor if nothing is said.
    pub to: Option<PhoneNumber>,
    /// The debtor, by the caller's id.
    pub debtor: Option<String>,
    /// The debt, by the caller's id.
    pub debt: Option<String>,
    /// What fills the template, by the names of its variables.
    pub given: Vec<(String, String)>,
}

impl std::fmt::Debug for CampaignRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CampaignRow").field("place", &self.place).finish_non_exhaustive()
    }
}

/// What came of a new campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateAnswer {
    /// It is a draft now.
    Created,
    /// A campaign or a batch of messages has this name.
    NameTaken,
}

/// What came of a draft that was written anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RewriteAnswer {
    /// It says that now.
    Done,
    /// It is no draft any more, and stays as it is.
    Not(State),
    /// Somebody else wrote it since it was read: this is its revision now.
    Changed(u32),
    /// It is for a list and was to be for a segment, or the other way round.
    OtherAudience,
    /// No campaign has this name.
    NotFound,
}

/// What came of something that was asked of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeAnswer {
    /// Done.
    Done,
    /// It is in another state, and stays there.
    Not(State),
    /// What it says now was not test sent.
    NotTested,
    /// A list without rows.
    Empty,
    /// A list with fewer rows than were announced.
    Incomplete {
        /// Rows that are there.
        rows: u64,
        /// Rows that were announced.
        announced: u64,
    },
    /// No campaign has this name.
    NotFound,
}

impl Work<'_> {
    /// Stores a campaign as a draft. Days of its share are counted in `zone`. Its rows follow; it does not start with fewer than
    /// were `announced`, so that nobody is forgotten where whoever writes it ends in between.
    pub fn create_campaign(
        &mut self,
        campaign: &Campaign,
        zone: &TimeZone,
        announced: u32,
        client: &str,
    ) -> Result<CreateAnswer, StoreError> {
        let taken = "SELECT EXISTS (SELECT 1 FROM campaign WHERE name = ?1) OR
             EXISTS (SELECT 1 FROM message WHERE batch = ?1)";
        if self.conn.prepare_cached(taken)?.query_row([&campaign.name], |row| row.get(0))? {
            return Ok(CreateAnswer::NameTaken);
        }
        self.conn
            .prepare_cached(
                "INSERT INTO campaign (name, definition, creditor, at, client, state, zone, per_day, start_at, announced)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                campaign.name,
                write_campaign(campaign).to_string(),
                campaign.creditor,
                self.now.as_millis(),
                client,
                State::Draft.name(),
                zone.iana_name().unwrap_or("UTC"),
                campaign.per_day,
                campaign.start_at.map(Timestamp::as_millis),
                announced,
            ])?;
        let key = CampaignKey(self.conn.last_insert_rowid());
        self.watch_campaign(key)?;
        self.campaign_event(&campaign.name, State::Draft)?;
        Ok(CreateAnswer::Created)
    }

    /// Writes a draft anew, but for its list; only over the revision that was `read`, where one is named. What it says must be test
    /// sent again where its words, its purpose or whom it speaks for are others.
    pub fn rewrite_campaign(
        &mut self,
        campaign: &Campaign,
        zone: &TimeZone,
        read: Option<u32>,
        client: &str,
    ) -> Result<RewriteAnswer, StoreError> {
        let Some(view) = view::by_name(self.conn, &campaign.name)? else { return Ok(RewriteAnswer::NotFound) };
        if view.state != State::Draft {
            return Ok(RewriteAnswer::Not(view.state));
        }
        if read.is_some_and(|read| read != view.revision) {
            return Ok(RewriteAnswer::Changed(view.revision));
        }
        let before = &view.campaign;
        if (before.audience == Audience::Rows) != (campaign.audience == Audience::Rows) {
            return Ok(RewriteAnswer::OtherAudience);
        }
        let is_as_tested = (&before.content, &before.creditor, before.purpose)
            == (&campaign.content, &campaign.creditor, campaign.purpose);
        self.conn
            .prepare_cached(
                "UPDATE campaign SET definition = ?, creditor = ?, zone = ?, per_day = ?, start_at = ?, client = ?,
                 revision = revision + 1 WHERE key = ?",
            )?
            .execute(params![
                write_campaign(campaign).to_string(),
                campaign.creditor,
                zone.iana_name().unwrap_or("UTC"),
                campaign.per_day,
                campaign.start_at.map(Timestamp::as_millis),
                client,
                view.key.0,
            ])?;
        if !is_as_tested {
            let sql = "UPDATE campaign SET tested = NULL, tested_parts = NULL, untested = rows WHERE key = ?";
            self.conn.prepare_cached(sql)?.execute([view.key.0])?;
        }
        self.watch_campaign(view.key)?;
        self.campaign_event(&campaign.name, State::Draft)?;
        Ok(RewriteAnswer::Done)
    }

    /// Adds rows to the list of a draft; one at a place that is there stands for the one of before, so that a piece can be
    /// sent again.
    pub fn add_campaign_rows(&mut self, name: &str, rows: &[CampaignRow]) -> Result<ChangeAnswer, StoreError> {
        let Some(view) = view::by_name(self.conn, name)? else { return Ok(ChangeAnswer::NotFound) };
        if view.state != State::Draft || view.campaign.audience != Audience::Rows {
            return Ok(ChangeAnswer::Not(view.state));
        }
        let sql = "INSERT OR REPLACE INTO campaign_row (campaign, place, recipient, debtor, debt, given)
             VALUES (?, ?, ?, ?, ?, ?)";
        let mut insert = self.conn.prepare_cached(sql)?;
        let known = "SELECT 1 FROM campaign_row WHERE campaign = ? AND place = ?";
        let (mut known, mut fresh) = (self.conn.prepare_cached(known)?, 0_u32);
        for row in rows {
            fresh += u32::from(!known.exists(params![view.key.0, row.place])?);
            let given = (!row.given.is_empty()).then(|| serde_json::to_string(&row.given).unwrap_or_default());
            insert.execute(params![view.key.0, row.place, row.to.map(stored_number), row.debtor, row.debt, given])?;
        }
        // A long list comes in many pieces, so only what is new is counted.
        let sql = "UPDATE campaign SET rows = rows + ?, untested = untested + ? WHERE key = ?";
        self.conn.prepare_cached(sql)?.execute(params![fresh, rows.len(), view.key.0])?;
        Ok(ChangeAnswer::Done)
    }

    /// Removes some of the list of a draft, and at last the draft itself. `None` while there is more of it.
    pub fn remove_campaign(&mut self, name: &str) -> Result<Option<ChangeAnswer>, StoreError> {
        let Some(view) = view::by_name(self.conn, name)? else { return Ok(Some(ChangeAnswer::NotFound)) };
        if view.state != State::Draft {
            return Ok(Some(ChangeAnswer::Not(view.state)));
        }
        let sql = "DELETE FROM campaign_row WHERE campaign = ?1 AND place IN
             (SELECT place FROM campaign_row WHERE campaign = ?1 ORDER BY place LIMIT ?2)";
        let removed = self.conn.prepare_cached(sql)?.execute(params![view.key.0, REMOVED_AT_ONCE])?;
        if removed == REMOVED_AT_ONCE {
            // What is left of it does not start, whatever becomes of this process.
            let sql = "UPDATE campaign SET announced = max(announced, rows), rows = rows - ? WHERE key = ?";
            self.conn.prepare_cached(sql)?.execute(params![removed, view.key.0])?;
            return Ok(None);
        }
        self.conn.prepare_cached("DELETE FROM campaign WHERE key = ?")?.execute([view.key.0])?;
        self.board.campaigns.remove(name);
        let data = serde_json::json!({ "batch": name, "state": "deleted" });
        self.event(EventKind::BatchChanged, &About { data: Some(data.to_string()), ..About::default() })?;
        Ok(Some(ChangeAnswer::Done))
    }

    /// Notes that a version of what it says was test sent, in a text of so many parts.
    pub fn note_campaign_test(&mut self, name: &str, version: u32, parts: u32) -> Result<(), StoreError> {
        let sql = "UPDATE campaign SET tested = ?, tested_parts = ?, untested = 0 WHERE name = ?";
        self.conn.prepare_cached(sql)?.execute(params![version, parts, name])?;
        Ok(())
    }

    /// Notes why nothing more of it can be written into the queue, or that it can.
    pub fn note_campaign_problem(&mut self, name: &str, problem: Option<&str>) -> Result<(), StoreError> {
        let sql = "UPDATE campaign SET problem = ? WHERE name = ?";
        self.conn.prepare_cached(sql)?.execute(params![problem, name])?;
        Ok(())
    }

    /// Starts a draft: at once, or at its time. From now on it says what this version of its template says.
    pub fn start_campaign(&mut self, name: &str, version: u32, needs_test: bool) -> Result<ChangeAnswer, StoreError> {
        let Some(view) = view::by_name(self.conn, name)? else { return Ok(ChangeAnswer::NotFound) };
        if view.state != State::Draft {
            return Ok(ChangeAnswer::Not(view.state));
        }
        if needs_test && view.tested != Some(version) {
            return Ok(ChangeAnswer::NotTested);
        }
        if view.campaign.audience == Audience::Rows && view.rows == 0 {
            return Ok(ChangeAnswer::Empty);
        }
        if view.rows < view.announced {
            return Ok(ChangeAnswer::Incomplete { rows: view.rows, announced: view.announced });
        }
        let is_later = view.campaign.start_at.is_some_and(|at| at > self.now);
        let state = if is_later { State::Scheduled } else { State::Running };
        self.conn.prepare_cached("UPDATE campaign SET state = ?, version = ?, start_at = ? WHERE key = ?")?.execute(
            params![
                state.name(),
                version,
                view.campaign.start_at.map_or(self.now, |at| at.max(self.now)).as_millis(),
                view.key.0
            ],
        )?;
        self.campaign_event(name, state)?;
        Ok(ChangeAnswer::Done)
    }

    /// Begins what is scheduled and due.
    pub fn begin_campaigns(&mut self) -> Result<(), StoreError> {
        let sql = "SELECT name FROM campaign WHERE state = 'scheduled' AND start_at <= ?";
        let mut statement = self.conn.prepare_cached(sql)?;
        let due: Vec<String> =
            statement.query_map([self.now.as_millis()], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for name in due {
            self.conn.prepare_cached("UPDATE campaign SET state = 'running' WHERE name = ?")?.execute([&name])?;
            self.campaign_event(&name, State::Running)?;
        }
        Ok(())
    }

    /// Holds a campaign that is scheduled or running.
    pub fn pause_campaign(&mut self, name: &str, reason: &str, client: &str) -> Result<ChangeAnswer, StoreError> {
        let Some(view) = view::by_name(self.conn, name)? else { return Ok(ChangeAnswer::NotFound) };
        if !matches!(view.state, State::Scheduled | State::Running | State::Paused) {
            return Ok(ChangeAnswer::Not(view.state));
        }
        self.pause(Scope::Batch, name, reason, client)?;
        self.campaign_event(name, State::Paused)?;
        Ok(ChangeAnswer::Done)
    }

    /// Lets a campaign go on.
    pub fn resume_campaign(&mut self, name: &str) -> Result<ChangeAnswer, StoreError> {
        let Some(view) = view::by_name(self.conn, name)? else { return Ok(ChangeAnswer::NotFound) };
        if view.state != State::Paused {
            return Ok(ChangeAnswer::Not(view.state));
        }
        self.resume(Scope::Batch, name)?;
        let state = view::by_name(self.conn, name)?.map_or(State::Running, |view| view.state);
        self.campaign_event(name, state)?;
        Ok(ChangeAnswer::Done)
    }

    pub(super) fn campaign_event(&mut self, name: &str, state: State) -> Result<(), StoreError> {
        let data = serde_json::json!({ "batch": name, "state": state.name() });
        self.event(EventKind::BatchChanged, &About { data: Some(data.to_string()), ..About::default() })
    }

    /// The campaign that a message of a lane belongs to.
    pub(super) fn campaign_of(
        &self,
        lane: crate::dispatch::plan::LaneKey,
        message: crate::sms::id::MessageKey,
    ) -> Result<Option<CampaignKey>, StoreError> {
        if self.board.campaigns.is_empty() {
            return Ok(None);
        }
        if let Some(info) = self.board.lanes.get(&lane) {
            return Ok(self.board.campaigns.get(&info.batch).map(|image| image.key));
        }
        // A report may come when its lane is no more.
        let sql = "SELECT campaign.key FROM message JOIN campaign ON campaign.name = message.batch
             WHERE message.key = ?";
        let mut statement = self.conn.prepare_cached(sql)?;
        Ok(statement.query_row([message.0], |row| row.get(0).map(CampaignKey)).optional()?)
    }
}
