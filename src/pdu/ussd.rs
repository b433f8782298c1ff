//! Text of an unstructured service, in packed septets (TS 23.038 clause 6.1.2.3).
//!
//! Seven spare bits at the end could be taken for an eighth septet, an `@`. A CR fills them, and a CR at such an end is no
//! text. A text that itself ends with a CR there gets a second one.

use super::septets::{pack, unpack};
use super::tables::GSM7;

const CR: u8 = 0x0D;

/// Septets that fill whole octets.
const GROUP: usize = 8;

/// The octets of `text`; `None` if a character is not in the default alphabet.
pub fn pack_ussd(text: &str) -> Option<Vec<u8>> {
    let mut septets = GSM7.encode(text)?;
    let ends_a_group = septets.len().is_multiple_of(GROUP) && septets.last() == Some(&CR);
    if septets.len() % GROUP == GROUP - 1 || ends_a_group {
        septets.push(CR);
    }
    let mut octets = Vec::with_capacity((septets.len() * 7).div_ceil(8));
    pack(&septets, 0, &mut octets);
    Some(octets)
}

/// The text in `octets`, read to their end.
pub fn unpack_ussd(octets: &[u8]) -> String {
    let mut septets = unpack(octets, 0, usize::MAX);
    if septets.len().is_multiple_of(GROUP) && septets.last() == Some(&CR) {
        septets.pop();
    }
    let mut text = String::new();
    GSM7.decode(&septets, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pdu::{from_hex, to_hex};

    /// Vectors from logs of others, and from adding the septets up as one long number.
    #[track_caller]
    fn check(text: &str, hex: &str) {
        assert_eq!(to_hex(&pack_ussd(text).unwrap()), hex, "{text}");
        assert_eq!(unpack_ussd(&from_hex(hex.as_bytes()).unwrap()), text, "{hex}");
    }

    #[test]
    fn codes_as_sticks_are_asked() {
        check("*100#", "AA180C3602");
        check("*101#", "AA182C3602");
        check("*105#", "AA18AC3602");
        check("1", "31");
        check("", "");
    }

    /// Digits are 30 to 39, `*` and `#` 2A and 23, CR 0D; a septet n places on weighs 128 to the n.
    #[test]
    fn seven_characters_end_in_a_filled_septet() {
        check("1111111", "B1582C168BC51A");
        check("*12345#", "AA986C46AB8D1A");
    }

    #[test]
    fn what_ends_in_spare_zero_bits_is_an_at_sign_as_the_clause_says() {
        assert_eq!(unpack_ussd(&from_hex(b"B1582C168BC500").unwrap()), "1111111@");
    }

    #[test]
    fn eight_characters_need_no_filling() {
        check("11111111", "B1582C168BC562");
    }

    #[test]
    fn what_has_no_septet_is_not_packed() {
        assert_eq!(pack_ussd("*100#\u{4e2d}"), None);
    }

    proptest! {
        #[test]
        fn codes_of_any_length_come_back(code in "[0-9*#+]{1,182}") {
            prop_assert_eq!(unpack_ussd(&pack_ussd(&code).unwrap()), code);
        }

        #[test]
        fn any_octets_are_read(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(unpack_ussd(&octets).chars().count() <= octets.len() * 8 / 7);
        }
    }
}
