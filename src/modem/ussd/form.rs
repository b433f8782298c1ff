//! In which form a modem takes the text of a request.
//!
//! By the book it is a string in the character set of `AT+CSCS`. Some families know one set only, and some want the packed
//! octets that go over the air.

use crate::at::Plain;
use crate::pdu::{pack_ussd, to_hex};

/// A form of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::modem) enum Form {
    /// The characters themselves.
    Plain,
    /// UTF-16 in hexadecimal digits.
    Ucs2,
    /// Packed septets in hexadecimal digits.
    Packed,
}

impl Form {
    /// What must be in force before it.
    pub(in crate::modem) fn character_set(self) -> Option<Plain> {
        match self {
            Self::Plain => Some(DEFAULT_SET),
            Self::Ucs2 => Some(Plain::new("+CSCS=\"UCS2\"")),
            Self::Packed => None,
        }
    }

    /// `code` in this form.
    pub(in crate::modem) fn write(self, code: &str) -> String {
        match self {
            Self::Plain => code.to_owned(),
            Self::Ucs2 => to_hex(&code.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>()),
            // A code has no character that is not in the default alphabet.
            Self::Packed => pack_ussd(code).map_or_else(String::new, |octets| to_hex(&octets)),
        }
    }
}

/// The set that other answers are read in: in UCS-2 a modem would write the service centre's number in digits of UTF-16.
pub(in crate::modem) const DEFAULT_SET: Plain = Plain::new("+CSCS=\"GSM\"");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_in_each_form() {
        assert_eq!(Form::Plain.write("*100#"), "*100#");
        assert_eq!(Form::Ucs2.write("*100#"), "002A0031003000300023");
        assert_eq!(Form::Packed.write("*100#"), "AA180C3602");
    }
}
