//! What the log keeps of a text and its recipient: hashes with a salt of the message's own, which is erased with them.
//!
//! `text_hash = SHA-256(salt ‖ text)` in UTF-8 and `to_hash`, the first 8 octets of `SHA-256(salt ‖ number)` in E.164. Who has
//! the salt shows that the text is the one that was queued; once the salt is erased nobody can try numbers or texts, and the
//! log stays as it is.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::pdu::to_hex;
use crate::sms::id::MessageId;
use crate::sms::message::Submission;

/// Octets of a salt.
pub(super) const SALT_OCTETS: usize = 16;

/// Where salts come from: random octets of this process, which are stored nowhere.
pub(super) struct Salts([u8; 32]);

impl Salts {
    /// Asks the system once; no message waits for it.
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        let mut octets = [0; 32];
        getrandom::fill(&mut octets)?;
        Ok(Self(octets))
    }

    /// The salt of a message.
    pub(super) fn of(&self, message: MessageId) -> Salt {
        let mut salt = [0; SALT_OCTETS];
        let digest = Sha256::new().chain_update(self.0).chain_update(message.as_bytes()).finalize();
        salt.iter_mut().zip(digest).for_each(|(octet, digested)| *octet = digested);
        Salt(salt)
    }
}

impl fmt::Debug for Salts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salts")
    }
}

/// The salt of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; SALT_OCTETS]);

impl Salt {
    /// What the log keeps of a text.
    pub(super) fn text_hash(self, text: &str) -> String {
        digits(&self.digest(text))
    }

    /// What the log keeps of a number in E.164.
    pub(super) fn to_hash(self, e164: &str) -> String {
        digits(self.digest(e164).first_chunk::<8>().map_or(&[][..], <[u8; 8]>::as_slice))
    }

    fn digest(self, text: &str) -> [u8; 32] {
        Sha256::new().chain_update(self.0).chain_update(text).finalize().into()
    }
}

impl fmt::Display for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&digits(&self.0))
    }
}

fn digits(octets: &[u8]) -> String {
    let mut digits = to_hex(octets);
    digits.make_ascii_lowercase();
    digits
}

/// What the event that queues a message says of it. Its public name ties the row's key, by which events call it.
pub(super) fn queued(submission: &Submission, salt: Salt) -> String {
    let (text, to) = (salt.text_hash(&submission.text.0), salt.to_hash(&submission.to.e164()));
    format!("{{\"id\":\"{}\",\"text_hash\":\"{text}\",\"to_hash\":\"{to}\"}}", submission.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn a_hash_is_that_of_salt_and_text_in_this_order() {
        let salt = Salt(*b"0123456789abcdef");
        // printf '0123456789abcdefOla' | sha256sum
        let expected = "878594ab95d9f86c546f4526dc3ff7369290619cbb31886ee86b43dd38767660";
        assert_eq!(salt.text_hash("Ola"), expected);
        assert_eq!(salt.to_hash("Ola"), expected.get(..16).unwrap());
    }

    #[test]
    fn each_message_has_a_salt_of_its_own_and_another_process_another_one() {
        let (ours, others) = (Salts([1; 32]), Salts([2; 32]));
        let [one, two] = [1, 2].map(|random| MessageId::new(Timestamp::from_millis(0), [random; 10]));
        assert_eq!(ours.of(one), ours.of(one));
        assert_ne!(ours.of(one), ours.of(two));
        assert_ne!(ours.of(one), others.of(one));
    }
}
