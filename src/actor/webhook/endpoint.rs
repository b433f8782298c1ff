//! The task of one endpoint: reads the log, posts what the outbox says, and has noted how far it has come.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use crate::actor::writer::{Handle, WriteError};
use crate::clock::{Clock, Instant, Timestamp};
use crate::pdu::to_hex;
use crate::store::StoreError;
use crate::store::reader::Reader;
use crate::store::view::{EventView, Page};
use crate::store::webhook::{EndpointView, Progress, Waiting};
use crate::telemetry::Metrics;

use super::Render;
use super::outbox::{Item, Outbox, Outcome, Request, Told};
use super::plan::Jitter;
use super::post::{Connection, Courier, Parcel, PostError, Reply};
use super::target::Target;

/// Events read at once.
const CHUNK: u32 = 500;

/// Between two looks at the log: what happens within this time is read together.
const READ_EVERY: Duration = Duration::from_millis(20);

/// What was posted is noted after so long: a commit for all of it. After a crash it is posted again.
const NOTED_EVERY: Duration = Duration::from_secs(1);

/// After what could not be written.
const AGAIN: Duration = Duration::from_secs(5);

/// No wait for a time is longer than this, so that a jump of the civil clock is noticed.
const LOOK: Duration = Duration::from_secs(30);

/// What an endpoint's task is given.
pub(super) struct Setup {
    pub(super) endpoint: EndpointView,
    pub(super) courier: Arc<Courier>,
    pub(super) reader: Arc<Reader>,
    pub(super) writer: Handle,
    pub(super) clock: Clock,
    pub(super) metrics: Arc<Metrics>,
    pub(super) render: Render,
    pub(super) jitter: Jitter,
    /// For how long what was given up is kept.
    pub(super) keep: Duration,
    /// Turns true when the task is to end.
    pub(super) stop: watch::Receiver<bool>,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").field("endpoint", &self.endpoint.key).finish_non_exhaustive()
    }
}

/// Why the task of an endpoint ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("read the log: {0}")]
    Read(#[from] StoreError),
    #[error("a piece of work ended badly: {0}")]
    Task(#[from] JoinError),
    #[error("understand the address: it {0}")]
    Target(#[from] super::TargetError),
    #[error("write: the writer has ended")]
    Writer,
}

/// A request that is back.
struct Landed {
    ticket: u64,
    connection: Option<Connection>,
    outcome: Outcome,
    told: Told,
}

type Writing = Pin<Box<dyn Future<Output = Result<bool, WriteError>> + Send>>;

struct Running {
    setup: Setup,
    target: Arc<Target>,
    outbox: Outbox,
    /// Events that were read and not posted yet. Those that are tried again are read again.
    events: HashMap<i64, EventView>,
    requests: JoinSet<Landed>,
    idle: Vec<Connection>,
    committed: watch::Receiver<i64>,
    /// When the log is looked at next, if there is more.
    read_at: Instant,
    /// What is being written, and again after that could not be done.
    unwritten: Option<Arc<Progress>>,
    writing: Option<Writing>,
    note_at: Option<Instant>,
    /// That the endpoint is disabled is written, or being written.
    is_disabled: bool,
}

/// What woke the task.
enum Woken {
    Stopped,
    Landed(Result<Landed, JoinError>),
    Written(Result<bool, WriteError>),
    More(bool),
    Time,
}

/// Posts until it is stopped, the endpoint is disabled, or something else was said of it.
pub(super) async fn run(setup: Setup) -> Result<(), Broken> {
    let key = setup.endpoint.key;
    let metrics = Arc::clone(&setup.metrics);
    let ended = match Running::start(setup).await {
        Ok(mut running) => running.run().await,
        Err(error) => Err(error),
    };
    metrics.webhook_ended(key);
    ended
}

impl Running {
    async fn start(setup: Setup) -> Result<Self, Broken> {
        let endpoint = &setup.endpoint;
        let target = Arc::new(Target::parse(&endpoint.terms.url.0, setup.courier.allow_private)?);
        let (reader, key) = (Arc::clone(&setup.reader), endpoint.key);
        let waiting: Vec<Waiting> = tokio::task::spawn_blocking(move || reader.webhook_waiting(key)).await??;
        let now = setup.clock.now();
        let batch = usize::try_from(endpoint.terms.batch).unwrap_or(1);
        let outbox = Outbox::new(endpoint.seq, batch, waiting, endpoint.failing_since, setup.jitter, now.utc);
        Ok(Self {
            target,
            outbox,
            events: HashMap::new(),
            requests: JoinSet::new(),
            idle: Vec::new(),
            committed: setup.writer.committed(),
            read_at: now.instant,
            unwritten: None,
            writing: None,
            note_at: None,
            is_disabled: false,
            setup,
        })
    }

    async fn run(&mut self) -> Result<(), Broken> {
        loop {
            let now = self.setup.clock.now();
            if self.outbox.wants_more() && now.instant >= self.read_at {
                self.read_on().await?;
            }
            while let Some(request) = self.outbox.poll_request(now.utc) {
                self.post(request);
            }
            self.tell();
            if self.is_disabled && self.writing.is_none() && self.unwritten.is_none() {
                return Ok(());
            }
            self.note(now.instant);
            match self.wake().await {
                Woken::Landed(landed) => self.landed(landed?),
                Woken::Written(Ok(true)) => (self.unwritten, self.note_at) = (None, None),
                // Something else was said of it, and whoever did that starts the task again.
                Woken::Written(Ok(false)) | Woken::Stopped => break,
                Woken::More(false) => return Err(Broken::Writer),
                Woken::Written(Err(error)) => {
                    tracing::debug!(webhook = self.setup.endpoint.key, %error, "progress not written yet");
                    self.note_at = Some(self.setup.clock.now().instant + AGAIN);
                }
                Woken::More(true) | Woken::Time => {}
            }
        }
        self.requests.abort_all();
        self.write_the_last().await;
        Ok(())
    }

    async fn wake(&mut self) -> Woken {
        let clock = self.setup.clock.clone();
        let has_more = *self.committed.borrow_and_update() > self.outbox.read();
        let wants_more = self.outbox.wants_more();
        let read_at = (wants_more && has_more).then_some(self.read_at);
        let now = clock.now();
        let due = self.outbox.deadline().map(|at| now.instant + at.saturating_since(now.utc).min(LOOK));
        let note_at = self.note_at.filter(|_| self.writing.is_none());
        let until = read_at.into_iter().chain(due).chain(note_at).min().map(|at| clock.deadline(at));
        tokio::select! {
            _ = self.setup.stop.wait_for(|stop| *stop) => Woken::Stopped,
            Some(landed) = self.requests.join_next() => Woken::Landed(landed),
            written = async { self.writing.as_mut().expect("the branch is guarded").await }, if self.writing.is_some() => {
                self.writing = None;
                Woken::Written(written)
            }
            more = self.committed.changed(), if wants_more && !has_more => Woken::More(more.is_ok()),
            () = async { tokio::time::sleep_until(until.expect("the branch is guarded")).await }, if until.is_some() => Woken::Time,
        }
    }

    /// Takes in what the log has, as far as the endpoint wants it.
    async fn read_on(&mut self) -> Result<(), Broken> {
        let newest = *self.committed.borrow_and_update();
        let from = self.outbox.read();
        if from >= newest {
            return Ok(());
        }
        let (reader, creditors) = (Arc::clone(&self.setup.reader), self.setup.endpoint.terms.creditors.clone());
        let read = move || reader.events(Page::After(from), CHUNK, &creditors);
        let events = tokio::task::spawn_blocking(read).await??;
        let last = events.last().map_or(from, |event| event.seq);
        let is_full = events.len() >= usize::try_from(CHUNK).unwrap_or(usize::MAX);
        // A page that is not full went to the end of the log, past events of other creditors.
        let upto = if is_full { last } else { last.max(newest) };
        let wanted = &self.setup.endpoint.terms.wanted;
        let mut items = Vec::new();
        for event in events.into_iter().filter(|event| wanted.has(&event.kind)) {
            items.push(Item { seq: event.seq, message: event.message });
            self.events.insert(event.seq, event);
        }
        self.outbox.take_in(items, upto);
        if !is_full {
            self.read_at = self.setup.clock.now().instant + READ_EVERY;
        }
        Ok(())
    }

    fn post(&mut self, request: Request) {
        let Request { ticket, seqs } = request;
        let known: Vec<EventView> = seqs.iter().filter_map(|seq| self.events.remove(seq)).collect();
        let now = self.setup.clock.now().utc;
        let errand = Errand {
            webhook: self.setup.endpoint.key,
            is_batch: self.setup.endpoint.terms.batch > 0,
            render: Arc::clone(&self.setup.render),
            pii: self.setup.endpoint.terms.pii,
            keys: self.setup.endpoint.keys(now),
            seqs,
            known,
        };
        let (courier, reader) = (Arc::clone(&self.setup.courier), Arc::clone(&self.setup.reader));
        let (target, kept, clock) = (Arc::clone(&self.target), self.idle.pop(), self.setup.clock.clone());
        self.requests.spawn(async move {
            let began = clock.now();
            let posted = errand.run(&courier, &reader, kept, &target, began.utc).await;
            let took = clock.now().instant.saturating_since(began.instant);
            let (outcome, status, error, connection) = match posted {
                Ok((reply, connection)) => {
                    let (outcome, error) = judge(&reply);
                    (outcome, Some(reply.status.as_u16()), error, connection)
                }
                Err(error) => (Outcome::Failed(None), None, Some(error.to_string()), None),
            };
            Landed { ticket, connection, outcome, told: Told { status, took, error } }
        });
    }

    fn landed(&mut self, landed: Landed) {
        let Landed { ticket, connection, outcome, told } = landed;
        self.idle.extend(connection);
        if outcome != Outcome::Delivered {
            let (webhook, host) = (self.setup.endpoint.key, &self.target);
            let error = told.error.as_deref().unwrap_or_default();
            tracing::debug!(webhook, %host, status = told.status, error, "event not taken");
        }
        self.outbox.handle_result(ticket, &outcome, &told, self.setup.clock.now().utc);
    }

    fn tell(&mut self) {
        let behind = self.committed.borrow().saturating_sub(self.outbox.read());
        let pending = u64::try_from(behind).unwrap_or_default() + self.outbox.pending() as u64;
        self.setup.metrics.webhook_pending(self.setup.endpoint.key, pending);
    }

    /// Has progress written: a while after the first that is not.
    fn note(&mut self, now: Instant) {
        if self.writing.is_some() || (self.unwritten.is_none() && !self.outbox.has_notes()) {
            return;
        }
        let urgent = self.outbox.disabled().is_some() && self.unwritten.is_none();
        let at = *self.note_at.get_or_insert(now + NOTED_EVERY);
        if at > now && !urgent {
            return;
        }
        if self.unwritten.is_none() {
            self.unwritten = self.progress().map(Arc::new);
        }
        if let Some(progress) = self.unwritten.clone() {
            let writer = self.setup.writer.clone();
            self.writing = Some(Box::pin(async move { writer.note_deliveries(progress).await }));
        }
    }

    fn progress(&mut self) -> Option<Progress> {
        let notes = self.outbox.take_notes()?;
        if let Some(why) = notes.disabled {
            tracing::warn!(webhook = self.setup.endpoint.key, host = %self.target, why, "webhook disabled");
            self.is_disabled = true;
        }
        Some(Progress {
            webhook: self.setup.endpoint.key,
            revision: self.setup.endpoint.revision,
            seq: notes.seq,
            records: notes.records,
            failing_since: notes.failing_since,
            disabled: notes.disabled,
            forget: self.setup.clock.now().utc - self.setup.keep,
        })
    }

    /// What can be written at the end. What cannot is posted again.
    async fn write_the_last(&mut self) {
        if let Some(writing) = self.writing.take() {
            drop(writing.await);
        } else if let Some(progress) = self.unwritten.take() {
            drop(self.setup.writer.note_deliveries(progress).await);
        }
        if let Some(progress) = self.progress() {
            drop(self.setup.writer.note_deliveries(Arc::new(progress)).await);
        }
    }
}

/// What an answer means, in words where it is no.
pub(super) fn judge(reply: &Reply) -> (Outcome, Option<String>) {
    let status = reply.status.as_u16();
    match status {
        200..300 => (Outcome::Delivered, None),
        300..400 => (Outcome::Failed(None), Some(format!("answered {status}; redirects are not followed"))),
        410 => (Outcome::Gone, Some("answered 410".to_owned())),
        _ => (Outcome::Failed(reply.retry_after), Some(format!("answered {status}"))),
    }
}

/// One request with all that it needs.
struct Errand {
    webhook: i64,
    is_batch: bool,
    render: Render,
    pii: bool,
    keys: Vec<crate::store::webhook::SigningKey>,
    seqs: Vec<i64>,
    known: Vec<EventView>,
}

/// Why an event was not posted.
#[derive(Debug, thiserror::Error)]
enum ErrandError {
    #[error("{0}")]
    Post(#[from] PostError),
    #[error("read the event: {0}")]
    Read(#[from] StoreError),
    #[error("read the event: it is not kept any more")]
    Gone,
}

impl Errand {
    async fn run(
        mut self,
        courier: &Courier,
        reader: &Arc<Reader>,
        kept: Option<Connection>,
        target: &Target,
        at: Timestamp,
    ) -> Result<(Reply, Option<Connection>), ErrandError> {
        if self.known.len() < self.seqs.len() {
            let (reader, seqs) = (Arc::clone(reader), self.seqs.clone());
            let read = tokio::task::spawn_blocking(move || reader.events_of_numbers(&seqs)).await;
            self.known = read.or(Err(ErrandError::Gone))??;
        }
        let id = id(self.webhook, &self.seqs);
        let render = &self.render;
        let mut bodies: Vec<String> = self.known.into_iter().map(|event| render(event, self.pii)).collect();
        let last = bodies.pop().ok_or(ErrandError::Gone)?;
        let body = if self.is_batch { format!("[{}]", [bodies, vec![last]].concat().join(",")) } else { last };
        let parcel = Parcel { id: &id, body: body.into(), keys: &self.keys, at };
        Ok(courier.post(kept, target, &parcel).await?)
    }
}

/// The id of a request: the same for the same events and for no others. What is in an array is put together anew after a
/// restart, and may then have an event that was on its way alone before, so the ends of it do not say what is in it.
fn id(webhook: i64, seqs: &[i64]) -> String {
    let [first, .., last] = seqs else { return format!("evt_{webhook}_{}", seqs.first().copied().unwrap_or_default()) };
    let mut hash = Sha256::new();
    for seq in seqs {
        hash.update(seq.to_be_bytes());
    }
    let digest = to_hex(hash.finalize().get(..8).unwrap_or_default()).to_lowercase();
    format!("evt_{webhook}_{first}-{last}-{digest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_with_other_events_between_the_same_ends_have_other_ids() {
        assert_eq!(id(3, &[7]), "evt_3_7");
        assert_eq!(id(3, &[2, 4]), id(3, &[2, 4]));
        assert_ne!(id(3, &[2, 4]), id(3, &[2, 3, 4]));
        assert!(id(3, &[2, 4]).starts_with("evt_3_2-4-"), "{}", id(3, &[2, 4]));
    }
}
