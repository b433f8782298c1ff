//! What a person does with a conversation.

use crate::contact;
use crate::contact::standing::Standing;
use crate::store::conversation::{Care, Cared, ReplyAnswer};

use super::answer::desk_for;
use super::*;

fn desk() -> Desk {
    desk_for(Purpose::Collection).0
}

impl Desk {
    fn answer(&mut self, text: &str, any_sim: bool) -> (ReplyAnswer, MessageId) {
        let submission = Submission { purpose: Purpose::Reply, ..self.submission(text) };
        let answer = self.gateway.commit(self.now, |context| context.work.answer(1, &submission, any_sim)).unwrap();
        (answer, submission.id)
    }

    fn care(&mut self, care: &Care) -> Option<Cared> {
        self.gateway.commit(self.now, |context| context.work.care(1, care, "ana")).unwrap()
    }

    fn decide(&mut self, standing: Standing) -> Option<u64> {
        let stopped = self.gateway.commit(self.now, |context| context.work.decide_standing(1, standing, "ana"));
        stopped.unwrap().map(|stopped| stopped.stopped)
    }

    fn changes(&self) -> Vec<serde_json::Value> {
        let events = self.reader().events(Page::After(0), 1_000, &[]).unwrap();
        let changes = events.into_iter().filter(|event| event.kind == "conversation.changed");
        changes.map(|event| serde_json::from_str(&event.data.unwrap()).unwrap()).collect()
    }
}

const TAKEN: ReplyAnswer = ReplyAnswer::Submitted(queued(Verdict::Go));

#[test]
fn an_answer_goes_by_the_sim_to_which_the_person_wrote_and_nobody_is_needed_any_more() {
    let mut desk = desk();
    desk.plug("m2", "sim-b");
    desk.hears("qual o valor do frete?");
    assert_eq!(desk.conversation(), Some((true, true)));
    let (answer, id) = desk.answer("É grátis.", false);
    assert_eq!(answer, TAKEN);
    let (modem, lease) = desk.hand_over();
    assert_eq!(modem, "m1");
    desk.settle(&modem, lease.segment, Settlement::Accepted { tp_mr: 2 });
    assert_eq!(desk.view(id).sim.as_deref(), Some("sim-a"));
    assert_eq!(desk.conversation(), Some((true, false)));
    assert_eq!(desk.changes(), [serde_json::json!({ "conversation": 1, "change": "answered", "client": "test" })]);
}

#[test]
fn where_that_sim_is_gone_another_one_answers_only_if_that_is_allowed() {
    let mut desk = desk();
    desk.hears("qual o valor do frete?");
    desk.restart();
    desk.plug("m2", "sim-b");
    assert_eq!(desk.answer("É grátis.", false).0, ReplyAnswer::SimGone);
    assert_eq!(desk.conversation(), Some((true, true)));
    let (answer, id) = desk.answer("É grátis.", true);
    assert_eq!(answer, TAKEN);
    assert_eq!(desk.hand_over().0, "m2");
    assert_eq!(desk.view(id).sim, None);
}

#[test]
fn an_answer_that_is_blocked_has_answered_nobody() {
    let mut desk = desk();
    desk.hears("PARE. qual o valor do frete?");
    desk.send(2);
    desk.hears("qual o valor do frete?");
    assert_eq!(desk.conversation(), Some((true, true)));
    let (answer, id) = desk.answer("É grátis.", false);
    assert!(
        matches!(answer, ReplyAnswer::Submitted(SubmitAnswer::Queued(Ruling { verdict: Verdict::Block { .. }, .. }))),
        "{answer:?}"
    );
    assert_eq!(desk.state(id), MessageState::Blocked);
    assert_eq!(desk.conversation(), Some((true, true)));
}

#[test]
fn who_looks_after_it_is_an_event_and_the_next_text_opens_it_again() {
    let mut desk = desk();
    assert_eq!(desk.care(&Care::Close), None);
    desk.hears("qual o valor do frete?");
    let cared = desk.care(&Care::Assign(Some("Ana Maria".into()))).unwrap();
    assert_eq!(cared, Cared { is_open: true, needs_person: true, assigned: Some("Ana Maria".into()) });
    desk.care(&Care::Close);
    assert_eq!(desk.conversation(), Some((false, false)));
    desk.care(&Care::Assign(None));
    desk.hears("e então?");
    assert_eq!(desk.conversation(), Some((true, true)));
    let changes: Vec<_> = desk.changes().iter().map(|change| change["change"].clone()).collect();
    assert_eq!(changes, ["assigned", "closed", "unassigned"]);
    assert!(!format!("{:?}", desk.changes()).contains("Maria"), "events hold no names of people");
}

#[test]
fn what_a_person_decides_goes_over_what_the_texts_said() {
    let mut desk = desk();
    desk.hears("já paguei ontem");
    assert_eq!(desk.held_by(), Some(contact::Reason::Unconfirmed));
    assert_eq!(desk.decide(Standing::Open), Some(0));
    assert_eq!(desk.held_by(), None);
    let waiting = desk.submit("outra");
    assert_eq!(desk.decide(Standing::Paid), Some(1));
    assert_eq!(desk.state(waiting), MessageState::Blocked);
}

#[test]
fn a_decision_about_a_debtor_goes_over_what_the_number_said_before_the_debtor_was_known() {
    let mut desk = desk();
    desk.hears("já paguei ontem");
    let labels = Labels { debtor: Some("d-1".into()), ..Labels::default() };
    let thanks = Submission { labels, purpose: Purpose::Confirmation, ..desk.submission("Obrigado!") };
    desk.try_submit(&thanks);
    desk.send(2);
    desk.hears("de nada");
    desk.decide(Standing::Open);
    assert_eq!(desk.held_by(), None);
}
