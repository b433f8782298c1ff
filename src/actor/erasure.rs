//! The task that carries erasures out: a step of a few milliseconds of the writer, and a pause as long.
//!
//! What is to be erased is in the database, so that a daemon that was killed goes on with it. A message on the wire, a report
//! that may still come and results that are not counted yet are waited for; a date until which a person is blocked too.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::{Clock, Timestamp};
use crate::store::erasure::{ErasureKey, Stage};
use crate::store::reader::Reader;

use super::rounds::{Ended, Rounds, Woken, blocking};
use super::writer::{Handle, WriteError};

/// What comes of messages within this time is looked at together.
const SETTLES: Duration = Duration::from_secs(1);

/// No pause between two steps is shorter.
const PAUSE: Duration = Duration::from_millis(5);

/// Between two attempts to truncate the log while somebody reads, between two looks at whether results are counted, and after what
/// could not be written.
const AGAIN: Duration = Duration::from_secs(2);

/// What the task is given.
#[derive(Debug)]
pub struct Setup {
    /// Where it is read what is to be erased.
    pub reader: Arc<Reader>,
    /// Who erases.
    pub writer: Handle,
    /// The time.
    pub clock: Clock,
    /// Turns true when the daemon stops.
    pub stop: watch::Receiver<bool>,
}

#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Read(#[from] crate::store::StoreError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Ended(#[from] Ended),
}

impl RoundError {
    /// Whether one erasure is to blame, and others may go on.
    fn is_of_one(&self) -> bool {
        match self {
            Self::Read(error) => error.is_of_a_row(),
            Self::Write(error) => matches!(error, WriteError::Store(_)),
            Self::Ended(_) => false,
        }
    }
}

/// Erases until the daemon stops, or its writer is gone.
pub async fn run(mut setup: Setup) {
    let mut rounds = Rounds::new(&setup.writer, &setup.clock, &setup.stop, SETTLES);
    loop {
        rounds.begin();
        let next = match setup.round().await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "erasure does not go on; it does in a while");
                Some(setup.clock.now().utc + AGAIN)
            }
        };
        if rounds.rest(next, std::future::pending::<Option<()>>()).await == Woken::End {
            return;
        }
    }
}

impl Setup {
    /// Goes on with every erasure as far as it can. When to look again, if that is known. What is held for years is not to go by a
    /// clock that is doubted.
    async fn round(&mut self) -> Result<Option<Timestamp>, RoundError> {
        if self.writer.is_clock_doubted() {
            return Ok(None);
        }
        let reader = Arc::clone(&self.reader);
        let open = blocking(move || reader.open_erasures()).await??;
        let (mut next, mut failed): (Option<Timestamp>, Vec<(ErasureKey, RoundError)>) = (None, Vec::new());
        for key in open {
            let at = match self.go_on(key).await {
                Ok(at) => at,
                // Those behind it may still go on.
                Err(error) if error.is_of_one() => {
                    failed.push((key, error));
                    Some(self.clock.now().utc + AGAIN)
                }
                Err(error) => return Err(error),
            };
            next = next.into_iter().chain(at).min();
        }
        if let Some((ErasureKey(erasure), error)) = failed.first() {
            let erasures = failed.len();
            tracing::warn!(erasure, erasures, %error, "erasure does not go on; it is tried again in a while");
        }
        Ok(next)
    }

    async fn go_on(&mut self, key: ErasureKey) -> Result<Option<Timestamp>, RoundError> {
        loop {
            let began = self.clock.now();
            match self.writer.erase_some(key).await? {
                Stage::More => {
                    let took = self.clock.now().instant.saturating_since(began.instant);
                    if self.rests(took.max(PAUSE)).await {
                        return Ok(None);
                    }
                }
                Stage::Copy => {
                    if !self.writer.truncate_log().await? {
                        return Ok(Some(began.utc + AGAIN));
                    }
                    self.writer.end_erasure(key).await?;
                }
                Stage::Held(until) => return Ok(Some(until)),
                Stage::Waits => return self.counts_soon(key, began.utc).await,
                Stage::Done => return Ok(None),
            }
        }
    }

    /// Results are counted within seconds, and no event tells that they are; of a message that comes to its end one does.
    async fn counts_soon(&self, key: ErasureKey, now: Timestamp) -> Result<Option<Timestamp>, RoundError> {
        let reader = Arc::clone(&self.reader);
        let view = blocking(move || reader.erasure(key)).await??;
        Ok(view.filter(|erasure| erasure.state == "running").map(|_| now + AGAIN))
    }

    /// Waits. True when the daemon stops.
    async fn rests(&mut self, time: Duration) -> bool {
        let until = self.clock.deadline(self.clock.now().instant + time);
        tokio::select! {
            _ = self.stop.wait_for(|stop| *stop) => true,
            () = tokio::time::sleep_until(until) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::actor::writer::Writer;
    use crate::config::Config;
    use crate::contact::ContactSettings;
    use crate::dunning::money::Prices;
    use crate::sms::id::MessageId;
    use crate::sms::number::PhoneNumber;
    use crate::sms::operational;
    use crate::store::erasure::{ErasureOrder, Person};
    use crate::store::{Settings, Store};
    use crate::telemetry::Metrics;

    use super::*;

    fn start(folder: &Path) -> (Writer, Setup, watch::Sender<bool>) {
        start_with(folder, None)
    }

    fn start_with(folder: &Path, sql: Option<&str>) -> (Writer, Setup, watch::Sender<bool>) {
        let path = folder.join("recado.db");
        let config = Config::default();
        let settings = Settings {
            sims: config.sim_settings(),
            free_floor: 0,
            country: config.region.country,
            alarms: Vec::new(),
            contact: ContactSettings::none().into(),
        };
        let clock = Clock::starting_at("2026-11-24T13:00:00Z".parse().unwrap());
        let store = Store::open(&path, settings.clone(), clock.now().utc).unwrap();
        if let Some(sql) = sql {
            store.connection().execute_batch(sql).unwrap();
        }
        let writer = Writer::start(store, clock.clone(), Arc::new(Metrics::default())).unwrap();
        let (stop, stopped) = watch::channel(false);
        let reader = Arc::new(Reader::new(&path, settings.sims));
        let setup = Setup { reader, writer: writer.handle(), clock, stop: stopped };
        (writer, setup, stop)
    }

    async fn count(setup: &Setup) {
        while let Some(counted) = setup.reader.roll_up(512, &Prices::default()).unwrap() {
            assert!(setup.writer.count_up(Arc::new(counted)).await.unwrap());
        }
    }

    #[tokio::test]
    async fn one_that_fails_does_not_hold_up_those_behind_it() {
        let folder = tempfile::tempdir().unwrap();
        let refuses = "CREATE TRIGGER refuses BEFORE UPDATE OF state ON erasure WHEN new.key = 1
             BEGIN SELECT raise(ABORT, 'not this one'); END";
        let (writer, mut setup, _stop) = start_with(folder.path(), Some(refuses));
        let mut keys = Vec::new();
        for digits in ["5511987654321", "5511987654322"] {
            let order = ErasureOrder {
                person: Person::Number(PhoneNumber::from_digits(digits).unwrap()),
                reason: "asked for".into(),
                client: "dpo".into(),
                until: None,
                suppress: false,
            };
            keys.push(setup.writer.begin_erasure(order).await.unwrap().unwrap().key);
        }
        count(&setup).await;
        let next = setup.round().await.unwrap();
        // It is tried again, in a while.
        assert_eq!(setup.reader.open_erasures().unwrap(), keys[..1]);
        assert!(next.is_some_and(|next| next > setup.clock.now().utc));
        tokio::task::spawn_blocking(|| writer.stop()).await.unwrap();
    }

    #[tokio::test]
    async fn the_task_erases_behind_the_results_and_leaves_nothing_in_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, mut setup, _stop) = start(folder.path());
        let number = PhoneNumber::from_digits("5511987654321").unwrap();
        let now = setup.clock.now().utc;
        let submission = operational::answer(MessageId::new(now, [1; 10]), number, "Ola Joaquina", now).unwrap();
        setup.writer.submit(vec![submission]).await.unwrap();
        let order = ErasureOrder {
            person: Person::Number(number),
            reason: "asked for".into(),
            client: "dpo".into(),
            until: None,
            suppress: true,
        };
        let begun = setup.writer.begin_erasure(order).await.unwrap().unwrap();
        assert_eq!(begun.stopped.stopped, 1);
        // It looks again by itself, as no event will tell that the results are counted.
        assert!(setup.round().await.unwrap().is_some());
        assert_eq!(setup.reader.erasure(begun.key).unwrap().unwrap().state, "running");
        count(&setup).await;
        assert_eq!(setup.round().await.unwrap(), None);
        let view = setup.reader.erasure(begun.key).unwrap().unwrap();
        assert_eq!((view.state.as_str(), setup.reader.open_erasures().unwrap()), ("done", vec![]));
        for name in ["recado.db", "recado.db-wal"] {
            let octets = std::fs::read(folder.path().join(name)).unwrap();
            for needle in [&b"Joaquina"[..], b"5511987654321", &5_511_987_654_321_u64.to_be_bytes()[2..]] {
                assert!(!octets.windows(needle.len()).any(|window| window == needle), "{name}: {needle:?}");
            }
        }
        tokio::task::spawn_blocking(|| writer.stop()).await.unwrap();
    }
}
