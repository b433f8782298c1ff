//! A campaign for a long list: how long it takes into the queue and out of it, and what others notice of that.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::tz::TimeZone;
use recado::actor::campaign::{Setup, run};
use recado::actor::writer::{Handle, Writer};
use recado::clock::{Clock, Instant};
use recado::contact::ContactSettings;
use recado::dispatch::balance::Rule;
use recado::dispatch::budget::Limits;
use recado::dispatch::route::Route;
use recado::dispatch::sim::SimSettings;
use recado::sms::lifecycle::MessageState;
use recado::sms::number::{Country, PhoneNumber};
use recado::sms::text::TextOptions;
use recado::store::campaign::{CampaignRow, CampaignView};
use recado::store::definition::read_campaign;
use recado::store::reader::Reader;
use recado::store::{FREE_FLOOR, Settings, Store};
use recado::telemetry::Metrics;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::daemon::working_hours;
use super::floor::{Rows, floor};
use super::running::quantile;
use super::support::{load, median, rate};

const NAME: &str = "november";

/// Rows of one request.
const PIECE: usize = 10_000;

/// Between two questions of somebody else to the writer.
const PAUSE: Duration = Duration::from_millis(10);

/// Rows that come of a text, in the order in which one names the other; and texts of one commit, as in a step of the task.
const ROWS: Rows = Rows { tables: &["message", "segment", "origin", "event"], at_once: 32 };

/// When somebody else asked, and how long the answer took.
type Times = Arc<Mutex<Vec<(Instant, Duration)>>>;

pub(crate) async fn measure(disk: &Path, recipients: usize) {
    let folder = tempfile::tempdir_in(disk).unwrap();
    let folder = folder.path();
    let clock = working_hours();
    let database = folder.join("recado.db");
    let sims = SimSettings { default: Limits::none(), balance: Rule::default(), cards: Vec::new() };
    let settings = Settings {
        sims: sims.clone(),
        free_floor: FREE_FLOOR,
        country: Country::from_iso("BR").unwrap(),
        alarms: Vec::new(),
        contact: ContactSettings::none().into(),
    };
    let store = Store::open(&database, settings, clock.now().utc).unwrap();
    let writer = Writer::start(store, clock.clone(), Arc::new(Metrics::default())).unwrap();
    let (handle, reader) = (writer.handle(), Arc::new(Reader::new(&database, sims)));
    let (_stop, stop) = watch::channel(false);
    let (reader_of_task, writer_of_task) = (Arc::clone(&reader), handle.clone());
    let mut tasks = JoinSet::new();
    tasks.spawn(run(Setup {
        reader: reader_of_task,
        writer: writer_of_task,
        clock: clock.clone(),
        text: TextOptions::default(),
        stop,
    }));
    let times = Times::default();
    tasks.spawn(ask(handle.clone(), clock.clone(), Arc::clone(&times)));
    let now = || clock.now().instant;
    let began = now();
    write(&handle, recipients).await;
    let written = now();
    handle.start_campaign(NAME.to_owned(), 0, false).await.unwrap();
    until(&reader, |view| view.queued_at.is_some()).await;
    let queued = now();
    let stopped = handle.cancel_campaign(NAME.to_owned()).await.unwrap().unwrap();
    let answered = now();
    assert_eq!(stopped.stopped, recipients as u64);
    until(&reader, |view| view.progress.of(MessageState::Queued) == 0).await;
    let over = now();
    tasks.shutdown().await;
    writer.stop();
    let floor = median(&[0; 3].map(|_| floor(folder, &clock, recipients, &ROWS).as_secs_f64()));
    let took = queued.saturating_since(written);
    println!(
        "{:<10} {recipients} recipients: list {:.1} s, into the queue {:.1} s ({:.0} texts/s), bare SQLite with the same rows as they are in the end {floor:.1} s; end answered in {:.3} s with all {} stopped, all of them withdrawn after {:.1} s; load {}",
        "campaign",
        written.saturating_since(began).as_secs_f64(),
        took.as_secs_f64(),
        rate(recipients, took),
        answered.saturating_since(queued).as_secs_f64(),
        stopped.stopped,
        over.saturating_since(queued).as_secs_f64(),
        load()
    );
    let seen = times.lock().unwrap().clone();
    for (name, from, to) in [("while it is queued", written, queued), ("while it ends", queued, over)] {
        let within: Vec<Duration> =
            seen.iter().filter(|(at, _)| (from..to).contains(at)).map(|(_, took)| *took).collect();
        let ms = |share| quantile(&within, share).as_secs_f64() * 1e3;
        println!(
            "{:<10} {name}: an answer of the writer to somebody else, {} of them: p50 {:.2} ms, p99 {:.2} ms, longest {:.2} ms",
            "campaign",
            within.len(),
            ms(0.5),
            ms(0.99),
            ms(1.0)
        );
    }
}

/// Writes the draft and its list.
async fn write(handle: &Handle, recipients: usize) {
    let text = "Loja Azul: sua fatura vence amanhã. Ignore se já pagou.";
    let campaign = read_campaign(NAME, json!({ "creditor": "loja", "text": text, "purpose": "operational" })).unwrap();
    let announced = u32::try_from(recipients).unwrap();
    handle.create_campaign(campaign, TimeZone::UTC, announced, "bench".to_owned()).await.unwrap();
    let row = |place: usize| {
        let to = PhoneNumber::from_digits(&format!("55119{:08}", 80_000_000 + place)).unwrap();
        let place = i64::try_from(place).unwrap();
        CampaignRow { place, to: Some(to), debtor: None, debt: None, given: Vec::new() }
    };
    for piece in (1..=recipients).collect::<Vec<_>>().chunks(PIECE) {
        let rows = piece.iter().copied().map(row).collect();
        handle.add_campaign_rows(NAME.to_owned(), rows).await.unwrap();
    }
}

/// Asks the writer something again and again, as an operator's page does.
async fn ask(handle: Handle, clock: Clock, times: Times) {
    loop {
        let asked = clock.now().instant;
        handle.outlook(None, Route::Any).await.unwrap();
        times.lock().unwrap().push((asked, clock.now().instant.saturating_since(asked)));
        tokio::time::sleep(PAUSE).await;
    }
}

async fn until(reader: &Reader, is_so: impl Fn(&CampaignView) -> bool) {
    while !reader.campaign(NAME).unwrap().is_some_and(|view| is_so(&view)) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
