//! The key under which erased numbers are known again.
//!
//! A suppressed number outlives the erasure of everything else about a person as an HMAC: whoever has the database alone
//! cannot try all numbers. The key lies in a file of its own, which no backup of the database has.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::sms::number::PhoneNumber;

/// Octets of the key.
pub const KEY_OCTETS: usize = 32;

/// A word that no number is.
const CHECK: &[u8] = b"recado suppression key";

/// The key. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; KEY_OCTETS]);

impl Secret {
    /// A key of these octets.
    pub fn new(octets: [u8; KEY_OCTETS]) -> Self {
        Self(octets)
    }

    /// What all forms of a number become.
    pub fn mac(&self, number: PhoneNumber) -> [u8; 32] {
        self.of(&number.subscriber().to_be_bytes())
    }

    /// What tells this key from another one.
    pub fn check(&self) -> [u8; 32] {
        self.of(CHECK)
    }

    /// What only this key makes of a session of a browser.
    pub fn session(&self, octets: &[u8]) -> [u8; 32] {
        self.of(&[b"recado session ", octets].concat())
    }

    /// What stands for a person, or for something that only a person has, in the audit.
    pub fn audited(&self, kind: &str, name: &str) -> [u8; 32] {
        self.of(&[b"recado audit ", kind.as_bytes(), b" ", name.as_bytes()].concat())
    }

    fn of(&self, octets: &[u8]) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return [0; 32] };
        mac.update(octets);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(digits: &str) -> PhoneNumber {
        PhoneNumber::from_digits(digits).unwrap()
    }

    #[test]
    fn forms_of_one_number_have_one_mac_under_one_key() {
        let key = Secret::new([1; KEY_OCTETS]);
        assert_eq!(key.mac(number("5511987654321")), key.mac(number("551187654321")));
        assert_ne!(key.mac(number("5511987654321")), key.mac(number("5521987654321")));
        assert_ne!(key.mac(number("5511987654321")), Secret::new([2; KEY_OCTETS]).mac(number("5511987654321")));
    }

    #[test]
    fn it_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::new([7; KEY_OCTETS])), "Secret");
    }
}
