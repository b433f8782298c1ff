//! The share of a campaign: how many parts of it may be handed over in a day.
//!
//! It is asked in the offer transaction and counted there, in rows; what stands here is their image. A message is counted
//! whole when it begins, with all its parts and with the code that follows it, so that those that go by several SIMs at a time
//! leave no room to each other that is not there. It is counted once, for the day on which it begins: what is tried again, sent
//! again or goes on after midnight needs no other share. Only what comes back without a word of the network, the first time
//! that it goes, is given back. Once a text meets the end of the share the campaign's lanes are closed until the next day, so that
//! nothing is drawn in vain, however much waits; what has begun goes by lanes that stay open.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::clock::Timestamp;
use crate::contact::Companion;
use crate::dispatch::forecast;
use crate::dispatch::gate::{Reason, Verdict};
use crate::dispatch::plan::LaneKey;

use super::super::StoreError;
use super::super::board::{Board, LaneInfo};
use super::super::companion::{companion, whole};
use super::super::portfolio::stored_day;
use super::super::row::MessageRow;
use super::super::work::Work;
use super::CampaignKey;

/// What the board knows of a campaign.
#[derive(Debug, Clone)]
pub(in super::super) struct Image {
    pub(in super::super) key: CampaignKey,
    /// A person ended it: nothing of it is handed over any more.
    pub(in super::super) is_cancelled: bool,
    quota: Option<Quota>,
}

#[derive(Debug, Clone)]
struct Quota {
    per_day: u32,
    zone: TimeZone,
    day: Day,
    used: u32,
    /// What came next did not fit.
    is_spent: bool,
}

/// A day of the campaign's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Day {
    stored: i64,
    from: Timestamp,
    until: Timestamp,
}

impl Day {
    fn of(at: Timestamp, zone: &TimeZone) -> Self {
        let whole = || {
            let date = at.to_jiff()?.to_zoned(zone.clone()).date();
            let start = |date: jiff::civil::Date| {
                date.to_zoned(zone.clone()).ok().map(|start| Timestamp::from_jiff(start.timestamp()))
            };
            Some(Self { stored: stored_day(date), from: start(date)?, until: start(date.tomorrow().ok()?)? })
        };
        whole().unwrap_or(Self { stored: i64::MAX, from: at, until: Timestamp::MAX })
    }
}

impl Quota {
    fn read(
        conn: &Connection,
        key: CampaignKey,
        per_day: u32,
        zone: TimeZone,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let day = Day::of(now, &zone);
        let sql = "SELECT parts FROM campaign_spend WHERE campaign = ? AND day = ?";
        let used = conn.prepare_cached(sql)?.query_row([key.0, day.stored], |row| row.get(0)).optional()?;
        let used: u32 = used.unwrap_or(0);
        // What has begun may have parts that wait, so only what does not fit closes it.
        Ok(Self { per_day, zone, day, used, is_spent: false })
    }

    fn fits(&self, parts: u32) -> bool {
        self.used.saturating_add(parts) <= self.per_day
    }
}

impl Image {
    /// Whether nothing of it may be drawn.
    pub(in super::super) fn is_closed(&self) -> bool {
        self.is_cancelled || self.quota.as_ref().is_some_and(|quota| quota.is_spent)
    }

    /// When its share is there again.
    pub(in super::super) fn opens_at(&self) -> Option<Timestamp> {
        self.quota.as_ref().filter(|quota| quota.is_spent && !self.is_cancelled).map(|quota| quota.day.until)
    }

    /// Parts that it may send in a day.
    pub(in super::super) fn per_day(&self) -> Option<u32> {
        self.quota.as_ref().map(|quota| quota.per_day)
    }

    /// The same for an estimate.
    pub(in super::super) fn forecast(&self) -> Option<forecast::Quota> {
        let Quota { per_day, day, used, .. } = self.quota.as_ref()?;
        Some(forecast::Quota { per_day: *per_day, used: *used, until: day.until })
    }

    /// What its share makes of the gate's word about a message that has not begun, of so many parts with what follows it.
    pub(in super::super) fn limits(&self, verdict: Verdict, parts: u32) -> Verdict {
        let Some(quota) = self.quota.as_ref().filter(|quota| !quota.fits(parts)) else { return verdict };
        match verdict {
            Verdict::Go => Verdict::Hold { reason: Reason::BatchBudget, until: Some(quota.day.until) },
            Verdict::Hold { reason, until } => {
                Verdict::Hold { reason, until: until.map(|until| until.max(quota.day.until)) }
            }
            Verdict::Block { reason } => Verdict::Block { reason },
        }
    }
}

/// The share of a campaign of which nothing has gone, for an estimate.
pub fn fresh_quota(per_day: u32, zone: &TimeZone, from: Timestamp) -> forecast::Quota {
    forecast::Quota { per_day, used: 0, until: Day::of(from, zone).until }
}

const IMAGES: &str = "SELECT name, key, state, zone, per_day FROM campaign";

/// All campaigns.
pub(in super::super) fn load(conn: &Connection, now: Timestamp) -> Result<HashMap<String, Image>, StoreError> {
    let mut statement = conn.prepare(IMAGES)?;
    let mut rows = statement.query([])?;
    let mut found = HashMap::new();
    while let Some(row) = rows.next()? {
        let (name, image) = read(conn, row, now)?;
        found.insert(name, image);
    }
    Ok(found)
}

fn read(conn: &Connection, row: &rusqlite::Row<'_>, now: Timestamp) -> Result<(String, Image), StoreError> {
    let (key, state, zone): (_, String, String) = (CampaignKey(row.get(1)?), row.get(2)?, row.get(3)?);
    let per_day: Option<u32> = row.get(4)?;
    let zone = TimeZone::get(&zone).unwrap_or(TimeZone::UTC);
    let quota = per_day.map(|per_day| Quota::read(conn, key, per_day, zone, now)).transpose()?;
    Ok((row.get(0)?, Image { key, is_cancelled: state == "cancelled", quota }))
}

impl Board {
    /// The campaign whose messages go by a lane.
    pub(in super::super) fn campaign(&self, info: &LaneInfo) -> Option<&Image> {
        if info.batch.is_empty() { None } else { self.campaigns.get(&info.batch) }
    }

    /// Whether messages of a lane are counted in a share.
    pub(in super::super) fn has_share(&self, info: &LaneInfo) -> bool {
        self.campaign(info).is_some_and(|campaign| campaign.quota.is_some())
    }

    /// When the share of a campaign is there again for which something waits.
    pub(in super::super) fn next_share(&self) -> Option<Timestamp> {
        self.campaigns.values().filter_map(Image::opens_at).min()
    }
}

impl Work<'_> {
    /// Keeps an eye on a campaign from now on, or anew.
    pub(super) fn watch_campaign(&mut self, key: CampaignKey) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare_cached(&format!("{IMAGES} WHERE key = ?"))?;
        let mut rows = statement.query([key.0])?;
        if let Some(row) = rows.next()? {
            let (name, image) = read(self.conn, row, self.now)?;
            self.board.campaigns.insert(name, image);
        }
        Ok(())
    }

    /// Opens shares whose day is another by now.
    pub(in super::super) fn look_at_the_shares(&mut self) -> Result<(), StoreError> {
        let now = self.now;
        let is_over = |quota: &Quota| now < quota.day.from || quota.day.until <= now;
        let over = self.board.campaigns.iter().filter(|(_, image)| image.quota.as_ref().is_some_and(is_over));
        let over: Vec<String> = over.map(|(name, _)| name.clone()).collect();
        for name in over {
            if let Some(image) = self.board.campaigns.get_mut(&name)
                && let Some(quota) = image.quota.take()
            {
                image.quota = Some(Quota::read(self.conn, image.key, quota.per_day, quota.zone, now)?);
            }
            self.batch_effects(&name);
        }
        Ok(())
    }

    /// Tells the plan of all lanes of a batch.
    pub(in super::super) fn batch_effects(&mut self, batch: &str) {
        let of_batch = self.board.lanes.iter().filter(|(_, info)| info.batch == batch);
        let lanes: Vec<LaneKey> = of_batch.map(|(key, _)| *key).collect();
        for lane in lanes {
            self.lane_effect(lane);
        }
    }

    /// What came next does not fit its campaign's share: the day is over for it.
    pub(in super::super) fn close_share(&mut self, lane: LaneKey) {
        let Some(batch) = self.board.lanes.get(&lane).map(|info| info.batch.clone()) else { return };
        if let Some(quota) = self.board.campaigns.get_mut(&batch).and_then(|image| image.quota.as_mut()) {
            quota.is_spent = true;
            self.batch_effects(&batch);
        }
    }

    /// Counts a message of a campaign that begins: the whole of it. From now on it goes by lanes that its share does not close.
    pub(in super::super) fn spend_share(&mut self, message: &MessageRow) -> Result<(), StoreError> {
        let Some(info) = self.board.lanes.get(&message.lane).filter(|info| !info.begun).cloned() else { return Ok(()) };
        let Some(image) = self.board.campaigns.get_mut(&info.batch) else { return Ok(()) };
        let Some(quota) = &mut image.quota else { return Ok(()) };
        let parts = whole(self.conn, message)?;
        quota.used = quota.used.saturating_add(parts);
        let sql = "INSERT INTO campaign_spend (campaign, day, parts) VALUES (?1, ?2, ?3)
             ON CONFLICT (campaign, day) DO UPDATE SET parts = parts + ?3";
        self.conn.prepare_cached(sql)?.execute(params![image.key.0, quota.day.stored, parts])?;
        self.move_to_lane(message, LaneInfo { begun: true, ..info })
    }

    /// Gives back a message that began at `at`, of which nothing was sent. The lane in which it is by now.
    pub(in super::super) fn unspend_share(
        &mut self,
        message: &MessageRow,
        at: Timestamp,
    ) -> Result<LaneKey, StoreError> {
        let info = self.board.lanes.get(&message.lane).filter(|info| info.begun);
        let Some(info) = info.cloned() else { return Ok(message.lane) };
        let Some(image) = self.board.campaigns.get_mut(&info.batch) else { return Ok(message.lane) };
        let Some(quota) = &mut image.quota else { return Ok(message.lane) };
        // What follows another one was counted with that.
        if companion(self.conn, message.key)? != Companion::No {
            return Ok(message.lane);
        }
        let parts = whole(self.conn, message)?;
        let day = Day::of(at, &quota.zone).stored;
        let sql = "UPDATE campaign_spend SET parts = max(parts - ?3, 0) WHERE campaign = ?1 AND day = ?2";
        self.conn.prepare_cached(sql)?.execute(params![image.key.0, day, parts])?;
        if day == quota.day.stored {
            quota.used = quota.used.saturating_sub(parts);
            quota.is_spent = false;
            self.batch_effects(&info.batch);
        }
        let info = LaneInfo { begun: false, ..info };
        self.move_to_lane(message, info.clone())?;
        self.lane(info)
    }
}
