//! What the text of `+CUSD` says (TS 27.007 clause 7.15, TS 23.038 clause 5).
//!
//! Modems write it in the character set of `AT+CSCS`, in UTF-16, in packed septets or octet by octet, and announce another
//! coding than they use. So the octets themselves are looked at, and the announced coding decides only between readings
//! that are equally good.

use crate::pdu::{GSM7, from_hex, unpack_ussd};

/// The text, with LF between its lines.
pub(crate) fn decode(octets: &[u8], dcs: Option<u8>) -> String {
    let is_hex = !octets.is_empty() && octets.iter().all(u8::is_ascii_hexdigit);
    let text = match from_hex(octets) {
        Ok(inner) if is_hex => from_digits(&inner, dcs).unwrap_or_else(|| plain(octets)),
        Ok(_) | Err(_) => plain(octets),
    };
    lines(&text)
}

/// The text that hexadecimal digits stand for; `None` if no reading makes sense, so that they are the text themselves.
fn from_digits(octets: &[u8], dcs: Option<u8>) -> Option<String> {
    if let Some(text) = utf16(octets, dcs) {
        return Some(text);
    }
    let (packed, single) = (unpack_ussd(octets), latin1(octets));
    let (as_packed, as_single) = (ordinary(&packed), ordinary(&single));
    let (text, share) = if as_packed >= as_single { (packed, as_packed) } else { (single, as_single) };
    (share >= MOSTLY).then_some(text)
}

/// In hundredths.
const MOSTLY: usize = 80;

/// UTF-16, if that was announced, or if most units have the same high octet, of a script that has one to itself.
fn utf16(octets: &[u8], dcs: Option<u8>) -> Option<String> {
    let (units, odd) = octets.as_chunks::<2>();
    if units.is_empty() || !odd.is_empty() {
        return None;
    }
    // Arabic, Thai and what lies between end below this.
    let scripts = 0..=0x0E_u8;
    let high = |script: u8| units.iter().filter(|[high, _]| *high == script).count();
    let same = scripts.map(high).max().unwrap_or_default();
    if !is_ucs2(dcs) && same * 2 <= units.len() {
        return None;
    }
    String::from_utf16(&units.iter().map(|unit| u16::from_be_bytes(*unit)).collect::<Vec<_>>()).ok()
}

/// 8 is no coding of a broadcast or service, and modems announce it as in a message.
fn is_ucs2(dcs: Option<u8>) -> bool {
    dcs.is_some_and(|dcs| matches!(dcs, 8 | 0x11) || dcs & 0xCC == 0x48)
}

/// Text in the character set in force, which may be any.
fn plain(octets: &[u8]) -> String {
    let is_break = |octet: u8| matches!(octet, b'\r' | b'\n' | b'\t');
    let has_codes = octets.iter().any(|&octet| octet < b' ' && !is_break(octet));
    match std::str::from_utf8(octets) {
        Ok(text) if !has_codes => text.to_owned(),
        // Septets that are not packed: below the space stand letters with accents, and `$` and `@`.
        _ if octets.is_ascii() => {
            let mut text = String::new();
            GSM7.decode(octets, &mut text);
            text
        }
        Ok(text) => text.to_owned(),
        Err(_) => latin1(octets),
    }
}

fn latin1(octets: &[u8]) -> String {
    octets.iter().map(|&octet| char::from(octet)).collect()
}

/// How many of a hundred characters are such as people write in a Latin script.
fn ordinary(text: &str) -> usize {
    let is_ordinary = |c: char| match c {
        '\n' | '\r' | ' '..='~' | '£' | '€' | '¡' | '¿' | 'ª' | 'º' => true,
        c => ('\u{c0}'..='\u{ff}').contains(&c) && c.is_alphabetic() && !matches!(c, 'Ø' | 'ø' | 'Æ' | 'æ' | 'Å' | 'å'),
    };
    let (ordinary, all) = text.chars().fold((0, 0), |(good, all), c| (good + usize::from(is_ordinary(c)), all + 1));
    (ordinary * 100).checked_div(all).unwrap_or_default()
}

fn lines(text: &str) -> String {
    let ended = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace('\r', "\n");
    ended.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(written: &str, dcs: Option<u8>, expected: &str) {
        assert_eq!(decode(written.as_bytes(), dcs), expected, "{written}");
    }

    #[test]
    fn what_is_not_all_digits_is_the_text() {
        check("Seu saldo e R$ 12,34", Some(15), "Seu saldo e R$ 12,34");
        check("Seu saldo é R$ 12,34", Some(15), "Seu saldo é R$ 12,34");
        check("1 Saldo\r\r\n2 Fim\r\n", Some(15), "1 Saldo\n2 Fim");
        check("", None, "");
    }

    /// In the default alphabet `$` is 02, `@` 00, `é` 05 and `ã` 7B.
    #[test]
    fn text_in_septets_that_are_not_packed() {
        assert_eq!(decode(b"Cr\x05dito R\x02 5\r\na\x00b", Some(15)), "Crédito R$ 5\na@b");
        assert_eq!(decode(b"Saldo \xe9 5", Some(15)), "Saldo é 5");
    }

    #[test]
    fn utf16_as_announced_or_as_seen() {
        let saldo = "00530061006C0064006F003A00200035";
        for dcs in [Some(72), Some(17), Some(8), Some(68), Some(15), Some(0), None] {
            check(saldo, dcs, "Saldo: 5");
        }
        // Баланс, and a text that mixes two scripts so that only the announcement tells.
        check("04110430043B0430043D0441", Some(15), "Баланс");
        check("4F59989D0031", Some(72), "余额1");
    }

    #[test]
    fn packed_septets() {
        check("D3309BFCD6816232D68C06", Some(15), "Saldo: 12,34");
        check("d3309bfcd6816232d68c06", Some(0), "Saldo: 12,34");
        check("AA180C3602", None, "*100#");
        // Announced as UTF-16, of an odd number of octets.
        check("D3309BFCD6816232D68C06", Some(72), "Saldo: 12,34");
        check("B1582C168BC51A", Some(15), "1111111");
    }

    #[test]
    fn one_octet_for_each_character() {
        check("53616C646F3A2031322C3334", Some(15), "Saldo: 12,34");
        check("53616C646F2052242031322C3334", Some(0), "Saldo R$ 12,34");
    }

    #[test]
    fn digits_that_stand_for_themselves() {
        check("123", Some(15), "123");
        check("0", Some(15), "0");
        check("12345678", Some(15), "12345678");
    }

    proptest! {
        #[test]
        fn any_octets_are_read(octets in prop::collection::vec(any::<u8>(), 0..200), dcs: Option<u8>) {
            prop_assert!(decode(&octets, dcs).len() <= octets.len() * 4);
        }

        #[test]
        fn answers_of_a_packing_modem_are_read(text in "[A-Z][a-z]{4,8} [a-z]{2,9}: R[$] [0-9]{1,3},[0-9]{2}( [a-z]{2,5})?") {
            let digits = crate::pdu::to_hex(&crate::pdu::pack_ussd(&text).unwrap());
            prop_assert_eq!(decode(digits.as_bytes(), Some(15)), text);
        }
    }
}
