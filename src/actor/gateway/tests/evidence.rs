//! What the log says years later, and whether it is what was written.

use serde_json::{Value, json};

use crate::config::rules::RuleBook;
use crate::config::{Config, Contact, Region};
use crate::contact::secret::Secret;
use crate::store::chain::{Fault, Head, Verification};
use crate::store::dossier::{Dossier, Matches};

use super::*;

impl Desk {
    fn dossier(&self, id: MessageId) -> Dossier {
        self.reader().dossier(id).unwrap().unwrap()
    }

    fn verify(&self, kept: Option<Head>) -> Verification {
        self.reader().verify(kept).unwrap().unwrap()
    }

    /// Somebody writes into the database, and somebody looks.
    fn tamper(&self, sql: &str, look: impl FnOnce(&Self)) {
        self.gateway.store().connection().execute_batch(sql).unwrap();
        look(self);
    }

    /// What the chain has to say of a change, and that it has nothing to say once that is taken back.
    fn check_tampered(&self, sql: &str, back: &str, expected: (i64, Fault)) {
        self.tamper(sql, |desk| assert_eq!(desk.verify(None).fault, Some(expected), "{sql}"));
        self.tamper(back, |desk| assert_eq!(desk.verify(None).fault, None, "{back}"));
    }
}

/// A message that was delivered.
fn delivered() -> (Desk, MessageId) {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    let id = desk.submit("pague");
    desk.send(7);
    desk.status_report("m1", 7, "+5511987654321", 0);
    assert_eq!(desk.state(id), MessageState::Delivered);
    (desk, id)
}

fn data(event: &crate::store::view::EventView) -> Value {
    event.data.as_deref().map_or(Value::Null, |data| serde_json::from_str(data).unwrap())
}

#[test]
fn a_delivered_message_has_all_that_a_dispute_needs() {
    let (desk, id) = delivered();
    let dossier = desk.dossier(id);
    assert_eq!(dossier.matches, Matches { id: Some(true), to: Some(true), text: Some(true) });
    let kinds: Vec<&str> = dossier.events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "message.queued",
            "segment.offered",
            "message.sending",
            "segment.accepted",
            "message.accepted",
            "segment.reported",
            "message.delivered"
        ]
    );
    assert!(dossier.events.iter().all(|event| event.hash.is_some()));
    let said = [3, 5].map(|place| data(&dossier.events[place]));
    assert_eq!(said, [json!({ "tp_mr": 7 }), json!({ "tp_status": 0 })]);
}

#[test]
fn a_part_that_goes_says_the_hour_where_the_recipient_is_and_the_rules_that_were_asked() {
    let book = RuleBook::load(&Region::default(), &Contact::default()).unwrap();
    let edition = book.edition.to_string();
    let mut settings = settings(unlimited());
    settings.contact = Config::default().contact_settings(book, Secret::new([1; 32])).into();
    let mut desk = Desk::with(settings);
    desk.plug("m1", "89550312345678901234");
    let id = desk.submit("pague");
    desk.send(7);
    let events = desk.dossier(id).events;
    let offered = events.iter().find(|event| event.kind == "segment.offered").unwrap();
    assert_eq!(
        data(offered),
        json!({
            "local": ["2026-11-24T10:00-03:00"],
            "window": "open",
            "class": "collection,BR-SP@America/Sao_Paulo",
            "suppression": "clear",
            "ledger": 0,
            "rules": edition,
            "iccid": "89550312345678901234",
        })
    );
    assert!(events.iter().all(|event| event.data.as_deref().is_none_or(|data| data.len() <= 200)), "{events:?}");
}

#[test]
fn the_log_has_neither_text_nor_number() {
    let (desk, id) = delivered();
    for event in desk.dossier(id).events {
        let data = event.data.unwrap_or_default();
        assert!(!data.contains("pague") && !data.contains("87654321"), "{data}");
    }
}

#[test]
fn whoever_changes_an_event_is_found_out() {
    let (desk, id) = delivered();
    let events = desk.dossier(id).events;
    let seq = events[3].seq;
    assert!(events[3].kind == "segment.accepted" && seq > 1);
    let of = |set: &str| format!("UPDATE event SET {set} WHERE seq = {seq}");
    for (changed, back) in [
        ("data = '{\"tp_mr\":8}'", "data = '{\"tp_mr\":7}'"),
        ("at = at - 3600000", "at = at + 3600000"),
        ("type = 'segment.refused'", "type = 'segment.accepted'"),
        ("message = message + 1", "message = message - 1"),
        ("sim = NULL", "sim = 1"),
    ] {
        desk.check_tampered(&of(changed), &of(back), (seq, Fault::Changed));
    }
    let copy =
        format!("CREATE TABLE kept AS SELECT * FROM event WHERE seq = {seq}; DELETE FROM event WHERE seq = {seq}");
    desk.check_tampered(&copy, "INSERT INTO event SELECT * FROM kept; DROP TABLE kept", (seq, Fault::Missing));
}

#[test]
fn whoever_changes_what_a_message_says_is_found_out() {
    let (desk, id) = delivered();
    let matches = |desk: &Desk| desk.dossier(id).matches;
    desk.tamper("UPDATE message SET text = 'pague logo'", |desk| {
        assert_eq!(matches(desk), Matches { id: Some(true), to: Some(true), text: Some(false) });
    });
    desk.tamper("UPDATE message SET text = 'pague', recipient = recipient + 1", |desk| {
        assert_eq!(matches(desk), Matches { id: Some(true), to: Some(false), text: Some(true) });
    });
    desk.tamper("UPDATE message SET recipient = recipient - 1", |desk| assert!(matches(desk).holds()));
}

#[test]
fn erasure_of_text_number_and_salt_keeps_the_chain() {
    let (desk, id) = delivered();
    let before = desk.verify(None);
    let keep = "CREATE TABLE kept AS SELECT recipient, text, salt FROM message";
    desk.tamper(&format!("{keep}; UPDATE message SET text = '', recipient = 0, salt = NULL"), |desk| {
        assert_eq!(desk.verify(None), before);
        let dossier = desk.dossier(id);
        assert!(dossier.to.is_none() && dossier.text.is_none() && dossier.salt.is_none());
        assert_eq!(dossier.matches, Matches { id: Some(true), to: None, text: None });
        assert_eq!(dossier.events.len(), 7);
    });
    desk.tamper("UPDATE message SET (recipient, text, salt) = (SELECT recipient, text, salt FROM kept)", |_| ());
}

#[test]
fn a_head_that_was_kept_holds_for_ever() {
    let (mut desk, _) = delivered();
    let kept = desk.gateway.store().head().unwrap();
    assert_eq!(desk.reader().head().unwrap().map(|dated| dated.head), Some(kept));
    desk.restart();
    desk.submit("mais");
    assert_ne!(desk.gateway.store().head(), Some(kept));
    assert!(desk.verify(Some(kept)).holds());
    let other = Head { hash: desk.gateway.store().head().unwrap().hash, ..kept };
    assert_eq!(desk.verify(Some(other)).fault, Some((kept.seq, Fault::OtherHead)));
    let later = Head { seq: kept.seq + 1_000, ..kept };
    assert_eq!(desk.verify(Some(later)).fault, Some((later.seq, Fault::Missing)));
}

#[test]
fn what_came_to_nothing_leaves_no_link() {
    let mut desk = Desk::new(unlimited());
    desk.submit("um");
    let head = desk.gateway.store().head();
    let submission = desk.submission("dois");
    let failed = desk.gateway.commit(desk.now, |context| {
        context.work.submit(&submission)?;
        Err::<(), _>(StoreError::Full)
    });
    assert!(failed.is_err());
    assert_eq!(desk.gateway.store().head(), head);
    desk.submit("três");
    assert!(desk.verify(head).holds());
}

#[test]
fn a_log_of_before_is_gone_on_with_and_the_chain_says_where_it_begins() {
    let (mut desk, _) = delivered();
    let before = desk.gateway.store().last_seq();
    desk.tamper("UPDATE event SET hash = NULL", |_| ());
    desk.restart();
    assert_eq!((desk.gateway.store().head(), desk.reader().head().unwrap()), (None, None));
    let id = desk.submit("mais");
    let found = desk.verify(None);
    assert_eq!((found.before, found.begins), (u64::try_from(before).unwrap(), Some(before + 1)));
    assert!(found.holds() && found.head == desk.gateway.store().head());
    assert!(desk.dossier(id).matches.holds());
}
