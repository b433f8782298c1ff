//! TP-DCS, the data coding scheme (TS 23.038 clause 4). All 256 values are kept as they are.

/// What the units of the user data are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Alphabet {
    /// Septets of the GSM 7-bit default alphabet, or of a national table that the header names.
    Gsm7,
    /// Octets without a defined meaning.
    EightBit,
    /// Big-endian UCS-2, in practice UTF-16.
    Ucs2,
}

impl Alphabet {
    /// The name in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gsm7 => "gsm7",
            Self::EightBit => "8bit",
            Self::Ucs2 => "ucs2",
        }
    }
}

/// What a message waiting indication is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Waiting {
    /// Voicemail.
    Voicemail,
    /// Fax.
    Fax,
    /// Electronic mail.
    Email,
    /// Something else.
    Other,
}

/// A message waiting indication of the coding groups 1100 to 1110.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageWaiting {
    /// What is waiting.
    pub kind: Waiting,
    /// Whether the indication is switched on or off.
    pub is_active: bool,
    /// Whether the text may be thrown away once the indication is set.
    pub is_discardable: bool,
}

/// The data coding scheme octet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Dcs(pub u8);

impl Dcs {
    /// Uncompressed text or data of the general group; a class above 3 keeps its two low bits.
    pub const fn new(alphabet: Alphabet, class: Option<u8>) -> Self {
        let coding = match alphabet {
            Alphabet::Gsm7 => 0x00,
            Alphabet::EightBit => 0x04,
            Alphabet::Ucs2 => 0x08,
        };
        match class {
            Some(class) => Self(coding | 0x10 | class & 0x03),
            None => Self(coding),
        }
    }

    /// The alphabet. A reserved coding counts as the default alphabet, as the clause says.
    pub const fn alphabet(self) -> Alphabet {
        match self.0 >> 4 {
            0x0..=0x7 => match self.0 >> 2 & 0x03 {
                1 => Alphabet::EightBit,
                2 => Alphabet::Ucs2,
                _ => Alphabet::Gsm7,
            },
            0xE => Alphabet::Ucs2,
            0xF if self.0 & 0x04 != 0 => Alphabet::EightBit,
            _ => Alphabet::Gsm7,
        }
    }

    /// The message class, 0 to 3, where the octet has one.
    pub const fn class(self) -> Option<u8> {
        let has_class = match self.0 >> 4 {
            0x0..=0x7 => self.0 & 0x10 != 0,
            0xF => true,
            _ => false,
        };
        if has_class { Some(self.0 & 0x03) } else { None }
    }

    /// Whether the user data is compressed (TS 23.042), which is then octets whatever the alphabet.
    pub const fn is_compressed(self) -> bool {
        self.0 & 0xA0 == 0x20
    }

    /// Whether the message asks to be deleted once read (groups 01xx).
    pub const fn is_deleted_when_read(self) -> bool {
        self.0 & 0xC0 == 0x40
    }

    /// The message waiting indication, where the octet is one.
    pub const fn message_waiting(self) -> Option<MessageWaiting> {
        let is_discardable = match self.0 >> 4 {
            0xC => true,
            0xD | 0xE => false,
            _ => return None,
        };
        let kind = match self.0 & 0x03 {
            0 => Waiting::Voicemail,
            1 => Waiting::Fax,
            2 => Waiting::Email,
            _ => Waiting::Other,
        };
        Some(MessageWaiting { kind, is_active: self.0 & 0x08 != 0, is_discardable })
    }

    /// Whether TP-UDL counts septets.
    pub(super) const fn is_septets(self) -> bool {
        matches!(self.alphabet(), Alphabet::Gsm7) && !self.is_compressed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(octet: u8, alphabet: Alphabet, class: Option<u8>) {
        assert_eq!((Dcs(octet).alphabet(), Dcs(octet).class()), (alphabet, class), "{octet:02X}");
    }

    #[test]
    fn general_group_names_alphabet_and_class() {
        check(0x00, Alphabet::Gsm7, None);
        check(0x03, Alphabet::Gsm7, None);
        check(0x04, Alphabet::EightBit, None);
        check(0x08, Alphabet::Ucs2, None);
        check(0x10, Alphabet::Gsm7, Some(0));
        check(0x15, Alphabet::EightBit, Some(1));
        check(0x1B, Alphabet::Ucs2, Some(3));
    }

    #[test]
    fn automatic_deletion_group_is_coded_alike() {
        check(0x48, Alphabet::Ucs2, None);
        check(0x52, Alphabet::Gsm7, Some(2));
        assert!(Dcs(0x48).is_deleted_when_read());
        assert!(!Dcs(0x08).is_deleted_when_read() && !Dcs(0xC0).is_deleted_when_read());
    }

    #[test]
    fn reserved_codings_count_as_the_default_alphabet() {
        check(0x0C, Alphabet::Gsm7, None);
        for octet in 0x80..0xC0 {
            check(octet, Alphabet::Gsm7, None);
        }
    }

    #[test]
    fn data_coding_group_always_has_a_class() {
        check(0xF0, Alphabet::Gsm7, Some(0));
        check(0xF6, Alphabet::EightBit, Some(2));
    }

    #[test]
    fn waiting_groups_say_what_waits() {
        check(0xE8, Alphabet::Ucs2, None);
        let fax = MessageWaiting { kind: Waiting::Fax, is_active: true, is_discardable: false };
        assert_eq!(Dcs(0xD9).message_waiting(), Some(fax));
        let gone = MessageWaiting { kind: Waiting::Voicemail, is_active: false, is_discardable: true };
        assert_eq!(Dcs(0xC0).message_waiting(), Some(gone));
        assert_eq!(Dcs(0xF0).message_waiting(), None);
    }

    #[test]
    fn compression_belongs_to_the_general_groups() {
        assert!(Dcs(0x20).is_compressed() && Dcs(0x60).is_compressed());
        assert!(!Dcs(0xE0).is_compressed() && !Dcs(0xA0).is_compressed());
    }

    #[test]
    fn what_is_composed_is_read_back() {
        for alphabet in [Alphabet::Gsm7, Alphabet::EightBit, Alphabet::Ucs2] {
            for class in [None, Some(0), Some(1), Some(2), Some(3)] {
                let dcs = Dcs::new(alphabet, class);
                assert_eq!((dcs.alphabet(), dcs.class()), (alphabet, class));
            }
        }
    }
}
