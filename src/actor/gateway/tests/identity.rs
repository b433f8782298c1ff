//! A first text that asks who has the number, and what its answers mean for the texts that wait for it.

use crate::contact;

use super::answer::desk_with;
use super::*;

/// Numbers are confirmed before anything is asked of them. The check was sent, and a text that names a debt waits.
fn desk() -> (Desk, MessageId) {
    let (mut desk, check) = desk_with(Purpose::IdentityCheck, |contact| contact.confirm_numbers = true);
    assert_eq!(desk.state(check), MessageState::Accepted);
    let waiting = desk.submit("Sua parcela vence hoje.");
    assert!(desk.loads().is_empty());
    let unconfirmed = Reason::Contact(contact::Reason::Unconfirmed);
    assert_eq!(desk.verdict(waiting), Verdict::Hold { reason: unconfirmed, until: None });
    (desk, waiting)
}

fn confirmed(desk: &Desk) -> u32 {
    let conn = desk.gateway.store().connection();
    conn.query_row("SELECT count(*) FROM confirmed_number", [], |row| row.get(0)).unwrap()
}

#[test]
fn after_a_yes_the_number_is_confirmed_and_what_waited_for_it_goes() {
    let (mut desk, waiting) = desk();
    desk.hears("sim, sou eu");
    assert_eq!((confirmed(&desk), desk.entries()), (1, vec![]));
    desk.send(2);
    assert_eq!(desk.state(waiting), MessageState::Accepted);
    assert_eq!(desk.conversation(), Some((true, false)));
}

#[test]
fn a_no_is_a_wrong_person_and_nothing_goes_any_more() {
    let (mut desk, waiting) = desk();
    desk.hears("não");
    assert_eq!((confirmed(&desk), desk.entries()), (0, vec![("wrong_person".to_owned(), None, true)]));
    assert_eq!(desk.state(waiting), MessageState::Blocked);
    desk.hears("sim");
    assert!(desk.loads().is_empty());
    assert_eq!(desk.entries().len(), 1, "a yes of later lifts nothing");
}

#[test]
fn whatever_else_is_said_is_for_a_person() {
    for text in ["qual o valor do frete?", "ok", "kkk", "talvez"] {
        let (mut desk, waiting) = desk();
        desk.hears(text);
        assert_eq!((confirmed(&desk), desk.entries()), (0, vec![]), "{text}");
        assert_eq!(desk.conversation(), Some((true, true)), "{text}");
        assert!(desk.loads().is_empty(), "{text}");
        assert_eq!(desk.state(waiting), MessageState::Queued, "{text}");
    }
}

#[test]
fn a_number_that_the_caller_has_confirmed_is_not_asked() {
    use crate::dunning::debtor::{Confirmation, Debtor};
    use crate::dunning::sample;
    use crate::dunning::unsaid::Unsaid;
    use crate::store::portfolio::{Item, Stated};

    let (mut asked, waiting) = desk();
    let take = |desk: &mut Desk, is_confirmed| {
        let number = PhoneNumber::from_digits(TO).unwrap();
        let ana = Debtor { numbers: vec![number], ..sample::debtor("ana") };
        let confirmations = vec![Confirmation { number, is_confirmed }];
        let said = Stated { item: Item::Debtor(Box::new(ana)), unsaid: Unsaid::default(), confirmations };
        desk.gateway.commit(desk.now, |context| context.work.take_each(&[said], "erp")).unwrap();
    };
    take(&mut asked, true);
    assert_eq!(confirmed(&asked), 1);
    asked.send(2);
    assert_eq!(asked.state(waiting), MessageState::Accepted);
    take(&mut asked, false);
    assert_eq!(confirmed(&asked), 0);
    // What the owner says is a fact of its own, which a caller neither renews nor takes back.
    let (mut answered, _) = desk();
    answered.hears("sim, sou eu");
    take(&mut answered, true);
    take(&mut answered, false);
    assert_eq!(confirmed(&answered), 1);
}
