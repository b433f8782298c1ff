//! Services of the operator that are asked by a code (TS 27.007 section 7.15), and how a modem writes their texts.
//!
//! | code | what comes |
//! |---|---|
//! | `*100#` | what is left on the SIM, over two lines |
//! | `*111#` | a menu that waits for an answer: `1` is what is left, anything else ends it |
//! | `*9#` | nothing |
//! | `*4#` | the operation is not supported |
//! | anything else | that there is no such code |

use crate::pdu::{from_hex, pack_ussd, to_hex, unpack_ussd};

/// The service that answers a text with what is left on the SIM.
pub(super) const BALANCE_NUMBER: &str = "777";

/// What one part costs, in hundredths.
pub(super) const PRICE: u32 = 10;

/// How a family writes the texts of services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speech {
    /// As the standard says: in the character set of `+CSCS`.
    CharacterSet,
    /// In UTF-16, whatever is set.
    Ucs2,
    /// In packed septets, whatever is set.
    Packed,
}

/// `+CSCS`, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CharacterSet {
    /// `GSM`, `IRA`
    Plain,
    /// `UCS2`
    Ucs2,
}

impl CharacterSet {
    /// The set of this name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name {
            "GSM" | "IRA" => Some(Self::Plain),
            "UCS2" => Some(Self::Ucs2),
            _ => None,
        }
    }
}

impl Speech {
    /// The code in what was written; `None` if it was written in another form.
    pub(super) fn read(self, set: CharacterSet, written: &str) -> Option<String> {
        let octets = || from_hex(written.as_bytes()).ok();
        match (self, set) {
            (Self::CharacterSet, CharacterSet::Plain) => Some(written.to_owned()),
            (Self::CharacterSet, CharacterSet::Ucs2) | (Self::Ucs2, _) => {
                let octets = octets()?;
                let (units, odd) = octets.as_chunks::<2>();
                let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
                if odd.is_empty() { String::from_utf16(&units).ok() } else { None }
            }
            (Self::Packed, _) => octets().map(|octets| unpack_ussd(&octets)),
        }
    }

    /// `text` as it stands in `+CUSD`, with the coding that is announced: where it follows the character set, whatever that
    /// is, the code of the default alphabet.
    pub(super) fn write(self, set: CharacterSet, text: &str) -> (String, u8) {
        let ucs2 = || to_hex(&text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>());
        match (self, set) {
            (Self::CharacterSet, CharacterSet::Plain) => (text.to_owned(), 15),
            (Self::CharacterSet, CharacterSet::Ucs2) => (ucs2(), 15),
            (Self::Ucs2, _) => (ucs2(), 72),
            (Self::Packed, _) => (pack_ussd(text).map(|octets| to_hex(&octets)).unwrap_or_default(), 15),
        }
    }
}

/// What the operator says: `<m>` and the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) m: u8,
    pub(super) text: Option<String>,
}

impl Said {
    /// To a code that was written in another form than the modem takes.
    pub(super) const NOT_UNDERSTOOD: Self = Self { m: 2, text: None };

    /// To `code`, with so much left; `None` for nothing at all. `in_menu` says that it answers the menu.
    pub(super) fn to(code: &str, in_menu: bool, credit: u32) -> Option<Self> {
        let (m, text) = match (code, in_menu) {
            ("1", true) => (0, balance(credit)),
            (_, true) => (2, "Fim".to_owned()),
            ("*100#", _) => (0, balance(credit)),
            ("*111#", _) => (1, "1 Saldo\r\n2 Fim".to_owned()),
            ("*9#", _) => return None,
            ("*4#", _) => return Some(Self { m: 4, text: None }),
            _ => (0, "Codigo invalido".to_owned()),
        };
        Some(Self { m, text: Some(text) })
    }
}

/// What is left, as it is told to people.
pub(super) fn balance(credit: u32) -> String {
    format!("Seu saldo: R$ {},{:02}\r\nValido ate 31/12", credit / 100, credit % 100)
}
