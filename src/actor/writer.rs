//! The writer: the one thread that owns the store and the dispatcher's plan.
//!
//! It takes what waits, runs all of it in one transaction and answers after the commit, so that many callers share one sync
//! of the disk. What modems report goes first. After each commit it gives work to modems that have room; a pick must see
//! exactly what is committed and be there before the modem is idle, which is why the plan lives in this thread.
//!
//! When a transaction fails its jobs run again one by one, so that each gets its own answer; what modems report is kept and
//! tried again until it is on disk.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::{Clock, Instant, Timestamp};
use crate::contact::Addressee;
use crate::contact::edition::Edition;
use crate::contact::habit::{Habit, HabitError};
use crate::contact::reply::Intent;
use crate::contact::standing::Standing;
use crate::contact::suppression::Kind;
use crate::dispatch::gate::{Question, Verdict};
use crate::dispatch::route::Route;
use crate::dunning::campaign::Campaign;
use crate::dunning::ladder::Ladder;
use crate::dunning::template::Template;
use crate::sms::id::{MessageId, MessageKey, ModemId};
use crate::sms::message::Submission;
use crate::sms::number::PhoneNumber;
use crate::store::alarm::ClearAnswer;
use crate::store::audit::{Counted, Entry};
use crate::store::board::{Pause, Scope, SimStatus};
use crate::store::campaign::{
    CampaignRow, CampaignStep, ChangeAnswer, CreateAnswer, Outlook, RewriteAnswer, StepAnswer,
};
use crate::store::clock_trust::ClockTrust;
use crate::store::control::{CancelAnswer, Decision, ResolveAnswer};
use crate::store::conversation::{Care, Cared, ReplyAnswer};
use crate::store::erasure::{Begun, ErasureKey, ErasureOrder, Stage};
use crate::store::health::TestAnswer;
use crate::store::ladder::{Carried, Looked};
use crate::store::log::PAGES_WORTH;
use crate::store::portfolio::happening::{HappeningAnswer, Prompt, Told, Untold};
use crate::store::portfolio::{self, Taken, Untaken};
use crate::store::retention::{Class, Due};
use crate::store::rollup::RolledUp;
use crate::store::submit::{Post, Ruling, SubmitAnswer};
use crate::store::suppression::{Act, Stopped};
use crate::store::template::Approval;
use crate::store::token::{NewToken, Rotation};
use crate::store::waiting::Queue;
use crate::store::webhook::{EndpointTerms, Progress, Replay, ReplayAnswer, SigningKey};
use crate::store::{Fact, LOG_TARGET, Line, Settings, Settled, Store, StoreError};
use crate::telemetry::Metrics;
use crate::telemetry::metrics::Sent;

use crate::modem::Offer;

use super::audit;
use super::checkpoint::CheckpointThread;
use super::gateway::{Context, Gateway, Order, Report};
use super::heads::{self, Heads};
use super::heartbeat::{Pulse, REST};
use super::inbox::{Inbox, Refused};

/// Jobs in one transaction, and submissions in one job.
pub const BATCH_MAX: usize = 512;

/// Numbers of a list that are suppressed in one transaction: a few milliseconds of work.
const SUPPRESSED_AT_ONCE: usize = 200;

/// Debts of a list that are taken in in one transaction: a few milliseconds of work.
const TAKEN_AT_ONCE: usize = 100;

/// Steps of an ended campaign that are withdrawn before the answer: those who look at a short one find it as it stays.
const WITHDRAWN_AT_ONCE: u32 = 10;

/// Between attempts to write what could not be written.
const AGAIN: Duration = Duration::from_secs(1);

/// After so long without a commit the log is copied to the database however short it is, so that a reader has little to look
/// through and the next start nothing to recover.
const QUIET: Duration = Duration::from_secs(1);

/// No wait is longer than this, so that a jump of the civil clock is noticed and the writer is known to live.
const LOOK: Duration = REST;

/// Why the writer did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Too much waits already.
    #[error("too many submissions wait for the disk")]
    Busy,
    /// The disk is full, or nearly so.
    #[error("no space left for the database")]
    NoSpace,
    /// The daemon is stopping.
    #[error("the daemon is stopping")]
    Stopping,
    /// The database failed at what was asked; something else may succeed.
    #[error("{0}")]
    Store(String),
    /// The database cannot be written, whatever is asked.
    #[error("{0}")]
    Disk(String),
}

impl From<&StoreError> for WriteError {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Full => Self::NoSpace,
            error if error.is_of_the_disk() => Self::Disk(error.to_string()),
            StoreError::Sqlite(_) | StoreError::Damaged(_) | StoreError::Corrupt { .. } | StoreError::Transition(_) => {
                Self::Store(error.to_string())
            }
        }
    }
}

/// Why the writer did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The queue cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no thread.
    #[error("no thread for the writer: {0}")]
    Thread(std::io::Error),
}

/// Something that a caller wants done in a transaction.
trait Ask: Send {
    /// Does it. May be called again when the transaction came to nothing.
    fn run(&mut self, context: &mut Context<'_, '_>) -> Result<(), StoreError>;
    /// Says after the commit what came of it, or why nothing did.
    fn answer(self: Box<Self>, result: Result<(), WriteError>);
}

/// One piece of work for a transaction.
enum Job {
    /// A submission: refused when space is short.
    Submit(Box<dyn Ask>),
    /// A decision or a question.
    Control(Box<dyn Ask>),
    /// What a modem reports: kept until it is written.
    Report(ModemReport),
}

impl Job {
    fn run(&mut self, context: &mut Context<'_, '_>) -> Result<(), StoreError> {
        match self {
            Self::Submit(ask) | Self::Control(ask) => ask.run(context),
            Self::Report(report) => report.run(context),
        }
    }

    fn answer(self, result: Result<(), WriteError>) {
        match self {
            Self::Submit(ask) | Self::Control(ask) => ask.answer(result),
            Self::Report(report) => report.answer(result.is_ok()),
        }
    }
}

enum Item {
    Job(Job),
    Modem(ModemId, mpsc::Sender<Order>),
    /// Cut SQLite's log to nothing, which no transaction can.
    Truncate(oneshot::Sender<Result<bool, WriteError>>),
    Settings(Box<Settings>, oneshot::Sender<Result<(), WriteError>>),
}

/// Asks the writer. Cheap to clone.
#[derive(Clone)]
pub struct Handle {
    inbox: Arc<Inbox<Item>>,
    committed: watch::Receiver<i64>,
    /// Whether the clock is wrong, as far as is known.
    doubted: watch::Receiver<bool>,
    /// Grows with every note of what was posted to endpoints, of which no event tells.
    delivered: Arc<watch::Sender<u64>>,
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("committed", &self.committed).finish_non_exhaustive()
    }
}

/// The running thread. Dropping it does not stop it; [`Writer::stop`] does.
#[derive(Debug)]
pub struct Writer {
    handle: Handle,
    pulse: Pulse,
    thread: JoinHandle<()>,
}

impl Writer {
    /// Starts the thread.
    pub fn start(store: Store, clock: Clock, metrics: Arc<Metrics>) -> Result<Self, StartError> {
        let inbox = Arc::new(Inbox::new());
        let mut running = Running::new(store, clock, metrics)?;
        let (committed, pulse) = (running.seq.subscribe(), running.pulse.clone());
        let doubted = running.doubted.subscribe();
        let thread = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn({
                let inbox = Arc::clone(&inbox);
                move || {
                    // Also at a panic: nobody may wait for a writer that is gone.
                    let closing = CloseAtEnd(&inbox);
                    running.run(closing.0);
                    running.checkpoint.stop();
                }
            })
            .map_err(StartError::Thread)?;
        Ok(Self { handle: Handle { inbox, committed, doubted, delivered: Arc::default() }, pulse, thread })
    }

    /// To ask it.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Its signs of life. They stay when the thread has ended: nothing works without it.
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// Writes what waits and ends.
    pub fn stop(self) {
        self.handle.inbox.close();
        if self.thread.join().is_err() {
            tracing::error!("writer ended by a panic");
        }
    }
}

impl Handle {
    /// Takes messages in, at most [`BATCH_MAX`], none of them under the name of a campaign; the answers are in their order and
    /// after the commit.
    pub async fn submit(&self, submissions: Vec<Submission>) -> Result<Vec<SubmitAnswer>, WriteError> {
        self.call(Job::Submit, move |context| {
            let submit = |submission| match context.work.refuse_of_campaign(submission) {
                Some(refused) => Ok(refused),
                None => context.work.submit(submission),
            };
            submissions.iter().map(submit).collect()
        })
        .await
    }

    /// The same of messages with what belongs to them.
    pub async fn post(&self, posts: Vec<Post>) -> Result<Vec<SubmitAnswer>, WriteError> {
        self.call(Job::Submit, move |context| {
            let post = |post: &Post| match context.work.refuse_of_campaign(&post.submission) {
                Some(refused) => Ok(refused),
                None => context.work.post(post),
            };
            posts.iter().map(post).collect()
        })
        .await
    }

    /// Cancels a message.
    pub async fn cancel(&self, id: MessageId) -> Result<CancelAnswer, WriteError> {
        self.call(Job::Control, move |context| context.work.cancel(id)).await
    }

    /// Settles the unknown parts of a message.
    pub async fn resolve(
        &self,
        id: MessageId,
        decision: Decision,
        client: String,
    ) -> Result<ResolveAnswer, WriteError> {
        self.call(Job::Control, move |context| context.work.resolve(id, decision, &client)).await
    }

    /// Pauses a scope; a SIM by its name or ICCID. Returns the id of the pause; `None` for a SIM that nobody knows.
    pub async fn pause(
        &self,
        scope: Scope,
        id: String,
        reason: String,
        client: String,
    ) -> Result<Option<String>, WriteError> {
        self.call(Job::Control, move |context| {
            let Some(id) = context.work.pause_id(scope, &id) else { return Ok(None) };
            context.work.pause(scope, &id, &reason, &client)?;
            Ok(Some(id))
        })
        .await
    }

    /// Notes how evenly the clock goes.
    pub async fn note_clock_trust(&self, trust: ClockTrust) -> Result<(), WriteError> {
        self.call(Job::Control, move |context| context.work.note_clock_trust(trust)).await
    }

    /// Whether the clock of this host is wrong, as far as is known: who acts by the time waits while it is.
    pub fn is_clock_doubted(&self) -> bool {
        *self.doubted.borrow()
    }

    /// Resumes a scope; a SIM by its name or ICCID. Returns the id that the pause has or would have had, and whether it is
    /// paused for another reason still; `None` for a SIM that nobody knows.
    pub async fn resume(&self, scope: Scope, id: String) -> Result<Option<(String, bool)>, WriteError> {
        self.call(Job::Control, move |context| {
            let known = context.work.pause_id(scope, &id);
            // What was paused under a name that is configured no longer can be resumed under it all the same.
            let lifted = context.work.resume(scope, known.as_deref().unwrap_or(&id))?;
            let still = scope == Scope::All && context.work.all_paused();
            Ok(known.or_else(|| lifted.then(|| id.clone())).map(|id| (id, still)))
        })
        .await
    }

    /// Goes by other settings from now on, also for what waits already.
    pub async fn set_settings(&self, settings: Settings) -> Result<(), WriteError> {
        let (reply, taken) = oneshot::channel();
        self.inbox.push_first(Item::Settings(Box::new(settings), reply))?;
        taken.await.unwrap_or(Err(WriteError::Stopping))
    }

    /// Notes that the configuration was read, and where it has a mistake, if it has one.
    pub async fn configuration_read(&self, mistake: Option<String>) -> Result<(), WriteError> {
        self.call(Job::Control, move |context| context.work.configuration_read(mistake.as_deref())).await
    }

    /// Notes how the certificate of the door stands: its file if that cannot be used, its end if that is soon.
    pub async fn certificate_stands(&self, refused: Option<String>, ends: Option<Timestamp>) -> Result<(), WriteError> {
        self.call(Job::Control, move |context| context.work.certificate_stands(refused.as_deref(), ends)).await
    }

    /// Takes creditors, debtors and debts in, in their order. With `all` nothing is taken in where one of them cannot be; the
    /// answers of the others then say what would have become of them.
    pub async fn take(
        &self,
        items: Vec<impl Into<portfolio::Stated>>,
        all: bool,
        client: String,
    ) -> Result<Vec<Result<Taken, Untaken>>, WriteError> {
        let items: Vec<portfolio::Stated> = items.into_iter().map(Into::into).collect();
        let mut answers = Vec::with_capacity(items.len());
        if all {
            return self.call(Job::Submit, move |context| context.work.take_all(&items, &client)).await;
        }
        for piece in items.chunks(TAKEN_AT_ONCE) {
            let (piece, client) = (piece.to_vec(), client.clone());
            answers.extend(self.call(Job::Submit, move |context| context.work.take_each(&piece, &client)).await?);
        }
        Ok(answers)
    }

    /// Stores a ladder as the next version of its name. Returns which that is.
    pub async fn store_ladder(&self, ladder: Ladder, client: String) -> Result<u32, WriteError> {
        self.call(Job::Control, move |context| context.work.store_ladder(&ladder, &client)).await
    }

    /// The same, unless the newest version is another than the one that was read, 0 for none; that is the error then.
    pub async fn store_ladder_over(
        &self,
        ladder: Ladder,
        read: u32,
        client: String,
    ) -> Result<Result<u32, u32>, WriteError> {
        self.call(Job::Control, move |context| context.work.store_ladder_over(&ladder, read, &client)).await
    }

    /// Has all cases planned again where the rules are another edition than they were planned by; whether they are.
    pub async fn plan_by(&self, edition: Edition) -> Result<bool, WriteError> {
        self.call(Job::Control, move |context| context.work.plan_by(edition)).await
    }

    /// Carries out what was planned for cases. False for each that was another by then; where the cases of a creditor are
    /// looked at after an edit, these are looked at once more.
    pub(super) async fn carry_out(
        &self,
        planned: Vec<Carried>,
        mut looked: Option<Looked>,
    ) -> Result<Vec<bool>, WriteError> {
        let before = looked.as_ref().map_or(0, |looked| looked.left.len());
        self.call(Job::Submit, move |context| {
            let carried: Vec<bool> =
                planned.iter().map(|carried| context.work.carry_out(carried)).collect::<Result<_, _>>()?;
            if let Some(looked) = &mut looked {
                // A transaction that failed is tried again.
                looked.left.truncate(before);
                let others = planned.iter().zip(&carried).filter(|(_, is_carried)| !**is_carried);
                looked.left.extend(others.map(|(carried, _)| carried.key));
                context.work.look_on(looked)?;
            }
            Ok(carried)
        })
        .await
    }

    /// Stores a campaign as a draft, for a list of so many rows.
    pub async fn create_campaign(
        &self,
        campaign: Campaign,
        zone: TimeZone,
        announced: u32,
        client: String,
    ) -> Result<CreateAnswer, WriteError> {
        self.call(Job::Submit, move |context| context.work.create_campaign(&campaign, &zone, announced, &client)).await
    }

    /// Writes a draft anew, but for its list; only over the revision that was `read`, where one is named.
    pub async fn rewrite_campaign(
        &self,
        campaign: Campaign,
        zone: TimeZone,
        read: Option<u32>,
        client: String,
    ) -> Result<RewriteAnswer, WriteError> {
        self.call(Job::Submit, move |context| context.work.rewrite_campaign(&campaign, &zone, read, &client)).await
    }

    /// Removes a draft with its list.
    pub async fn remove_campaign(&self, name: String) -> Result<ChangeAnswer, WriteError> {
        loop {
            let of = name.clone();
            let step = self.call(Job::Submit, move |context| context.work.remove_campaign(&of)).await?;
            if let Some(answer) = step {
                return Ok(answer);
            }
        }
    }

    /// Adds rows to the list of a draft.
    pub async fn add_campaign_rows(&self, name: String, rows: Vec<CampaignRow>) -> Result<ChangeAnswer, WriteError> {
        let mut answer = ChangeAnswer::Done;
        for piece in rows.chunks(BATCH_MAX) {
            let (name, piece) = (name.clone(), piece.to_vec());
            answer = self.call(Job::Submit, move |context| context.work.add_campaign_rows(&name, &piece)).await?;
        }
        Ok(answer)
    }

    /// Sends texts of a campaign to our own numbers, and notes that this version was looked at, in a text of so many parts, unless
    /// one of them never goes.
    pub async fn test_campaign(
        &self,
        name: String,
        version: u32,
        parts: u32,
        texts: Vec<Post>,
    ) -> Result<Vec<SubmitAnswer>, WriteError> {
        self.call(Job::Submit, move |context| {
            let answers: Vec<SubmitAnswer> =
                texts.iter().map(|text| context.work.post(text)).collect::<Result<_, _>>()?;
            let goes = |answer: &SubmitAnswer| {
                matches!(answer, SubmitAnswer::Queued(ruling) if !matches!(ruling.verdict, Verdict::Block { .. }))
            };
            if answers.iter().all(goes) {
                context.work.note_campaign_test(&name, version, parts)?;
            }
            Ok(answers)
        })
        .await
    }

    /// Starts a draft, with this version of its template.
    pub async fn start_campaign(
        &self,
        name: String,
        version: u32,
        needs_test: bool,
    ) -> Result<ChangeAnswer, WriteError> {
        self.call(Job::Control, move |context| context.work.start_campaign(&name, version, needs_test)).await
    }

    /// Holds a campaign.
    pub async fn pause_campaign(
        &self,
        name: String,
        reason: String,
        client: String,
    ) -> Result<ChangeAnswer, WriteError> {
        self.call(Job::Control, move |context| context.work.pause_campaign(&name, &reason, &client)).await
    }

    /// Lets a campaign go on.
    pub async fn resume_campaign(&self, name: String) -> Result<ChangeAnswer, WriteError> {
        self.call(Job::Control, move |context| context.work.resume_campaign(&name)).await
    }

    /// Ends a campaign. When it is answered nothing outside `on_wire` is accepted by the network any more; what waits is
    /// withdrawn by the task of campaigns, of a short one before the answer.
    pub async fn cancel_campaign(&self, name: String) -> Result<Result<Stopped, ChangeAnswer>, WriteError> {
        let of = name.clone();
        let ended = self.call(Job::Control, move |context| context.work.cancel_campaign(&of)).await?;
        if ended.is_ok() {
            for _ in 0..WITHDRAWN_AT_ONCE {
                if !self.withdraw_cancelled(name.clone()).await? {
                    break;
                }
            }
        }
        Ok(ended)
    }

    /// Withdraws some of what waits of a campaign that was ended. Whether there is more of it.
    pub(super) async fn withdraw_cancelled(&self, name: String) -> Result<bool, WriteError> {
        self.call(Job::Control, move |context| context.work.withdraw_cancelled(&name)).await
    }

    /// Begins campaigns whose time has come.
    pub(super) async fn begin_campaigns(&self) -> Result<(), WriteError> {
        self.call(Job::Control, |context| context.work.begin_campaigns()).await
    }

    /// Notes why a campaign does not go on, or that it does.
    pub(super) async fn note_campaign_problem(&self, name: String, problem: Option<String>) -> Result<(), WriteError> {
        self.call(Job::Control, move |context| context.work.note_campaign_problem(&name, problem.as_deref())).await
    }

    /// Queues a step of a campaign.
    pub(super) async fn carry_campaign(&self, step: CampaignStep) -> Result<StepAnswer, WriteError> {
        self.call(Job::Submit, move |context| context.work.carry_campaign(&step)).await
    }

    /// Asks the gate about messages that were not submitted, a few at a time; with each the class of its hours.
    pub async fn judge(
        &self,
        route: Route,
        batch: String,
        asked: Vec<(Addressee, Question)>,
    ) -> Result<Vec<(Verdict, String)>, WriteError> {
        self.call(Job::Control, move |context| {
            let judge = |(to, question): &(Addressee, Question)| {
                context.work.judge_unsent(&route, &batch, to.clone(), *question)
            };
            asked.iter().map(judge).collect()
        })
        .await
    }

    /// What is known for an estimate of a batch by a route.
    pub async fn outlook(&self, batch: Option<String>, route: Route) -> Result<Outlook, WriteError> {
        self.call(Job::Control, move |context| Ok(context.work.outlook(batch.as_deref(), &route))).await
    }

    /// What waits, lane by lane, and what an estimate of its end is made from.
    pub async fn queue(&self) -> Result<Queue, WriteError> {
        self.call(Job::Control, |context| context.work.queue()).await
    }

    /// Adds to the results what was counted. False where they are further by now.
    pub(super) async fn count_up(&self, counted: Arc<RolledUp>) -> Result<bool, WriteError> {
        self.call(Job::Submit, move |context| context.work.count_up(&counted)).await
    }

    /// Takes in what happened to a debt. When it is answered nothing outside `on_wire` is accepted by the network any more.
    pub async fn happen(&self, told: Told) -> Result<HappeningAnswer, WriteError> {
        self.call(Job::Control, move |context| context.work.happen(&told)).await
    }

    /// The same, and notes why the text about it is left out.
    pub(super) async fn happen_untold(&self, told: Told, untold: Untold) -> Result<HappeningAnswer, WriteError> {
        self.call(Job::Control, move |context| context.work.happen_untold(&told, untold.clone())).await
    }

    /// The same, with the text about it. `None` where the case is another by now than the text was written from.
    pub(super) async fn happen_and_tell(
        &self,
        told: Told,
        prompt: Option<Prompt>,
    ) -> Result<Option<HappeningAnswer>, WriteError> {
        self.call(Job::Control, move |context| context.work.happen_and_tell(&told, prompt.as_ref())).await
    }

    /// Notes where a debtor is and which hours suit.
    pub async fn set_habit(
        &self,
        debtor: String,
        habit: Habit,
        client: String,
    ) -> Result<Result<(), HabitError>, WriteError> {
        self.call(Job::Control, move |context| context.work.set_habit(&debtor, &habit, &client)).await
    }

    /// Remembers how files of a creditor are read.
    pub async fn remember_mapping(&self, creditor: String, mapping: String, client: String) -> Result<(), WriteError> {
        self.call(Job::Submit, move |context| context.work.remember_mapping(&creditor, &mapping, &client)).await
    }

    /// Suppresses numbers. Long lists go in pieces, so that nobody waits long for them; the answer is after the last.
    pub async fn suppress(&self, act: Act, numbers: Vec<PhoneNumber>) -> Result<Stopped, WriteError> {
        let key = self.call(Job::Control, move |context| context.work.decide_to_suppress(&act)).await?;
        let mut stopped = Stopped::default();
        for piece in numbers.chunks(SUPPRESSED_AT_ONCE) {
            let piece = piece.to_vec();
            stopped.add(self.call(Job::Control, move |context| context.work.suppress_more(key, &piece)).await?);
        }
        Ok(stopped)
    }

    /// Lifts what the suppression ledger holds of a number, of one kind or of all. Returns how many entries it were.
    pub async fn lift_suppression(
        &self,
        number: PhoneNumber,
        kind: Option<Kind>,
        client: String,
        why: String,
    ) -> Result<u64, WriteError> {
        self.call(Job::Control, move |context| {
            context.work.lift(number, |entry| kind.is_none_or(|kind| kind == entry.kind), &client, &why, None)
        })
        .await
    }

    /// Erases a number from the suppression ledger. Returns how many entries it were.
    pub async fn erase_suppression(&self, number: PhoneNumber) -> Result<u64, WriteError> {
        self.call(Job::Control, move |context| context.work.erase_suppressed(number).map(|entries| entries as u64))
            .await
    }

    /// Begins to erase a person; the task of erasures does the rest. `None` where nothing is known of a debtor.
    pub async fn begin_erasure(&self, order: ErasureOrder) -> Result<Option<Begun>, WriteError> {
        self.call(Job::Control, move |context| context.work.begin_erasure(&order)).await
    }

    /// Does a little of an erasure. Says how far it has come.
    pub(super) async fn erase_some(&self, key: ErasureKey) -> Result<Stage, WriteError> {
        self.call(Job::Submit, move |context| context.work.erase_some(key)).await
    }

    /// Notes that an erasure has come to its end, once the log was truncated.
    pub(super) async fn end_erasure(&self, key: ErasureKey) -> Result<(), WriteError> {
        self.call(Job::Control, move |context| context.work.end_erasure(key)).await
    }

    /// Cuts SQLite's log to nothing. False while somebody reads what was before.
    pub(super) async fn truncate_log(&self) -> Result<bool, WriteError> {
        let (reply, answer) = oneshot::channel();
        self.inbox.push_first(Item::Truncate(reply))?;
        answer.await.unwrap_or(Err(WriteError::Stopping))
    }

    /// Deletes what may still go of rows that were found; of a log at most so many entries. How many went, and whether there is more
    /// to do with the same.
    pub(super) async fn let_go(&self, due: Due, count: usize) -> Result<(usize, bool), WriteError> {
        // A disk that is nearly full is where it is wanted: no room is asked for.
        self.call(Job::Control, move |context| context.work.delete_due(&due, count)).await
    }

    /// Notes that a class was gone through.
    pub(super) async fn note_pass(&self, class: Class, gone: u64) -> Result<(), WriteError> {
        self.call(Job::Control, move |context| context.work.note_pass(class, gone)).await
    }

    /// Gives some free pages back to the file system. Whether there are more worth it.
    pub(super) async fn give_back_pages(&self, pages: u32) -> Result<bool, WriteError> {
        self.call(Job::Control, move |context| context.work.give_back_pages(pages)).await
    }

    /// Notes who looked at whom.
    pub(super) async fn note_looks(&self, looks: Vec<Counted>) -> Result<(), WriteError> {
        self.call(Job::Control, move |context| looks.iter().try_for_each(|look| context.work.note(look))).await
    }

    /// Notes something of a request whose handler asked for no transaction, or that was refused.
    pub async fn note(&self, entries: Vec<Entry>) -> Result<(), WriteError> {
        let counted: Vec<Counted> = entries.into_iter().map(Counted::once).collect();
        self.call(Job::Control, move |context| counted.iter().try_for_each(|one| context.work.note(one))).await
    }

    /// Changes who looks after a conversation. `None` where there is no such conversation.
    pub async fn care(&self, conversation: i64, care: Care, client: String) -> Result<Option<Cared>, WriteError> {
        self.call(Job::Control, move |context| context.work.care(conversation, &care, &client)).await
    }

    /// Takes an answer in a conversation in, by the SIM that received last or, where `any_sim` allows it, by another.
    pub async fn answer(
        &self,
        conversation: i64,
        submission: Submission,
        any_sim: bool,
    ) -> Result<ReplyAnswer, WriteError> {
        self.call(Job::Submit, move |context| context.work.answer(conversation, &submission, any_sim)).await
    }

    /// Notes how things stand with the person of a conversation, of whom `debtor` was shown. `None` where there is no such conversation.
    pub async fn decide_standing(
        &self,
        conversation: i64,
        debtor: Option<String>,
        standing: Standing,
        client: String,
    ) -> Result<Option<Stopped>, WriteError> {
        self.call(Job::Control, move |context| {
            context.work.decide_standing(conversation, debtor.as_deref(), standing, &client)
        })
        .await
    }

    /// Sends a self-test by a SIM, by its name or ICCID; to one of our own numbers where none is given.
    pub async fn self_test(&self, sim: String, to: Option<PhoneNumber>) -> Result<TestAnswer, WriteError> {
        self.call(Job::Control, move |context| context.work.self_test(&sim, to)).await
    }

    /// Clears an alarm by hand.
    pub async fn clear_alarm(&self, alarm: i64, client: String) -> Result<ClearAnswer, WriteError> {
        self.call(Job::Control, move |context| context.work.clear_alarm(alarm, &client)).await
    }

    /// For each lane the pause that holds its messages, if any.
    pub async fn pauses_over(&self, lanes: Vec<(Route, String)>) -> Result<Vec<Option<Pause>>, WriteError> {
        self.call(Job::Control, move |context| Ok(context.work.pauses_over(&lanes))).await
    }

    /// Asks the gate about messages that wait.
    pub async fn explain(&self, questions: Vec<(MessageKey, Question)>) -> Result<Vec<Verdict>, WriteError> {
        self.call(Job::Control, move |context| {
            questions.iter().map(|(message, question)| context.work.explain(*message, *question)).collect()
        })
        .await
    }

    /// Asks the gate about a message that was not submitted.
    pub async fn preview(
        &self,
        route: Route,
        batch: String,
        addressee: Option<Addressee>,
        question: Question,
    ) -> Result<Ruling, WriteError> {
        self.call(Job::Control, move |context| context.work.preview(&route, &batch, addressee.clone(), question)).await
    }

    /// Notes that the PIN of a SIM is spent, of which `mark` is the digest.
    pub(super) async fn spend_pin(&self, iccid: String, mark: [u8; 32]) -> Result<(), WriteError> {
        self.call(Job::Control, move |context| context.work.spend_pin(&iccid, &mark)).await
    }

    /// Notes of a USB device that was off the bus at start whether it was given back.
    pub async fn given_back(&self, place: String, failure: Option<String>) -> Result<(), WriteError> {
        self.call(Job::Control, move |context| context.work.given_back(&place, failure.as_deref())).await
    }

    /// The SIMs that were seen.
    pub async fn sims(&self) -> Result<Vec<SimStatus>, WriteError> {
        self.call(Job::Control, |context| Ok(context.work.sims())).await
    }

    /// Whether everything is paused.
    pub async fn all_paused(&self) -> Result<bool, WriteError> {
        self.call(Job::Control, |context| Ok(context.work.all_paused())).await
    }

    /// Stores a template as the next version of its name. Returns the version.
    pub async fn save_template(&self, template: Template, client: String) -> Result<u32, WriteError> {
        self.call(Job::Control, move |context| context.work.save_template(&template, &client)).await
    }

    /// The same, unless the newest version is another than the one that was read, 0 for none; that is the error then.
    pub async fn save_template_over(
        &self,
        template: Template,
        read: u32,
        client: String,
    ) -> Result<Result<u32, u32>, WriteError> {
        self.call(Job::Control, move |context| context.work.save_template_over(&template, read, &client)).await
    }

    /// Approves a version of a template. Where `four_eyes` is set, its author cannot.
    pub async fn approve_template(
        &self,
        name: String,
        version: u32,
        client: String,
        four_eyes: bool,
    ) -> Result<Approval, WriteError> {
        self.call(Job::Control, move |context| context.work.approve_template(&name, version, &client, four_eyes)).await
    }

    /// Stores a token. Returns its row.
    pub async fn create_token(&self, token: NewToken) -> Result<i64, WriteError> {
        self.call(Job::Control, move |context| context.work.create_token(&token)).await
    }

    /// Stores a token in place of another, which ends at a time. The new one's row, or `None` when there is none to replace.
    pub async fn rotate_token(&self, rotation: Rotation) -> Result<Option<i64>, WriteError> {
        self.call(Job::Control, move |context| context.work.rotate_token(&rotation)).await
    }

    /// Revokes a token. False when there is none to revoke.
    pub async fn revoke_token(&self, key: i64) -> Result<bool, WriteError> {
        self.call(Job::Control, move |context| context.work.revoke_token(key)).await
    }

    /// Notes that a token was used, some time soon; nobody waits for it, and nothing is lost when it fails.
    pub fn touch_token(&self, key: i64) {
        let (reply, _) = oneshot::channel();
        let run = move |context: &mut Context<'_, '_>| context.work.touch_token(key);
        let job = Job::Control(Box::new(Call { run, answer: None, reply }));
        if self.inbox.push_first(Item::Job(job)).is_err() {
            tracing::debug!(token = key, "use not noted: the daemon is stopping");
        }
    }

    /// Makes an endpoint of webhooks. Returns its key; `None` where there are too many.
    pub async fn create_webhook(
        &self,
        terms: EndpointTerms,
        key: SigningKey,
        client: String,
    ) -> Result<Option<i64>, WriteError> {
        self.call(Job::Control, move |context| context.work.create_webhook(&terms, key, &client)).await
    }

    /// Says other things of an endpoint. False where there is none.
    pub async fn change_webhook(&self, webhook: i64, terms: EndpointTerms) -> Result<bool, WriteError> {
        self.call(Job::Control, move |context| context.work.change_webhook(webhook, &terms)).await
    }

    /// Removes an endpoint. False where there is none.
    pub async fn remove_webhook(&self, webhook: i64) -> Result<bool, WriteError> {
        self.call(Job::Control, move |context| context.work.remove_webhook(webhook)).await
    }

    /// Gives an endpoint another key; the one before signs too until a time. False where there is no such endpoint.
    pub async fn rotate_webhook(&self, webhook: i64, key: SigningKey, until: Timestamp) -> Result<bool, WriteError> {
        self.call(Job::Control, move |context| context.work.rotate_webhook(webhook, key, until)).await
    }

    /// Delivers again from an event on.
    pub async fn replay_webhook(&self, webhook: i64, from: i64, what: Replay) -> Result<ReplayAnswer, WriteError> {
        self.call(Job::Control, move |context| context.work.replay_webhook(webhook, from, what)).await
    }

    /// Notes how far an endpoint has come. False where something else was said of it meanwhile.
    pub(super) async fn note_deliveries(&self, progress: Arc<Progress>) -> Result<bool, WriteError> {
        let is_noted = self.call(Job::Submit, move |context| context.work.note_deliveries(&progress)).await?;
        self.delivered.send_modify(|notes| *notes = notes.wrapping_add(1));
        Ok(is_noted)
    }

    /// Changes whenever it was noted what was posted to endpoints.
    pub fn delivered(&self) -> watch::Receiver<u64> {
        self.delivered.subscribe()
    }

    /// Whether any token was ever made.
    pub async fn has_tokens(&self) -> Result<bool, WriteError> {
        self.call(Job::Control, |context| context.work.has_tokens()).await
    }

    /// The number of the last committed event, as it grows.
    pub fn committed(&self) -> watch::Receiver<i64> {
        self.committed.clone()
    }

    /// Makes a modem known: orders for it go to `orders`.
    pub(super) fn register(&self, modem: ModemId, orders: mpsc::Sender<Order>) -> Result<(), WriteError> {
        self.inbox.push_first(Item::Modem(modem, orders)).map_err(WriteError::from)
    }

    /// Writes what a modem reports. Answers come as orders.
    pub(super) fn report(
        &self,
        modem: ModemId,
        reports: Vec<Report>,
        orders: mpsc::Sender<Order>,
    ) -> Result<(), WriteError> {
        let report = ModemReport { modem, reports, orders, answers: Vec::new() };
        self.inbox.push_first(Item::Job(Job::Report(report))).map_err(WriteError::from)
    }

    /// Has something done in a transaction, which takes along what is to be noted of the request that it is part of.
    async fn call<A, F>(&self, kind: fn(Box<dyn Ask>) -> Job, mut run: F) -> Result<A, WriteError>
    where
        A: Send + 'static,
        F: FnMut(&mut Context<'_, '_>) -> Result<A, StoreError> + Send + 'static,
    {
        let sheet = audit::sheet();
        let Some((sheet, change)) = sheet.and_then(|sheet| sheet.change().map(|change| (sheet, change))) else {
            return self.call_alone(kind, run).await;
        };
        let change: Vec<Counted> = change.into_iter().map(Counted::once).collect();
        let both = move |context: &mut Context<'_, '_>| {
            let answer = run(context)?;
            change.iter().try_for_each(|change| context.work.note(change))?;
            Ok(answer)
        };
        let answer = self.call_alone(kind, both).await?;
        sheet.noted();
        Ok(answer)
    }

    async fn call_alone<A, F>(&self, kind: fn(Box<dyn Ask>) -> Job, run: F) -> Result<A, WriteError>
    where
        A: Send + 'static,
        F: FnMut(&mut Context<'_, '_>) -> Result<A, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = kind(Box::new(Call { run, answer: None, reply }));
        match job {
            Job::Submit(_) => self.inbox.push_submit(Item::Job(job))?,
            Job::Control(_) | Job::Report(_) => self.inbox.push_first(Item::Job(job))?,
        }
        answer.await.unwrap_or(Err(WriteError::Stopping))
    }
}

struct CloseAtEnd<'a>(&'a Inbox<Item>);

impl Drop for CloseAtEnd<'_> {
    fn drop(&mut self) {
        self.0.close();
        // What lies there is dropped, which answers its callers.
        while self.0.take(BATCH_MAX, Some(Duration::ZERO)).is_some_and(|items| !items.is_empty()) {}
    }
}

impl From<Refused> for WriteError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Full => Self::Busy,
            Refused::Closed => Self::Stopping,
        }
    }
}

struct Call<A, F> {
    run: F,
    answer: Option<A>,
    reply: oneshot::Sender<Result<A, WriteError>>,
}

impl<A, F> Ask for Call<A, F>
where
    A: Send,
    F: FnMut(&mut Context<'_, '_>) -> Result<A, StoreError> + Send,
{
    fn run(&mut self, context: &mut Context<'_, '_>) -> Result<(), StoreError> {
        self.answer = Some((self.run)(context)?);
        Ok(())
    }

    fn answer(self: Box<Self>, result: Result<(), WriteError>) {
        let Self { answer, reply, .. } = *self;
        // A caller that has gone away does not want it any more.
        drop(reply.send(result.and_then(|()| answer.ok_or(WriteError::Stopping))));
    }
}

struct ModemReport {
    modem: ModemId,
    reports: Vec<Report>,
    orders: mpsc::Sender<Order>,
    answers: Vec<Order>,
}

impl ModemReport {
    fn run(&mut self, context: &mut Context<'_, '_>) -> Result<(), StoreError> {
        self.answers = context.report(&self.modem, &self.reports)?;
        Ok(())
    }

    fn answer(self, written: bool) {
        let stop = |report: &Report| report.offered().map(|segment| Order::Answer(segment, Offer::Stop));
        let answers = if written { self.answers } else { self.reports.iter().filter_map(stop).collect() };
        for order in answers {
            send_order(&self.modem, &self.orders, order);
        }
    }

    /// Each of its reports on its own.
    fn split(self) -> impl Iterator<Item = Self> {
        let Self { modem, reports, orders, .. } = self;
        reports.into_iter().map(move |report| Self {
            modem: modem.clone(),
            reports: vec![report],
            orders: orders.clone(),
            answers: Vec::new(),
        })
    }
}

/// A modem's actor has few orders open at any time, so its channel is full only when it is stuck, and closed when it has
/// ended; it says nothing more then.
fn send_order(modem: &ModemId, orders: &mpsc::Sender<Order>, order: Order) {
    if orders.try_send(order).is_err() {
        tracing::warn!(%modem, "order dropped: the modem's actor has ended or is stuck");
    }
}

struct Running {
    gateway: Gateway,
    clock: Clock,
    metrics: Arc<Metrics>,
    seq: watch::Sender<i64>,
    doubted: watch::Sender<bool>,
    pulse: Pulse,
    heads: Heads,
    modems: HashMap<ModemId, mpsc::Sender<Order>>,
    /// Reports that could not be written, in the order in which they came.
    kept: VecDeque<ModemReport>,
    /// The last round could not do all that was due: the next one waits a while.
    in_trouble: bool,
    checkpoint: CheckpointThread,
    /// The last commit that is in SQLite's log only, as far as is known here.
    log_since: Option<Instant>,
}

impl Running {
    fn new(store: Store, clock: Clock, metrics: Arc<Metrics>) -> Result<Self, StartError> {
        let checkpoint = CheckpointThread::start(store.checkpointer()?).map_err(StartError::Thread)?;
        Ok(Self {
            seq: watch::Sender::new(store.last_seq()),
            doubted: watch::Sender::new(store.board().is_clock_doubted()),
            pulse: Pulse::new(clock.now().instant),
            heads: Heads::open(store.beside(heads::FILE)),
            gateway: Gateway::new(store)?,
            clock,
            metrics,
            modems: HashMap::new(),
            kept: VecDeque::new(),
            in_trouble: false,
            checkpoint,
            log_since: None,
        })
    }

    fn run(&mut self, inbox: &Inbox<Item>) {
        while let Some(items) = inbox.take(BATCH_MAX, Some(self.patience())) {
            self.round(items);
            self.pulse.beat(self.clock.now().instant);
        }
        if !self.kept.is_empty() {
            tracing::error!(reports = self.kept.len(), "reports lost: the database could not be written until the end");
        }
    }

    fn round(&mut self, items: Vec<Item>) {
        let mut jobs: Vec<Job> = self.kept.drain(..).map(Job::Report).collect();
        let mut truncations = Vec::new();
        for item in items {
            match item {
                Item::Job(job) => jobs.push(job),
                Item::Modem(id, orders) => {
                    self.modems.insert(id, orders);
                }
                Item::Truncate(reply) => truncations.push(reply),
                Item::Settings(settings, reply) => {
                    let taken = self.gateway.set_settings(*settings, self.clock.now().utc);
                    // Whoever asked may have gone away.
                    drop(reply.send(taken.map_err(|error| WriteError::from(&error))));
                }
            }
        }
        self.in_trouble = false;
        match self.tick() {
            Some(stuck) => self.refuse_all(jobs, &stuck),
            None => self.commit(jobs),
        }
        self.assign();
        self.tell_of_the_clock();
        self.count();
        self.tidy();
        if !truncations.is_empty() {
            let cut = self.gateway.store().truncate_log().map_err(|error| WriteError::from(&error));
            for reply in truncations {
                drop(reply.send(cut.clone()));
            }
        }
    }

    /// How long to wait when nobody asks for anything.
    fn patience(&self) -> Duration {
        if self.in_trouble {
            return AGAIN;
        }
        let now = self.clock.now().utc;
        let quiet = if self.log_since.is_some() { QUIET } else { LOOK };
        self.gateway.deadline(now).map_or(LOOK, |at| at.saturating_since(now)).min(quiet)
    }

    /// Has the log copied when it is worth it, or once it is quiet.
    fn tidy(&mut self) {
        let Some(since) = self.log_since else { return };
        let quiet = self.clock.now().instant.saturating_since(since) >= QUIET;
        if quiet {
            self.log_since = None;
        }
        if quiet || self.gateway.store().log_pages() >= PAGES_WORTH {
            self.checkpoint.wish();
        }
    }

    /// What time alone does, in a transaction of its own, so that its failure fails nobody else – unless nothing can be written.
    fn tick(&mut self) -> Option<StoreError> {
        let now = self.clock.now().utc;
        if self.gateway.store().board().deadline().is_none_or(|at| at > now) {
            return None;
        }
        match self.gateway.commit(now, |context| context.work.tick()) {
            Ok(()) => {
                self.publish();
                None
            }
            Err(error) => {
                tracing::error!(%error, "what is due could not be written yet");
                self.in_trouble = true;
                Some(error).filter(is_for_all)
            }
        }
    }

    fn commit(&mut self, mut jobs: Vec<Job>) {
        let started = self.clock.now();
        self.refuse_without_room(&mut jobs);
        if jobs.is_empty() {
            return;
        }
        self.log_since = Some(started.instant);
        let result = self.gateway.commit(started.utc, |context| jobs.iter_mut().try_for_each(|job| job.run(context)));
        match result {
            Ok(()) => {
                self.publish();
                self.metrics.committed(self.clock.now().instant.saturating_since(started.instant), jobs.len());
                for job in jobs {
                    job.answer(Ok(()));
                }
            }
            Err(error) if is_for_all(&error) => {
                tracing::error!(%error, jobs = jobs.len(), "the database cannot be written");
                self.refuse_all(jobs, &error);
            }
            Err(error) => {
                tracing::error!(%error, jobs = jobs.len(), "transaction failed; its jobs run one by one");
                self.one_by_one(jobs, started.utc);
            }
        }
    }

    /// Nothing can be written, and each try may wait for seconds: everybody is told at once, and reports are kept.
    fn refuse_all(&mut self, jobs: Vec<Job>, error: &StoreError) {
        for job in jobs {
            match job {
                Job::Report(report) => {
                    self.in_trouble = true;
                    self.kept.push_back(report);
                }
                job @ (Job::Submit(_) | Job::Control(_)) => job.answer(Err(WriteError::from(error))),
            }
        }
    }

    /// Each job in its own transaction. The reports of a modem stay in order: once one is kept, so are those after it.
    fn one_by_one(&mut self, jobs: Vec<Job>, now: Timestamp) {
        for mut job in jobs {
            let waits = matches!(&job, Job::Report(report) if self.kept.iter().any(|kept| kept.modem == report.modem));
            let result = if waits { Err(StoreError::Full) } else { self.gateway.commit(now, |c| job.run(c)) };
            match (result, job) {
                (Ok(()), job) => {
                    self.publish();
                    job.answer(Ok(()));
                }
                (Err(error), Job::Report(report)) => self.keep_or_split(report, &error, now),
                (Err(error), job @ (Job::Submit(_) | Job::Control(_))) => job.answer(Err(WriteError::from(&error))),
            }
        }
    }

    /// A report that the disk does not take is kept. One that makes no sense would never be taken: what else was in it is
    /// written, and it is logged and dropped.
    fn keep_or_split(&mut self, report: ModemReport, error: &StoreError, now: Timestamp) {
        match error {
            StoreError::Full | StoreError::Sqlite(_) | StoreError::Damaged(_) => {
                self.in_trouble = true;
                self.kept.push_back(report);
            }
            StoreError::Corrupt { .. } | StoreError::Transition(_) => {
                for mut single in report.split() {
                    let result = self.gateway.commit(now, |context| single.run(context));
                    if let Err(error) = &result {
                        tracing::error!(modem = %single.modem, %error, "report dropped: it does not fit what is stored");
                    }
                    single.answer(result.is_ok());
                }
                self.publish();
            }
        }
    }

    fn refuse_without_room(&self, jobs: &mut Vec<Job>) {
        let is_submit = |job: &Job| matches!(job, Job::Submit(_));
        if !jobs.iter().any(is_submit) || self.gateway.store().has_room() {
            return;
        }
        for job in jobs.extract_if(.., |job| is_submit(job)) {
            job.answer(Err(WriteError::NoSpace));
        }
    }

    fn tell_of_the_clock(&self) {
        let doubted = self.gateway.store().board().is_clock_doubted();
        self.doubted.send_if_modified(|told| std::mem::replace(told, doubted) != doubted);
    }

    fn publish(&mut self) {
        // Whoever looks because of what was committed goes by this already.
        self.tell_of_the_clock();
        let store = self.gateway.store();
        self.heads.committed(store.head(), || store.audit_head(), self.clock.now().utc);
        self.seq.send_if_modified(|seq| {
            let last = self.gateway.store().last_seq();
            std::mem::replace(seq, last) != last
        });
    }

    fn count(&mut self) {
        for fact in self.gateway.take_facts() {
            match fact {
                Fact::HandedOver(after) => self.metrics.handed_over(after),
                Fact::Settled { sim, result } => {
                    self.metrics.sent(&sim.label(), sent(result));
                }
                Fact::Reported(after) => self.metrics.reported(after),
                Fact::Received(intents) => self.metrics.received(intents.into_iter().map(Intent::code)),
                Fact::Skipped(skipped) => self.metrics.skipped(skipped.name()),
                Fact::Blocked(reason) => self.metrics.blocked(reason.code()),
                Fact::Logged(line) => log(&line),
                Fact::SetAside { table, key, why } => {
                    tracing::error!(table, key, %why, "row set aside: it cannot be read");
                }
            }
        }
    }

    fn assign(&mut self) {
        let (orders, errors) = self.gateway.assign(self.clock.now().utc);
        for (modem, order) in orders {
            if let Some(sender) = self.modems.get(&modem) {
                send_order(&modem, sender, order);
            }
        }
        for error in errors {
            tracing::error!(%error, "a message could not be drawn from the queue");
            self.in_trouble = true;
        }
    }
}

/// Whether no other transaction has a better chance. Of a full disk something smaller may still find room.
fn is_for_all(error: &StoreError) -> bool {
    error.is_of_the_disk() && !matches!(error, StoreError::Full)
}

/// A line of the log about what was committed. Numbers and texts are in no event.
fn log(line: &Line) {
    let Line { seq, kind, message, part, modem, sim } = line;
    let (message_id, modem, sim) = (message.map(tracing::field::display), modem.as_deref(), sim.as_deref());
    tracing::debug!(target: LOG_TARGET, seq, message_id, part, modem, sim, "{}", kind.name());
}

fn sent(result: Settled) -> Sent {
    match result {
        Settled::Accepted => Sent::Accepted,
        Settled::Refused => Sent::Refused,
        Settled::Returned => Sent::Returned,
        Settled::Unknown => Sent::Unknown,
    }
}

#[cfg(test)]
mod tests;
