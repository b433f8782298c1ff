//! Campaigns: whom they reach, what stops them, what a crash leaves, and when they end.

use std::sync::Arc;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::actor::campaign::{Sheet, ends, step_of, trial};
use crate::contact::frequency;
use crate::dispatch::route::Route;
use crate::dunning::campaign::State;
use crate::dunning::debt::{Debt, Status};
use crate::dunning::debtor::Debtor;
use crate::dunning::event::Happening;
use crate::dunning::sample;
use crate::sms::text::Encoding;
use crate::store::campaign::{CampaignRow, CampaignView, ChangeAnswer, CreateAnswer, StepAnswer};
use crate::store::definition::{read_campaign, read_template};
use crate::store::portfolio::Item;
use crate::store::portfolio::happening::Told;
use crate::store::submit::Post;

use super::*;

const DUE: Date = date(2026, 11, 10);

/// A number of its own for each debtor.
fn number(index: u32) -> PhoneNumber {
    PhoneNumber::from_digits(&format!("55119876{index:05}")).unwrap()
}

fn debtor(index: u32) -> String {
    format!("p{index}")
}

fn debt(index: u32, id: &str, status: Status) -> Item {
    let debtor = Debtor {
        name: Some(format!("PESSOA {index}")),
        numbers: vec![number(index)],
        ..sample::debtor(&debtor(index))
    };
    let debt = Debt { amount: "110.50".parse().unwrap(), status, ..sample::debt(id, &debtor.id, DUE) };
    Item::Debt { debtor: Some(Box::new(debtor)), debt: Box::new(debt), status: Some(status) }
}

fn take(desk: &mut Desk, items: &[Item]) {
    let answers = desk.gateway.commit(desk.now, |context| context.work.take_each(items, "test")).unwrap();
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}

/// A gateway with a SIM, a creditor, a template and so many debtors who each owe one debt.
fn desk(settings: Settings, debtors: u32) -> Desk {
    let mut desk = Desk::with(settings);
    desk.plug("m1", "sim-a");
    let creditor = sample::creditor();
    take(&mut desk, &[Item::Creditor(Box::new(creditor))]);
    template(&mut desk, "{{ sender }}: {{ first_name }}, {{ total }} em atraso.");
    let debts: Vec<Item> = (1..=debtors).map(|index| debt(index, &format!("d{index}"), Status::Open)).collect();
    take(&mut desk, &debts);
    desk
}

fn template(desk: &mut Desk, body: &str) {
    let written = json!({ "texts": [{ "name": "a", "body": body }] });
    let template = read_template("atraso", 0, written).unwrap();
    desk.gateway
        .commit(desk.now, |context| {
            let version = context.work.save_template(&template, "test")?;
            context.work.approve_template("atraso", version, "test", false)
        })
        .unwrap();
}

const NAME: &str = "novembro";

fn create(desk: &mut Desk, fields: Value) {
    let mut written = json!({ "creditor": "loja", "segment": { "days_late": { "min": 1 } }, "template": "atraso" });
    let Value::Object(fields) = fields else { unreachable!("fields are an object") };
    written.as_object_mut().unwrap().extend(fields);
    written.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let campaign = read_campaign(NAME, written).unwrap();
    let zone = TimeZone::get("America/Sao_Paulo").unwrap();
    let answer = desk.gateway.commit(desk.now, |context| context.work.create_campaign(&campaign, &zone, 0, "ana"));
    assert_eq!(answer.unwrap(), CreateAnswer::Created);
}

fn start(desk: &mut Desk) -> ChangeAnswer {
    desk.gateway.commit(desk.now, |context| context.work.start_campaign(NAME, 1, false)).unwrap()
}

fn view(desk: &Desk) -> CampaignView {
    desk.reader().campaign(NAME).unwrap().unwrap()
}

fn sheet(desk: &Desk) -> Sheet {
    let view = view(desk);
    Sheet::new(&desk.reader(), view.campaign, Some(view.key), view.version, TextOptions::default()).unwrap().unwrap()
}

/// One step of the task, of so many at once.
fn step(desk: &mut Desk, limit: u32) -> StepAnswer {
    let (view, sheet) = (view(desk), sheet(desk));
    let (mut serial, now) = (desk.serial, desk.now);
    let mut dice = || {
        serial = serial.wrapping_add(1);
        let mut random = [serial; 11];
        random[1..9].copy_from_slice(&view.place.to_be_bytes());
        Ok(random)
    };
    let piece = sheet.piece(&desk.reader(), view.place, limit, now, &mut dice).unwrap();
    desk.serial = serial;
    let step = step_of(view.key, view.place, piece);
    desk.gateway.commit(desk.now, |context| context.work.carry_campaign(&step)).unwrap()
}

/// What the task does until there is nothing more to queue.
fn queue(desk: &mut Desk) {
    desk.gateway.commit(desk.now, |context| context.work.begin_campaigns()).unwrap();
    for _ in 0..1_000 {
        let view = view(desk);
        if view.state != State::Running || view.queued_at.is_some() {
            return;
        }
        assert_eq!(step(desk, 8), StepAnswer::Done);
    }
    panic!("a campaign without end");
}

/// Sends all that may go now; to whom.
fn drain(desk: &mut Desk) -> usize {
    let mut sent = 0;
    loop {
        let mut loads = desk.loads();
        let Some((modem, lease)) = loads.pop() else { return sent };
        assert!(loads.is_empty());
        if desk.offer(&modem, lease.segment) == Offer::Go {
            desk.serial = desk.serial.wrapping_add(1);
            let tp_mr = desk.serial;
            desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr });
            sent += 1;
        }
    }
}

fn counts(desk: &Desk, state: MessageState) -> u64 {
    // What is counted on the way is what a recount finds.
    let progress = view(desk).progress;
    let sql = "SELECT state, count(*) FROM message WHERE batch = ? GROUP BY state ORDER BY state";
    let conn = desk.gateway.store().connection();
    let mut statement = conn.prepare(sql).unwrap();
    let rows = statement.query_map([NAME], |row| Ok((row.get(0)?, row.get::<_, u64>(1)?))).unwrap();
    let recounted: Vec<(i64, u64)> = rows.map(Result::unwrap).collect();
    let counted: Vec<(i64, u64)> =
        progress.0.iter().map(|(state, count)| (crate::store::row::message_code(*state), *count)).collect();
    assert_eq!(counted, recounted);
    progress.of(state)
}

#[test]
fn each_debtor_gets_one_text_and_those_left_out_have_a_reason() {
    let mut desk = desk(settings(unlimited()), 3);
    take(&mut desk, &[debt(1, "second", Status::Open), debt(8, "paid", Status::Paid), debt(9, "x", Status::Disputed)]);
    create(&mut desk, json!({ "segment_name": "late", "team": "sul", "operator": "ana" }));
    assert_eq!(start(&mut desk), ChangeAnswer::Done);
    queue(&mut desk);
    assert_eq!(drain(&mut desk), 3);
    assert_eq!((counts(&desk, MessageState::Accepted), view(&desk).state), (3, State::Done));
    let left: Vec<(String, u64)> = view(&desk).left.into_iter().collect();
    assert_eq!(left, [("disputed".to_owned(), 1), ("paid".to_owned(), 1)]);
    let page = crate::store::view::MessageFilter { batch: Some(NAME.into()), limit: 10, ..Default::default() };
    let texts = desk.reader().messages(&page).unwrap();
    let first = texts.last().unwrap();
    // Debts of a debtor travel together.
    assert_eq!(first.text.0, "Loja Azul: Pessoa, R$ 221,00 em atraso.");
    let origin = &first.labels.origin;
    let wording = origin.wording.as_ref().unwrap();
    assert_eq!((origin.mode.name(), origin.segment.as_deref(), wording.version), ("batch", Some("late"), 1));
    assert_eq!((first.labels.team.as_deref(), first.labels.operator.as_deref()), (Some("sul"), Some("ana")));
}

#[test]
fn it_begins_at_its_time_and_not_before() {
    let mut desk = desk(settings(unlimited()), 2);
    let at = desk.now + Duration::from_secs(3_600);
    create(&mut desk, json!({ "start_at": at.to_string() }));
    start(&mut desk);
    queue(&mut desk);
    assert_eq!((view(&desk).state, counts(&desk, MessageState::Queued)), (State::Scheduled, 0));
    desk.restart();
    desk.plug("m1", "sim-a");
    desk.pass(Duration::from_secs(3_600));
    queue(&mut desk);
    assert_eq!(drain(&mut desk), 2);
}

#[test]
fn what_is_killed_in_the_midst_goes_on_and_repeats_nothing() {
    let mut desk = desk(settings(unlimited()), 20);
    create(&mut desk, json!({}));
    start(&mut desk);
    // Between two steps.
    assert_eq!(step(&mut desk, 6), StepAnswer::Done);
    desk.restart();
    desk.plug("m1", "sim-a");
    assert_eq!(counts(&desk, MessageState::Queued), 6);
    // Within one: it was read and not committed.
    let (old, sheet) = (view(&desk), sheet(&desk));
    let piece = sheet.piece(&desk.reader(), old.place, 6, desk.now, &mut || Ok([77; 11])).unwrap();
    let stale = step_of(old.key, old.place, piece);
    desk.restart();
    desk.plug("m1", "sim-a");
    queue(&mut desk);
    assert_eq!(counts(&desk, MessageState::Queued), 20);
    // What comes late is not taken.
    let answer = desk.gateway.commit(desk.now, |context| context.work.carry_campaign(&stale)).unwrap();
    assert_eq!(answer, StepAnswer::NotNow);
    assert_eq!(drain(&mut desk), 20);
    assert_eq!((view(&desk).state, counts(&desk, MessageState::Accepted)), (State::Done, 20));
}

#[test]
fn whoever_pays_before_the_hand_over_is_not_texted() {
    let mut desk = desk(settings(unlimited()), 3);
    create(&mut desk, json!({}));
    start(&mut desk);
    // One pays while the texts are written, one while they wait.
    let pay = |desk: &mut Desk, debt: &str| {
        let happening = Happening::PaymentReceived { amount: None };
        let told = Told { debt: debt.to_owned(), happening, reference: None, client: "erp".to_owned() };
        desk.gateway.commit(desk.now, |context| context.work.happen(&told)).unwrap()
    };
    let (old, sheet) = (view(&desk), sheet(&desk));
    let piece = sheet.piece(&desk.reader(), 0, 8, desk.now, &mut || Ok([77; 11])).unwrap();
    pay(&mut desk, "d1");
    let stale = step_of(old.key, 0, piece);
    let answer = desk.gateway.commit(desk.now, |context| context.work.carry_campaign(&stale)).unwrap();
    assert_eq!(answer, StepAnswer::Changed);
    queue(&mut desk);
    pay(&mut desk, "d2");
    assert_eq!(drain(&mut desk), 1);
    assert_eq!((counts(&desk, MessageState::Blocked), counts(&desk, MessageState::Accepted)), (1, 1));
    assert_eq!(view(&desk).left.into_iter().collect::<Vec<_>>(), [("paid".to_owned(), 1)]);
}

#[test]
fn a_pause_holds_queueing_and_sending_until_it_is_resumed() {
    let mut desk = desk(settings(unlimited()), 10);
    create(&mut desk, json!({}));
    let pause = |desk: &mut Desk| {
        desk.gateway.commit(desk.now, |context| context.work.pause_campaign(NAME, "errata", "ana")).unwrap()
    };
    assert_eq!(pause(&mut desk), ChangeAnswer::Not(State::Draft));
    start(&mut desk);
    assert_eq!(step(&mut desk, 4), StepAnswer::Done);
    assert_eq!(pause(&mut desk), ChangeAnswer::Done);
    assert_eq!((step(&mut desk, 4), drain(&mut desk), view(&desk).state), (StepAnswer::NotNow, 0, State::Paused));
    desk.restart();
    desk.plug("m1", "sim-a");
    assert_eq!((step(&mut desk, 4), drain(&mut desk), view(&desk).state), (StepAnswer::NotNow, 0, State::Paused));
    let resumed = desk.gateway.commit(desk.now, |context| context.work.resume_campaign(NAME)).unwrap();
    assert_eq!(resumed, ChangeAnswer::Done);
    queue(&mut desk);
    assert_eq!((drain(&mut desk), view(&desk).state), (10, State::Done));
}

#[test]
fn after_it_is_ended_nothing_goes_but_what_was_on_the_wire() {
    let mut desk = desk(settings(unlimited()), 30);
    create(&mut desk, json!({}));
    start(&mut desk);
    queue(&mut desk);
    let (modem, lease) = desk.hand_over();
    // Another one is leased already.
    let leased = desk.loads();
    let stopped = desk.gateway.commit(desk.now, |context| context.work.cancel_campaign(NAME)).unwrap().unwrap();
    assert_eq!(stopped.stopped, 29);
    assert_eq!(
        stopped.on_wire,
        [desk
            .reader()
            .messages(&crate::store::view::MessageFilter {
                state: Some(MessageState::Sending),
                limit: 5,
                ..Default::default()
            })
            .unwrap()[0]
            .id]
    );
    for (modem, lease) in &leased {
        assert_eq!(desk.offer(modem, lease.segment), Offer::Stop);
    }
    desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 1 });
    assert_eq!(drain(&mut desk), 0);
    // A daemon that is killed before all is withdrawn sends nothing either.
    desk.restart();
    desk.plug("m1", "sim-a");
    assert_eq!((drain(&mut desk), desk.reader().campaigns_at_work().unwrap().len()), (0, 1));
    assert!(!desk.gateway.commit(desk.now, |context| context.work.withdraw_cancelled(NAME)).unwrap());
    assert_eq!((counts(&desk, MessageState::Cancelled), counts(&desk, MessageState::Accepted)), (29, 1));
    assert_eq!(view(&desk).state, State::Cancelled);
    assert_eq!(desk.reader().campaigns_at_work().unwrap().len(), 0);
}

#[test]
fn its_share_of_a_day_holds_over_restarts_and_what_is_given_back_counts_again() {
    let mut desk = desk(settings(unlimited()), 12);
    create(&mut desk, json!({ "per_day": 5 }));
    start(&mut desk);
    queue(&mut desk);
    // What came back unsent is as if it had never been offered.
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, Settlement::Returned { why: ReturnedWhy::NoPrompt });
    assert_eq!(drain(&mut desk), 5);
    // Others have the SIM all the same.
    let other = desk.submit("other");
    assert_eq!(drain(&mut desk), 1);
    assert_eq!(desk.state(other), MessageState::Accepted);
    desk.restart();
    desk.plug("m1", "sim-a");
    assert_eq!(drain(&mut desk), 0);
    let page = crate::store::view::MessageFilter { state: Some(MessageState::Queued), limit: 1, ..Default::default() };
    let waiting = desk.reader().messages(&page).unwrap()[0].id;
    let midnight: Timestamp = "2026-11-25T03:00:00Z".parse().unwrap();
    assert_eq!(desk.verdict(waiting), Verdict::Hold { reason: Reason::BatchBudget, until: Some(midnight) });
    // Time alone opens it, and says when.
    while desk.now < midnight {
        let next = desk.gateway.deadline(desk.now).unwrap().max(desk.now);
        desk.pass(next.saturating_since(desk.now));
    }
    assert_eq!(desk.now, midnight);
    assert_eq!(drain(&mut desk), 5);
    desk.pass(Duration::from_secs(86_400));
    assert_eq!((drain(&mut desk), view(&desk).state), (2, State::Done));
}

#[test]
fn a_text_that_does_not_fit_the_rest_of_the_share_waits_for_the_next_day() {
    let mut desk = desk(settings(unlimited()), 3);
    template(&mut desk, &format!("{{{{ sender }}}}: {{{{ total }}}} {}", "em atraso ".repeat(20)));
    create(&mut desk, json!({ "per_day": 3 }));
    let started = desk.gateway.commit(desk.now, |context| context.work.start_campaign(NAME, 2, false)).unwrap();
    assert_eq!(started, ChangeAnswer::Done);
    queue(&mut desk);
    // Two parts each: one today, and the next one does not fit.
    assert_eq!(drain(&mut desk), 2);
    desk.pass(Duration::from_secs(86_400));
    assert_eq!(drain(&mut desk), 2);
}

#[test]
fn two_sims_send_no_more_of_a_campaign_than_its_share() {
    let mut desk = desk(settings(unlimited()), 2);
    desk.plug("m2", "sim-c");
    template(&mut desk, &format!("{{{{ sender }}}}: {{{{ total }}}} {}", "em atraso ".repeat(35)));
    create(&mut desk, json!({ "per_day": 4 }));
    let started = desk.gateway.commit(desk.now, |context| context.work.start_campaign(NAME, 2, false)).unwrap();
    assert_eq!(started, ChangeAnswer::Done);
    queue(&mut desk);
    let day = |desk: &mut Desk| {
        let mut sent = 0;
        loop {
            // Both are leased before either is offered.
            let loads = desk.loads();
            if loads.is_empty() {
                return sent;
            }
            for (modem, lease) in loads {
                if desk.offer(&modem, lease.segment) == Offer::Go {
                    desk.serial = desk.serial.wrapping_add(1);
                    let tp_mr = desk.serial;
                    desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr });
                    sent += 1;
                }
            }
        }
    };
    assert_eq!(day(&mut desk), 3);
    desk.pass(Duration::from_secs(86_400));
    assert_eq!((day(&mut desk), view(&desk).state), (3, State::Done));
}

#[test]
fn what_is_stopped_is_counted_exactly_however_it_waits() {
    let mut desk = desk(settings(unlimited()), 9);
    two_parts(&mut desk);
    create(&mut desk, json!({}));
    start_second(&mut desk);
    // One has gone, one is unknown with a part that waits, one has a part that waits, one is on the wire.
    desk.send(1);
    desk.send(2);
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, Settlement::Unknown { why: UnknownWhy::Silence });
    desk.restart();
    desk.plug("m2", "sim-c");
    desk.send(3);
    refuse_for_now(&mut desk);
    desk.plug("m3", "sim-d");
    desk.hand_over();
    // What the same transaction has done before counts as well.
    let page = crate::store::view::MessageFilter { state: Some(MessageState::Queued), limit: 1, ..Default::default() };
    let queued = desk.reader().messages(&page).unwrap()[0].id;
    let stopped = desk.gateway.commit(desk.now, |context| {
        assert_eq!(context.work.cancel(queued)?, CancelAnswer::Cancelled);
        context.work.cancel_campaign(NAME)
    });
    let stopped = stopped.unwrap().unwrap();
    assert_eq!((stopped.stopped, stopped.on_wire.len()), (7, 2));
    while desk.gateway.commit(desk.now, |context| context.work.withdraw_cancelled(NAME)).unwrap() {}
    // Of what was ended before, what waits still.
    let again = desk.gateway.commit(desk.now, |context| context.work.cancel_campaign(NAME)).unwrap().unwrap();
    assert_eq!((again.stopped, again.on_wire), (0, stopped.on_wire));
}

/// Two parts each.
fn two_parts(desk: &mut Desk) {
    template(desk, &format!("{{{{ sender }}}}: {{{{ total }}}} {}", "em atraso ".repeat(20)));
}

fn start_second(desk: &mut Desk) {
    let started = desk.gateway.commit(desk.now, |context| context.work.start_campaign(NAME, 2, false)).unwrap();
    assert_eq!(started, ChangeAnswer::Done);
    queue(desk);
}

/// Parts that count, by their days.
fn spent(desk: &Desk) -> Vec<u32> {
    let conn = desk.gateway.store().connection();
    let mut statement = conn.prepare("SELECT parts FROM campaign_spend ORDER BY day").unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Something is refused for now.
fn refuse_for_now(desk: &mut Desk) {
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, Settlement::Refused { cause: Cause::Cms(42) });
}

#[test]
fn what_the_network_did_not_want_yet_is_finished_although_the_share_is_spent() {
    let mut desk = desk(settings(unlimited()), 4);
    create(&mut desk, json!({ "per_day": 2 }));
    start(&mut desk);
    queue(&mut desk);
    refuse_for_now(&mut desk);
    // By another SIM the others have what is left, and meet the end of it.
    desk.plug("m2", "sim-c");
    assert_eq!((drain(&mut desk), spent(&desk)), (1, vec![2]));
    desk.restart();
    desk.plug("m1", "sim-a");
    desk.pass(Duration::from_secs(60));
    assert_eq!((drain(&mut desk), spent(&desk)), (1, vec![2]));
    assert_eq!((counts(&desk, MessageState::Accepted), counts(&desk, MessageState::Queued)), (2, 2));
}

#[test]
fn a_part_that_is_left_goes_although_the_share_is_spent() {
    let mut desk = desk(settings(unlimited()), 2);
    two_parts(&mut desk);
    create(&mut desk, json!({ "per_day": 2 }));
    start_second(&mut desk);
    desk.send(1);
    refuse_for_now(&mut desk);
    // Meanwhile another text meets the end of the share.
    desk.plug("m2", "sim-c");
    assert_eq!(drain(&mut desk), 0);
    desk.pass(Duration::from_secs(60));
    assert_eq!((drain(&mut desk), counts(&desk, MessageState::Accepted), spent(&desk)), (1, 1, vec![2]));
}

#[test]
fn what_goes_on_after_midnight_counts_for_the_day_on_which_it_began() {
    let mut desk = desk(settings(unlimited()), 3);
    desk.pass("2026-11-25T02:59:30Z".parse::<Timestamp>().unwrap().saturating_since(desk.now));
    two_parts(&mut desk);
    create(&mut desk, json!({ "per_day": 2 }));
    start_second(&mut desk);
    desk.send(1);
    refuse_for_now(&mut desk);
    desk.pass(Duration::from_secs(60));
    // The rest of yesterday's, and a whole one of today's.
    assert_eq!((drain(&mut desk), spent(&desk)), (3, vec![2, 2]));
}

#[test]
fn what_is_sent_again_because_nobody_knows_counts_once() {
    let mut desk = desk(settings(unlimited()), 3);
    create(&mut desk, json!({ "per_day": 1 }));
    start(&mut desk);
    queue(&mut desk);
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, Settlement::Unknown { why: UnknownWhy::Silence });
    assert_eq!(drain(&mut desk), 0);
    let page = crate::store::view::MessageFilter { state: Some(MessageState::Unknown), limit: 1, ..Default::default() };
    let lost = desk.reader().messages(&page).unwrap()[0].id;
    assert_eq!(resolve(&mut desk, lost, Decision::Resend), ResolveAnswer::Done);
    assert_eq!((drain(&mut desk), spent(&desk), desk.state(lost)), (1, vec![1], MessageState::Accepted));
}

/// The first text of the campaign, for a number of our own.
fn tested(desk: &Desk, options: &TextOptions) -> Post {
    let view = view(desk);
    let sheet = Sheet::new(&desk.reader(), view.campaign, Some(view.key), view.version, options.clone());
    let piece = sheet.unwrap().unwrap().piece(&desk.reader(), 0, 8, desk.now, &mut || Ok([7; 11])).unwrap();
    let text = piece.rows.into_iter().find_map(|row| row.outcome.ok()).unwrap();
    let own = PhoneNumber::from_digits("5511900000000").unwrap();
    let test = trial(&text, own, options, desk.now, [9; 11]).unwrap();
    // What differs is to whom it goes and for whom it counts.
    let same = |one: &Submission| (one.text.0.clone(), one.encoding, one.units, one.parts.len());
    assert_eq!(same(&test.submission), same(&text.submission));
    assert_eq!(test.companion.as_ref().map(same), text.companion.as_ref().map(same));
    test
}

#[test]
fn a_test_has_the_code_behind_it_and_the_encoding_of_the_real_text() {
    let mut desk = with_codes(1);
    create(&mut desk, json!({}));
    let test = tested(&desk, &TextOptions::default());
    let id = test.companion.as_ref().unwrap().id;
    desk.gateway.commit(desk.now, |context| context.work.post(&test)).unwrap();
    assert_eq!((drain(&mut desk), desk.view(id).text.0.as_str()), (2, CODE));
    // A text that holds a code is as it is, also where others are transliterated.
    let written = json!({ "texts": [{ "name": "a", "body": "Atenção, João: {{ pix }}" }] });
    let template = read_template("atraso", 0, written).unwrap();
    desk.gateway
        .commit(desk.now, |context| {
            let version = context.work.save_template(&template, "test")?;
            context.work.approve_template("atraso", version, "test", false)
        })
        .unwrap();
    let options = TextOptions { encoding: Encoding::Transliterate, ..TextOptions::default() };
    assert_eq!(tested(&desk, &options).submission.encoding, "ucs2");
}

#[test]
fn a_start_needs_the_test_of_what_is_sent_now() {
    let mut desk = desk(settings(unlimited()), 1);
    create(&mut desk, json!({}));
    let start = |desk: &mut Desk, version| {
        desk.gateway.commit(desk.now, |context| context.work.start_campaign(NAME, version, true)).unwrap()
    };
    assert_eq!(start(&mut desk, 1), ChangeAnswer::NotTested);
    let test = tested(&desk, &TextOptions::default());
    desk.gateway.commit(desk.now, |context| context.work.note_campaign_test(NAME, 1, 1)).unwrap();
    assert!(matches!(desk.try_submit(&test.submission), SubmitAnswer::Queued(_)));
    // The real words, to our own number, for nobody's account.
    let seen = desk.view(test.submission.id);
    assert_eq!(
        (seen.text.0.as_str(), seen.purpose.as_str()),
        ("Loja Azul: Pessoa, R$ 110,50 em atraso.", "operational")
    );
    assert_eq!((seen.labels.batch, seen.labels.debt, seen.labels.debtor), (None, None, None));
    assert_eq!(start(&mut desk, 2), ChangeAnswer::NotTested);
    assert_eq!(start(&mut desk, 1), ChangeAnswer::Done);
    assert_eq!(start(&mut desk, 1), ChangeAnswer::Not(State::Running));
}

#[test]
fn a_list_fills_its_texts_from_rows_and_portfolio_and_texts_a_number_once() {
    let mut desk = desk(settings(unlimited()), 2);
    create(&mut desk, json!({ "segment": null }));
    let add = |desk: &mut Desk, rows: &[CampaignRow]| {
        desk.gateway.commit(desk.now, |context| context.work.add_campaign_rows(NAME, rows)).unwrap()
    };
    let row = |place, to: Option<u32>, debtor: Option<u32>, given: &[(&str, &str)]| CampaignRow {
        place,
        to: to.map(number),
        debtor: debtor.map(self::debtor),
        debt: None,
        given: given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    };
    assert_eq!(start(&mut desk), ChangeAnswer::Empty);
    let rows = [
        row(1, None, Some(1), &[]),
        row(2, None, Some(2), &[("amount", "80.00")]),
        row(3, Some(50), None, &[("first_name", "Bia"), ("amount", "5.00")]),
        row(4, Some(50), None, &[("first_name", "Bia"), ("amount", "5.00")]),
        row(5, Some(51), None, &[("first_name", "Caio")]),
        row(6, None, Some(99), &[]),
        row(7, Some(52), None, &[("amount", "5,00")]),
    ];
    // What is sent twice stands once.
    add(&mut desk, &rows[..4]);
    add(&mut desk, &rows[2..]);
    assert_eq!(view(&desk).rows, 7);
    start(&mut desk);
    assert_eq!(add(&mut desk, &rows), ChangeAnswer::Not(State::Running));
    queue(&mut desk);
    let page = crate::store::view::MessageFilter { batch: Some(NAME.into()), limit: 10, ..Default::default() };
    let mut texts: Vec<String> = desk.reader().messages(&page).unwrap().into_iter().map(|view| view.text.0).collect();
    texts.reverse();
    assert_eq!(
        texts,
        [
            "Loja Azul: Pessoa, R$ 110,50 em atraso.",
            "Loja Azul: Pessoa, R$ 80,00 em atraso.",
            "Loja Azul: Bia, R$ 5,00 em atraso.",
        ]
    );
    let left: Vec<(String, u64)> = view(&desk).left.into_iter().collect();
    let expected = [("bad_value", 1), ("duplicate", 1), ("not_found", 1), ("unfilled", 1)];
    assert_eq!(left, expected.map(|(code, count)| (code.to_owned(), count)));
}

#[test]
fn each_debt_of_a_debtor_may_have_its_text_in_a_list() {
    let mut desk = desk(settings(unlimited()), 1);
    take(&mut desk, &[debt(1, "second", Status::Open)]);
    create(&mut desk, json!({ "segment": null }));
    let row = |(place, debt): (i64, &str)| CampaignRow {
        place,
        to: None,
        debtor: None,
        debt: Some(debt.to_owned()),
        given: Vec::new(),
    };
    let rows: Vec<CampaignRow> = (1..).zip(["d1", "second", "d1"]).map(row).collect();
    desk.gateway.commit(desk.now, |context| context.work.add_campaign_rows(NAME, &rows)).unwrap();
    start(&mut desk);
    queue(&mut desk);
    assert_eq!((counts(&desk, MessageState::Queued), view(&desk).left["duplicate"]), (2, 1));
}

#[test]
fn a_list_that_was_not_written_whole_does_not_start() {
    let mut desk = desk(settings(unlimited()), 1);
    let campaign = read_campaign(NAME, json!({ "creditor": "loja", "text": "Oi" })).unwrap();
    let create = |desk: &mut Desk, announced| {
        let zone = TimeZone::UTC;
        let answer =
            desk.gateway.commit(desk.now, |context| context.work.create_campaign(&campaign, &zone, announced, "ana"));
        assert_eq!(answer.unwrap(), CreateAnswer::Created);
    };
    let add = |desk: &mut Desk, places: std::ops::RangeInclusive<i64>| {
        let row = |place| CampaignRow { place, to: Some(number(7)), debtor: None, debt: None, given: Vec::new() };
        let rows: Vec<CampaignRow> = places.map(row).collect();
        desk.gateway.commit(desk.now, |context| context.work.add_campaign_rows(NAME, &rows)).unwrap()
    };
    let begin =
        |desk: &mut Desk| desk.gateway.commit(desk.now, |context| context.work.start_campaign(NAME, 0, false)).unwrap();
    let remove = |desk: &mut Desk| desk.gateway.commit(desk.now, |context| context.work.remove_campaign(NAME)).unwrap();
    create(&mut desk, 1_200);
    desk.restart();
    // Nothing of it but its name, which is enough to go on with it.
    assert_eq!((view(&desk).state, view(&desk).rows), (State::Draft, 0));
    assert_eq!(begin(&mut desk), ChangeAnswer::Empty);
    add(&mut desk, 1..=512);
    assert_eq!(begin(&mut desk), ChangeAnswer::Incomplete { rows: 512, announced: 1_200 });
    add(&mut desk, 513..=1_200);
    // One that is deleted goes in pieces, and is never a shorter one.
    assert_eq!(remove(&mut desk), None);
    desk.restart();
    assert_eq!(begin(&mut desk), ChangeAnswer::Incomplete { rows: 200, announced: 1_200 });
    assert_eq!((remove(&mut desk), remove(&mut desk)), (Some(ChangeAnswer::Done), Some(ChangeAnswer::NotFound)));
    create(&mut desk, 1);
    add(&mut desk, 1..=1);
    assert_eq!(begin(&mut desk), ChangeAnswer::Done);
    assert_eq!(remove(&mut desk), Some(ChangeAnswer::Not(State::Running)));
}

#[test]
fn two_campaigns_take_turns_however_much_the_first_has_queued() {
    let mut desk = desk(settings(unlimited()), 0);
    for (name, rows) in [("large", 6), ("small", 2)] {
        let campaign = read_campaign(name, json!({ "creditor": "loja", "text": name })).unwrap();
        let row = |place: i64| {
            let index = u32::try_from(place).unwrap() + if name == "large" { 0 } else { 100 };
            CampaignRow { place, to: Some(number(index)), debtor: None, debt: None, given: Vec::new() }
        };
        let rows: Vec<CampaignRow> = (1..=rows).map(row).collect();
        desk.gateway
            .commit(desk.now, |context| {
                context.work.create_campaign(&campaign, &TimeZone::UTC, 0, "ana")?;
                context.work.add_campaign_rows(name, &rows)?;
                context.work.start_campaign(name, 0, false)
            })
            .unwrap();
        let view = desk.reader().campaign(name).unwrap().unwrap();
        let sheet = Sheet::new(&desk.reader(), view.campaign, Some(view.key), view.version, TextOptions::default());
        let mut serial = if name == "large" { 0 } else { 100 };
        let mut dice = || {
            serial += 1;
            Ok([serial; 11])
        };
        let piece = sheet.unwrap().unwrap().piece(&desk.reader(), 0, 32, desk.now, &mut dice).unwrap();
        let step = step_of(view.key, 0, piece);
        desk.gateway.commit(desk.now, |context| context.work.carry_campaign(&step)).unwrap();
    }
    let sent: Vec<String> = (1..=8)
        .map(|tp_mr| {
            let submit = submit_tpdu(&desk.send(tp_mr));
            submit.user_data.text(submit.tp_dcs).unwrap()
        })
        .collect();
    assert_eq!(sent, ["large", "small", "large", "small", "large", "large", "large", "large"]);
}

#[test]
fn a_row_that_cannot_be_read_does_not_stop_the_others() {
    let mut desk = desk(settings(unlimited()), 2);
    create(&mut desk, json!({ "segment": null }));
    let row = |place, debt: &str| {
        let debt = Some(debt.to_owned());
        CampaignRow { place, to: None, debtor: None, debt, given: Vec::new() }
    };
    let rows = [row(1, "d1"), row(2, "d2")];
    desk.gateway.commit(desk.now, |context| context.work.add_campaign_rows(NAME, &rows)).unwrap();
    start(&mut desk);
    let spoil = "UPDATE debt SET currency = 'ZZZ' WHERE id = 'd1'";
    assert_eq!(desk.gateway.store().connection().execute(spoil, []).unwrap(), 1);
    queue(&mut desk);
    assert_eq!(drain(&mut desk), 1);
    assert_eq!(view(&desk).left.into_iter().collect::<Vec<_>>(), [("unreadable".to_owned(), 1)]);
}

#[test]
fn who_is_named_in_a_row_counts_although_the_creditor_is_not_known() {
    let mut desk = desk(settings(unlimited()), 0);
    create(&mut desk, json!({ "creditor": "outra", "segment": null, "template": null, "text": "Oi" }));
    let row =
        CampaignRow { place: 1, to: Some(number(1)), debtor: Some("theirs".to_owned()), debt: None, given: Vec::new() };
    desk.gateway.commit(desk.now, |context| context.work.add_campaign_rows(NAME, &[row])).unwrap();
    desk.gateway.commit(desk.now, |context| context.work.start_campaign(NAME, 0, false)).unwrap();
    queue(&mut desk);
    let page = crate::store::view::MessageFilter { batch: Some(NAME.into()), limit: 10, ..Default::default() };
    let labels = desk.reader().messages(&page).unwrap().remove(0).labels;
    assert_eq!((labels.debtor.as_deref(), labels.creditor.as_deref()), (Some("theirs"), Some("outra")));
}

#[test]
fn what_is_not_written_has_nothing_of_a_campaign_with_its_name() {
    let mut desk = desk(settings(unlimited()), 2);
    create(&mut desk, json!({ "per_day": 1 }));
    start(&mut desk);
    queue(&mut desk);
    let mut outlook =
        |batch| desk.gateway.commit(desk.now, |context| Ok(context.work.outlook(batch, &Route::Any))).unwrap();
    let (own, new) = (outlook(Some(NAME)), outlook(None));
    assert_eq!((own.quota.map(|quota| quota.per_day), own.own.len(), own.others.len()), (Some(1), 1, 0));
    assert_eq!((new.quota.map(|quota| quota.per_day), new.own.len(), new.others.len()), (None, 0, 1));
}

#[test]
fn caps_hold_a_campaign_as_they_hold_everything_else() {
    let caps = frequency::Limits { max_per_day: 1, ..frequency::Limits::default() };
    let contact = ContactSettings { frequency: caps, ..ContactSettings::none() };
    let mut desk = desk(Settings { contact: contact.into(), ..settings(unlimited()) }, 2);
    let mut own = desk.submission("somebody else's");
    own.to = number(1);
    desk.try_submit(&own);
    assert_eq!(drain(&mut desk), 1);
    create(&mut desk, json!({}));
    start(&mut desk);
    queue(&mut desk);
    assert_eq!(drain(&mut desk), 1);
    assert_eq!((counts(&desk, MessageState::Queued), view(&desk).state), (1, State::Running));
    desk.pass(Duration::from_secs(86_400));
    assert_eq!((drain(&mut desk), view(&desk).state), (1, State::Done));
}

#[test]
fn a_forecast_is_near_what_comes_of_it() {
    let limits = Limits { per_day: 40, per_hour: 10, min_gap: Duration::from_secs(30), ..Limits::none() };
    let mut desk = desk(settings(limits), 100);
    create(&mut desk, json!({}));
    start(&mut desk);
    queue(&mut desk);
    let outlook = desk.gateway.commit(desk.now, |context| Ok(context.work.outlook(Some(NAME), &Route::Any))).unwrap();
    let own = outlook.own.clone();
    assert_eq!(own.iter().map(|(_, parts)| parts).sum::<u64>(), 100);
    let forecast = ends(&desk.reader(), outlook, &own, 4, desk.now).unwrap().unwrap();
    let began = desk.now;
    let mut sent = 0;
    while sent < 100 {
        let now = desk.now;
        sent += drain(&mut desk);
        if sent < 100 {
            let next = desk.gateway.deadline(now).filter(|next| *next > now).unwrap_or(now + Duration::from_secs(1));
            desk.pass(next.saturating_since(now));
        }
    }
    let (took, said) = (desk.now.saturating_since(began), forecast.saturating_since(began));
    // Within a minute of some days; never sooner than it could be.
    assert!(said >= took && said.saturating_sub(took) <= Duration::from_secs(60), "{said:?} {took:?}");
}

#[test]
fn a_name_is_taken_by_a_batch_too() {
    let mut desk = desk(settings(unlimited()), 0);
    let mut message = desk.submission("text");
    message.labels.batch = Some(NAME.to_owned());
    desk.try_submit(&message);
    let written = json!({ "creditor": "loja", "text": "Oi" });
    let campaign = Arc::new(read_campaign(NAME, written).unwrap());
    let taken =
        desk.gateway.commit(desk.now, |context| context.work.create_campaign(&campaign, &TimeZone::UTC, 0, "ana"));
    assert_eq!(taken.unwrap(), CreateAnswer::NameTaken);
}

#[test]
fn the_code_follows_its_text_and_goes_with_it() {
    let mut desk = with_codes(2);
    create(&mut desk, json!({}));
    start_second(&mut desk);
    // A payment takes both back.
    let happening = Happening::PaymentReceived { amount: None };
    let told = Told { debt: "d2".to_owned(), happening, reference: None, client: "erp".to_owned() };
    desk.gateway.commit(desk.now, |context| context.work.happen(&told)).unwrap();
    assert_eq!(drain(&mut desk), 2);
    let page = crate::store::view::MessageFilter { batch: Some(NAME.into()), limit: 10, ..Default::default() };
    let mut sent = desk.reader().messages(&page).unwrap();
    sent.retain(|view| view.state == MessageState::Accepted);
    let texts: Vec<&str> = sent.iter().rev().map(|view| view.text.0.as_str()).collect();
    assert_eq!(texts, ["Loja Azul: R$ 110,50", CODE]);
    assert_eq!((counts(&desk, MessageState::Accepted), view(&desk).state), (2, State::Done));
}

#[test]
fn a_code_goes_on_the_day_of_its_text_although_the_share_is_spent() {
    let mut desk = with_codes(3);
    create(&mut desk, json!({ "per_day": 2 }));
    start_second(&mut desk);
    let (modem, first) = desk.hand_over();
    // By another SIM the next text meets the end of the share.
    desk.plug("m2", "sim-c");
    for (modem, next) in desk.loads() {
        assert_eq!(desk.offer(&modem, next.segment), Offer::Stop);
    }
    desk.settle(&modem, first.segment, Settlement::Accepted { tp_mr: 1 });
    refuse_for_now(&mut desk);
    assert_eq!(drain(&mut desk), 0);
    desk.restart();
    desk.plug("m1", "sim-a");
    desk.pass(Duration::from_secs(60));
    assert_eq!((drain(&mut desk), counts(&desk, MessageState::Accepted), spent(&desk)), (1, 2, vec![2]));
}

const CODE: &str = "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-426655440000";

/// So many debtors, and a second version of the template that a Pix code follows.
fn with_codes(debtors: u32) -> Desk {
    let mut desk = desk(settings(unlimited()), debtors);
    let with_code = |index: u32| match debt(index, &format!("d{index}"), Status::Open) {
        Item::Debt { debtor, debt, status } => {
            Item::Debt { debtor, debt: Box::new(Debt { pix: Some(CODE.to_owned()), ..*debt }), status }
        }
        other @ (Item::Creditor(_) | Item::Debtor(_)) => other,
    };
    take(&mut desk, &(1..=debtors).map(with_code).collect::<Vec<_>>());
    let written = json!({ "companion": "pix", "texts": [{ "name": "a", "body": "{{ sender }}: {{ total }}" }] });
    let template = read_template("atraso", 0, written).unwrap();
    desk.gateway
        .commit(desk.now, |context| {
            let version = context.work.save_template(&template, "test")?;
            context.work.approve_template("atraso", version, "test", false)
        })
        .unwrap();
    desk
}
