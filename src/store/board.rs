//! The image of what is small and asked all the time: SIMs with their budgets, lanes and pauses.
//!
//! It is changed together with the rows, and read anew from them after a rollback. Which SIM is in which modem is known to
//! this image only: after a restart the modems say so again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::clock::Timestamp;
use crate::contact::calendar::{Calendar, Class, Window};
use crate::contact::{ContactSettings, Lasts, Obstacle, Record, settings};
use crate::dispatch::balance::{Account, Question as BalanceQuestion, Reading};
use crate::dispatch::budget::{Allowance, Budget, Demand, Level, Period};
use crate::dispatch::gate::{self, Question, Verdict};
use crate::dispatch::health::{Health, Rest, RestReason};
use crate::dispatch::plan::LaneKey;
use crate::dispatch::route::Route;
use crate::dispatch::sim::Card;
use crate::sms::id::{ModemId, SimKey};
use crate::sms::number::PhoneNumber;

use super::campaign;
use super::clock_doubt::Doubt;
use super::row::MessageRow;
use super::set_back::SetBack;
use super::{Settings, StoreError, balance, control, health, part_set, set_back, spend};

/// What the writer keeps at hand.
#[derive(Debug, Clone)]
pub struct Board {
    pub(super) contact: Arc<ContactSettings>,
    /// The hours of each class that a lane has, as far as they were looked at.
    hours: HashMap<String, Hours>,
    pub(super) sims: BTreeMap<SimKey, Sim>,
    pub(super) lanes: BTreeMap<LaneKey, LaneInfo>,
    pub(super) lane_keys: HashMap<LaneInfo, LaneKey>,
    /// The time of the last look at them.
    hours_from: Timestamp,
    /// What the plan was told of them may be out of date.
    retell: bool,
    /// Parts that wait in each lane.
    pub(super) waiting: BTreeMap<LaneKey, i64>,
    pub(super) pauses: BTreeMap<(Scope, String), Pause>,
    /// Campaigns, by the batch of their messages.
    pub(super) campaigns: HashMap<String, campaign::Image>,
    /// Places that this transaction changed, as they were, the first change first.
    places_before: Vec<(SimKey, Option<Place>)>,
    /// The time of the last transaction, or of what the last process wrote if that is later.
    seen: Timestamp,
    /// Why the clock is not believed, while it is not.
    pub(super) doubt: Option<Doubt>,
    /// What is still to be moved since the clock was set back.
    pub(super) set_back: Option<SetBack>,
    /// What was known of contact before this transaction, if it changed that.
    contact_before: Option<Arc<ContactSettings>>,
    /// Both as they were before this transaction.
    clock_before: Option<(Timestamp, Option<SetBack>)>,
    /// No message expires before this; not later than the first one does.
    pub(super) next_expiry: Option<Timestamp>,
    /// When the first policy of an unknown part comes due.
    pub(super) next_decision: Option<Timestamp>,
    /// When the first text is published although parts of it are missing.
    pub(super) next_partial: Option<Timestamp>,
    /// When lanes of batches are looked at next, and how far that has come.
    pub(super) next_lanes: Option<Timestamp>,
    pub(super) lanes_seen: LaneKey,
}

/// A SIM that was seen.
#[derive(Debug, Clone)]
pub(super) struct Sim {
    pub(super) card: Card,
    pub(super) budget: Budget,
    /// Its record. Of it only a rest is stored: the counters begin anew with the daemon and after a rollback.
    pub(super) health: Health,
    /// What is left on it, if it is prepaid.
    pub(super) account: Account,
    /// The modem that it is in and whether that can send.
    pub(super) place: Option<Place>,
}

impl Sim {
    fn is_ready(&self) -> bool {
        self.place.as_ref().is_some_and(|place| place.ready)
    }

    /// Whether its balance can be asked while it rests: by a text it cannot.
    fn tells_at_rest(&self) -> bool {
        self.account.query().is_some_and(|query| matches!(query.question, BalanceQuestion::Code(_)))
    }

    /// When its balance is asked next, while it can be.
    pub(super) fn balance_due(&self) -> Option<Timestamp> {
        let can_ask = self.is_ready() && (self.health.rest.is_none() || self.tells_at_rest());
        self.account.due().filter(|_| can_ask)
    }

    /// When its next self-test is due, while it can send one. One that has nothing left tells by itself when it has.
    pub(super) fn test_due(&self) -> Option<Timestamp> {
        let rest = self.health.rest.filter(|_| self.is_ready())?;
        (rest.reason != RestReason::Empty || !self.tells_at_rest()).then_some(rest.next_test)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) modem: ModemId,
    pub(super) ready: bool,
}

/// The class of what goes at any hour.
pub(super) const ALWAYS: &str = "always";

/// The hours of a class.
#[derive(Debug, Clone)]
struct Hours {
    class: Class,
    /// What the calendar said.
    window: Window,
    /// When it was asked.
    from: Timestamp,
}

impl Hours {
    fn at(calendar: &Calendar, class: Class, now: Timestamp) -> Self {
        let window = calendar.window(&class, None, now);
        Self { class, window, from: now }
    }

    fn is_open(&self) -> bool {
        self.window.is_open()
    }

    /// Until when it stays open or closed.
    fn until(&self) -> Timestamp {
        match self.window {
            Window::Open { until } => until,
            Window::Closed { until, next_opening, .. } => next_opening.unwrap_or(until),
        }
    }

    /// What the calendar would say at a time, where that is known: nothing of an answer changes until it is over.
    fn window(&self, at: Timestamp) -> Option<Window> {
        (self.from <= at && at < self.window.until()).then_some(self.window)
    }
}

/// What a lane stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct LaneInfo {
    /// The class of hours, as it is stored.
    pub(super) class: String,
    pub(super) route: Route,
    pub(super) batch: String,
    /// Its messages are counted in the share of their campaign: they need no more of it.
    pub(super) begun: bool,
}

/// What a pause covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Everything.
    All,
    /// The messages of one batch.
    Batch,
    /// One SIM, by its ICCID; in rows of before this rule by its name where that was given.
    Sim,
}

/// A pause that lasts until someone resumes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// What it covers.
    pub scope: Scope,
    /// The batch or the SIM; empty for everything.
    pub id: String,
    /// Why, in the words of whoever paused it last; empty where none were given.
    pub reason: String,
    /// When it began.
    pub since: Timestamp,
    /// Who began it.
    pub client: String,
}

/// What [`Pause::read`] reads.
pub(super) const PAUSE: &str = "SELECT scope, id, reason, at, client FROM pause";

impl Pause {
    /// A row; nothing where a later release stored a scope that this one does not know.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Option<Self>> {
        let Some(scope) = Scope::from_name(&row.get::<_, String>(0)?) else { return Ok(None) };
        let since = Timestamp::from_millis(row.get(3)?);
        Ok(Some(Self { scope, id: row.get(1)?, reason: row.get(2)?, since, client: row.get(4)? }))
    }
}

impl Scope {
    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Batch => "batch",
            Self::Sim => "sim",
        }
    }

    /// The scope with this word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::All, Self::Batch, Self::Sim].into_iter().find(|scope| scope.name() == name)
    }
}

/// A SIM as the API shows it.
#[derive(Debug, Clone)]
pub struct SimStatus {
    /// Its row.
    pub key: SimKey,
    /// Names and configured number.
    pub card: Card,
    /// The modem that it is in, if any.
    pub modem: Option<ModemId>,
    /// `ready`, `paused`, `resting` or `absent`.
    pub state: &'static str,
    /// Its own pause, if a person paused it.
    pub pause: Option<Pause>,
    /// Its rest, while it must prove itself.
    pub rest: Option<Rest>,
    /// What each limit has left.
    pub levels: Vec<Level>,
    /// When what waits for it now would have left; an estimate.
    pub queue_ends_at: Option<Timestamp>,
    /// What was last said of its balance, and the currency where it is known.
    pub balance: Option<(Reading, Option<&'static str>)>,
}

impl Board {
    pub(super) fn load(conn: &Connection, settings: &Settings, now: Timestamp) -> Result<Self, StoreError> {
        let mut board = Self {
            contact: settings.contact.clone(),
            hours: HashMap::new(),
            hours_from: now,
            retell: false,
            sims: BTreeMap::new(),
            lanes: BTreeMap::new(),
            lane_keys: HashMap::new(),
            waiting: BTreeMap::new(),
            pauses: BTreeMap::new(),
            campaigns: campaign::load(conn, now)?,
            places_before: Vec::new(),
            seen: last_written(conn)?.map_or(now, |at| at.max(now)),
            doubt: Doubt::load(conn)?,
            set_back: None,
            contact_before: None,
            clock_before: None,
            next_expiry: control::next_expiry(conn)?,
            next_decision: control::next_decision(conn, now)?,
            next_partial: part_set::next_partial(conn)?,
            next_lanes: None,
            lanes_seen: LaneKey(0),
        };
        let mut sims = conn.prepare("SELECT key, iccid FROM sim")?;
        for row in sims.query_map([], |row| Ok((SimKey(row.get(0)?), row.get::<_, String>(1)?)))? {
            let (key, iccid) = row?;
            board.add_sim(conn, settings.sims.card(&iccid), key, now)?;
        }
        let mut lanes = conn.prepare("SELECT key, route, batch, waiting, class, begun FROM lane")?;
        for row in lanes.query_map([], |row| {
            let route = Route::from_stored(&row.get::<_, String>(1)?);
            let info = LaneInfo { class: row.get(4)?, route, batch: row.get(2)?, begun: row.get(5)? };
            Ok((LaneKey(row.get(0)?), info, row.get(3)?))
        })? {
            let (key, info, waiting) = row?;
            board.waiting.insert(key, waiting);
            board.add_lane(key, info, now);
        }
        board.next_lanes = board.lanes.values().any(|info| !info.batch.is_empty()).then_some(now);
        board.set_back = set_back::unfinished(conn, &board.waiting)?;
        for pause in conn.prepare(PAUSE)?.query_map([], Pause::read)? {
            board.pauses.extend(pause?.map(|pause| ((pause.scope, pause.id.clone()), pause)));
        }
        Ok(board)
    }

    /// The rows anew after a rollback, with the places that only this image knows as they were before.
    pub(super) fn reload(&self, conn: &Connection, settings: &Settings, now: Timestamp) -> Result<Self, StoreError> {
        let mut fresh = Self::load(conn, settings, now)?;
        // The rules may have been read again since the start.
        let contact = self.contact_before.as_ref().unwrap_or(&self.contact);
        if !Arc::ptr_eq(&fresh.contact, contact) {
            fresh.set_rules(contact.clone(), now);
            fresh.contact_before = None;
        }
        // Lanes that this transaction opened or closed were not told to anyone.
        fresh.retell = true;
        // What a clock that was set back asks for was rolled back too: the next transaction does it again.
        (fresh.seen, fresh.set_back) = self.clock_before.clone().unwrap_or_else(|| (self.seen, self.set_back.clone()));
        for (key, sim) in &mut fresh.sims {
            let before = self.places_before.iter().find(|(moved, _)| moved == key).map(|(_, place)| place.clone());
            sim.place = before.unwrap_or_else(|| self.sims.get(key).and_then(|old| old.place.clone()));
        }
        Ok(fresh)
    }

    /// Goes by this time from now on, as if none had been seen before.
    pub(super) fn begin_at(&mut self, now: Timestamp) {
        self.seen = now;
    }

    /// A transaction begins. The time of the one before, when the clock was set back since.
    pub(super) fn begin(&mut self, now: Timestamp) -> Option<Timestamp> {
        self.places_before.clear();
        let seen = std::mem::replace(&mut self.seen, now);
        self.clock_before = Some((seen, self.set_back.clone()));
        (now < seen).then_some(seen)
    }

    /// The transaction is on disk.
    pub(super) fn committed(&mut self) {
        self.places_before.clear();
        self.clock_before = None;
        self.contact_before = None;
    }

    /// Whether the clock was set back since the last transaction, so that one is due even if it does nothing else.
    pub fn is_behind(&self, now: Timestamp) -> bool {
        now < self.seen
    }

    /// Puts a SIM into a modem, or takes it out.
    pub(super) fn set_place(&mut self, key: SimKey, place: Option<Place>) {
        if let Some(sim) = self.sims.get_mut(&key) {
            let before = std::mem::replace(&mut sim.place, place);
            self.places_before.push((key, before));
        }
    }

    pub(super) fn add_sim(
        &mut self,
        conn: &Connection,
        card: Card,
        key: SimKey,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let budget = spend::read(conn, key, &card.limits, now)?;
        let health = Health::new(health::rest(conn, key)?);
        let account = balance::account(conn, key, &card.balance, now)?;
        self.sims.insert(key, Sim { card, budget, health, account, place: None });
        Ok(())
    }

    /// The budget of a SIM anew from the rows.
    pub(super) fn read_budget(&mut self, conn: &Connection, key: SimKey, now: Timestamp) -> Result<(), StoreError> {
        if let Some(sim) = self.sims.get_mut(&key) {
            sim.budget = spend::read(conn, key, &sim.card.limits, now)?;
        }
        Ok(())
    }

    pub(super) fn add_lane(&mut self, key: LaneKey, info: LaneInfo, now: Timestamp) {
        self.watch_hours(&info.class, now);
        self.lane_keys.insert(info.clone(), key);
        self.lanes.insert(key, info);
    }

    fn pause(&self, scope: Scope, id: &str) -> Option<&Pause> {
        self.pauses.values().find(|pause| pause.scope == scope && pause.id == id)
    }

    fn sim_pause(&self, sim: &Sim) -> Option<&Pause> {
        let names = &sim.card.names;
        let by_name = || names.name.as_ref().and_then(|name| self.pause(Scope::Sim, name));
        self.pause(Scope::Sim, &names.iccid).or_else(by_name)
    }

    pub(super) fn is_paused(&self, scope: Scope, id: &str) -> bool {
        self.pause(scope, id).is_some()
    }

    pub(super) fn sim_is_paused(&self, sim: &Sim) -> bool {
        self.sim_pause(sim).is_some()
    }

    /// The pause that holds messages of a lane: the widest one, and of SIMs the first on the route that is paused.
    pub(super) fn pause_over(&self, route: &Route, batch: &str) -> Option<&Pause> {
        let of_batch = || (!batch.is_empty()).then(|| self.pause(Scope::Batch, batch)).flatten();
        let sims = self.sims.values().filter(|sim| route.admits(&sim.card.names));
        let of_all = self.pause(Scope::All, "").or(self.doubt.as_ref().map(|doubt| &doubt.pause));
        of_all.or_else(of_batch).or_else(|| sims.into_iter().find_map(|sim| self.sim_pause(sim)))
    }

    pub(super) fn lane_is_paused(&self, lane: &LaneInfo) -> bool {
        let is_over = self.campaign(lane).is_some_and(|campaign| campaign.is_cancelled);
        is_over || (!lane.batch.is_empty() && self.is_paused(Scope::Batch, &lane.batch))
    }

    /// Whether nothing may be drawn from a lane: a person paused it, or its hours are over.
    pub(super) fn lane_is_closed(&self, lane: &LaneInfo) -> bool {
        self.lane_is_paused(lane)
            || (!lane.begun && self.campaign(lane).is_some_and(campaign::Image::is_closed))
            || self.hours.get(&lane.class).is_some_and(|hours| !hours.is_open())
    }

    /// Looks at the hours that may have changed by now: the lanes that open or close.
    pub(super) fn turn_hours(&mut self, now: Timestamp) -> Vec<LaneKey> {
        let calendar = &self.contact.calendar;
        let tell_all = std::mem::take(&mut self.retell);
        let mut turned = BTreeSet::new();
        for (text, hours) in &mut self.hours {
            // Also when why it is closed is another reason now.
            if hours.window.until() <= now || now < self.hours_from {
                let was_open = hours.is_open();
                *hours = Hours::at(calendar, hours.class.clone(), now);
                if hours.is_open() == was_open && !tell_all {
                    continue;
                }
            } else if !tell_all {
                continue;
            }
            turned.insert(text.clone());
        }
        self.hours_from = now;
        let is_turned = |info: &LaneInfo| turned.contains(&info.class);
        self.lanes.iter().filter(|(_, info)| is_turned(info)).map(|(key, _)| *key).collect()
    }

    /// Other rules hold from now on.
    pub(super) fn set_rules(&mut self, contact: Arc<ContactSettings>, now: Timestamp) {
        let before = std::mem::replace(&mut self.contact, contact);
        self.contact_before.get_or_insert(before);
        self.hours.clear();
        let classes: BTreeSet<String> = self.lanes.values().map(|info| info.class.clone()).collect();
        for class in classes {
            self.watch_hours(&class, now);
        }
        // What was open under the old rules may be closed under these.
        self.retell = true;
    }

    /// Keeps an eye on the hours of a class from now on.
    pub(super) fn watch_hours(&mut self, class: &str, now: Timestamp) {
        if class == ALWAYS || self.hours.contains_key(class) {
            return;
        }
        // What is not understood was written by another release: each message is asked about by itself.
        let Some(parsed) = Class::parse(class, self.contact.calendar.atlas()) else { return };
        self.hours.insert(class.to_owned(), Hours::at(&self.contact.calendar, parsed, now));
    }

    /// When the hours of something that waits change next.
    fn next_hours(&self) -> Option<Timestamp> {
        let waits = |key: &LaneKey| self.waiting.get(key).is_some_and(|&parts| parts > 0);
        let lanes = self.lanes.iter().filter(|(key, _)| waits(key));
        lanes
            .filter_map(|(_, info)| self.hours.get(&info.class))
            .map(Hours::until)
            .filter(|at| *at < Timestamp::MAX)
            .min()
    }

    /// Asks the gate about a message of a lane, for all SIMs on its route or for `only` one, and its campaign for its share.
    /// `record` is what is known of its recipient, where there is one.
    pub(super) fn ask_lane(
        &self,
        conn: &Connection,
        info: &LaneInfo,
        only: Option<SimKey>,
        question: Question,
        record: Option<&Record>,
        now: Timestamp,
    ) -> Result<Verdict, StoreError> {
        let verdict = self.ask_lines(conn, info, only, question, record, now)?;
        let is_counted = question.begun || record.is_some_and(Record::is_counted);
        Ok(match self.campaign(info).filter(|_| !is_counted) {
            Some(campaign) => campaign.limits(verdict, question.parts),
            None => verdict,
        })
    }

    /// What keeps every message of a lane from going now, whoever it is to, and until when; nothing where they wait for their turn.
    pub(super) fn hold_of_lane(
        &self,
        conn: &Connection,
        info: &LaneInfo,
        now: Timestamp,
    ) -> Result<Option<(gate::Reason, Option<Timestamp>)>, StoreError> {
        let question =
            Question { paused: false, asked: now, due: now, expires: Timestamp::MAX, parts: 1, begun: info.begun };
        let verdict = self.ask_lane(conn, info, None, question, None, now)?;
        let hours = || self.hours.get(&info.class).and_then(|hours| settings::obstacle(hours.window));
        Ok(match (verdict, hours()) {
            (Verdict::Hold { reason: gate::Reason::Paused, until }, _) => Some((gate::Reason::Paused, until)),
            (_, Some(Obstacle { reason, lasts })) => {
                let until = if let Lasts::Until(until) = lasts { Some(until) } else { None };
                Some((gate::Reason::Contact(reason), until))
            }
            // The pace between messages is what a turn is.
            (Verdict::Hold { reason: gate::Reason::SimPace, .. } | Verdict::Go, None) => None,
            (Verdict::Hold { reason, until }, None) => Some((reason, until)),
            (Verdict::Block { reason }, None) => Some((reason, None)),
        })
    }

    /// The same without the campaign's share.
    pub(super) fn ask_lines(
        &self,
        conn: &Connection,
        info: &LaneInfo,
        only: Option<SimKey>,
        mut question: Question,
        record: Option<&Record>,
        now: Timestamp,
    ) -> Result<Verdict, StoreError> {
        let recipient = record.map(|record| record.addressee.number);
        question.paused = self.all_paused() || self.lane_is_paused(info);
        let mut lines = Vec::new();
        for (&key, sim) in &self.sims {
            if only.is_none_or(|only| only == key) && info.route.admits(&sim.card.names) {
                lines.push(gate::Line {
                    paused: self.sim_is_paused(sim),
                    ready: sim.place.as_ref().is_some_and(|place| place.ready),
                    resting: sim.health.rest.is_some() && !info.route.is_test(),
                    closed_until: sim.health.closed_until(),
                    budget: &sim.budget,
                    stranger: self.is_too_many(conn, key, recipient, now)?,
                });
            }
        }
        let Some(record) = record else { return Ok(gate::decide(&question, |_| None, &lines, now)) };
        let own = record.addressee.habit.hours();
        // Most have the hours of their lane, at which it was looked already.
        let of_lane = self.hours.get(&info.class).filter(|hours| own.is_none() && hours.class == record.class);
        let look = |at| self.contact.calendar.window(&record.class, own.as_ref(), at);
        let hours = |at| settings::obstacle(of_lane.and_then(|lane| lane.window(at)).unwrap_or_else(|| look(at)));
        Ok(gate::decide(&question, |at| record.obstacle(hours, at), &lines, now))
    }

    /// Whether a SIM has sent to as many recipients as its month allows, and not to this one.
    pub(super) fn is_too_many(
        &self,
        conn: &Connection,
        key: SimKey,
        recipient: Option<PhoneNumber>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some((sim, recipient)) = self.sims.get(&key).zip(recipient) else { return Ok(false) };
        let is_full = sim.budget.is_full_of_recipients(now);
        Ok(is_full && spend::is_stranger(conn, key, recipient, sim.budget.month_start(now))?)
    }

    /// Whether a SIM has sent to as many recipients as its month allows.
    pub fn is_full_of_recipients(&self, key: SimKey, now: Timestamp) -> bool {
        self.sims.get(&key).is_some_and(|sim| sim.budget.is_full_of_recipients(now))
    }

    /// Whether a SIM other than this one could send the message now, or within a minute.
    pub(super) fn has_other(
        &self,
        conn: &Connection,
        message: &MessageRow,
        sim: SimKey,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(info) = self.lanes.get(&message.lane) else { return Ok(false) };
        for (key, other) in &self.sims {
            let may = *key != sim
                && info.route.admits(&other.card.names)
                && other.place.as_ref().is_some_and(|place| place.ready)
                && other.health.rest.is_none()
                && other.health.closed_until() <= now
                && !self.sim_is_paused(other);
            if !may {
                continue;
            }
            let stranger = self.is_too_many(conn, *key, Some(message.recipient()?), now)?;
            let parts = u32::try_from(message.parts).unwrap_or(u32::MAX);
            let can = match other.budget.ask(Demand { parts, begun: false, stranger }, now) {
                Allowance::Now => true,
                Allowance::From { period, .. } => matches!(period, Period::Gap | Period::Minute),
                Allowance::Never { .. } => false,
            };
            if can {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether some SIM on the route could ever send a message of so many parts; else the limit that forbids it.
    pub(super) fn ever_fits(&self, settings: &Settings, route: &Route, parts: u32) -> Result<(), Allowance> {
        let seen = self.sims.values().map(|sim| &sim.card);
        let mut cards: Vec<&Card> = seen.chain(&settings.sims.cards).filter(|card| route.admits(&card.names)).collect();
        let default = settings.sims.card("");
        if cards.is_empty() {
            cards.push(&default);
        }
        let mut refusal = Ok(());
        for card in cards {
            match Budget::ever_fits(&card.limits, parts) {
                Ok(()) => return Ok(()),
                never => refusal = never,
            }
        }
        refusal
    }

    /// The SIMs as the API shows them.
    pub fn sims(&self, now: Timestamp) -> Vec<SimStatus> {
        let mut queues = self.queues();
        let mut status = |(key, sim): (&SimKey, &Sim)| SimStatus {
            key: *key,
            card: sim.card.clone(),
            modem: sim.place.as_ref().map(|place| place.modem.clone()),
            state: match &sim.place {
                None => "absent",
                Some(_) if self.sim_is_paused(sim) => "paused",
                Some(place) if place.ready && sim.health.rest.is_none() => "ready",
                Some(_) => "resting",
            },
            rest: sim.health.rest,
            pause: self.sim_pause(sim).cloned(),
            levels: sim.budget.levels(now),
            queue_ends_at: queues.remove(key).and_then(|parts| sim.budget.ends(parts, now)),
            balance: sim.account.query().and_then(|query| Some((sim.account.reading()?.clone(), query.currency))),
        };
        self.sims.iter().map(&mut status).collect()
    }

    /// How many parts wait for each SIM that can send: what waits in a lane is shared evenly by those on its route.
    fn queues(&self) -> BTreeMap<SimKey, u32> {
        let mut queues = BTreeMap::new();
        let is_ready = |sim: &Sim| sim.place.as_ref().is_some_and(|place| place.ready) && !self.sim_is_paused(sim);
        let ready: Vec<_> = self.sims.iter().filter(|(_, sim)| !self.all_paused() && is_ready(sim)).collect();
        for (lane, info) in &self.lanes {
            let waiting = self.waiting.get(lane).and_then(|&parts| u32::try_from(parts).ok()).unwrap_or(0);
            if waiting == 0 || self.lane_is_paused(info) {
                continue;
            }
            let sharing = || ready.iter().filter(|(_, sim)| info.route.admits(&sim.card.names));
            let count = u32::try_from(sharing().count()).unwrap_or(u32::MAX);
            for (key, _) in sharing() {
                let queue: &mut u32 = queues.entry(**key).or_default();
                *queue = queue.saturating_add(waiting.div_ceil(count));
            }
        }
        queues
    }

    /// When time alone changes something: a message expires, a policy of an unknown part, a self-test or a question about a
    /// balance comes due, the hours of contact begin or end, the missing parts of a text were waited for long enough, or
    /// lanes are looked at. While the clock is doubted nothing expires, no policy comes due, and parts are waited for.
    pub fn deadline(&self) -> Option<Timestamp> {
        let at_once = self.set_back.as_ref().map(|_| Timestamp::default());
        let judged = match &self.doubt {
            Some(doubt) => [doubt.ends(), None, None],
            None => [self.next_expiry, self.next_decision, self.next_partial],
        };
        let own = judged.into_iter().chain([self.next_lanes]);
        let kept = own.chain([self.next_test(), self.next_balance(), self.next_hours(), self.next_share()]);
        at_once.into_iter().chain(kept.flatten()).min()
    }

    /// When the first self-test of a SIM that rests in a working modem is due.
    pub(super) fn next_test(&self) -> Option<Timestamp> {
        self.sims.values().filter_map(Sim::test_due).min()
    }

    /// When the balance of a SIM in a working modem is asked next.
    pub(super) fn next_balance(&self) -> Option<Timestamp> {
        self.sims.values().filter_map(Sim::balance_due).min()
    }

    /// Whether everything is paused, by a person or because the clock is doubted.
    pub fn all_paused(&self) -> bool {
        self.is_paused(Scope::All, "") || self.doubt.is_some()
    }
}

/// When the last process wrote last.
pub(super) fn last_written(conn: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let last = conn.query_row("SELECT at FROM event ORDER BY seq DESC LIMIT 1", [], |row| row.get(0)).optional()?;
    Ok(last.map(Timestamp::from_millis))
}
