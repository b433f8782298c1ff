//! Campaigns as readers see them.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::clock::Timestamp;
use crate::dispatch::plan::LaneKey;
use crate::dunning::campaign::{Campaign, State};
use crate::sms::lifecycle::MessageState;

use super::super::StoreError;
use super::super::definition::read_campaign;
use super::super::reader::Reader;
use super::super::row::{message_code, message_state_of, number};
use super::{CampaignKey, CampaignRow};

/// A campaign.
#[derive(Debug, Clone)]
pub struct CampaignView {
    /// Its row.
    pub key: CampaignKey,
    /// What was written.
    pub campaign: Campaign,
    /// Which writing of it this is, from 1: a draft may be written anew.
    pub revision: u32,
    /// How far it has come.
    pub state: State,
    /// When it was written.
    pub at: Timestamp,
    /// Who wrote it.
    pub client: String,
    /// When it begins or began, once it is started.
    pub start_at: Option<Timestamp>,
    /// The version of its template that was test sent; 0 for a text without one.
    pub tested: Option<u32>,
    /// Parts of the text that was test sent.
    pub tested_parts: Option<u32>,
    /// Rows of its list that were written since the test, or at all.
    pub untested: u64,
    /// The version that is sent, once it is started.
    pub version: Option<u32>,
    /// How far it was written into the queue.
    pub place: i64,
    /// When all of it was.
    pub queued_at: Option<Timestamp>,
    /// Rows of its list.
    pub rows: u64,
    /// Rows that were announced: with fewer it does not start.
    pub announced: u64,
    /// Why nothing more of it can be written into the queue, while that is so.
    pub problem: Option<String>,
    /// Its messages by their state.
    pub progress: Progress,
    /// Who got no text, by the code of the reason.
    pub left: BTreeMap<String, u64>,
}

/// Messages by their state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress(pub Vec<(MessageState, u64)>);

impl Progress {
    /// How many are in a state.
    pub fn of(&self, state: MessageState) -> u64 {
        self.0.iter().find(|(one, _)| *one == state).map_or(0, |(_, count)| *count)
    }

    /// All of them.
    pub fn all(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// Those of which something may still be handed over.
    pub fn open(&self) -> u64 {
        self.of(MessageState::Queued) + self.of(MessageState::Sending)
    }
}

macro_rules! campaigns {
    ($which:literal) => {
        concat!(
            "SELECT key, name, definition, at, client, state, start_at, tested, version, place, queued_at,
             EXISTS (SELECT 1 FROM pause WHERE scope = 'batch' AND id = name), rows,
             announced, tested_parts, untested, problem, revision FROM campaign ",
            $which
        )
    };
}

/// A campaign by its name.
pub(in super::super) fn by_name(conn: &Connection, name: &str) -> Result<Option<CampaignView>, StoreError> {
    let mut statement = conn.prepare_cached(campaigns!("WHERE name = ?"))?;
    let mut rows = statement.query([name])?;
    rows.next()?.map(|row| read(conn, row)).transpose()
}

/// A campaign by its row.
pub(in super::super) fn by_key(conn: &Connection, key: CampaignKey) -> Result<Option<CampaignView>, StoreError> {
    let mut statement = conn.prepare_cached(campaigns!("WHERE key = ?"))?;
    let mut rows = statement.query([key.0])?;
    rows.next()?.map(|row| read(conn, row)).transpose()
}

fn read(conn: &Connection, row: &Row<'_>) -> Result<CampaignView, StoreError> {
    let key = CampaignKey(row.get(0)?);
    let (name, definition, state): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(5)?);
    let at = |column| row.get::<_, Option<i64>>(column).map(|at| at.map(Timestamp::from_millis));
    let corrupt = || StoreError::Corrupt { table: "campaign", key: key.0, what: "definition or state" };
    let written = serde_json::from_str(&definition).map_err(|_not_json| corrupt())?;
    let campaign = read_campaign(&name, written).map_err(|_not_understood| corrupt())?;
    let progress = progress(conn, key)?;
    let queued_at = at(10)?;
    let state = match State::from_name(&state).ok_or_else(corrupt)? {
        State::Running if queued_at.is_some() && progress.open() == 0 => State::Done,
        State::Running | State::Scheduled if row.get(11)? => State::Paused,
        state @ (State::Draft | State::Scheduled | State::Running | State::Paused | State::Done | State::Cancelled) => {
            state
        }
    };
    let is_stuck = matches!(state, State::Running | State::Paused) && queued_at.is_none();
    let problem = if is_stuck { row.get(16)? } else { None };
    let mut statement =
        conn.prepare_cached("SELECT code, texts FROM campaign_left WHERE campaign = ? ORDER BY code")?;
    let left = statement.query_map([key.0], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    Ok(CampaignView {
        key,
        campaign,
        state,
        at: Timestamp::from_millis(row.get(3)?),
        client: row.get(4)?,
        start_at: at(6)?,
        tested: row.get(7)?,
        version: row.get(8)?,
        place: row.get(9)?,
        queued_at,
        rows: row.get(12)?,
        announced: row.get(13)?,
        tested_parts: row.get(14)?,
        untested: row.get(15)?,
        problem,
        revision: row.get(17)?,
        progress,
        left,
    })
}

fn progress(conn: &Connection, key: CampaignKey) -> Result<Progress, StoreError> {
    let sql = "SELECT state, messages FROM campaign_tally WHERE campaign = ? AND messages > 0 ORDER BY state";
    let mut statement = conn.prepare_cached(sql)?;
    let found = statement.query_map([key.0], |row| Ok((message_state_of(row.get(0)?), row.get::<_, u64>(1)?)))?;
    let found = found.collect::<Result<Vec<_>, _>>()?;
    Ok(Progress(found.into_iter().filter_map(|(state, count)| Some((state?, count))).collect()))
}

impl Reader {
    /// A campaign by its name.
    pub fn campaign(&self, name: &str) -> Result<Option<CampaignView>, StoreError> {
        self.with(|conn| by_name(conn, name))
    }

    /// Campaigns of these creditors, or of all where there is none; newest first, before a row.
    pub fn campaigns(
        &self,
        creditors: &[String],
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<CampaignView>, StoreError> {
        let only = serde_json::to_string(creditors).unwrap_or_default();
        self.with(|conn| {
            let mut statement = conn.prepare_cached(campaigns!(
                "WHERE (?1 = '[]' OR creditor IN (SELECT value FROM json_each(?1))) AND (?2 IS NULL OR key < ?2)
                 ORDER BY key DESC LIMIT ?3"
            ))?;
            let mut rows = statement.query(params![only, before, limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                match read(conn, row) {
                    Err(error) if error.is_of_a_row() => {}
                    campaign => found.push(campaign?),
                }
            }
            Ok(found)
        })
    }

    /// Campaigns of which something is still to be written into the queue, to be begun, or to be withdrawn from it; by name.
    pub fn campaigns_at_work(&self) -> Result<Vec<CampaignView>, StoreError> {
        self.with(|conn| {
            let mut statement = conn.prepare_cached(campaigns!(
                "WHERE state = 'scheduled' OR (state = 'running' AND queued_at IS NULL) OR (state = 'cancelled'
                 AND name IN (SELECT batch FROM lane WHERE waiting > 0)) ORDER BY key"
            ))?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                match read(conn, row) {
                    Err(error) if error.is_of_a_row() => tracing::error!(%error, "campaign cannot be read"),
                    campaign => found.push(campaign?),
                }
            }
            Ok(found)
        })
    }

    /// Rows of a list, after one of them.
    pub fn campaign_rows(&self, key: CampaignKey, after: i64, limit: u32) -> Result<Vec<CampaignRow>, StoreError> {
        self.with(|conn| {
            let sql = "SELECT place, recipient, debtor, debt, given FROM campaign_row WHERE campaign = ? AND place > ?
                 ORDER BY place LIMIT ?";
            let mut statement = conn.prepare_cached(sql)?;
            let rows = statement.query_map(params![key.0, after, limit], |row| {
                let to: Option<i64> = row.get(1)?;
                let given: Option<String> = row.get(4)?;
                Ok(CampaignRow {
                    place: row.get(0)?,
                    to: to.and_then(number),
                    debtor: row.get(2)?,
                    debt: row.get(3)?,
                    given: given.and_then(|given| serde_json::from_str(&given).ok()).unwrap_or_default(),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Parts that wait in lanes at a priority or a higher one. More than `exactly` in a lane are not counted anew: all that
    /// wait there are taken for such.
    pub fn waiting_at(&self, lanes: &[LaneKey], priority: u8, exactly: u64) -> Result<Vec<u64>, StoreError> {
        self.with(|conn| {
            let mut counts = Vec::with_capacity(lanes.len());
            for lane in lanes {
                let all = "SELECT waiting FROM lane WHERE key = ?";
                let all: Option<u64> = conn.prepare_cached(all)?.query_row([lane.0], |row| row.get(0)).optional()?;
                let all = all.unwrap_or(0);
                let sql = "SELECT count(*) FROM segment WHERE lane = ? AND prio >= ? AND state = 0";
                counts.push(if all > exactly {
                    all
                } else {
                    conn.prepare_cached(sql)?.query_row(params![lane.0, priority], |row| row.get(0))?
                });
            }
            Ok(counts)
        })
    }
}

impl super::super::work::Work<'_> {
    /// Stores what was counted of campaigns.
    pub(in super::super) fn write_campaign_tally(
        conn: &Connection,
        tally: BTreeMap<(CampaignKey, i64), i64>,
    ) -> Result<(), StoreError> {
        for ((campaign, state), change) in tally.into_iter().filter(|(_, change)| *change != 0) {
            conn.prepare_cached(
                "INSERT INTO campaign_tally (campaign, state, messages) VALUES (?1, ?2, ?3)
                 ON CONFLICT (campaign, state) DO UPDATE SET messages = messages + ?3",
            )?
            .execute((campaign.0, state, change))?;
        }
        Ok(())
    }

    /// Counts a message of a campaign into a state, or from one into another.
    pub(in super::super) fn count_of_campaign(
        &mut self,
        campaign: Option<CampaignKey>,
        from: Option<MessageState>,
        to: MessageState,
    ) {
        let Some(campaign) = campaign else { return };
        if let Some(from) = from {
            *self.campaign_tally.entry((campaign, message_code(from))).or_default() -= 1;
        }
        *self.campaign_tally.entry((campaign, message_code(to))).or_default() += 1;
    }
}
