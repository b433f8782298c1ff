//! The task of campaigns: begins them at their time, writes them into the queue step by step, and withdraws what is left of
//! those that were ended.
//!
//! A step reads some of those whom the campaign is for, fills their texts, and hands these to the writer, which notes with
//! them how far the campaign has come. What it was written from is asked about again there, so that whoever pays in between
//! is not texted. A process that is killed goes on with the step that was not committed. It decides nothing about a person;
//! the gate does.

mod letter;
mod outlook;
mod sheet;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::{Clock, Timestamp};
use crate::dunning::campaign::State;
use crate::sms::text::TextOptions;
use crate::store::StoreError;
use crate::store::campaign::{CampaignStep, CampaignView, StepAnswer};
use crate::store::reader::Reader;

use super::rounds::{Ended, Rounds, Woken, blocking};
use super::writer::{Handle, WriteError};

pub use letter::{LetterError, Random, behind, expires, trial};
pub use outlook::{EXACTLY, ends};
pub use sheet::{Piece, PieceError, Planned, Sheet, SheetError};

/// Of those whom a campaign is for, so many at once: a few milliseconds of the writer's time.
pub const AT_ONCE: u32 = 32;

/// What changes together is looked at together.
const SETTLES: Duration = Duration::from_millis(200);

/// A step that changes while it is written is written again so many times before others have their turn.
const TRIES: usize = 3;

/// After so many steps of one campaign the others have their turn: half a thousand texts.
const STEPS: u32 = 16;

/// What the task is given.
#[derive(Debug)]
pub struct Setup {
    /// Where campaigns are read.
    pub reader: Arc<Reader>,
    /// Where they are written into the queue.
    pub writer: Handle,
    /// The time.
    pub clock: Clock,
    /// How texts are encoded.
    pub text: TextOptions,
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
    #[error(transparent)]
    Piece(#[from] PieceError),
}

/// What a round leaves.
struct Round {
    /// When the next campaign begins.
    next: Option<Timestamp>,
    /// Something is left to be done at once.
    is_more: bool,
}

/// Begins, queues and withdraws until the daemon stops.
pub async fn run(mut setup: Setup) {
    let mut rounds = Rounds::new(&setup.writer, &setup.clock, &setup.stop, SETTLES);
    loop {
        rounds.begin();
        let next = match setup.round().await {
            Ok(Round { is_more: true, .. }) if !*setup.stop.borrow() => continue,
            Ok(round) => round.next,
            Err(error) => {
                tracing::warn!(%error, "campaigns could not be followed; they are again in a while");
                None
            }
        };
        match rounds.rest(next, std::future::pending::<Option<Infallible>>()).await {
            Woken::Round => {}
            Woken::End => return,
        }
    }
}

impl Setup {
    /// Does some of what is up of each campaign; by a clock that is doubted nothing is.
    async fn round(&mut self) -> Result<Round, RoundError> {
        if self.writer.is_clock_doubted() {
            return Ok(Round { next: None, is_more: false });
        }
        let now = self.clock.now().utc;
        let mut next = None;
        let mut begins = false;
        for view in self.at_work().await? {
            let start = view.start_at.unwrap_or(now);
            begins |= view.state == State::Scheduled && start <= now;
            if view.state == State::Scheduled && start > now {
                next = Some(next.map_or(start, |next: Timestamp| next.min(start)));
            }
        }
        if begins {
            self.writer.begin_campaigns().await?;
        }
        let mut is_more = false;
        for view in self.at_work().await? {
            let name = view.campaign.name.clone();
            let left = match view.state {
                State::Running => self.queue(view).await,
                State::Cancelled => self.withdraw(&name).await,
                State::Draft | State::Scheduled | State::Paused | State::Done => Ok(false),
            };
            match left {
                Ok(left) => is_more |= left,
                Err(error) => {
                    tracing::warn!(batch = name, %error, "campaign could not be followed; it is again in a while");
                }
            }
        }
        Ok(Round { next, is_more })
    }

    /// Withdraws some of a campaign that was ended. Whether there is more of it.
    async fn withdraw(&self, name: &str) -> Result<bool, RoundError> {
        for _ in 0..STEPS {
            if !self.writer.withdraw_cancelled(name.to_owned()).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn at_work(&self) -> Result<Vec<CampaignView>, RoundError> {
        let reader = Arc::clone(&self.reader);
        Ok(blocking(move || reader.campaigns_at_work()).await??)
    }

    /// Writes some of a campaign into the queue, until it is there, or not to be for now. Whether there is more of it.
    async fn queue(&mut self, view: CampaignView) -> Result<bool, RoundError> {
        let (reader, options) = (Arc::clone(&self.reader), self.text.clone());
        let (key, campaign, version, known) = (view.key, view.campaign, view.version, view.problem);
        let name = campaign.name.clone();
        let sheet = blocking(move || Sheet::new(&reader, campaign, Some(key), version, options)).await??;
        let sheet = match sheet {
            Ok(sheet) => {
                if known.is_some() {
                    self.writer.note_campaign_problem(name.clone(), None).await?;
                }
                Arc::new(sheet)
            }
            Err(error) => {
                let problem = error.to_string();
                if known.as_ref() != Some(&problem) {
                    tracing::error!(batch = name, %error, "campaign cannot go on");
                    self.writer.note_campaign_problem(name, Some(problem)).await?;
                }
                return Ok(false);
            }
        };
        let (mut after, mut tries) = (view.place, 0);
        for _ in 0..STEPS {
            if *self.stop.borrow() {
                return Ok(false);
            }
            let (reader, sheet) = (Arc::clone(&self.reader), Arc::clone(&sheet));
            let at = self.clock.now().utc;
            let piece = blocking(move || sheet.piece(&reader, after, AT_ONCE, at, &mut letter::random)).await??;
            let (place, is_last) = (piece.place, piece.is_last);
            match self.writer.carry_campaign(step_of(key, after, piece)).await? {
                StepAnswer::Done if is_last => return Ok(false),
                StepAnswer::Done => (after, tries) = (place, 0),
                StepAnswer::Changed if tries < TRIES => tries += 1,
                StepAnswer::Changed | StepAnswer::NotNow => return Ok(false),
            }
        }
        Ok(true)
    }
}

/// What is written of a piece.
pub fn step_of(campaign: crate::store::campaign::CampaignKey, after: i64, piece: Piece) -> CampaignStep {
    let Piece { place, is_last, rows } = piece;
    let (mut texts, mut left) = (Vec::with_capacity(rows.len()), BTreeMap::new());
    for row in rows {
        match row.outcome {
            Ok(text) => texts.push(*text),
            Err(code) => *left.entry(code).or_default() += 1,
        }
    }
    CampaignStep { campaign, after, place, is_last, texts, left }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::*;
    use crate::actor::writer::Writer;
    use crate::contact::ContactSettings;
    use crate::dispatch::balance::Rule;
    use crate::dispatch::budget::Limits;
    use crate::dispatch::sim::SimSettings;
    use crate::dunning::sample;
    use crate::sms::number::{Country, PhoneNumber};
    use crate::store::campaign::CampaignRow;
    use crate::store::definition::read_campaign;
    use crate::store::portfolio::Item;
    use crate::store::{Settings, Store};
    use crate::telemetry::Metrics;

    /// The task and its writer, on a database of their own.
    struct House {
        folder: tempfile::TempDir,
        writer: Writer,
        setup: Setup,
    }

    impl House {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("recado.db");
            let sims = SimSettings { default: Limits::none(), balance: Rule::default(), cards: Vec::new() };
            let clock = Clock::starting_at("2026-11-24T13:00:00Z".parse().unwrap());
            let settings = Settings {
                sims: sims.clone(),
                free_floor: 0,
                country: Country::from_iso("BR").unwrap(),
                alarms: Vec::new(),
                contact: ContactSettings::none().into(),
            };
            let store = Store::open(&path, settings, clock.now().utc).unwrap();
            let writer = Writer::start(store, clock.clone(), Arc::new(Metrics::default())).unwrap();
            let setup = Setup {
                reader: Arc::new(Reader::new(&path, sims)),
                writer: writer.handle(),
                clock,
                text: TextOptions::default(),
                stop: watch::channel(false).1,
            };
            Self { folder, writer, setup }
        }

        /// Starts a campaign for a list of numbers.
        async fn start(&self, name: &str, rows: u32) {
            let campaign = read_campaign(name, json!({ "creditor": "loja", "text": "Oi" })).unwrap();
            let row = |place: u32| {
                let to = PhoneNumber::from_digits(&format!("55119{:08}", 80_000_000 + place)).unwrap();
                CampaignRow { place: place.into(), to: Some(to), debtor: None, debt: None, given: Vec::new() }
            };
            let writer = &self.setup.writer;
            writer.create_campaign(campaign, TimeZone::UTC, rows, "ana".into()).await.unwrap();
            writer.add_campaign_rows(name.into(), (1..=rows).map(row).collect()).await.unwrap();
            writer.start_campaign(name.into(), 0, false).await.unwrap();
        }

        fn view(&self, name: &str) -> CampaignView {
            self.setup.reader.campaign(name).unwrap().unwrap()
        }
    }

    #[tokio::test]
    async fn a_long_campaign_leaves_others_their_turn() {
        let mut house = House::new();
        house.start("large", AT_ONCE * (STEPS + 1)).await;
        house.start("small", AT_ONCE).await;
        assert!(house.setup.round().await.unwrap().is_more);
        let queued = |house: &House, name: &str| house.view(name).progress.all();
        assert_eq!(
            (queued(&house, "large"), queued(&house, "small")),
            (u64::from(AT_ONCE * STEPS), u64::from(AT_ONCE))
        );
        assert!(!house.setup.round().await.unwrap().is_more);
        assert_eq!(queued(&house, "large"), u64::from(AT_ONCE * (STEPS + 1)));
        house.writer.stop();
    }

    #[tokio::test]
    async fn what_keeps_a_campaign_from_going_on_is_shown_until_it_goes_on() {
        let mut house = House::new();
        let writer = house.setup.writer.clone();
        let campaign = read_campaign("stuck", json!({ "creditor": "loja", "text": "Oi", "segment": {} })).unwrap();
        writer.create_campaign(campaign, TimeZone::UTC, 0, "ana".into()).await.unwrap();
        writer.start_campaign("stuck".into(), 0, false).await.unwrap();
        house.start("fine", 1).await;
        assert!(!house.setup.round().await.unwrap().is_more);
        let (stuck, fine) = (house.view("stuck"), house.view("fine"));
        assert_eq!((stuck.problem.as_deref(), stuck.state), (Some("no creditor has the id \"loja\""), State::Running));
        assert_eq!((fine.problem, fine.progress.all()), (None, 1));
        let creditor = Item::Creditor(Box::new(sample::creditor()));
        writer.take(vec![creditor], true, "erp".into()).await.unwrap();
        house.setup.round().await.unwrap();
        assert_eq!((house.view("stuck").problem, house.view("stuck").state), (None, State::Done));
        // Nothing of the old one is left in its row either.
        let row = "SELECT count(*) FROM campaign WHERE problem IS NOT NULL";
        let conn = rusqlite::Connection::open(house.folder.path().join("recado.db")).unwrap();
        assert_eq!(conn.query_row(row, [], |row| row.get::<_, u32>(0)).unwrap(), 0);
        house.writer.stop();
    }
}
