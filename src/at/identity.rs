//! Who equipment and SIM are: TS 27.007 clause 5, and the many ways to read an ICCID.

use std::time::Duration;

use super::field::{fields, unquoted};
use super::{Allowed, Command, Line, Reply, Takes};

/// Time for what the SIM has to answer.
const SIM: Allowed = Allowed::Total(Duration::from_secs(20));

/// `AT<name>` whose answer is a text: `+CGMI`, `+CGMM`, `+CGMR`. Read without the prefix and the quotes
/// that some modems put around it.
#[derive(Debug, Clone, Copy)]
pub struct QueryText(pub &'static str);

impl Command for QueryText {
    type Answer = String;

    fn line(&self) -> Line {
        Line::execute(self.0)
    }

    fn takes(&self) -> Takes {
        Takes::Text
    }

    fn allowed(&self) -> Allowed {
        SIM
    }

    fn read(&self, reply: &Reply) -> Option<String> {
        let line = reply.lines().find(|line| !line.is_empty())?;
        Some(String::from_utf8_lossy(unquoted(without_prefix(line))).into_owned())
    }
}

/// `AT<name>` whose answer is a number of 14 to 16 digits: `+CGSN` and `+CIMI`. Other lines between are not taken for it.
#[derive(Debug, Clone, Copy)]
pub struct QueryDigits(pub &'static str);

impl Command for QueryDigits {
    type Answer = String;

    fn line(&self) -> Line {
        Line::execute(self.0)
    }

    fn takes(&self) -> Takes {
        Takes::Text
    }

    fn allowed(&self) -> Allowed {
        SIM
    }

    fn read(&self, reply: &Reply) -> Option<String> {
        let is_number = |text: &&[u8]| (14..=16).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
        let number = reply.lines().map(|line| unquoted(without_prefix(line))).find(is_number)?;
        Some(String::from_utf8_lossy(number).into_owned())
    }
}

/// A line without its `+NAME:`, if it has one.
fn without_prefix(line: &[u8]) -> &[u8] {
    let prefixed = line.first().is_some_and(|b| matches!(b, b'+' | b'^' | b'#' | b'!' | b'*'));
    let colon = line.iter().position(|&b| b == b':').filter(|_| prefixed);
    colon.and_then(|at| line.get(at + 1..)).unwrap_or(line).trim_ascii()
}

/// One of the ways to read the ICCID, such as `+CCID`; `+CRSM=…` reads the elementary file itself.
#[derive(Debug, Clone, Copy)]
pub struct Iccid(pub &'static str);

impl Command for Iccid {
    type Answer = String;

    fn line(&self) -> Line {
        Line::execute(self.0)
    }

    fn takes(&self) -> Takes {
        Takes::Text
    }

    fn allowed(&self) -> Allowed {
        SIM
    }

    /// The last parameter of any line that is an ICCID: 18 to 20 digits that begin with 89 (ITU-T E.118), padded with F,
    /// in order or with swapped nibbles as EF-ICCID has them (TS 51.011 clause 10.1.1).
    fn read(&self, reply: &Reply) -> Option<String> {
        reply.lines().find_map(|line| fields(without_prefix(line)).find_map(|field| iccid(unquoted(field))))
    }
}

fn iccid(text: &[u8]) -> Option<String> {
    let mut digits = text.to_ascii_uppercase();
    if digits.starts_with(b"98") {
        let (pairs, _) = digits.as_chunks_mut::<2>();
        for pair in pairs {
            pair.swap(0, 1);
        }
    }
    while digits.last() == Some(&b'F') {
        digits.pop();
    }
    let valid = (18..=20).contains(&digits.len()) && digits.starts_with(b"89") && digits.iter().all(u8::is_ascii_digit);
    valid.then(|| String::from_utf8(digits).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::reply::reply;
    use super::*;

    #[test]
    fn identities_with_and_without_prefix() {
        let check = |line: &str, expected: &str| {
            assert_eq!(QueryText("+CGSN").read(&reply(&[line])), Some(expected.to_owned()), "{line}");
        };
        check("353270040000016", "353270040000016");
        check("+CGSN: 353270040000016", "353270040000016");
        check("+CGSN: \"353270040000016\"", "353270040000016");
        check("11.126.85.00.209", "11.126.85.00.209");
        check("Revision: 1575B11", "Revision: 1575B11");
    }

    #[test]
    fn iccid_in_every_dress() {
        let check = |line: &str, expected: Option<&str>| {
            assert_eq!(Iccid("+CCID").read(&reply(&[line])).as_deref(), expected, "{line}");
        };
        check("+QCCID: 89550310000012345678", Some("89550310000012345678"));
        check("8955031000001234567F", Some("8955031000001234567"));
        check("^SCID: \"8955031000001234567\"", Some("8955031000001234567"));
        check("+CCID: 98551300000021436587", Some("89553100000012345678"));
        check("+CRSM: 144,0,\"985513000000214365F7\"", Some("8955310000001234567"));
        check("+CRSM: 106,130", None);
        check("353270040000016", None);
    }
}
