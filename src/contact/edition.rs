//! Which rules were in force: a digest of all that hours and answers are decided by, to be told with each decision.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The edition of the rules. Files that differ in one octet are another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Edition([u8; 8]);

impl Edition {
    /// There are no rules.
    pub const NONE: Self = Self([0; 8]);

    /// The edition of these files and settings, each with its name: the first 8 octets of SHA-256 over name and content, each
    /// behind its length in 8 octets, big-endian.
    pub fn of<'a>(named: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut digest = Sha256::new();
        for text in named.into_iter().flat_map(|(name, content)| [name, content]) {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        }
        let mut edition = [0; 8];
        edition.iter_mut().zip(digest.finalize()).for_each(|(octet, digested)| *octet = digested);
        Self(edition)
    }
}

/// 16 hexadecimal digits.
impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_name_or_content_is_another_edition() {
        let edition = Edition::of([("a", "bc"), ("d", "")]);
        assert_eq!(edition, Edition::of([("a", "bc"), ("d", "")]));
        for other in [[("a", "b"), ("d", "")], [("ab", "c"), ("d", "")], [("d", ""), ("a", "bc")]] {
            assert_ne!(edition, Edition::of(other), "{other:?}");
        }
    }

    #[test]
    fn it_is_shown_as_sixteen_digits() {
        assert_eq!(Edition([0, 1, 0xAB, 0, 0, 0, 0, 0xFF]).to_string(), "0001ab00000000ff");
        assert_eq!(Edition::NONE.to_string(), "0000000000000000");
    }
}
