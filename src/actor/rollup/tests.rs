//! The task beside a real writer.

use std::path::Path;

use jiff::tz::TimeZone;

use crate::actor::writer::{BATCH_MAX, Writer};
use crate::config::Config;
use crate::contact::ContactSettings;
use crate::dunning::result::Count;
use crate::sms::id::MessageId;
use crate::sms::number::PhoneNumber;
use crate::sms::operational;
use crate::store::board::Scope;
use crate::store::rollup::StatsQuestion;
use crate::store::{Settings, Store};
use crate::telemetry::Metrics;

use super::*;

/// Longer than any of this takes on the slowest machine: a task that does not end fails the test instead of hanging it.
const LIMIT: Duration = Duration::from_secs(60);

fn start(folder: &Path) -> (Writer, Setup, watch::Sender<bool>) {
    start_at(folder, "2026-11-24T13:00:00Z")
}

fn start_at(folder: &Path, now: &str) -> (Writer, Setup, watch::Sender<bool>) {
    let path = folder.join("recado.db");
    let config = Config::default();
    let settings = Settings {
        sims: config.sim_settings(),
        free_floor: 0,
        country: config.region.country,
        alarms: Vec::new(),
        contact: ContactSettings::none().into(),
    };
    let clock = Clock::starting_at(now.parse().unwrap());
    let store = Store::open(&path, settings.clone(), clock.now().utc).unwrap();
    let writer = Writer::start(store, clock.clone(), Arc::new(Metrics::default())).unwrap();
    let (stop, stopped) = watch::channel(false);
    let reader = Arc::new(Reader::new(&path, settings.sims));
    let setup =
        Setup { reader, writer: writer.handle(), clock, prices: watch::channel(Arc::default()).1, stop: stopped };
    (writer, setup, stop)
}

async fn submit(writer: &Writer, messages: u16) {
    let number = PhoneNumber::from_digits("5511987654321").unwrap();
    let now = "2026-11-24T13:00:00Z".parse().unwrap();
    let submission = |n: u16| {
        let mut random = [0; 10];
        random[..2].copy_from_slice(&n.to_be_bytes());
        operational::answer(MessageId::new(now, random), number, "Ola", now).unwrap()
    };
    for from in (0..messages).step_by(BATCH_MAX) {
        let piece = (from..messages).take(BATCH_MAX).map(submission).collect();
        writer.handle().submit(piece).await.unwrap();
    }
}

fn taken(reader: &Reader) -> i64 {
    let stats = reader.stats(&StatsQuestion::new(TimeZone::UTC)).unwrap().unwrap();
    assert_eq!(stats.behind, 0);
    stats.rows.iter().map(|row| row.total.counts.get(Count::Taken)).sum()
}

#[tokio::test]
async fn what_was_missed_is_counted_at_start_and_the_task_ends_when_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, setup, stop) = start(folder.path());
    submit(&writer, 3).await;
    let reader = Arc::clone(&setup.reader);
    stop.send_replace(true);
    tokio::time::timeout(LIMIT, run(setup)).await.expect("the task ends");
    assert_eq!(taken(&reader), 3);
    tokio::task::spawn_blocking(|| writer.stop()).await.unwrap();
}

#[tokio::test]
async fn a_long_absence_is_caught_up_with_in_steps() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, mut setup, _stop) = start(folder.path());
    submit(&writer, 1_300).await;
    setup.catch_up().await.unwrap();
    assert_eq!(taken(&setup.reader), 1_300);
    setup.catch_up().await.unwrap();
    assert_eq!(taken(&setup.reader), 1_300);
    tokio::task::spawn_blocking(|| writer.stop()).await.unwrap();
}

#[tokio::test]
async fn what_was_written_under_a_clock_that_was_not_set_is_counted_once_that_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, mut setup, _stop) = start_at(folder.path(), "1970-01-01T00:01:00Z");
    submit(&writer, 3).await;
    setup.catch_up().await.unwrap();
    assert_ne!(setup.reader.stats(&StatsQuestion::new(TimeZone::UTC)).unwrap().unwrap().behind, 0);
    writer.handle().resume(Scope::All, String::new()).await.unwrap();
    setup.catch_up().await.unwrap();
    assert_eq!(taken(&setup.reader), 3);
    tokio::task::spawn_blocking(|| writer.stop()).await.unwrap();
}

#[tokio::test]
async fn the_task_ends_with_its_writer() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, setup, _stop) = start(folder.path());
    tokio::task::spawn_blocking(|| writer.stop()).await.unwrap();
    tokio::time::timeout(LIMIT, run(setup)).await.expect("the task ends");
}
