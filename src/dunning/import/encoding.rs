//! The characters of a file that does not say how it is written: UTF-8 where all of it is, else Windows-1252, which
//! contains Latin-1.
//!
//! WHATWG Encoding Standard, index windows-1252: what the code page leaves free is the control character of Latin-1.

use std::borrow::Cow;

/// How characters became octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a mark in front.
    Utf8,
    /// The code page of Western Windows.
    Windows1252,
}

/// Octets 80 to 9F of Windows-1252; all others are those of Latin-1.
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

impl Encoding {
    /// What these octets alone are written in.
    pub fn of(octets: &[u8]) -> Self {
        if std::str::from_utf8(octets).is_ok() { Self::Utf8 } else { Self::Windows1252 }
    }

    /// Its name, as people know it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Windows1252 => "Windows-1252",
        }
    }

    /// The characters. What is no UTF-8, in a file that is, becomes replacement characters.
    pub fn decode(self, octets: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Utf8 => String::from_utf8_lossy(octets),
            Self::Windows1252 => octets.iter().map(|octet| western(*octet)).collect(),
        }
    }
}

fn western(octet: u8) -> char {
    let high = octet.checked_sub(0x80).and_then(|place| HIGH.get(usize::from(place)));
    high.copied().unwrap_or(char::from(octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(octets: &[u8], encoding: Encoding, text: &str) {
        assert_eq!(Encoding::of(octets), encoding, "{text}");
        assert_eq!(encoding.decode(octets), text);
    }

    #[test]
    fn utf_8_is_known_by_its_form_and_the_rest_is_western() {
        check(b"Joao", Encoding::Utf8, "Joao");
        check("João".as_bytes(), Encoding::Utf8, "João");
        check(b"Jo\xe3o \x80 5 \x96 \x81", Encoding::Windows1252, "João € 5 – \u{81}");
        check(b"\xc3", Encoding::Windows1252, "Ã");
    }
}
