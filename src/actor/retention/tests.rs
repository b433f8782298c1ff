//! When it is believed what time it is, and a pass with a real writer.

use std::path::Path;

use crate::actor::writer::Writer;
use crate::config::Config;
use crate::contact::ContactSettings;
use crate::dunning::money::Prices;
use crate::sms::id::MessageId;
use crate::sms::number::PhoneNumber;
use crate::sms::operational;
use crate::store::audit::AuditFilter;
use crate::store::view::Page;
use crate::store::{Settings, Store};
use crate::telemetry::Metrics;

use super::*;

const HOUR: Duration = Duration::from_secs(3600);

fn now(utc: Timestamp, instant: Duration) -> Now {
    Now { utc, instant: Instant::from_origin(instant) }
}

fn noon() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

#[test]
fn a_daemon_that_was_down_for_an_hour_believes_its_clock_and_one_that_was_for_a_month_waits_a_day() {
    let after = |since, seen| wait(Some(ClockTrust { since, seen }));
    assert_eq!(after(noon() - HOUR * 25, noon() - HOUR), AFTER_START);
    assert_eq!(after(noon() - HOUR * 24 * 40, noon() - HOUR * 24 * 30), BELIEVED_AFTER);
    // The clock is before what was seen last.
    assert_eq!(after(noon() - HOUR * 25, noon() + HOUR), BELIEVED_AFTER);
    assert_eq!(wait(None), BELIEVED_AFTER);
}

/// How long nothing is deleted after a start at noon.
fn wait(noted: Option<ClockTrust>) -> Duration {
    Trust::new(now(noon(), HOUR), noted).from.saturating_since(Instant::from_origin(HOUR))
}

#[test]
fn a_clock_that_is_wrong_is_no_better_after_a_restart() {
    // It was ten hours at that time before the restart, and has the rest of the day before it.
    let noted = ClockTrust { since: noon() - HOUR * 11, seen: noon() - HOUR };
    assert_eq!(wait(Some(noted)), HOUR * 13);
    let mut trust = Trust::new(now(noon(), HOUR), Some(noted));
    assert_eq!(trust.note(), ClockTrust { since: noted.since, seen: noon() });
    trust.look(now(noon() + HOUR * 24 * 3_650, HOUR * 2));
    assert_eq!(trust.note().since, noon() + HOUR * 24 * 3_650, "after a jump it begins anew");
}

#[test]
fn a_host_that_is_on_in_the_daytime_only_is_believed_on_its_second_day() {
    let (monday, evening) = (noon() - HOUR * 24, noon() - HOUR * 16);
    assert_eq!(wait(Some(ClockTrust { since: monday, seen: evening })), AFTER_START);
}

#[test]
fn a_clock_that_jumps_is_not_believed_for_a_day_in_either_direction() {
    for jump in [HOUR * 24 * 3_650, HOUR * 2] {
        let noted = ClockTrust { since: noon() - HOUR * 48, seen: noon() };
        let mut trust = Trust::new(now(noon(), HOUR), Some(noted));
        let believed = trust.look(now(noon() + HOUR, HOUR * 2));
        assert!(believed <= Instant::from_origin(HOUR * 2));
        let later = trust.look(now(noon() + HOUR * 2 + jump, HOUR * 3));
        assert_eq!(later, Instant::from_origin(HOUR * 3) + BELIEVED_AFTER);
        // It goes on evenly from there, and is believed after its day.
        let next_day = now(noon() + HOUR * 26 + jump, HOUR * 27);
        assert_eq!(trust.look(next_day), next_day.instant);
        let back = now(noon(), HOUR * 28);
        assert_eq!(trust.look(back), back.instant + BELIEVED_AFTER);
    }
}

#[test]
fn steps_grow_while_they_are_short_and_shrink_when_they_are_long() {
    let mut pace = Pace { rows: 16 };
    for _ in 0..40 {
        pace.took(Duration::from_micros(900));
    }
    assert_eq!(pace.rows, Pace::MAX);
    for _ in 0..20 {
        pace.took(Duration::from_millis(5));
    }
    assert_eq!(pace.rows, Pace::MIN);
    pace.took(Duration::from_millis(2));
    assert_eq!(pace.rows, Pace::MIN);
}

fn settings() -> Settings {
    let config = Config::default();
    Settings {
        sims: config.sim_settings(),
        free_floor: 0,
        country: config.region.country,
        alarms: Vec::new(),
        contact: ContactSettings::none().into(),
    }
}

/// A store to which so many texts were submitted and cancelled, 40 days before the clock of the task.
async fn start(folder: &Path, texts: u8) -> (Writer, Setup, watch::Sender<bool>) {
    let path = folder.join("recado.db");
    let then = noon() - HOUR * 24 * 40;
    let mut store = Store::open(&path, settings(), then).unwrap();
    let number = PhoneNumber::from_digits("5511987654321").unwrap();
    for text in 0..texts {
        let id = MessageId::new(then, [text; 10]);
        let submission = operational::answer(id, number, "ola", then).unwrap();
        store.commit(then, |work| work.submit(&submission).and_then(|_| work.cancel(id))).unwrap();
    }
    let clock = Clock::starting_at(noon());
    let writer = Writer::start(store, clock.clone(), Arc::new(Metrics::default())).unwrap();
    let (stop, stopped) = watch::channel(false);
    let reader = Arc::new(Reader::new(&path, settings().sims));
    while let Some(counted) = reader.roll_up(512, &Prices::default()).unwrap() {
        assert!(writer.handle().count_up(Arc::new(counted)).await.unwrap());
    }
    let kept = Some(HOUR * 24 * 35);
    let (_, terms) = watch::channel(Terms { messages: kept, events: kept, ..Terms::default() });
    let setup = Setup { reader, writer: writer.handle(), clock, terms, stop: stopped };
    (writer, setup, stop)
}

#[tokio::test]
async fn a_pass_deletes_what_is_over_and_notes_it() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, mut setup, _stop) = start(folder.path(), 60).await;
    let seen = setup.clock.now();
    let mut trust = Trust { seen, since: seen.utc, from: Instant::ZERO };
    assert_eq!(setup.pass(&mut trust).await.unwrap(), Pass::Done);
    let gone: Vec<(String, u64)> =
        setup.reader.passes().unwrap().into_iter().map(|(class, _, gone)| (class, gone)).collect();
    // Of each table the newest row stays; each text has three events.
    assert_eq!(gone, [("events".to_owned(), 179), ("messages".to_owned(), 59)]);
    let noted = setup.reader.audit(Page::After(0), 10, &AuditFilter::default()).unwrap();
    let noted: Vec<_> = noted.iter().map(|entry| (entry.id.as_deref(), entry.items)).collect();
    assert_eq!(noted, [(Some("messages"), 59), (Some("events"), 179)]);
    tokio::task::spawn_blocking(|| writer.stop()).await.unwrap();
}

#[tokio::test]
async fn a_clock_that_is_doubted_ends_the_pass_before_anything_goes() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, mut setup, _stop) = start(folder.path(), 5).await;
    let seen = Now { utc: noon() - HOUR * 24 * 365, ..setup.clock.now() };
    let mut trust = Trust { seen, since: seen.utc, from: Instant::ZERO };
    assert_eq!(setup.pass(&mut trust).await.unwrap(), Pass::Doubted);
    assert_eq!(setup.reader.passes().unwrap(), []);
    tokio::task::spawn_blocking(|| writer.stop()).await.unwrap();
}

#[tokio::test]
async fn events_tell_nothing_of_the_clock_and_what_was_noted_of_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, setup, _stop) = start(folder.path(), 5).await;
    assert_eq!(setup.reader.clock_trust().unwrap(), None);
    for hours in [1, 2] {
        let noted = ClockTrust { since: noon() - HOUR * 30, seen: noon() - HOUR * 3 + HOUR * hours };
        setup.writer.note_clock_trust(noted).await.unwrap();
        assert_eq!(setup.reader.clock_trust().unwrap(), Some(noted));
    }
    tokio::task::spawn_blocking(|| writer.stop()).await.unwrap();
}
