//! Answers of people: any text, whatever was asked of them.

use jiff::civil::date;

use crate::contact::reply::{Context, Effect, LastAsked, understand};

use super::book;

pub(super) fn check(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let today = date(2026, 11, 24);
    for last_asked in [LastAsked::Nothing, LastAsked::IdentityCheck, LastAsked::OptOutConfirmation] {
        let context = Context { last_asked, language: None, today };
        let understood = understand(&text, context, &book().lexicon);
        assert!(!understood.effects.is_empty(), "a text without an effect");
        assert_eq!(understood.intents.len(), understood.evidence.len(), "an intent without evidence");
        assert!(understood.promise_date.is_none_or(|day| day >= today), "a promise in the past");
        // What may have been a wish to stop holds texts back until a person has looked; nothing else follows from it.
        let is_held_at_most = |effect: &Effect| matches!(effect, Effect::AskPerson | Effect::PauseLadder { .. });
        assert!(
            !understood.intents.is_empty() || understood.effects.iter().all(is_held_at_most),
            "something is done about what was not understood"
        );
        assert_eq!(understand(&text, context, &book().lexicon), understood, "the same text is understood otherwise");
    }
}
