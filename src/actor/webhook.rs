//! Webhooks: events are posted to endpoints, signed as Standard Webhooks (1.0.0) has it, at least once, those of one message
//! in order.
//!
//! Each endpoint has a task and connections of its own (`endpoint`), so that a slow one holds up nobody. It reads the log
//! from where it is, decides by its `outbox`, and posts by the `post` courier. What it has delivered is noted for many
//! events at once, so that no part waits for it. The task here starts those of the endpoints that are enabled and starts one
//! anew when something else is said of it.

mod endpoint;
mod guard;
mod outbox;
mod plan;
mod post;
mod retry_after;
mod signature;
mod target;
pub mod trust;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::store::StoreError;
use crate::store::reader::Reader;
use crate::store::view::EventView;
use crate::store::webhook::EndpointView;
use crate::telemetry::Metrics;

use super::writer;
use endpoint::Broken;
use outbox::Outcome;
use plan::Jitter;
use post::{Courier, Parcel};

pub use target::{Target, TargetError};

/// After what could not be read, or a task that ended badly.
const AGAIN: Duration = Duration::from_secs(30);

/// What an event is as JSON, for who may see numbers and texts or not.
pub type Render = Arc<dyn Fn(EventView, bool) -> String + Send + Sync>;

/// What is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// For a whole request and its answer.
    pub timeout: Duration,
    /// Whether endpoints may be in the company's own network, and unencrypted.
    pub allow_private: bool,
    /// For how long what was given up is kept.
    pub keep: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(15), allow_private: false, keep: Duration::from_secs(7 * 86_400) }
    }
}

/// What a test of an endpoint came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// Whether the endpoint took it.
    pub is_delivered: bool,
    /// What it answered.
    pub status: Option<u16>,
    /// How long that took.
    pub took: Duration,
    /// Why it was not taken.
    pub error: Option<String>,
    /// How the body of the answer begins.
    pub answer: String,
}

/// Tells the task that something was said of an endpoint, and tests one. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handle {
    changed: watch::Sender<()>,
    courier: Arc<Courier>,
    settings: Settings,
    clock: Clock,
}

impl Handle {
    /// For a task that is started with [`run`].
    pub fn new(settings: Settings, clock: Clock) -> Self {
        let courier = Arc::new(Courier::new(settings.timeout, settings.allow_private));
        Self { changed: watch::Sender::new(()), courier, settings, clock }
    }

    /// Something was said of an endpoint, and is committed.
    pub fn changed(&self) {
        self.changed.send_replace(());
    }

    /// Reads an address; what is wrong with it, if anything.
    pub fn check(&self, url: &str) -> Result<Target, TargetError> {
        Target::parse(url, self.settings.allow_private)
    }

    /// Posts an event that says nothing to an endpoint, whether it is enabled or not.
    pub async fn test(&self, endpoint: &EndpointView) -> Tested {
        let began = self.clock.now();
        let event = json!({"type": "webhook.test", "timestamp": began.utc.to_string(), "data": {}});
        let body = if endpoint.terms.batch > 0 { json!([event]) } else { event };
        let id = format!("test_{}_{}", endpoint.key, began.utc.as_millis());
        let keys = endpoint.keys(began.utc);
        let parcel = Parcel { id: &id, body: body.to_string().into(), keys: &keys, at: began.utc };
        let posted = match self.check(&endpoint.terms.url.0) {
            Ok(target) => self.courier.post(None, &target, &parcel).await.map_err(|error| error.to_string()),
            Err(error) => Err(format!("understand the address: it {error}")),
        };
        let took = self.clock.now().instant.saturating_since(began.instant);
        match posted {
            Ok((reply, _)) => {
                let (outcome, error) = endpoint::judge(&reply);
                let answer = String::from_utf8_lossy(&reply.excerpt).into_owned();
                let is_delivered = outcome == Outcome::Delivered;
                Tested { is_delivered, status: Some(reply.status.as_u16()), took, error, answer }
            }
            Err(error) => Tested { is_delivered: false, status: None, took, error: Some(error), answer: String::new() },
        }
    }
}

/// What the task is given.
pub struct Setup {
    /// By which it is told.
    pub handle: Handle,
    /// Where the log is read.
    pub reader: Arc<Reader>,
    /// Where progress is written.
    pub writer: writer::Handle,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// How events look.
    pub render: Render,
    /// Spreads what would come at once.
    pub seed: u64,
    /// Turns true when the daemon stops.
    pub stop: watch::Receiver<bool>,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").field("handle", &self.handle).finish_non_exhaustive()
    }
}

/// An endpoint's task.
struct Running {
    revision: i64,
    stop: watch::Sender<bool>,
}

/// The end of an endpoint's task.
type Ended = Result<(i64, Result<(), Broken>), tokio::task::JoinError>;

/// What woke the task.
enum Woken {
    Stopped,
    Look,
    Ended(Ended),
}

struct Fleet {
    setup: Setup,
    running: HashMap<i64, Running>,
    tasks: JoinSet<(i64, Result<(), Broken>)>,
    /// Something is to be looked at again by itself.
    in_trouble: bool,
}

/// Keeps the tasks of all endpoints until the daemon stops.
pub async fn run(setup: Setup) {
    let mut changed = setup.handle.changed.subscribe();
    let mut stop = setup.stop.clone();
    let clock = setup.handle.clock.clone();
    let mut fleet = Fleet { setup, running: HashMap::new(), tasks: JoinSet::new(), in_trouble: false };
    fleet.look().await;
    loop {
        let again = clock.deadline(clock.now().instant + AGAIN);
        let woken = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => Woken::Stopped,
            // The sender is in the setup, so it is there for as long as this task.
            _ = changed.changed() => Woken::Look,
            Some(ended) = fleet.tasks.join_next() => Woken::Ended(ended),
            () = tokio::time::sleep_until(again), if fleet.in_trouble => Woken::Look,
        };
        match woken {
            Woken::Stopped => break,
            Woken::Look => fleet.look().await,
            Woken::Ended(ended) => fleet.ended(ended).await,
        }
    }
    for running in fleet.running.values() {
        running.stop.send_replace(true);
    }
    while fleet.tasks.join_next().await.is_some() {}
}

impl Fleet {
    /// Starts and stops what is to be.
    async fn look(&mut self) {
        self.in_trouble = false;
        let endpoints = match self.read().await {
            Ok(endpoints) => endpoints,
            Err(error) => {
                tracing::error!(%error, "endpoints of webhooks not read; they are again in a while");
                self.in_trouble = true;
                return;
            }
        };
        for (key, running) in &self.running {
            let stays = endpoints.iter().any(|endpoint| {
                endpoint.key == *key && endpoint.revision == running.revision && endpoint.terms.enabled
            });
            if !stays {
                running.stop.send_replace(true);
            }
        }
        for endpoint in endpoints.into_iter().filter(|endpoint| endpoint.terms.enabled) {
            // One that is to be another is started when it has ended.
            if !self.running.contains_key(&endpoint.key) {
                self.start(endpoint);
            }
        }
    }

    async fn read(&self) -> Result<Vec<EndpointView>, StoreError> {
        let reader = Arc::clone(&self.setup.reader);
        // A task that panicked has read nothing; the next look does.
        tokio::task::spawn_blocking(move || reader.webhooks()).await.unwrap_or_else(|_panicked| Ok(Vec::new()))
    }

    fn start(&mut self, endpoint: EndpointView) {
        let (key, revision) = (endpoint.key, endpoint.revision);
        let (stop, stopped) = watch::channel(false);
        let handle = &self.setup.handle;
        let task = endpoint::run(endpoint::Setup {
            courier: Arc::clone(&handle.courier),
            reader: Arc::clone(&self.setup.reader),
            writer: self.setup.writer.clone(),
            clock: handle.clock.clone(),
            metrics: Arc::clone(&self.setup.metrics),
            render: Arc::clone(&self.setup.render),
            jitter: Jitter(self.setup.seed.wrapping_add(key.unsigned_abs())),
            keep: handle.settings.keep,
            stop: stopped,
            endpoint,
        });
        self.running.insert(key, Running { revision, stop });
        self.tasks.spawn(async move { (key, task.await) });
    }

    /// A task has ended: because it was told to, because its endpoint is disabled, or badly.
    async fn ended(&mut self, ended: Ended) {
        match ended {
            Ok((key, outcome)) => {
                self.running.remove(&key);
                match outcome {
                    Ok(()) => self.look().await,
                    Err(error) => {
                        tracing::error!(webhook = key, %error, "webhook stopped; it goes on in a while");
                        self.in_trouble = true;
                    }
                }
            }
            Err(error) => {
                tracing::error!(%error, "the task of a webhook ended badly");
                self.running.retain(|_, running| running.stop.receiver_count() > 0);
                self.in_trouble = true;
            }
        }
    }
}

#[cfg(test)]
mod tests;
