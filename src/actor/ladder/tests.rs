//! The task beside a real writer: it plans what is taken in, and ends.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;

use crate::actor::writer::Writer;
use crate::clock::Clock;
use crate::config::Config;
use crate::contact::ContactSettings;
use crate::dunning::sample;
use crate::store::definition::{read_ladder, read_template};
use crate::store::ladder::{Followed, Looked};
use crate::store::portfolio::Item;
use crate::store::reader::Reader;
use crate::store::{Settings, Store};
use crate::telemetry::Metrics;

use super::*;

/// Longer than any of this takes on the slowest machine: a task that does not end fails the test instead of hanging it.
const LIMIT: Duration = Duration::from_secs(60);

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

fn start(folder: &Path) -> (Writer, Setup, watch::Sender<bool>) {
    let path = folder.join("recado.db");
    // A Tuesday at 10:00 in São Paulo.
    let clock = Clock::starting_at("2026-11-24T13:00:00Z".parse().unwrap());
    let store = Store::open(&path, settings(), clock.now().utc).unwrap();
    let reader = Arc::new(Reader::new(&path, settings().sims));
    let writer = Writer::start(store, clock.clone(), Arc::new(Metrics::default())).unwrap();
    let (stop, stopped) = watch::channel(false);
    let setup = Setup {
        reader,
        writer: writer.handle(),
        clock,
        calendar: watch::channel(settings().contact.calendar.clone()).1,
        text: TextOptions::default(),
        asked: handle(watch::channel(settings().contact.calendar.clone()).1, TextOptions::default()).1,
        stop: stopped,
    };
    (writer, setup, stop)
}

fn portfolio() -> Vec<Item> {
    use crate::dunning::debt::Debt;
    use crate::dunning::debtor::Debtor;
    use crate::sms::number::PhoneNumber;
    let creditor = Creditor { ladder: Some("padrao".to_owned()), ..sample::creditor() };
    let debtor = Debtor { numbers: vec![PhoneNumber::from_digits("5511987654321").unwrap()], ..sample::debtor("ana") };
    let debt = Debt {
        original: "10.00".parse().unwrap(),
        amount: "10.00".parse().unwrap(),
        ..sample::debt("d1", "ana", jiff::civil::date(2026, 11, 24))
    };
    let debt = Item::Debt { debtor: Some(Box::new(debtor)), debt: Box::new(debt), status: None };
    vec![Item::Creditor(Box::new(creditor)), debt]
}

async fn prepare(handle: &writer::Handle) {
    let ladder = read_ladder("padrao", 0, json!({ "steps": [{ "id": "hoje", "on": "D+0", "text": "hoje" }] })).unwrap();
    handle.store_ladder(ladder, "test".to_owned()).await.unwrap();
    let written = json!({ "purpose": "collection", "texts": [{ "name": "a", "body": "{{ sender }}: vence hoje." }] });
    let template = read_template("hoje", 0, written).unwrap();
    let version = handle.save_template(template, "test".to_owned()).await.unwrap();
    handle.approve_template("hoje".to_owned(), version, "test".to_owned(), false).await.unwrap();
    handle.take(portfolio(), true, "test".to_owned()).await.unwrap();
}

#[tokio::test]
async fn what_is_up_is_queued_once_and_the_task_ends_when_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, mut setup, stop) = start(folder.path());
    let handle = writer.handle();
    prepare(&handle).await;
    setup.round().await.unwrap();
    setup.round().await.unwrap();
    let texts = setup.reader.messages(&crate::store::view::MessageFilter { limit: 10, ..Default::default() }).unwrap();
    assert_eq!(texts.iter().map(|view| view.text.0.as_str()).collect::<Vec<_>>(), ["Loja Azul: vence hoje."]);
    stop.send_replace(true);
    tokio::time::timeout(LIMIT, run(setup)).await.expect("the task ends");
    tokio::task::spawn_blocking(|| writer.stop()).await.unwrap();
}

#[tokio::test]
async fn whoever_asks_for_a_run_is_told_what_it_has_carried_out() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, mut setup, stop) = start(folder.path());
    let (asking, asked) = handle(setup.calendar.clone(), TextOptions::default());
    setup.asked = asked;
    let (handle, reader) = (writer.handle(), Arc::clone(&setup.reader));
    let ladder = read_ladder("padrao", 0, json!({ "steps": [{ "id": "hoje", "on": "D+0", "text": "hoje" }] })).unwrap();
    handle.store_ladder(ladder, "test".to_owned()).await.unwrap();
    handle.take(portfolio(), true, "test".to_owned()).await.unwrap();
    let asks = async {
        let ran = asking.run().await;
        stop.send_replace(true);
        ran
    };
    let both = async { tokio::join!(asks, run(setup)) };
    let (ran, ()) = tokio::time::timeout(LIMIT, both).await.expect("a run, and the end of the task");
    let ran = ran.expect("a run");
    // The first round may have been before it was asked.
    assert_eq!((ran.texts, ran.exits, ran.changed), (0, 0, 0));
    let problems = reader.cases_with_problems("padrao", &[], None, 10).unwrap();
    assert_eq!(
        problems.iter().map(|found| found.problem.detail.as_str()).collect::<Vec<_>>(),
        ["no template \"hoje\" is approved"]
    );
    assert_eq!(reader.cases_with_problems("padrao", &["outra".to_owned()], None, 10).unwrap(), []);
    assert_eq!(asking.run().await, None);
    tokio::task::spawn_blocking(|| writer.stop()).await.unwrap();
}

#[tokio::test]
async fn what_a_round_has_planned_by_an_older_edition_of_a_ladder_is_not_carried_out() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, setup, _stop) = start(folder.path());
    prepare(&writer.handle()).await;
    let followed = setup.reader.creditors_of_ladders().unwrap().remove(0);
    let today = setup.day_of(&followed.creditor).0;
    for (epoch, expected) in [(followed.epoch - 1, (0, 0, 1)), (followed.epoch, (1, 1, 0))] {
        let followed = Followed { epoch, ..followed.clone() };
        let ran = Day { setup: &setup, followed: &followed, papers: &OnceCell::new(), today }.follow().await.unwrap();
        assert_eq!((ran.cases, ran.texts, ran.changed), expected);
    }
    tokio::task::spawn_blocking(|| writer.stop()).await.unwrap();
}

#[tokio::test]
async fn after_an_edit_every_case_is_looked_at_once_and_a_start_goes_on_where_that_was() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, mut setup, _stop) = start(folder.path());
    let handle = writer.handle();
    prepare(&handle).await;
    let late = sample::debt("d2", "bia", jiff::civil::date(2026, 11, 1));
    let bia = Item::Debt { debtor: Some(Box::new(sample::debtor("bia"))), debt: Box::new(late), status: None };
    handle.take(vec![bia], true, "test".to_owned()).await.unwrap();
    assert_eq!(setup.round().await.unwrap().0.cases, 2);
    assert_eq!(setup.round().await.unwrap().0.cases, 0);
    let edited = json!({ "steps": [{ "id": "hoje", "on": "D+0", "text": "hoje" }, { "id": "mes", "on": "D+30", "text": "hoje" }] });
    handle.store_ladder(read_ladder("padrao", 0, edited).unwrap(), "test".to_owned()).await.unwrap();
    let followed = setup.reader.creditors_of_ladders().unwrap().remove(0);
    let cases = setup.reader.cases_after(followed.row, followed.looked.unwrap(), 10).unwrap();
    let upto = Some(cases[0].0);
    let looked = Looked { creditor: followed.row, epoch: followed.epoch, upto, left: Vec::new() };
    // Whoever read them before the edit has no say.
    let stale = Looked { epoch: followed.epoch - 1, upto: None, ..looked.clone() };
    handle.carry_out(Vec::new(), Some(stale)).await.unwrap();
    assert_eq!(setup.reader.creditors_of_ladders().unwrap()[0].looked, followed.looked);
    handle.carry_out(Vec::new(), Some(looked.clone())).await.unwrap();
    assert_eq!(setup.round().await.unwrap().0.cases, 1, "the second one");
    // What could not be carried out comes again.
    let left = vec![cases[0].1];
    handle.carry_out(Vec::new(), Some(Looked { upto: None, left, ..looked })).await.unwrap();
    assert_eq!(setup.round().await.unwrap().0.cases, 1);
    assert_eq!(setup.round().await.unwrap().0.cases, 0);
    tokio::task::spawn_blocking(|| writer.stop()).await.unwrap();
}

#[tokio::test]
async fn the_task_ends_with_its_writer() {
    let folder = tempfile::tempdir().unwrap();
    let (writer, setup, _stop) = start(folder.path());
    tokio::task::spawn_blocking(|| writer.stop()).await.unwrap();
    tokio::time::timeout(LIMIT, run(setup)).await.expect("the task ends");
}
