//! What is over goes, whatever still counts stays, and results are the same before and after.

use jiff::civil::date;

use crate::contact::standing::Standing;
use crate::contact::suppression::{Kind, Purposes};
use crate::dunning::event::Happening;
use crate::store::audit::{Counted, Deed, Entry};
use crate::store::chain::{ChainHash, Fault, Head};
use crate::store::erasure::Stage;
use crate::store::portfolio::Taken;
use crate::store::portfolio::happening::Told;
use crate::store::retention::{Class, Place, Terms};
use crate::store::rollup::cells;
use crate::store::standing::{Whose, Word};
use crate::store::suppression::Act;
use crate::store::webhook::{DeliveryState, EndpointTerms, EndpointUrl, SigningKey, Wanted};

use super::ladder::{debt, with_debtor};
use super::*;

const DAY: Duration = Duration::from_secs(86_400);

/// The shortest time that can be configured.
const KEPT: Duration = Duration::from_secs(35 * 86_400);

impl Desk {
    /// Goes through a class, three rows at a time. How many rows went.
    fn lets_go(&mut self, class: Class) -> usize {
        self.gone = true;
        let (mut place, mut gone) = (Some(Place::default()), 0);
        while let Some(from) = place {
            let (due, next) = self.reader().due(class, self.now - KEPT, self.now, &from).unwrap();
            let mut left = due;
            while let Some(due) = left {
                let (step, rest) = due.first(3);
                let (rows, is_more) =
                    self.gateway.commit(self.now, |context| context.work.delete_due(&step, 3)).unwrap();
                gone += rows;
                left = if is_more { Some(step) } else { rest };
            }
            place = next;
        }
        self.gateway.commit(self.now, |context| context.work.note_pass(class, gone as u64)).unwrap();
        gone
    }

    fn count(&self, sql: &str) -> i64 {
        self.gateway.store().connection().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// The first text that came in was a wish not to be texted.
    fn wants_no_texts(&mut self) {
        let act = Act {
            kind: Kind::OptOut,
            purposes: Purposes::ALL,
            creditor: None,
            effective: self.now,
            source: "reply".into(),
            client: "recado".into(),
            why: None,
            inbound: Some(1),
        };
        let number = PhoneNumber::from_digits(TO).unwrap();
        self.gateway.commit(self.now, |context| context.work.suppress(&act, &[number])).unwrap();
    }

    /// All conversations are closed.
    fn nobody_is_waited_for(&self) {
        let closed = "UPDATE conversation SET is_open = 0, needs_person = 0";
        self.gateway.store().connection().execute(closed, []).unwrap();
    }

    fn messages_left(&self) -> i64 {
        self.count("SELECT count(*) FROM message")
    }

    /// A text that was delivered.
    fn deliver_text(&mut self, text: &str, labels: Labels, tp_mr: u8) -> MessageId {
        let mut submission = self.submission(text);
        submission.labels = labels;
        self.try_submit(&submission);
        self.send(tp_mr);
        self.status_report("m1", tp_mr, &format!("+{TO}"), 0);
        assert_eq!(self.state(submission.id), MessageState::Delivered);
        submission.id
    }

    fn is_kept(&self, id: MessageId) -> bool {
        self.reader().message(id).unwrap().is_some()
    }
}

fn desk() -> Desk {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk
}

#[test]
fn a_message_goes_when_its_time_is_over_and_results_stay() {
    let mut desk = desk();
    let old = desk.deliver_text("um", Labels::default(), 1);
    desk.receive("m1", deliver(&format!("+{TO}"), "ja paguei", None));
    desk.nobody_is_waited_for();
    desk.pass(10 * DAY);
    let young = desk.deliver_text("dois", Labels::default(), 2);
    desk.roll_up();
    let before = cells(desk.gateway.store().connection()).unwrap();
    desk.pass(26 * DAY);
    assert_eq!(desk.lets_go(Class::Messages), 1);
    assert_eq!((desk.is_kept(old), desk.is_kept(young)), (false, true));
    assert_eq!(desk.count("SELECT count(*) FROM segment"), 1);
    assert_eq!(desk.count("SELECT count(*) FROM inbound WHERE message IS NOT NULL"), 0);
    assert_eq!(desk.reader().tally().unwrap().iter().map(|(_, messages)| messages).sum::<u64>(), 1);
    desk.roll_up();
    assert_eq!(cells(desk.gateway.store().connection()).unwrap(), before);
    // The newest one is never given away: its number would come back.
    desk.pass(100 * DAY);
    assert_eq!((desk.lets_go(Class::Messages), desk.messages_left()), (0, 1));
    desk.restart();
    // Nothing was written for so long that somebody must say that the clock is right.
    desk.gateway.commit(desk.now, |context| context.work.resume(Scope::All, "")).unwrap();
    desk.plug("m1", "sim-a");
    let next = desk.deliver_text("tres", Labels::default(), 3);
    assert!(desk.view(next).key.0 > 2);
}

#[test]
fn what_is_not_over_stays_however_old_it_is() {
    let mut desk = desk();
    let unknown = make_unknown(&mut desk, "um");
    let mut waits = desk.submission("dois");
    waits.expires = desk.now + 400 * DAY;
    waits.due = desk.now + 300 * DAY;
    desk.try_submit(&waits);
    desk.deliver_text("tres", Labels::default(), 3);
    desk.deliver_text("quatro", Labels::default(), 4);
    desk.pass(200 * DAY);
    desk.roll_up();
    assert_eq!(desk.lets_go(Class::Messages), 1);
    assert!(desk.is_kept(unknown) && desk.is_kept(waits.id));
    // Nor are the events of these cut.
    assert_eq!(desk.lets_go(Class::Events), 2);
    assert_eq!(desk.reader().oldest_event().unwrap(), 3);
}

#[test]
fn a_text_about_an_open_debt_and_the_newest_to_each_debtor_stay() {
    let mut desk = desk();
    let item = with_debtor(debt("d1", date(2026, 11, 10)), &[TO]);
    let creditor = crate::store::portfolio::Item::Creditor(Box::new(crate::dunning::creditor::Creditor {
        id: "loja".into(),
        ..crate::dunning::sample::creditor()
    }));
    desk.gateway.commit(desk.now, |context| context.work.take_each(&[creditor, item], "erp")).unwrap();
    let about =
        |debt: Option<&str>| Labels { debtor: Some("ana".into()), debt: debt.map(Into::into), ..Labels::default() };
    let of_debt = desk.deliver_text("um", about(Some("d1")), 1);
    let older = desk.deliver_text("dois", about(None), 2);
    let newest = desk.deliver_text("tres", about(None), 3);
    desk.deliver_text("outro", Labels::default(), 4);
    desk.pass(60 * DAY);
    desk.roll_up();
    assert_eq!(desk.lets_go(Class::Messages), 1);
    assert_eq!((desk.is_kept(of_debt), desk.is_kept(older), desk.is_kept(newest)), (true, false, true));
    let paid = Told {
        debt: "d1".into(),
        happening: Happening::PaymentReceived { amount: None },
        reference: None,
        client: "erp".into(),
    };
    desk.gateway.commit(desk.now, |context| context.work.happen(&paid)).unwrap();
    desk.roll_up();
    assert_eq!(desk.lets_go(Class::Messages), 1);
    assert!(!desk.is_kept(of_debt) && desk.is_kept(newest));
}

/// A debtor with one debt, to whom a text went; and that the debt is paid.
fn paid_debtor(desk: &mut Desk) {
    let item = with_debtor(debt("d1", date(2026, 11, 10)), &[TO]);
    let creditor = crate::store::portfolio::Item::Creditor(Box::new(crate::dunning::creditor::Creditor {
        id: "loja".into(),
        ..crate::dunning::sample::creditor()
    }));
    desk.gateway.commit(desk.now, |context| context.work.take_each(&[creditor, item], "erp")).unwrap();
    desk.deliver_text("um", Labels { debtor: Some("ana".into()), ..Labels::default() }, 1);
    let paid = Told {
        debt: "d1".into(),
        happening: Happening::PaymentReceived { amount: None },
        reference: None,
        client: "erp".into(),
    };
    desk.gateway.commit(desk.now, |context| context.work.happen(&paid)).unwrap();
    desk.roll_up();
}

#[test]
fn what_is_known_of_a_debtor_goes_when_the_debts_are_long_settled_and_a_wish_not_to_be_texted_stays() {
    let mut desk = desk();
    paid_debtor(&mut desk);
    desk.receive("m1", deliver(&format!("+{TO}"), "pare", None));
    desk.wants_no_texts();
    desk.nobody_is_waited_for();
    desk.pass(30 * DAY);
    desk.roll_up();
    assert_eq!(desk.lets_go(Class::Debtors), 0, "not yet");
    desk.pass(30 * DAY);
    desk.roll_up();
    assert_eq!(desk.lets_go(Class::Debtors), 1);
    assert_eq!(desk.lets_go(Class::Debtors), 0, "it is being erased already");
    let begun = desk.reader().open_erasures().unwrap();
    assert_eq!(desk.go_on(begun[0]), Stage::Done);
    assert_eq!(desk.count("SELECT (SELECT count(*) FROM debtor) + (SELECT count(*) FROM debt)"), 0);
    assert_eq!(desk.count("SELECT count(*) FROM message WHERE recipient IS NOT NULL AND debtor = 'ana'"), 0);
    // Nobody else had the number.
    assert_eq!(desk.count("SELECT count(*) FROM suppression WHERE number IS NOT NULL OR subscriber IS NOT NULL"), 0);
    assert_eq!(desk.count("SELECT count(*) FROM inbound WHERE text <> ''"), 0);
    let again = desk.submission("de novo");
    desk.try_submit(&again);
    assert_eq!(desk.state(again.id), MessageState::Blocked);
}

#[test]
fn a_debtor_who_owes_or_was_texted_or_changed_since_stays() {
    for change in [
        "UPDATE debt SET status = 'promised'",
        "UPDATE debt SET at = ?1",
        "UPDATE debtor SET at = ?1",
        "UPDATE message SET created_at = ?1",
        "UPDATE conversation SET debtor = 'ana', at = 0",
    ] {
        let mut desk = desk();
        paid_debtor(&mut desk);
        desk.pass(60 * DAY);
        desk.receive("m1", deliver("+5511911112222", "quem e", None));
        desk.roll_up();
        let now = desk.now.as_millis();
        let conn = desk.gateway.store().connection();
        let mut statement = conn.prepare(change).unwrap();
        let values = vec![now; statement.parameter_count()];
        assert!(statement.execute(rusqlite::params_from_iter(values)).unwrap() > 0, "{change}");
        drop(statement);
        assert_eq!(desk.lets_go(Class::Debtors), 0, "{change}");
    }
}

/// Erasures that were begun come to their end.
fn erase(desk: &mut Desk) -> String {
    let begun = desk.reader().open_erasures().unwrap();
    assert_eq!(begun.len(), 1);
    assert_eq!(desk.go_on(begun[0]), Stage::Done);
    desk.reader().erasure(begun[0]).unwrap().unwrap().state
}

#[test]
fn a_debt_that_comes_in_while_its_debtor_is_let_go_stays_with_the_debtor() {
    let mut desk = desk();
    paid_debtor(&mut desk);
    desk.pass(60 * DAY);
    desk.roll_up();
    assert_eq!(desk.lets_go(Class::Debtors), 1);
    let items = [with_debtor(debt("d2", date(2027, 2, 10)), &[TO])];
    let taken = desk.gateway.commit(desk.now, |context| context.work.take_each(&items, "erp")).unwrap();
    assert_eq!(taken, [Ok(Taken::Created)]);
    assert_eq!(erase(&mut desk), "dropped");
    assert_eq!(
        desk.count("SELECT count(*) FROM debt JOIN debtor ON debtor.key = debt.debtor WHERE debtor.id = 'ana'"),
        2
    );
    assert_eq!(desk.count("SELECT count(*) FROM message WHERE debtor = 'ana' AND text <> ''"), 1);
    // Nor does the row of it say whom it was about, and it is begun anew once that is settled for long.
    assert_eq!(desk.count("SELECT count(*) FROM erasure WHERE debtor IS NOT NULL OR numbers IS NOT NULL"), 0);
    desk.gateway.store().connection().execute("UPDATE debt SET status = 'paid'", []).unwrap();
    desk.pass(60 * DAY);
    desk.roll_up();
    assert_eq!(desk.lets_go(Class::Debtors), 1);
    assert_eq!(erase(&mut desk), "done");
    assert_eq!(desk.count("SELECT (SELECT count(*) FROM debtor) + (SELECT count(*) FROM debt)"), 0);
}

#[test]
fn with_a_debtor_nothing_goes_of_whoever_has_the_number_today() {
    let mut desk = desk();
    paid_debtor(&mut desk);
    desk.pass(60 * DAY);
    let number = PhoneNumber::from_digits(TO).unwrap();
    // Another person: a text that went, one that waits, an answer, and what somebody noted.
    desk.deliver_text("de outro", Labels::default(), 2);
    let mut waits = desk.submission("espera");
    waits.due = desk.now + DAY;
    waits.expires = desk.now + 2 * DAY;
    desk.try_submit(&waits);
    desk.receive("m1", deliver(&format!("+{TO}"), "discordo", None));
    let word = Word { client: "ana", inbound: None, message: None };
    desk.gateway
        .commit(desk.now, |context| {
            context.work.set_standing(&Whose::Number(number), Standing::Disputed, word)?;
            context.work.confirm_number(number, None)
        })
        .unwrap();
    desk.roll_up();
    let others = "SELECT (SELECT count(*) FROM standing) || ' ' || (SELECT count(*) FROM touch)
         || ' ' || (SELECT count(*) FROM conversation) || ' ' || (SELECT count(*) FROM confirmed_number)
         || ' ' || (SELECT count(*) FROM inbound WHERE text <> '')";
    let left =
        |desk: &Desk| -> String { desk.gateway.store().connection().query_row(others, [], |row| row.get(0)).unwrap() };
    let of_debtor = desk.count("SELECT count(*) FROM touch WHERE debtor = 'ana'");
    let before = left(&desk);
    assert_eq!(desk.lets_go(Class::Debtors), 1);
    assert_eq!(desk.state(waits.id), MessageState::Queued);
    assert_eq!(erase(&mut desk), "done");
    assert_eq!(desk.state(waits.id), MessageState::Queued);
    assert_eq!((before.as_str(), left(&desk)), ("1 2 1 1 1", format!("1 {} 1 1 1", 2 - of_debtor)));
    // What was the debtor's is gone all the same.
    assert_eq!(desk.count("SELECT (SELECT count(*) FROM debtor) + (SELECT count(*) FROM debt)"), 0);
    assert_eq!(desk.count("SELECT count(*) FROM message WHERE debtor = 'ana' OR text = 'um'"), 0);
}

#[test]
fn whoever_begins_to_use_the_number_of_a_debtor_who_is_let_go_keeps_it() {
    let mut desk = desk();
    paid_debtor(&mut desk);
    desk.pass(60 * DAY);
    desk.roll_up();
    assert_eq!(desk.lets_go(Class::Debtors), 1);
    let word = Word { client: "ana", inbound: None, message: None };
    let number = PhoneNumber::from_digits(TO).unwrap();
    desk.pass(DAY / 24);
    desk.deliver_text("de outro", Labels::default(), 2);
    desk.gateway
        .commit(desk.now, |context| context.work.set_standing(&Whose::Number(number), Standing::Disputed, word))
        .unwrap();
    desk.roll_up();
    assert_eq!(erase(&mut desk), "done");
    assert_eq!(desk.count("SELECT count(*) FROM standing"), 1);
    assert_eq!(desk.count("SELECT count(*) FROM message WHERE text = 'de outro'"), 1);
    assert_eq!(desk.count("SELECT count(*) FROM debtor"), 0);
}

#[test]
fn a_number_at_which_another_debtor_was_texted_is_not_taken_along() {
    let mut desk = desk();
    paid_debtor(&mut desk);
    desk.deliver_text("a outro", Labels { debtor: Some("rui".into()), ..Labels::default() }, 2);
    let number = PhoneNumber::from_digits(TO).unwrap();
    desk.gateway.commit(desk.now, |context| context.work.confirm_number(number, None)).unwrap();
    desk.pass(60 * DAY);
    desk.roll_up();
    assert_eq!(desk.lets_go(Class::Debtors), 1);
    assert_eq!(erase(&mut desk), "done");
    assert_eq!(desk.count("SELECT count(*) FROM message WHERE text = 'a outro'"), 1);
    assert_eq!(desk.count("SELECT count(*) FROM confirmed_number"), 1);
    assert_eq!(desk.count("SELECT count(*) FROM message WHERE text = 'um' OR debtor = 'ana'"), 0);
}

#[test]
fn a_debtor_of_a_campaign_that_is_not_over_stays() {
    for (column, value) in [("debtor", "'ana'"), ("debt", "'d1'")] {
        let mut desk = desk();
        paid_debtor(&mut desk);
        let conn = desk.gateway.store().connection();
        let sql = format!(
            "INSERT INTO campaign (key, name, definition, creditor, at, client, state, zone)
             VALUES (1, 'c', '{{}}', 'loja', 0, 'x', 'draft', 'UTC');
             INSERT INTO campaign_row (campaign, place, {column}) VALUES (1, 1, {value})"
        );
        conn.execute_batch(&sql).unwrap();
        desk.pass(60 * DAY);
        desk.roll_up();
        assert_eq!(desk.lets_go(Class::Debtors), 0, "{column}");
        desk.gateway.store().connection().execute("UPDATE campaign SET state = 'cancelled'", []).unwrap();
        assert_eq!(desk.lets_go(Class::Debtors), 1, "{column}");
    }
}

#[test]
fn a_debtor_who_answered_since_or_whose_text_was_due_since_stays() {
    for change in ["UPDATE message SET due = ?1", "UPDATE inbound SET at = ?1"] {
        let mut desk = desk();
        paid_debtor(&mut desk);
        desk.receive("m1", deliver(&format!("+{TO}"), "obrigada", None));
        desk.pass(60 * DAY);
        desk.nobody_is_waited_for();
        desk.roll_up();
        assert_eq!(desk.gateway.store().connection().execute(change, [desk.now.as_millis()]), Ok(1), "{change}");
        assert_eq!(desk.lets_go(Class::Debtors), 0, "{change}");
    }
}

#[test]
fn debtors_stay_for_as_long_as_texts_to_and_from_them() {
    let terms = |debtors, messages, inbox| Terms { debtors: Some(DAY * debtors), messages, inbox, ..Terms::default() };
    let of = |terms: Terms| terms.of(Class::Debtors);
    assert_eq!(of(terms(40, Some(DAY * 50), Some(DAY * 60))), Some(DAY * 60));
    assert_eq!(of(terms(80, Some(DAY * 50), Some(DAY * 60))), Some(DAY * 80));
    assert_eq!(of(terms(80, None, Some(DAY))), None);
}

#[test]
fn what_somebody_wrote_goes_unless_something_rests_on_it() {
    let mut desk = desk();
    let asked = desk.deliver_text("um", Labels::default(), 1);
    desk.receive("m1", deliver(&format!("+{TO}"), "pare", None));
    desk.receive("m1", deliver("+5511911112222", "quem e", None));
    desk.receive("m1", deliver("+5511911113333", "numero errado", None));
    desk.wants_no_texts();
    desk.send_to_another("fim");
    desk.pass(60 * DAY);
    desk.roll_up();
    let open = desk.count("SELECT count(*) FROM conversation WHERE is_open = 1 OR needs_person = 1");
    let gone = desk.lets_go(Class::Inbox);
    // The opt-out, the newest, and what conversations wait for stay.
    assert!(desk.count("SELECT count(*) FROM inbound WHERE seq = 1") == 1);
    assert!(desk.count("SELECT count(*) FROM inbound WHERE seq = 3") == 1);
    assert_eq!(desk.count("SELECT count(*) FROM conversation WHERE is_open = 1 OR needs_person = 1"), open);
    assert_eq!(desk.count("SELECT count(*) FROM received WHERE inbound = 1"), 1);
    // So does the message that the opt-out answers.
    desk.lets_go(Class::Messages);
    assert!(desk.is_kept(asked));
    desk.nobody_is_waited_for();
    assert_eq!(gone + desk.lets_go(Class::Inbox), 1);
    assert_eq!(desk.count("SELECT count(*) FROM inbound WHERE seq = 2"), 0);
}

#[test]
fn the_log_is_cut_at_its_beginning_without_a_gap_and_its_chain_still_holds() {
    let mut desk = desk();
    for tp_mr in 1..=4 {
        desk.deliver_text("texto", Labels::default(), tp_mr);
    }
    let early = desk.gateway.store().head().unwrap();
    desk.pass(60 * DAY);
    desk.deliver_text("novo", Labels::default(), 5);
    desk.roll_up();
    let all = desk.count("SELECT count(*) FROM event");
    let gone = desk.lets_go(Class::Events);
    assert_eq!(i64::try_from(gone), Ok(early.seq));
    assert_eq!(desk.reader().oldest_event().unwrap(), early.seq + 1);
    assert_eq!(desk.count("SELECT count(*) FROM event"), all - early.seq);
    let found = desk.reader().verify(None).unwrap().unwrap();
    assert_eq!((found.fault, found.begins, found.events.cast_signed()), (None, Some(early.seq + 1), all - early.seq));
    // The head at the cut is kept, and whoever kept one of before is told that it cannot be compared any more.
    assert!(desk.reader().verify(Some(early)).unwrap().unwrap().holds());
    let before = Head { seq: 2, hash: ChainHash([1; 32]) };
    assert_eq!(desk.reader().verify(Some(before)).unwrap().unwrap().fault, Some((2, Fault::Gone)));
    let changed = "UPDATE event SET at = at + 1 WHERE seq = (SELECT min(seq) FROM event)";
    desk.gateway.store().connection().execute(changed, []).unwrap();
    assert_eq!(desk.reader().verify(None).unwrap().unwrap().fault, Some((early.seq + 1, Fault::Changed)));
    let undone = "UPDATE event SET at = at - 1 WHERE seq = (SELECT min(seq) FROM event)";
    desk.gateway.store().connection().execute(undone, []).unwrap();
    // A restart goes on with the numbers.
    desk.restart();
    desk.plug("m1", "sim-a");
    assert!(desk.gateway.store().last_seq() > all);
}

#[test]
fn nothing_goes_that_an_endpoint_was_not_told() {
    let mut desk = desk();
    let first = desk.deliver_text("um", Labels::default(), 1);
    let terms = EndpointTerms {
        url: EndpointUrl("https://erp.example/recado".into()),
        wanted: Wanted(vec!["*".into()]),
        creditors: Vec::new(),
        pii: false,
        batch: 0,
        enabled: true,
    };
    let key = SigningKey([7; 32]);
    let webhook =
        desk.gateway.commit(desk.now, |context| context.work.create_webhook(&terms, key, "erp")).unwrap().unwrap();
    desk.deliver_text("dois", Labels::default(), 2);
    desk.pass(60 * DAY);
    desk.deliver_text("tres", Labels::default(), 3);
    desk.roll_up();
    // It is somewhere in the first text's events.
    desk.gateway.store().connection().execute("UPDATE webhook SET seq = 2", []).unwrap();
    assert_eq!((desk.lets_go(Class::Events), desk.lets_go(Class::Messages)), (2, 0));
    assert!(desk.is_kept(first));
    let all = "UPDATE webhook SET seq = (SELECT max(seq) FROM event)";
    desk.gateway.store().connection().execute(all, []).unwrap();
    // One event waits to be tried again.
    let waits = "INSERT INTO webhook_delivery (webhook, seq, state, attempts) VALUES (?, 5, 0, 1)";
    desk.gateway.store().connection().execute(waits, [webhook]).unwrap();
    assert_eq!(desk.lets_go(Class::Events), 2);
    desk.gateway.store().connection().execute("DELETE FROM webhook_delivery", []).unwrap();
    assert_eq!(desk.lets_go(Class::Messages), 2);
    assert!(desk.lets_go(Class::Events) > 0);
}

#[test]
fn an_endpoint_that_is_disabled_holds_nothing_and_says_what_it_was_not_told() {
    let mut desk = desk();
    let terms = |enabled| EndpointTerms {
        url: EndpointUrl("https://erp.example/recado".into()),
        wanted: Wanted(vec!["*".into()]),
        creditors: Vec::new(),
        pii: false,
        batch: 0,
        enabled,
    };
    let key = SigningKey([7; 32]);
    let webhook = desk
        .gateway
        .commit(desk.now, |context| context.work.create_webhook(&terms(true), key, "erp"))
        .unwrap()
        .unwrap();
    let place = desk.reader().webhook(webhook).unwrap().unwrap().seq;
    let first = desk.deliver_text("um", Labels::default(), 1);
    let events = desk.count("SELECT count(*) FROM event");
    let change = |desk: &mut Desk, enabled| {
        let terms = terms(enabled);
        desk.gateway.commit(desk.now, |context| context.work.change_webhook(webhook, &terms)).unwrap()
    };
    assert!(change(&mut desk, false));
    // One event waited to be tried again.
    let waits = "INSERT INTO webhook_delivery (webhook, seq, state, attempts) VALUES (?, 1, 0, 1)";
    desk.gateway.store().connection().execute(waits, [webhook]).unwrap();
    desk.pass(60 * DAY);
    let second = desk.deliver_text("dois", Labels::default(), 2);
    desk.roll_up();
    assert_eq!(i64::try_from(desk.lets_go(Class::Events)), Ok(events));
    assert_eq!(desk.lets_go(Class::Messages), 1);
    assert!(!desk.is_kept(first) && desk.is_kept(second));
    let view = desk.reader().webhook(webhook).unwrap().unwrap();
    assert_eq!((view.seq, view.waiting, view.passed_over), (place, 1, u64::try_from(events - place).unwrap()));
    assert!(change(&mut desk, true));
    let letters = desk.reader().webhook_deliveries(webhook, None, Page::After(0), 9).unwrap();
    let told: Vec<_> = letters.iter().map(|letter| (letter.seq, letter.state, letter.error.as_deref())).collect();
    let gone = "not kept any more: deleted while the endpoint was disabled";
    let all = format!("{} events up to this one were deleted while the endpoint was disabled", events - place);
    assert_eq!(told, [(1, DeliveryState::Dead, Some(gone)), (events, DeliveryState::Dead, Some(all.as_str()))]);
    let view = desk.reader().webhook(webhook).unwrap().unwrap();
    assert_eq!((view.seq, view.waiting, view.dead, view.passed_over), (events, 0, 2, 0));
    // What is said of it again passes over nothing more.
    assert!(change(&mut desk, false) && change(&mut desk, true));
    assert_eq!(desk.reader().webhook(webhook).unwrap().unwrap().dead, 2);
}

#[test]
fn a_clock_that_was_ahead_for_an_hour_stops_nothing_and_deletes_nothing_early() {
    let mut desk = desk();
    let before = desk.now;
    desk.deliver_text("um", Labels::default(), 1);
    desk.now = before + 3_650 * DAY;
    desk.deliver_text("do futuro", Labels::default(), 2);
    desk.now = before + Duration::from_secs(3_600);
    let young = desk.deliver_text("dois", Labels::default(), 3);
    desk.deliver_text("tres", Labels::default(), 4);
    desk.roll_up();
    desk.now = before + 30 * DAY;
    assert_eq!((desk.lets_go(Class::Messages), desk.lets_go(Class::Events)), (0, 0));
    desk.now = before + 60 * DAY;
    // That of the future waits for its time.
    assert_eq!(desk.lets_go(Class::Messages), 2);
    assert!(!desk.is_kept(young));
    assert!(desk.lets_go(Class::Events) > 0);
}

#[test]
fn references_outlive_their_messages() {
    let mut desk = desk();
    let mut submission = desk.submission("um");
    submission.client_ref = Some("ref-1".into());
    desk.try_submit(&submission);
    desk.send(1);
    desk.deliver_text("dois", Labels::default(), 2);
    desk.pass(40 * DAY);
    desk.roll_up();
    assert_eq!(desk.lets_go(Class::Messages), 1);
    submission.expires = desk.now + DAY;
    assert_eq!(desk.try_submit(&submission), SubmitAnswer::Repeated(submission.id));
    assert_eq!(desk.lets_go(Class::ClientRefs), 1);
}

#[test]
fn a_reference_stays_while_its_message_waits_and_is_young() {
    let mut desk = desk();
    let mut submission = desk.submission("um");
    submission.client_ref = Some("ref-1".into());
    submission.due = desk.now + 60 * DAY;
    submission.expires = desk.now + 61 * DAY;
    desk.try_submit(&submission);
    desk.pass(40 * DAY);
    // A pass that has found it before it is asked for again deletes nothing either.
    assert_eq!(desk.lets_go(Class::ClientRefs), 0);
    assert_eq!(desk.try_submit(&submission), SubmitAnswer::Repeated(submission.id));
    desk.pass(20 * DAY);
    desk.send(1);
    desk.status_report("m1", 1, &format!("+{TO}"), 0);
    assert_eq!(desk.state(submission.id), MessageState::Delivered);
    desk.pass(30 * DAY);
    assert_eq!(desk.lets_go(Class::ClientRefs), 0, "its time counts from the day that was set for it");
    desk.pass(10 * DAY);
    assert_eq!(desk.lets_go(Class::ClientRefs), 1);
}

#[test]
fn the_audit_is_only_added_to_and_goes_at_the_end_of_its_time() {
    let mut desk = desk();
    let entry = |id: &str| Entry {
        client: "ana".into(),
        token: Some(1),
        deed: Deed::Change,
        route: "POST /v1/pause".into(),
        object: "pause".into(),
        id: Some(id.into()),
        status: None,
    };
    for id in ["a", "b", "c"] {
        desk.gateway.commit(desk.now, |context| context.work.note(&Counted::once(entry(id)))).unwrap();
        desk.pass(20 * DAY);
    }
    let conn = desk.gateway.store().connection();
    for sql in [
        "UPDATE audit SET client = 'bob'",
        "DELETE FROM audit WHERE seq = 1",
        "DELETE FROM audit",
        "UPDATE audit SET items = 5 WHERE seq = 3",
    ] {
        let refused = conn.execute(sql, []).unwrap_err().to_string();
        assert_eq!(refused, "the audit is only added to", "{sql}");
    }
    assert_eq!(desk.reader().verify_audit().unwrap().entries, 3);
    assert_eq!(desk.lets_go(Class::Audit), 2);
    let conn = desk.gateway.store().connection();
    assert!(conn.execute("UPDATE audit_cut SET seq = 0", []).is_err());
    assert!(conn.execute("DELETE FROM audit_cut", []).is_err());
    assert_eq!(desk.reader().verify_audit().unwrap().fault, None);
    let left: Vec<i64> = desk
        .reader()
        .audit(Page::After(0), 10, &crate::store::audit::AuditFilter::default())
        .unwrap()
        .iter()
        .map(|entry| entry.seq)
        .collect();
    // What retention itself did is noted too.
    assert_eq!(left, [3, 4]);
}

impl Desk {
    /// A text to another number, so that the newest row is not one of those that are looked at.
    fn send_to_another(&mut self, text: &str) {
        let mut submission = self.submission(text);
        submission.to = PhoneNumber::from_digits("5511955554444").unwrap();
        self.try_submit(&submission);
        self.send(9);
    }
}
