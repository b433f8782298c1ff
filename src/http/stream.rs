//! Events as they are committed, as server-sent events. A stream reads the log from where its reader was; the writer
//! only says that there is more, so nothing is lost when a reader is slow. A stream lasts no longer than the token by
//! which its reader was let in.
//!
//! Of a slow reader are held one piece of the log and what its connection has not taken, however much happens. One that
//! takes nothing for a minute is cut off by its door (`serve`), one that takes a piece too slowly by its stream. Both go on
//! after the last event that they have, which browsers do by themselves (`Last-Event-ID`).

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::future::ready;
use futures_util::stream::{Stream, StreamExt as _, once, unfold};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::clock::Instant;
use crate::store::view::{EventView, Page};

use super::auth::Caller;
use super::dto::event::EventAnswer;
use super::dto::message::Eyes;
use super::problem::Problem;
use super::{Phase, Site};

/// Events read at once.
const CHUNK: u32 = 500;

/// A reader takes so many events within this, some 100 kB, or is cut off: what it is told has long become another.
const TAKEN_WITHIN: Duration = Duration::from_secs(120);

/// Between signs of life on a quiet stream; proxies give up after a minute.
const ALIVE: Duration = Duration::from_secs(15);

struct Follower {
    site: Site,
    creditors: Arc<[String]>,
    committed: watch::Receiver<i64>,
    phase: watch::Receiver<Phase>,
    /// Everything up to this one was read.
    read: i64,
    ahead: VecDeque<EventView>,
    /// When the last of these is to be taken.
    take_by: Instant,
    /// Who reads.
    client: String,
}

/// Between two words that something changed: a page draws itself anew at each.
const CALM: Duration = Duration::from_secs(1);

/// Streams all events after `after` to `caller`.
pub(super) fn follow(site: Site, caller: &Caller, after: i64) -> Response {
    let (eyes, ended) = (caller.eyes(), ended(&site, caller));
    let stream = unfold(Follower::new(site, caller, after), move |mut follower| async move {
        let event = follower.next().await?;
        Some((sse(event, eyes), follower))
    });
    streamed(stream, ended)
}

/// Streams to `caller` of which kinds new events are, from now on.
pub(super) fn changes(site: Site, caller: &Caller) -> Response {
    let (after, ended) = (*site.writer.committed().borrow(), ended(&site, caller));
    // The first word comes at once: whoever has drawn a page before it may have missed something.
    let first = once(ready(Event::default().event("changes").data("[]")));
    let delivered = site.writer.delivered();
    let changing = Changing { follower: Follower::new(site, caller, after), delivered };
    let later = unfold(changing, |mut changing| async move {
        let mut kinds = BTreeSet::from([changing.next().await?]);
        let gathered = async {
            while let Some(kind) = changing.next().await {
                kinds.insert(kind);
            }
        };
        // Events of a busy second are one word.
        drop(timeout(CALM, gathered).await);
        let kinds = serde_json::to_string(&kinds).unwrap_or_default();
        Some((Event::default().event("changes").data(kinds), changing))
    });
    streamed(first.chain(later), ended)
}

/// Waits until the token ends by which a caller was let in.
fn ended(site: &Site, caller: &Caller) -> impl Future<Output = ()> + use<> {
    let (site, token) = (site.clone(), caller.token());
    async move {
        match token {
            Some(token) => site.tokens().ended(token, &site.clock).await,
            None => std::future::pending().await,
        }
    }
}

fn streamed(
    stream: impl Stream<Item = Event> + Send + 'static,
    ended: impl Future<Output = ()> + Send + 'static,
) -> Response {
    // The end is asked for before each event, so what was read ahead is not sent after it.
    let stream = stream.take_until(ended).map(Ok::<_, Infallible>);
    Sse::new(stream).keep_alive(KeepAlive::new().interval(ALIVE)).into_response()
}

/// Events, and what was posted of them, of which no event tells.
struct Changing {
    follower: Follower,
    delivered: watch::Receiver<u64>,
}

impl Changing {
    /// What kind of thing changed next.
    async fn next(&mut self) -> Option<String> {
        tokio::select! {
            // Dropped in the middle of a reading it reads the same again.
            event = self.follower.next() => Some(event?.subject()),
            Ok(()) = self.delivered.changed() => Some("delivery".to_owned()),
        }
    }
}

impl Follower {
    fn new(site: Site, caller: &Caller, after: i64) -> Self {
        let (committed, phase) = (site.writer.committed(), site.app.0.phase.subscribe());
        let creditors = Arc::clone(caller.creditors());
        let (take_by, client) = (site.clock.now().instant, caller.client().to_owned());
        Self { site, creditors, committed, phase, read: after, ahead: VecDeque::new(), take_by, client }
    }

    async fn next(&mut self) -> Option<EventView> {
        loop {
            if let Some(event) = self.ahead.pop_front() {
                if self.site.clock.now().instant <= self.take_by {
                    return Some(event);
                }
                tracing::info!(client = self.client, seq = event.seq, "stream cut off: its reader is too slow");
                return None;
            }
            let newest = *self.committed.borrow_and_update();
            if self.read < newest {
                self.read_on(newest).await.ok()?;
                continue;
            }
            tokio::select! {
                // The writer has ended.
                more = self.committed.changed() => more.ok()?,
                _ = self.phase.wait_for(|phase| *phase == Phase::Closing) => return None,
            }
        }
    }

    async fn read_on(&mut self, newest: i64) -> Result<(), Problem> {
        let (from, creditors) = (self.read, Arc::clone(&self.creditors));
        let events = self.site.read(move |reader| reader.events(Page::After(from), CHUNK, &creditors)).await?;
        let full = events.len() >= usize::try_from(CHUNK).unwrap_or(usize::MAX);
        let last = events.last().map_or(from, |event| event.seq);
        // A page that is not full went to the end of the log, past events that are not for this reader.
        self.read = if full { last } else { last.max(newest) };
        self.ahead = events.into();
        self.take_by = self.site.clock.now().instant + TAKEN_WITHIN;
        Ok(())
    }
}

fn sse(event: EventView, eyes: Eyes) -> Event {
    let event = EventAnswer::new(event, eyes);
    let head = Event::default().id(event.seq.to_string()).event(event.kind());
    // One line: the numbers and words of an event, and data that is an object of one line.
    head.data(serde_json::to_string(&event).unwrap_or_default())
}
