//! Which of a template's texts a debtor gets.

use sha2::{Digest, Sha256};

use crate::contact::reply::Language;

use super::super::case::Case;
use super::super::segment::Segment;
use super::{Template, Text};

/// The place of the text for a case: the first that is for such debtors, or one of those that are for the same by share.
/// Depends on the debtor and the template's name alone, so that a new version does not shuffle who reads what.
pub(super) fn choose(template: &Template, case: &Case) -> Option<usize> {
    let is_for_all = |text: &&Text| text.share > 0 && is_for(text, case);
    let first = template.texts.iter().find(is_for_all)?;
    let equals = || {
        let texts = template.texts.iter().enumerate();
        texts.filter(|(_, text)| text.share > 0 && are_for_the_same(text, first))
    };
    let all: u64 = equals().map(|(_, text)| u64::from(text.share)).sum();
    let mut lot = lot(&case.debtor.id, &template.name) % all.max(1);
    for (index, text) in equals() {
        match lot.checked_sub(text.share.into()) {
            Some(rest) => lot = rest,
            None => return Some(index),
        }
    }
    None
}

/// The language that a text's amounts and days are written in.
pub(super) fn language(text: &Text, case: &Case) -> Language {
    text.language.unwrap_or_else(|| language_of(case))
}

fn language_of(case: &Case) -> Language {
    case.debtor.language.unwrap_or(case.creditor.language)
}

fn is_for(text: &Text, case: &Case) -> bool {
    let is_in_segment = match case.debts.first() {
        Some(debt) => text.segment.matches(case, debt),
        None => text.segment == Segment::default(),
    };
    is_in_segment && text.language.is_none_or(|language| language == language_of(case))
}

fn are_for_the_same(one: &Text, other: &Text) -> bool {
    (one.language, &one.segment) == (other.language, &other.segment)
}

/// A number that is anybody's guess and always the same. The length keeps `ab` and `c` from being `a` and `bc`.
fn lot(debtor: &str, template: &str) -> u64 {
    let mut hasher = Sha256::new();
    hasher.update(u64::try_from(debtor.len()).unwrap_or(u64::MAX).to_be_bytes());
    hasher.update(debtor);
    hasher.update(template);
    hasher.finalize().iter().take(8).fold(0, |number, octet| (number << 8) | u64::from(*octet))
}

#[cfg(test)]
mod tests {
    use super::super::super::segment::Bounds;
    use super::super::sample::{case, template, text};
    use super::*;

    fn share(name: &str, share: u8) -> Text {
        Text { share, ..text(name, "x") }
    }

    /// How many of 10 000 debtors get each text.
    fn counts(texts: Vec<Text>) -> Vec<usize> {
        let template = template(texts);
        let mut counts = vec![0; template.texts.len()];
        let mut case = case();
        for debtor in 0..10_000 {
            case.debtor.id = debtor.to_string();
            counts[choose(&template, &case).unwrap()] += 1;
        }
        counts
    }

    #[test]
    fn shares_are_kept() {
        let counts = counts(vec![share("a", 70), share("b", 30), share("c", 0)]);
        assert!(counts[0].abs_diff(7_000) < 200 && counts[2] == 0, "{counts:?}");
        assert_eq!(counts.iter().sum::<usize>(), 10_000);
    }

    #[test]
    fn a_debtor_keeps_the_text_and_another_template_draws_anew() {
        let lots: Vec<u64> = ["d1", "d2"].map(|debtor| lot(debtor, "t")).to_vec();
        assert_eq!(lots, ["d1", "d2"].map(|debtor| lot(debtor, "t")));
        assert_ne!(lot("d1", "t"), lot("d1", "u"));
        assert_ne!(lot("ab", "c"), lot("a", "bc"));
    }

    #[test]
    fn the_first_text_that_is_for_such_debts_is_taken() {
        let late = Segment { days_late: Bounds { min: Some(31), max: None }, ..Segment::default() };
        let texts = vec![Text { segment: late, ..text("late", "x") }, text("a", "x"), share("b", 0)];
        let template = template(texts);
        let mut case = case();
        assert_eq!(choose(&template, &case), Some(1));
        case.today = case.today.tomorrow().unwrap();
        assert_eq!(choose(&template, &case), Some(0));
        case.debts.clear();
        assert_eq!(choose(&template, &case), Some(1));
    }

    #[test]
    fn a_text_of_the_debtors_language_comes_before_one_for_all() {
        let texts = vec![Text { language: Some(Language::Spanish), ..text("es", "x") }, text("all", "x")];
        let template = template(texts);
        let mut case = case();
        assert_eq!(choose(&template, &case), Some(1));
        case.debtor.language = Some(Language::Spanish);
        assert_eq!(choose(&template, &case), Some(0));
    }
}
