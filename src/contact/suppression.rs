//! The suppression ledger: who must not be texted, for what, since when and why.
//!
//! An entry holds for a number, for some purposes, for one creditor or for all. It is never changed: it is lifted, which is
//! noted beside it. A register that covers advertising alone does not stop collection.

use crate::clock::Timestamp;
use crate::sms::message::Purpose;

/// Why a number is on the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The person asked to be left alone.
    OptOut,
    /// The number belongs to somebody else.
    WrongPerson,
    /// The person has died.
    Deceased,
    /// A do-not-contact register.
    Register,
    /// Somebody of the company decided it.
    Manual,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::OptOut, Self::WrongPerson, Self::Deceased, Self::Register, Self::Manual];

    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::OptOut => "opt_out",
            Self::WrongPerson => "wrong_person",
            Self::Deceased => "deceased",
            Self::Register => "register",
            Self::Manual => "manual",
        }
    }

    /// The kind with this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether the person may lift it by opting in. A wrong person's word lifts nothing, nor a register's entry.
    pub fn is_lifted_by_opt_in(self) -> bool {
        self == Self::OptOut
    }
}

/// A set of purposes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Purposes(u8);

impl Purposes {
    /// Every purpose.
    pub const ALL: Self = Self(0b111_1111);

    /// The set of these.
    pub fn of(purposes: &[Purpose]) -> Self {
        purposes.iter().fold(Self(0), |set, purpose| Self(set.0 | bit(*purpose)))
    }

    /// The set with these bits; what no purpose has is left out.
    pub fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// One bit for each purpose.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether `purpose` is in it.
    pub fn has(self, purpose: Purpose) -> bool {
        self.0 & bit(purpose) != 0
    }

    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those that are in it.
    pub fn iter(self) -> impl Iterator<Item = Purpose> {
        Purpose::ALL.into_iter().filter(move |purpose| self.has(*purpose))
    }
}

/// Bits are stored: a purpose keeps its own.
fn bit(purpose: Purpose) -> u8 {
    match purpose {
        Purpose::Collection => 1,
        Purpose::Reminder => 1 << 1,
        Purpose::IdentityCheck => 1 << 2,
        Purpose::Promotion => 1 << 3,
        Purpose::Confirmation => 1 << 4,
        Purpose::Reply => 1 << 5,
        Purpose::Operational => 1 << 6,
    }
}

/// What an entry forbids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Why it is there.
    pub kind: Kind,
    /// For what.
    pub purposes: Purposes,
    /// For which creditor; for all where none is named.
    pub creditor: Option<String>,
    /// From when. Registers bind some days after the person has joined.
    pub effective: Timestamp,
}

impl Entry {
    /// Whether it forbids a text of this purpose, for this creditor, at this time. A text that names no creditor may be for
    /// any, so it is forbidden by an entry for one.
    pub fn covers(&self, purpose: Purpose, creditor: Option<&str>, at: Timestamp) -> bool {
        let is_meant = match (self.creditor.as_deref(), creditor) {
            (Some(entry), Some(creditor)) => entry == creditor,
            (None, _) | (_, None) => true,
        };
        self.purposes.has(purpose) && is_meant && self.effective <= at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);
    const LATER: Timestamp = Timestamp::from_millis(1_000_001);

    fn entry() -> Entry {
        Entry { kind: Kind::OptOut, purposes: Purposes::ALL, creditor: None, effective: NOW }
    }

    #[test]
    fn an_entry_for_all_purposes_covers_all_of_them() {
        for purpose in Purpose::ALL {
            assert!(entry().covers(purpose, None, NOW), "{}", purpose.name());
        }
    }

    #[test]
    fn a_register_for_marketing_alone_does_not_stop_collection() {
        let register = Entry { kind: Kind::Register, purposes: Purposes::of(&[Purpose::Promotion]), ..entry() };
        assert!(register.covers(Purpose::Promotion, None, NOW));
        assert!(!register.covers(Purpose::Collection, None, NOW));
    }

    #[test]
    fn an_entry_for_one_creditor_leaves_the_others_alone_but_not_the_nameless() {
        let one = Entry { creditor: Some("banco".to_owned()), ..entry() };
        assert!(one.covers(Purpose::Collection, Some("banco"), NOW));
        assert!(!one.covers(Purpose::Collection, Some("loja"), NOW));
        assert!(one.covers(Purpose::Collection, None, NOW));
    }

    #[test]
    fn an_entry_binds_from_its_date_on() {
        let later = Entry { effective: LATER, ..entry() };
        assert!(!later.covers(Purpose::Collection, None, NOW));
        assert!(later.covers(Purpose::Collection, None, LATER));
    }

    #[test]
    fn sets_of_purposes_keep_their_bits() {
        for purpose in Purpose::ALL {
            let set = Purposes::of(&[purpose]);
            assert_eq!(Purposes::from_bits(set.bits()).iter().collect::<Vec<_>>(), [purpose]);
        }
        assert_eq!(Purposes::from_bits(0xff), Purposes::ALL);
        assert!(Purposes::of(&[]).is_empty());
    }
}
