//! Codes that follow a text: when they go, by which SIM, what they count, and what ends them.

use jiff::civil::{Date, date};
use serde_json::json;

use crate::contact::frequency;
use crate::contact::suppression::{Kind, Purposes};
use crate::contact::{ContactSettings, Reason as ContactReason};
use crate::dunning::debt::Debt;
use crate::dunning::event::Happening;
use crate::store::definition::read_template;
use crate::store::suppression::Act;

use super::ladder::{MONDAY, debt, desk, with_debtor};
use super::*;

const PIX: &str = "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-426655440000520400005303986540510.505802BR5913Fulano de Tal6008BRASILIA62070503***63041D3D";

const SUNDAY: Date = date(2026, 11, 22);

/// Ana owes a debt with a Pix code; the ladder's text of today has it for a companion. A second SIM is there.
fn owing() -> Desk {
    let mut desk = desk();
    desk.plug("m2", "sim-b");
    let body = "{{ sender }}: {{ amount | money }} venceu. Segue o código Pix.";
    let written = json!({ "purpose": "collection", "companion": "pix", "texts": [{ "name": "a", "body": body }] });
    let template = read_template("pix", 0, written).unwrap();
    desk.gateway
        .commit(desk.now, |context| {
            let version = context.work.save_template(&template, "test")?;
            context.work.approve_template("pix", version, "test", false)
        })
        .unwrap();
    desk.ladder(&json!({ "steps": [
        { "id": "d1", "on": "D+1", "text": "pix" },
        { "id": "d2", "on": "D+2", "text": "atraso" },
    ] }));
    desk.take_all(&[with_debtor(Debt { pix: Some(PIX.to_owned()), ..debt("d1", SUNDAY) }, &[TO])]);
    desk
}

/// The text of the day and its code.
fn queued(desk: &mut Desk) -> (MessageId, MessageId) {
    assert_eq!(desk.run_ladders().len(), 2);
    let mut found =
        desk.reader().messages(&crate::store::view::MessageFilter { limit: 2, ..Default::default() }).unwrap();
    let (code, first) = (found.remove(0), found.remove(0));
    assert_eq!((code.text.0.as_str(), code.companion_of), (PIX, Some(first.id)));
    (first.id, code.id)
}

fn states(desk: &Desk, both: (MessageId, MessageId)) -> (MessageState, MessageState) {
    (desk.state(both.0), desk.state(both.1))
}

/// Offers and settles a part.
fn accept(desk: &mut Desk, (modem, lease): &(String, Lease), tp_mr: u8) {
    assert_eq!(desk.offer(modem, lease.segment), Offer::Go);
    desk.settle(modem, lease.segment, Settlement::Accepted { tp_mr });
}

const WAITS: Verdict = Verdict::Hold { reason: Reason::Contact(ContactReason::Companion), until: None };

#[test]
fn the_code_goes_after_its_text_by_the_same_sim_and_as_it_is() {
    let mut desk = owing();
    let both = queued(&mut desk);
    assert_eq!(desk.verdict(both.1), WAITS);
    let first = desk.load();
    // The other SIM has nothing to do meanwhile.
    assert!(desk.loads().is_empty());
    accept(&mut desk, &first, 1);
    let code = desk.load();
    assert_eq!(code.0, first.0);
    assert_eq!(desk.view(both.1).parts.len(), 1);
    let tpdu = submit_tpdu(&code.1);
    assert_eq!(tpdu.user_data.text(tpdu.tp_dcs).as_deref(), Some(PIX));
    accept(&mut desk, &code, 2);
    assert_eq!(states(&desk, both), (MessageState::Accepted, MessageState::Accepted));
    assert!(desk.loads().is_empty());
}

#[test]
fn both_count_as_one_text() {
    let mut desk = owing();
    let limits = frequency::Limits { max_per_day: 1, min_gap: Duration::from_secs(4 * 3600), ..Default::default() };
    desk.settings.contact = ContactSettings { frequency: limits, ..(*desk.settings.contact).clone() }.into();
    desk.restart();
    desk.plug("m1", "sim-a");
    let both = queued(&mut desk);
    desk.send(1);
    desk.send(2);
    assert_eq!(states(&desk, both), (MessageState::Accepted, MessageState::Accepted));
    let touches: i64 =
        desk.gateway.store().connection().query_row("SELECT count(*) FROM touch", [], |row| row.get(0)).unwrap();
    assert_eq!(touches, 1);
}

#[test]
fn a_text_that_is_unknown_keeps_its_code_until_it_is_settled() {
    for (decision, expected) in [(Decision::Sent, MessageState::Queued), (Decision::GiveUp, MessageState::Failed)] {
        let mut desk = owing();
        let both = queued(&mut desk);
        let (modem, lease) = desk.hand_over();
        // As after `kill -9`, with the text on the wire.
        desk.restart();
        desk.plug("m1", "sim-a");
        desk.plug("m2", "sim-b");
        assert_eq!(states(&desk, both), (MessageState::Unknown, MessageState::Queued));
        assert!(desk.loads().is_empty());
        assert_eq!(desk.verdict(both.1), WAITS);
        assert_eq!(resolve(&mut desk, both.0, decision), ResolveAnswer::Done);
        assert_eq!(desk.state(both.1), expected);
        let loads = desk.loads();
        assert_eq!(loads.iter().map(|(modem, _)| modem).collect::<Vec<_>>(), vec![&modem; loads.len()]);
        assert_eq!(loads.len(), usize::from(expected == MessageState::Queued), "{decision:?}");
        assert!(loads.iter().all(|(_, load)| load.segment != lease.segment));
    }
}

#[test]
fn a_text_that_is_sent_again_is_sent_before_its_code() {
    let mut desk = owing();
    let both = queued(&mut desk);
    let (modem, lease) = desk.hand_over();
    desk.settle(&modem, lease.segment, Settlement::Unknown { why: UnknownWhy::PortLost });
    assert_eq!(resolve(&mut desk, both.0, Decision::Resend), ResolveAnswer::Done);
    let again = desk.load();
    assert_eq!(again.1.segment, lease.segment);
    accept(&mut desk, &again, 1);
    let code = desk.load();
    accept(&mut desk, &code, 2);
    assert_eq!(states(&desk, both), (MessageState::Accepted, MessageState::Accepted));
}

#[test]
fn what_ends_the_text_ends_its_code() {
    let check = |end: &dyn Fn(&mut Desk, MessageId), expected: MessageState| {
        let mut desk = owing();
        let both = queued(&mut desk);
        end(&mut desk, both.0);
        assert_eq!(states(&desk, both), (expected, expected));
        assert!(desk.loads().is_empty());
    };
    check(&|desk, first| assert_eq!(desk.cancel(first), CancelAnswer::Cancelled), MessageState::Cancelled);
    check(&|desk, _| desk.tell("d1", Happening::PaymentReceived { amount: None }), MessageState::Blocked);
    check(
        &|desk, _| desk.tell("d1", Happening::PaymentReceived { amount: "1.00".parse().ok() }),
        MessageState::Blocked,
    );
    check(&|desk, _| desk.pass(Duration::from_secs(8 * 86_400)), MessageState::Expired);
    let refuse = |desk: &mut Desk, _| {
        let (modem, lease) = desk.hand_over();
        desk.settle(&modem, lease.segment, Settlement::Refused { cause: Cause::Cms(1) });
    };
    check(&refuse, MessageState::Failed);
    let suppress = |desk: &mut Desk, _| {
        let act = Act {
            kind: Kind::OptOut,
            purposes: Purposes::ALL,
            creditor: None,
            effective: desk.now,
            source: "reply".into(),
            client: "test".into(),
            why: None,
            inbound: None,
        };
        let number = PhoneNumber::from_digits(TO).unwrap();
        desk.gateway.commit(desk.now, |context| context.work.suppress(&act, &[number])).unwrap();
    };
    check(&suppress, MessageState::Blocked);
}

#[test]
fn a_blocked_code_says_why_its_text_was() {
    let mut desk = owing();
    let both = queued(&mut desk);
    desk.tell("d1", Happening::PaymentReceived { amount: None });
    let causes = [both.0, both.1].map(|id| desk.view(id).parts[0].cause.clone());
    assert_eq!(causes[0], causes[1]);
}

#[test]
fn a_payment_between_the_two_stops_the_code() {
    let mut desk = owing();
    let both = queued(&mut desk);
    desk.send(1);
    desk.tell("d1", Happening::PaymentReceived { amount: None });
    assert_eq!(states(&desk, both), (MessageState::Accepted, MessageState::Blocked));
    assert!(desk.loads().is_empty());
}

#[test]
fn a_step_that_overtakes_takes_both_back() {
    let mut desk = owing();
    let both = queued(&mut desk);
    desk.pass(Duration::from_secs(86_400));
    assert_eq!(desk.run_ladders(), ["Loja Azul: Ana, R$ 110,50 em atraso."]);
    assert_eq!(states(&desk, both), (MessageState::Blocked, MessageState::Blocked));
}

#[test]
fn a_change_of_standing_does_not_wake_a_code_before_its_time() {
    let mut desk = owing();
    let both = queued(&mut desk);
    let events = desk.gateway.store().last_seq();
    desk.tell("d1", Happening::Promise { until: MONDAY });
    desk.tell("d1", Happening::Reopened);
    assert_eq!(states(&desk, both), (MessageState::Queued, MessageState::Queued));
    assert_eq!(desk.verdict(both.1), WAITS);
    let about_code: i64 = desk
        .gateway
        .store()
        .connection()
        .query_row(
            "SELECT count(*) FROM event JOIN message ON message.key = event.message WHERE seq > ?1 AND message.id = ?2",
            rusqlite::params![events, both.1.as_bytes()],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(about_code, 0);
}
