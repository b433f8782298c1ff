//! What the writer does when the database does not take what it is given.

use std::path::Path;

use super::*;
use crate::actor::heartbeat::{Heartbeats, SILENCE};
use crate::dispatch::balance::Rule;
use crate::dispatch::budget::Limits;
use crate::dispatch::sim::SimSettings;
use crate::modem::{ReturnedWhy, Settlement};
use crate::sms::id::SegmentId;
use crate::sms::number::Country;
use crate::store::Settings;
use crate::store::reader::Reader;
use crate::store::view::Page;

const MODEM: &str = "modem0";

/// A writer in this thread, and a modem whose orders come here.
struct Desk {
    _folder: tempfile::TempDir,
    running: Running,
    sender: mpsc::Sender<Order>,
    orders: mpsc::Receiver<Order>,
    reader: Reader,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recado.db");
        let clock = Clock::starting_at("2026-11-24T13:00:00Z".parse().unwrap());
        let running = running(&path, clock);
        let reader = Reader::new(&path, SimSettings { default: limits(), balance: Rule::default(), cards: Vec::new() });
        let (sender, orders) = mpsc::channel(8);
        let mut desk = Self { _folder: folder, running, sender, orders, reader };
        let modem = Item::Modem(ModemId::new(MODEM), desk.sender.clone());
        let up = desk.report(vec![Report::Up { iccid: "sim-a".into() }]);
        desk.running.round(vec![modem, up]);
        desk
    }

    fn report(&self, reports: Vec<Report>) -> Item {
        let (modem, orders) = (ModemId::new(MODEM), self.sender.clone());
        Item::Job(Job::Report(ModemReport { modem, reports, orders, answers: Vec::new() }))
    }

    /// While this is so, every transaction fails.
    fn disk_fails(&self, fails: bool) {
        self.running.gateway.store().connection().pragma_update(None, "query_only", fails).unwrap();
    }

    /// The types of all events, oldest first.
    fn events(&self) -> Vec<String> {
        self.reader.events(Page::After(0), 100, &[]).unwrap().into_iter().map(|event| event.kind).collect()
    }
}

fn limits() -> Limits {
    Limits::none()
}

fn settings() -> Settings {
    Settings {
        sims: SimSettings { default: limits(), balance: Rule::default(), cards: Vec::new() },
        free_floor: 0,
        country: Country::from_iso("BR").unwrap(),
        alarms: Vec::new(),
        contact: crate::contact::ContactSettings::none().into(),
    }
}

fn running(path: &Path, clock: Clock) -> Running {
    let store = Store::open(path, settings(), clock.now().utc).unwrap();
    Running::new(store, clock, Arc::new(Metrics::default())).unwrap()
}

/// A caller that pauses a batch, and where its answer comes.
fn pause(batch: &str) -> (Item, oneshot::Receiver<Result<(), WriteError>>) {
    let batch = batch.to_owned();
    ask(move |context| context.work.pause(Scope::Batch, &batch, "test", "test").map(drop))
}

fn ask(
    run: impl FnMut(&mut Context<'_, '_>) -> Result<(), StoreError> + Send + 'static,
) -> (Item, oneshot::Receiver<Result<(), WriteError>>) {
    let (reply, answer) = oneshot::channel();
    (Item::Job(Job::Control(Box::new(Call { run, answer: None, reply }))), answer)
}

#[test]
fn what_a_modem_reports_waits_for_the_disk_and_keeps_its_order() {
    let mut desk = Desk::new();
    desk.disk_fails(true);
    desk.running.round(vec![desk.report(vec![Report::Call { from: None }])]);
    desk.running.round(vec![desk.report(vec![Report::Down { reason: "port lost".into() }])]);
    assert_eq!(desk.running.kept.len(), 2);
    assert_eq!(desk.running.patience(), AGAIN);
    desk.disk_fails(false);
    desk.running.round(Vec::new());
    assert_eq!(desk.running.kept.len(), 0);
    assert!(desk.running.patience() > Duration::ZERO && !desk.running.in_trouble);
    let events = desk.events();
    assert_eq!(events.get(events.len() - 2..).unwrap(), ["inbound.call", "modem.down"]);
}

#[test]
fn a_caller_is_told_that_nothing_was_written() {
    let mut desk = Desk::new();
    let (item, mut answer) = pause("november");
    desk.disk_fails(true);
    desk.running.round(vec![item]);
    assert!(matches!(answer.try_recv(), Ok(Err(WriteError::Disk(_)))));
    desk.disk_fails(false);
    let (item, mut answer) = pause("november");
    desk.running.round(vec![item]);
    assert_eq!(answer.try_recv(), Ok(Ok(())));
}

#[test]
fn a_job_that_fails_does_not_fail_its_neighbours() {
    let mut desk = Desk::new();
    let (first, mut first_answer) = pause("november");
    let (bad, mut bad_answer) = ask(|_| Err(StoreError::Corrupt { table: "segment", key: 1, what: "state" }));
    let (last, mut last_answer) = pause("december");
    desk.running.round(vec![first, bad, last]);
    assert_eq!(first_answer.try_recv(), Ok(Ok(())));
    assert!(matches!(bad_answer.try_recv(), Ok(Err(WriteError::Store(_)))));
    assert_eq!(last_answer.try_recv(), Ok(Ok(())));
}

#[test]
fn a_report_that_makes_no_sense_is_dropped_and_the_others_are_written() {
    let mut desk = Desk::new();
    let nonsense =
        Report::Settled { segment: SegmentId(77), result: Settlement::Returned { why: ReturnedWhy::ModemDown } };
    desk.running.round(vec![desk.report(vec![nonsense, Report::Call { from: None }])]);
    assert_eq!(desk.running.kept.len(), 0);
    assert_eq!(desk.events().last().unwrap(), "inbound.call");
}

#[test]
fn an_offer_that_makes_no_sense_is_answered_all_the_same() {
    let mut desk = Desk::new();
    while desk.orders.try_recv().is_ok() {}
    desk.running.round(vec![desk.report(vec![Report::Offer(SegmentId(77))])]);
    assert_eq!(desk.orders.try_recv(), Ok(Order::Answer(SegmentId(77), Offer::Stop)));
}

#[tokio::test]
async fn a_writer_that_hangs_in_a_transaction_gives_no_sign_of_life_and_one_that_comes_round_does() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::host();
    let store = Store::open(&folder.path().join("recado.db"), settings(), clock.now().utc).unwrap();
    let writer = Writer::start(store, clock.clone(), Arc::default()).unwrap();
    let hearts = Heartbeats::default();
    hearts.watch("writer", writer.pulse());
    let job = |run: Box<dyn FnMut() + Send>| {
        let mut run = run;
        let (item, answer) = ask(move |_| {
            run();
            Ok(())
        });
        writer.handle().inbox.push_first(item).unwrap();
        answer
    };
    let (begun, begins) = oneshot::channel();
    let (let_go, held) = std::sync::mpsc::sync_channel::<()>(0);
    let mut begun = Some(begun);
    let hangs = job(Box::new(move || {
        begun.take().unwrap().send(()).unwrap();
        held.recv().unwrap();
    }));
    begins.await.unwrap();
    // Whatever it has said of itself was said before now.
    let too_long = clock.now().instant + SILENCE + Duration::from_nanos(1);
    assert_eq!(hearts.check(too_long).unwrap_err().who, "writer");
    let_go.send(()).unwrap();
    hangs.await.unwrap().unwrap();
    // The sign follows the answer, and is there when the next job is answered.
    job(Box::new(|| {})).await.unwrap().unwrap();
    assert_eq!(hearts.check(too_long), Ok(()));
    writer.stop();
}
