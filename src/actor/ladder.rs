//! The ladder's task: each creditor's day is planned once it has begun, and a case again whenever something of it changes.
//!
//! It reads cases, asks [`crate::dunning::ladder::plan`], fills templates, and hands what came of it to the writer, which
//! takes nothing in that was planned from an older revision of the case. A process that is killed in the midst of a day's
//! run goes on where it was: what was carried out is not up any more. It decides nothing about a person; the gate does.

mod day;
pub mod foresight;
mod letter;
pub(super) mod plan;
pub mod review;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::{Date, Time};
use tokio::sync::{OnceCell, mpsc, oneshot, watch};

use crate::clock::{Clock, Timestamp};
use crate::contact::calendar::Calendar;
use crate::dunning::creditor::Creditor;
use crate::dunning::ladder::Ladder;
use crate::dunning::template::Compiled;
use crate::sms::text::TextOptions;
use crate::store::StoreError;
use crate::store::ladder::Carried;
use crate::store::reader::Reader;

use super::rounds::{Ended, Rounds, Woken, blocking};
use super::writer::{self, WriteError};

use day::Day;

/// When a day begins for ladders, in the zone of the creditor: before any hours of contact open.
const BEGINS: Time = Time::constant(5, 0, 0, 0);

/// What changes together is planned together.
const SETTLES: Duration = Duration::from_secs(1);

/// Requests to look now that wait; more are told that there are enough.
const ASKED_MAX: usize = 8;

/// To ask the task, and to see what it would do. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handle {
    runs: mpsc::Sender<oneshot::Sender<Ran>>,
    calendar: watch::Receiver<Arc<Calendar>>,
    text: TextOptions,
}

/// What is asked of the task.
#[derive(Debug)]
pub struct Asked(mpsc::Receiver<oneshot::Sender<Ran>>);

/// What a round has carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ran {
    /// Cases that were planned.
    pub cases: u64,
    /// Texts that were queued.
    pub texts: u64,
    /// Debts that were left to other channels.
    pub exits: u64,
    /// Cases whose text could not be written.
    pub problems: u64,
    /// Cases that were others meanwhile, and are planned again at once.
    pub changed: u64,
}

/// A way to the task, and its end of it.
pub fn handle(calendar: watch::Receiver<Arc<Calendar>>, text: TextOptions) -> (Handle, Asked) {
    let (runs, asked) = mpsc::channel(ASKED_MAX);
    (Handle { runs, calendar, text }, Asked(asked))
}

impl Handle {
    /// Has everything that is up carried out now. `None` where the task has ended, is asked too much, or cannot.
    pub async fn run(&self) -> Option<Ran> {
        let (reply, ran) = oneshot::channel();
        self.runs.try_send(reply).ok()?;
        ran.await.ok()
    }

    /// The hours of contact, as they are in force.
    pub fn calendar(&self) -> Arc<Calendar> {
        Arc::clone(&self.calendar.borrow())
    }
}

/// What the task is given.
#[derive(Debug)]
pub struct Setup {
    /// Where cases are read.
    pub reader: Arc<Reader>,
    /// Where what came of them is written.
    pub writer: writer::Handle,
    /// The time.
    pub clock: Clock,
    /// Holidays, as they are in force.
    pub calendar: watch::Receiver<Arc<Calendar>>,
    /// How texts are encoded.
    pub text: TextOptions,
    /// What it is asked.
    pub asked: Asked,
    /// Turns true when the daemon stops.
    pub stop: watch::Receiver<bool>,
}

/// Why a round was not finished.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Read(#[from] StoreError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Ended(#[from] Ended),
    #[error("random octets: {0}")]
    Random(#[from] getrandom::Error),
}

/// Plans and carries out until the daemon stops.
pub async fn run(mut setup: Setup) {
    let mut rounds = Rounds::new(&setup.writer, &setup.clock, &setup.stop, SETTLES);
    let mut waiting: Vec<oneshot::Sender<Ran>> = Vec::new();
    loop {
        rounds.begin();
        let next = match setup.round().await {
            Ok((ran, next)) => {
                // Whoever has gone away does not want it any more.
                for reply in waiting.drain(..) {
                    if reply.send(ran).is_err() {
                        tracing::debug!("whoever had ladders run does not wait for it any more");
                    }
                }
                next
            }
            Err(error) => {
                tracing::warn!(%error, "ladders could not be followed; they are again in a while");
                waiting.clear();
                None
            }
        };
        match rounds.rest(next, setup.asked.0.recv()).await {
            Woken::Round => {}
            Woken::Asked(reply) => waiting.push(reply),
            Woken::End => return,
        }
    }
}

impl Setup {
    /// Plans everything that is up, and says when the next day begins for a creditor with something to come. No day is planned by a
    /// clock that is doubted; the round after that comes when it no longer is, as that is committed.
    async fn round(&mut self) -> Result<(Ran, Option<Timestamp>), RoundError> {
        if self.writer.is_clock_doubted() {
            return Ok((Ran::default(), None));
        }
        let reader = Arc::clone(&self.reader);
        let creditors = blocking(move || reader.creditors_of_ladders()).await??;
        let papers = OnceCell::new();
        let (mut ran, mut next) = (Ran::default(), None::<Timestamp>);
        for followed in creditors {
            let (today, has_begun, begins) = self.day_of(&followed.creditor);
            let wakes = if has_begun {
                ran.add(Day { setup: self, followed: &followed, papers: &papers, today }.follow().await?);
                self.next_day(followed.row, &followed.creditor, today).await?
            } else {
                Some(begins)
            };
            next = next.into_iter().chain(wakes).min();
        }
        Ok((ran, next))
    }

    /// The day of a creditor, whether it has begun for ladders, and when it does.
    fn day_of(&self, creditor: &Creditor) -> (Date, bool, Timestamp) {
        let now = self.clock.now().utc;
        let Some(zoned) = now.to_jiff().map(|now| now.to_zoned(creditor.zone.clone())) else {
            return (Date::MAX, false, Timestamp::MAX);
        };
        let today = zoned.date();
        let begins = Self::begins_on(today, creditor);
        (today, begins <= now, begins)
    }

    fn begins_on(day: Date, creditor: &Creditor) -> Timestamp {
        let begins = day.to_datetime(BEGINS).to_zoned(creditor.zone.clone());
        begins.map_or(Timestamp::MAX, |begins| Timestamp::from_jiff(begins.timestamp()))
    }

    /// When the next day begins that has something to come.
    async fn next_day(&self, row: i64, creditor: &Creditor, today: Date) -> Result<Option<Timestamp>, RoundError> {
        let reader = Arc::clone(&self.reader);
        let next = blocking(move || reader.next_case(row)).await??;
        // What is up today still could not be carried out, and is tried again at the next look.
        Ok(next.filter(|next| *next > today).map(|next| Self::begins_on(next, creditor)))
    }

    /// Ladders and templates as they are now.
    async fn papers(&self) -> Result<Arc<Papers>, RoundError> {
        let reader = Arc::clone(&self.reader);
        Ok(Arc::new(blocking(move || Papers::read(&reader)).await??))
    }
}

impl Ran {
    /// What a plan comes to.
    fn of(carried: &Carried) -> Self {
        Self {
            cases: 1,
            texts: u64::from(carried.sending.is_some()),
            exits: u64::try_from(carried.exits.len()).unwrap_or(u64::MAX),
            problems: u64::from(carried.problem.is_some()),
            changed: 0,
        }
    }

    fn add(&mut self, other: Self) {
        let Self { cases, texts, exits, problems, changed } = other;
        self.cases += cases;
        self.texts += texts;
        self.exits += exits;
        self.problems += problems;
        self.changed += changed;
    }
}

/// Ladders and templates by their names.
#[derive(Debug)]
pub(super) struct Papers {
    ladders: BTreeMap<String, Ladder>,
    templates: BTreeMap<String, Compiled>,
}

impl Papers {
    /// Reads the newest ladders and the templates that are in use. A template that no longer compiles is left out, and
    /// named by what misses it.
    pub(super) fn read(reader: &Reader) -> Result<Self, StoreError> {
        let ladders = reader.ladders()?.into_iter().map(|ladder| (ladder.name.clone(), ladder)).collect();
        let mut templates = BTreeMap::new();
        for newest in reader.templates()? {
            let name = newest.template.name;
            let Some(used) = reader.template_in_use(&name)? else { continue };
            match used.template.compile() {
                Ok(compiled) => drop(templates.insert(name, compiled)),
                Err(faults) => tracing::error!(template = name, faults = faults.len(), "template cannot be used"),
            }
        }
        Ok(Self { ladders, templates })
    }

    /// A ladder by its name.
    fn ladder(&self, name: &str) -> Option<&Ladder> {
        self.ladders.get(name)
    }
}

#[cfg(test)]
mod tests;
