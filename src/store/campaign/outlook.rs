//! What an estimate of a campaign's end needs to know of SIMs, lanes and hours.

use std::sync::Arc;

use crate::contact::Addressee;
use crate::contact::calendar::Calendar;
use crate::dispatch::budget::Budget;
use crate::dispatch::forecast::Quota;
use crate::dispatch::gate::{Question, Verdict};
use crate::dispatch::plan::LaneKey;
use crate::dispatch::route::Route;

use super::super::board::LaneInfo;
use super::super::work::Work;
use super::super::{StoreError, record};

/// What is known of SIMs, lanes and hours now.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// What each SIM may spend that is on the route and can send.
    pub sims: Vec<Budget>,
    /// Parts of the campaign that wait, by the class of their hours.
    pub own: Vec<(String, u64)>,
    /// Other lanes with something that goes by the same SIMs, with the class of their hours.
    pub others: Vec<(LaneKey, String)>,
    /// The campaign's own limit.
    pub quota: Option<Quota>,
    /// Whether it is paused, by itself or with everything.
    pub is_paused: bool,
    /// The hours.
    pub calendar: Arc<Calendar>,
}

impl Work<'_> {
    /// What is known for an estimate of a batch by a route; of one that is not there yet without its name, which something
    /// else may have.
    pub fn outlook(&self, batch: Option<&str>, route: &Route) -> Outlook {
        let board = &*self.board;
        let can_send = |sim: &&super::super::board::Sim| {
            sim.place.as_ref().is_some_and(|place| place.ready)
                && sim.health.rest.is_none()
                && !board.sim_is_paused(sim)
        };
        let lines: Vec<_> = board.sims.values().filter(can_send).filter(|sim| route.admits(&sim.card.names)).collect();
        let shares_a_sim = |info: &LaneInfo| lines.iter().any(|sim| info.route.admits(&sim.card.names));
        let waiting = |key: &LaneKey| board.waiting.get(key).and_then(|parts| u64::try_from(*parts).ok()).unwrap_or(0);
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for (key, info) in board.lanes.iter().filter(|(key, _)| waiting(key) > 0) {
            if batch == Some(info.batch.as_str()) {
                own.push((info.class.clone(), waiting(key)));
            } else if shares_a_sim(info) && !board.lane_is_paused(info) {
                others.push((*key, info.class.clone()));
            }
        }
        let quota = batch.and_then(|batch| board.campaigns.get(batch)).and_then(super::Image::forecast);
        let is_paused_itself = batch.is_some_and(|batch| board.is_paused(super::super::board::Scope::Batch, batch));
        let is_paused = board.all_paused() || is_paused_itself;
        let sims = lines.into_iter().map(|sim| sim.budget.clone()).collect();
        Outlook { sims, own, others, quota, is_paused, calendar: Arc::clone(&board.contact.calendar) }
    }

    /// What is known for an estimate of all that waits and is not paused.
    pub fn outlook_of_all(&self) -> Outlook {
        let mut outlook = self.outlook(None, &Route::Any);
        let board = &*self.board;
        for (key, info) in &board.lanes {
            let parts = board.waiting.get(key).and_then(|parts| u64::try_from(*parts).ok()).unwrap_or(0);
            if parts > 0 && !board.lane_is_paused(info) {
                outlook.own.push((info.class.clone(), parts));
            }
        }
        outlook.others.clear();
        outlook
    }

    /// Asks the gate about a message that would be submitted, and says by which class of hours it would go.
    pub fn judge_unsent(
        &self,
        route: &Route,
        batch: &str,
        addressee: Addressee,
        question: Question,
    ) -> Result<(Verdict, String), StoreError> {
        let record = record::read(self.conn, &self.board.contact, addressee, None, false, self.now)?;
        let lane =
            LaneInfo { class: record.class.to_string(), route: route.clone(), batch: batch.to_owned(), begun: false };
        let verdict = self.board.ask_lane(self.conn, &lane, None, question, Some(&record), self.now)?;
        Ok((verdict, lane.class))
    }
}
