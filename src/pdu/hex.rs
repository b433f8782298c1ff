//! Octets as hexadecimal digits, the form in which modems exchange PDUs (TS 27.005 clause 3.1).

use super::error::{DecodeError, DecodeErrorKind};

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// Upper-case digits of `octets`.
pub fn to_hex(octets: &[u8]) -> String {
    octets.iter().flat_map(|octet| [octet >> 4, octet & 0x0F]).map(digit).collect()
}

/// The octets that `digits` of either case stand for.
///
/// The offset of an error is the index of the octet.
pub fn from_hex(digits: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut octets = Vec::with_capacity(digits.len().div_ceil(2));
    for pair in digits.chunks(2) {
        let octet = match pair {
            [high, low] => value(*high).zip(value(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        octets.push(octet.ok_or(DecodeError { offset: octets.len(), kind: DecodeErrorKind::BadHex })?);
    }
    Ok(octets)
}

fn digit(nibble: u8) -> char {
    DIGITS.get(usize::from(nibble)).copied().map_or('0', char::from)
}

fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(digits: &str, expected: Result<&[u8], usize>) {
        let got = from_hex(digits.as_bytes());
        assert_eq!(got.as_deref().map_err(|e| e.offset), expected);
    }

    #[test]
    fn digits_of_either_case_are_read() {
        check("00fFA5", Ok(&[0x00, 0xFF, 0xA5]));
        check("", Ok(&[]));
    }

    #[test]
    fn bad_digits_are_located() {
        check("00G1", Err(1));
        check("0011 2", Err(2));
        check("001", Err(1));
    }

    #[test]
    fn octets_print_in_upper_case() {
        assert_eq!(to_hex(&[0x0A, 0xBC]), "0ABC");
    }
}
