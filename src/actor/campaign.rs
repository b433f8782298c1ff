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

pub use letter::{LetterError, Random, behind, trial};
pub use outlook::{EXACTLY, ends};
pub use sheet::{Piece, PieceError, Planned, Sheet, SheetError};

/// Of those whom a campaign is for, so many at once: a few milliseconds of the writer's time.
pub const AT_ONCE: u32 = 32;

/// What changes together is looked at together.
const SETTLES: Duration = Duration::from_millis(200);

/// A step that changes while it is written is written again so many times before others have their turn.
const TRIES: usize = 3;

/// After so many steps of one campaign the others have their turn.
const STEPS: u32 = 64;

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
    /// Does some of what is up of each campaign.
    async fn round(&mut self) -> Result<Round, RoundError> {
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
            if !self.writer.withdraw_cancelled(name.to_owned()).await?.is_more {
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
        let (key, campaign, version) = (view.key, view.campaign, view.version);
        let name = campaign.name.clone();
        let sheet = blocking(move || Sheet::new(&reader, campaign, Some(key), version, options)).await??;
        let sheet = match sheet {
            Ok(sheet) => Arc::new(sheet),
            Err(error) => {
                tracing::error!(batch = name, %error, "campaign cannot go on");
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
