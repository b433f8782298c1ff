//! The first start on a copy: nothing is sent that the original may have sent since, until a person says so.

use crate::store::audit::{Counted, Deed, Entry, digest_of_number};
use crate::store::backup::{self, Since};
use crate::store::board::Scope;
use crate::store::erasure::{ErasureKey, ErasureOrder, Person, Stage};
use crate::store::verify;

use super::*;

impl Desk {
    /// Makes a copy now, lets the original go on, and then puts the copy in its place.
    fn restore_after(&mut self, since: Since, meanwhile: impl FnOnce(&mut Self)) {
        let (path, copy) = (self.folder.path().join("recado.db"), self.folder.path().join("copy.db"));
        backup::backup(&path, &copy, self.now, |_, _| ()).unwrap();
        meanwhile(self);
        let secret = self.settings.contact.secret.clone();
        // Nobody may be using it.
        let elsewhere = tempfile::tempdir().unwrap();
        let other = Store::open(&elsewhere.path().join("recado.db"), self.settings.clone(), self.now).unwrap();
        self.gateway = Gateway::new(other).unwrap();
        backup::restore(&copy, &path, since, Some(&secret), self.now).unwrap();
        self.restart();
        self.plug("m1", "sim-a");
    }
}

fn desk() -> Desk {
    let mut desk = Desk::new(unlimited());
    desk.plug("m1", "sim-a");
    desk
}

#[test]
fn what_was_sent_after_the_copy_is_not_sent_again() {
    let mut desk = desk();
    let waits = desk.submit("um");
    desk.restore_after(Since::Unknown, |desk| {
        desk.send(1);
        desk.pass(Duration::from_secs(60));
    });
    assert_eq!(desk.state(waits), MessageState::Queued);
    assert_eq!(desk.loads(), []);
    assert!(matches!(desk.verdict(waits), Verdict::Hold { reason: Reason::Paused, .. }));
    let alarms = desk.reader().alarms(Page::After(0), 10).unwrap();
    assert_eq!(alarms.iter().map(|alarm| alarm.kind.as_str()).collect::<Vec<_>>(), ["restored"]);
    // Over a restart too, and only once: whoever resumes has decided.
    desk.restart();
    desk.plug("m1", "sim-a");
    assert_eq!(desk.loads(), []);
    desk.gateway.commit(desk.now, |context| context.work.resume(Scope::All, "")).unwrap();
    assert!(desk.reader().alarms(Page::After(0), 10).unwrap()[0].cleared_at.is_some());
    desk.restart();
    desk.plug("m1", "sim-a");
    desk.send(2);
    assert_eq!(desk.state(waits), MessageState::Accepted);
}

#[test]
fn what_was_on_the_wire_is_unknown_and_no_policy_sends_it_again() {
    let mut desk = desk();
    let mut submission = desk.submission("um");
    submission.on_unknown = OnUnknown::ResendAfter(Duration::from_secs(1_800));
    desk.try_submit(&submission);
    desk.hand_over();
    desk.restore_after(Since::Unknown, |_| ());
    assert_eq!(desk.state(submission.id), MessageState::Unknown);
    desk.gateway.commit(desk.now, |context| context.work.resume(Scope::All, "")).unwrap();
    desk.pass(Duration::from_secs(7_200));
    assert_eq!((desk.state(submission.id), desk.loads()), (MessageState::Unknown, vec![]));
}

#[test]
fn what_waited_can_be_given_up() {
    let mut desk = desk();
    let waits = desk.submit("um");
    desk.restore_after(Since::GivenUp, |desk| {
        desk.send(1);
    });
    assert_eq!(desk.state(waits), MessageState::Cancelled);
    assert_eq!(desk.reader().pauses(&[]).unwrap()[0].scope, Scope::All);
    assert_eq!(desk.gateway.store().connection().query_row("SELECT count(*) FROM copied", [], |row| row.get(0)), Ok(0));
}

#[test]
fn a_move_to_another_machine_goes_on_where_it_was() {
    let mut desk = desk();
    let waits = desk.submit("um");
    desk.restore_after(Since::Nothing, |_| ());
    desk.send(1);
    assert_eq!(desk.state(waits), MessageState::Accepted);
}

#[test]
fn a_copy_that_was_put_in_place_by_hand_is_known_too() {
    let mut desk = desk();
    desk.submit("um");
    let (path, copy) = (desk.folder.path().join("recado.db"), desk.folder.path().join("copy.db"));
    backup::backup(&path, &copy, desk.now, |_, _| ()).unwrap();
    drop(Store::open(&copy, desk.settings.clone(), desk.now).unwrap());
    let reader = Reader::new(&copy, desk.settings.sims.clone());
    assert_eq!(reader.pauses(&[]).unwrap()[0].scope, Scope::All);
    drop(reader);
    assert_eq!(verify::verify(&copy, |_| ()).unwrap(), []);
}

/// Of an erasure that is done nothing says any more whom it was about but digests.
#[test]
fn whoever_was_erased_after_the_copy_is_sent_nothing_and_is_erased_again() {
    for suppress in [true, false] {
        let mut desk = desk();
        let waits = desk.submit("um");
        let number = PhoneNumber::from_digits(TO).unwrap();
        desk.restore_after(Since::Unknown, |desk| {
            let entry = Entry {
                client: "dpo".into(),
                token: None,
                deed: Deed::Change,
                route: "POST /v1/erasures".into(),
                object: "erasures".into(),
                id: Some(digest_of_number(&desk.settings.contact.secret, number)),
                status: None,
            };
            let (person, reason) = (Person::Number(number), "asked for".to_owned());
            let order = ErasureOrder { person, reason, client: "dpo".into(), until: None, suppress };
            let begun = desk.gateway.commit(desk.now, |context| {
                context.work.note(&Counted::once(entry))?;
                context.work.begin_erasure(&order)
            });
            let key = begun.unwrap().unwrap().key;
            assert_eq!(desk.go_on(key), Stage::Done);
        });
        assert_eq!(desk.state(waits), MessageState::Cancelled);
        assert_eq!(desk.go_on(ErasureKey(1)), Stage::Done);
        let found = desk.reader().dossier(waits).unwrap().unwrap();
        assert!(found.to.is_none() && found.text.is_none(), "{found:?}");
        desk.gateway.commit(desk.now, |context| context.work.resume(Scope::All, "")).unwrap();
        desk.pass(Duration::from_secs(60));
        assert_eq!(desk.loads(), []);
    }
}
