//! What people write back, and what follows from it in the same transaction.

use crate::contact;
use crate::contact::settings::Answers;
use crate::contact::suppression::Kind;
use crate::store::view::MessageFilter;

use super::*;

const SUPPRESSED: Verdict = Verdict::Block { reason: Reason::Contact(contact::Reason::Suppressed) };

/// A gateway that knows the phrases, with one text sent.
fn desk() -> (Desk, MessageId) {
    desk_for(Purpose::Collection)
}

pub(super) fn desk_for(purpose: Purpose) -> (Desk, MessageId) {
    desk_with(purpose, |_| ())
}

/// The same with other rules of contact.
pub(super) fn desk_with(purpose: Purpose, change: impl FnOnce(&mut ContactSettings)) -> (Desk, MessageId) {
    let mut contact = ContactSettings::none();
    contact.lexicon = crate::config::replies::standard().into();
    contact.answers =
        Answers { confirms_opt_out: true, opt_out: String::new(), help: "Loja Aurora, 0800 000 0000".into() };
    contact.promise_grace = Duration::from_secs(48 * 3600);
    change(&mut contact);
    let mut settings = settings(unlimited());
    settings.contact = contact.into();
    let mut desk = Desk::with(settings);
    desk.plug("m1", "sim-a");
    let submission = Submission { purpose, ..desk.submission("Loja Aurora: sua parcela vence hoje.") };
    desk.try_submit(&submission);
    desk.send(1);
    (desk, submission.id)
}

impl Desk {
    pub(super) fn hears(&mut self, text: &str) {
        // The network gives each its time; here spaces tell one from another.
        self.serial += 1;
        let octets = deliver(&format!("+{TO}"), &format!("{text}{}", " ".repeat(usize::from(self.serial))), None);
        self.receive("m1", octets);
        self.now = self.now + Duration::from_secs(60);
    }

    pub(super) fn entries(&self) -> Vec<(String, Option<String>, bool)> {
        let conn = self.gateway.store().connection();
        let sql =
            "SELECT kind, creditor, lift IS NULL FROM suppression JOIN suppression_act ON suppression_act.key = act
             ORDER BY suppression.key";
        let mut statement = conn.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    pub(super) fn held_by(&mut self) -> Option<contact::Reason> {
        let id = self.submit("e agora?");
        let reason = match self.view(id).waiting.map(|_| self.verdict(id)) {
            Some(Verdict::Hold { reason: Reason::Contact(reason), .. }) => Some(reason),
            Some(Verdict::Go) => None,
            other => panic!("{other:?}"),
        };
        self.cancel(id);
        reason
    }

    pub(super) fn conversation(&self) -> Option<(bool, bool)> {
        let conn = self.gateway.store().connection();
        let mut statement = conn.prepare("SELECT is_open, needs_person FROM conversation").unwrap();
        let mut rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.next().map(Result::unwrap)
    }
}

#[test]
fn a_wish_to_stop_is_followed_at_once_and_confirmed_once() {
    let (mut desk, _) = desk();
    let waiting = desk.submit("outra");
    desk.hears("PARE");
    assert_eq!(desk.state(waiting), MessageState::Blocked);
    assert_eq!(desk.entries(), [("opt_out".to_owned(), None, true)]);
    let confirmation = desk.send(2);
    desk.hears("pare!!");
    assert!(desk.loads().is_empty(), "one confirmation at most");
    let all = MessageFilter { limit: 10, ..MessageFilter::default() };
    let own = desk.reader().messages(&all).unwrap().into_iter().filter(|view| view.client == "recado");
    let texts: Vec<String> = own.map(|view| view.text.0).collect();
    assert_eq!(texts.len(), 1);
    assert!(texts[0].contains("VOLTAR"), "{texts:?}");
    assert_eq!(confirmation.of, 1);
    let submission = desk.submission("mais uma");
    assert_eq!(desk.try_submit(&submission), queued(SUPPRESSED));
}

#[test]
fn who_comes_back_may_be_texted_again_but_a_wrong_person_stays_one() {
    let (mut desk, _) = desk();
    desk.hears("SAIR");
    desk.hears("VOLTAR");
    assert_eq!(desk.entries(), [("opt_out".to_owned(), None, false)]);
    desk.hears("numero errado");
    desk.hears("VOLTAR");
    assert_eq!(desk.entries().last(), Some(&("wrong_person".to_owned(), None, true)));
    assert!(!Kind::WrongPerson.is_lifted_by_opt_in());
}

#[test]
fn an_opt_out_holds_for_the_creditor_of_the_text_that_it_answers() {
    let (mut desk, _) = desk();
    let labels = Labels { creditor: Some("banco".into()), ..Labels::default() };
    let submission = Submission { labels, ..desk.submission("Banco: sua fatura venceu.") };
    desk.try_submit(&submission);
    desk.send(2);
    desk.hears("SAIR");
    assert_eq!(desk.entries(), [("opt_out".to_owned(), Some("banco".to_owned()), true)]);
}

#[test]
fn who_comes_back_to_one_creditor_has_not_come_back_to_another() {
    let (mut desk, _) = desk();
    for (tp_mr, creditor) in [(2, "banco"), (4, "loja")] {
        let labels = Labels { creditor: Some(creditor.into()), ..Labels::default() };
        let submission = Submission { labels, ..desk.submission("Sua fatura venceu.") };
        desk.try_submit(&submission);
        desk.send(tp_mr);
        desk.hears("SAIR");
        // The confirmation is what they answer.
        desk.send(tp_mr + 1);
    }
    desk.hears("VOLTAR");
    let entry = |creditor: &str, binds| ("opt_out".to_owned(), Some(creditor.to_owned()), binds);
    assert_eq!(desk.entries(), [entry("banco", true), entry("loja", false)]);
}

#[test]
fn a_wish_to_stop_that_may_have_been_meant_holds_for_the_number_whoever_is_asked() {
    let (mut desk, _) = desk();
    let labels = Labels { debtor: Some("d-1".into()), ..Labels::default() };
    let submission = Submission { labels, ..desk.submission("Sua fatura venceu.") };
    desk.try_submit(&submission);
    desk.send(2);
    desk.hears("eu disse \"não me mande mais mensagem\"");
    assert_eq!(desk.held_by(), Some(contact::Reason::Unconfirmed));
}

#[test]
fn a_text_that_shows_an_old_form_of_the_number_gives_peace_too() {
    let (mut desk, _) = desk_with(Purpose::Collection, |contact| {
        contact.frequency.quiet_after_reply = Duration::from_secs(48 * 3600);
    });
    // Too late to answer anything.
    desk.now = desk.now + Duration::from_secs(40 * 24 * 3600);
    desk.receive("m1", deliver("+551187654321", "qual o valor?", None));
    assert_eq!(desk.held_by(), Some(contact::Reason::Quiet));
}

#[test]
fn who_says_to_have_paid_is_not_asked_until_somebody_has_looked() {
    let (mut desk, _) = desk();
    desk.hears("já paguei ontem");
    assert_eq!(desk.held_by(), Some(contact::Reason::Unconfirmed));
}

#[test]
fn a_promise_holds_until_its_day_and_the_grace_are_over() {
    let (mut desk, _) = desk();
    desk.hears("vou pagar amanhã");
    assert_eq!(desk.held_by(), Some(contact::Reason::Promise));
    // Tuesday now; the promise is for Wednesday, two days of grace end on Friday at midnight.
    desk.now = "2026-11-27T23:59:00Z".parse().unwrap();
    assert_eq!(desk.held_by(), Some(contact::Reason::Promise));
    desk.now = "2026-11-28T00:00:00Z".parse().unwrap();
    assert_eq!(desk.held_by(), None);
}

#[test]
fn a_dispute_is_not_loosened_by_a_promise() {
    let (mut desk, _) = desk();
    desk.hears("não reconheço essa dívida");
    assert_eq!(desk.held_by(), Some(contact::Reason::Disputed));
    desk.hears("vou pagar amanhã");
    assert_eq!(desk.held_by(), Some(contact::Reason::Disputed));
    assert_eq!(desk.conversation(), Some((true, true)));
}

#[test]
fn a_bare_no_stops_nothing_but_answers_an_identity_check() {
    let (mut desk, _) = desk();
    desk.hears("não");
    assert_eq!(desk.entries(), []);
    assert_eq!(desk.conversation(), Some((true, true)));
    let (mut desk, _) = desk_for(Purpose::IdentityCheck);
    desk.hears("não");
    assert_eq!(desk.entries(), [("wrong_person".to_owned(), None, true)]);
}

#[test]
fn who_asks_who_writes_is_told_once_a_day() {
    let (mut desk, _) = desk();
    desk.hears("quem é você?");
    desk.send(2);
    assert_eq!(desk.conversation(), Some((true, false)));
    desk.hears("quem é você?");
    assert!(desk.loads().is_empty());
    assert_eq!(desk.conversation(), Some((true, true)));
}

#[test]
fn what_was_understood_is_an_event_with_words_of_the_rules_only() {
    let (mut desk, id) = desk();
    desk.hears("Boa tarde, já paguei essa parcela ontem no banco, obrigada Ana Maria");
    let events = desk.reader().events(Page::After(0), 1_000, &[]).unwrap();
    let event = events.iter().find(|event| event.kind == "inbound.received").unwrap();
    assert_eq!(event.message, Some(id));
    let data: serde_json::Value = serde_json::from_str(event.data.as_deref().unwrap()).unwrap();
    assert_eq!(data["understood"]["intents"], serde_json::json!(["already_paid"]));
    assert_eq!(data["understood"]["effects"], serde_json::json!(["held_unconfirmed"]));
    assert!(!event.data.as_deref().unwrap().contains("Ana"));
}

#[test]
fn nobody_is_left_alone_by_a_text_of_a_service() {
    let (mut desk, _) = desk();
    desk.receive("m1", deliver("28149", "PARE", None));
    desk.receive("m1", deliver("Operadora", "cancelar", None));
    assert_eq!(desk.entries(), []);
    assert_eq!(desk.conversation(), None);
}
