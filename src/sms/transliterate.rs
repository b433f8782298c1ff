//! Replacing what GSM 7-bit lacks. Letters that it has stay as they are; the rest goes through `any_ascii`.

use std::borrow::Cow;

use super::text::{Change, CharacterAt};
use crate::pdu::GSM7;

/// The text in GSM 7-bit, and every character that changed.
///
/// A character that has no likeness, such as a combining accent, is left out and reported with an empty replacement.
pub(super) fn transliterate(text: &str) -> (Cow<'_, str>, Vec<Change>) {
    let mut changes = Vec::new();
    let mut changed = String::new();
    for (index, character) in text.chars().enumerate() {
        if GSM7.cost(character).is_some() {
            changed.push(character);
            continue;
        }
        let replacement: String = any_ascii::any_ascii_char(character).chars().filter_map(ascii_in_gsm7).collect();
        changed.push_str(&replacement);
        changes.push(Change { original: CharacterAt { character, index }, replacement });
    }
    if changes.is_empty() { (Cow::Borrowed(text), changes) } else { (Cow::Owned(changed), changes) }
}

/// ASCII has a few characters that GSM 7-bit lacks: the grave accent, which people type as an apostrophe, and controls.
fn ascii_in_gsm7(character: char) -> Option<char> {
    match character {
        '`' => Some('\''),
        '\t' => Some(' '),
        _ => GSM7.cost(character).map(|_| character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expected: &str, changed: &[(usize, &str)]) {
        let (text, changes) = transliterate(text);
        let changes: Vec<_> =
            changes.iter().map(|change| (change.original.index, change.replacement.as_str())).collect();
        assert_eq!((text.as_ref(), changes.as_slice()), (expected, changed));
    }

    #[test]
    fn letters_that_gsm_has_stay() {
        check("\u{e9} \u{e0} \u{f1} \u{dc} \u{20ac} [x]", "\u{e9} \u{e0} \u{f1} \u{dc} \u{20ac} [x]", &[]);
    }

    #[test]
    fn every_change_is_reported_at_its_character() {
        check(
            "n\u{e3}o \u{201c}j\u{e1}\u{201d}\u{2026}",
            "nao \"ja\"...",
            &[(1, "a"), (4, "\""), (6, "a"), (7, "\""), (8, "...")],
        );
    }

    #[test]
    fn what_ascii_has_and_gsm_lacks_is_replaced_too() {
        check("a`b\tc\u{7}", "a'b c", &[(1, "'"), (3, " "), (5, "")]);
    }

    #[test]
    fn a_combining_accent_is_left_out() {
        check("e\u{301}", "e", &[(1, "")]);
    }

    proptest! {
        #[test]
        fn the_result_is_always_in_gsm7(text in "\\PC*") {
            let (text, _) = transliterate(&text);
            prop_assert!(GSM7.encode(&text).is_some());
        }
    }
}
