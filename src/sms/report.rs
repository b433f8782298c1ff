//! Which submission a status report belongs to.
//!
//! A report names TP-MR and recipient. References come back after 256 messages and the recipient may come in another form
//! (trunk prefixes, carrier selection), so the last eight digits are compared first and more of them only where that leaves
//! several, newest first. The service centre's address says nothing: reports may come from another one.

use super::id::SegmentId;
use super::number::{PhoneNumber, Sender};

/// A part that may be the one that was reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The part.
    pub segment: SegmentId,
    /// To whom it went.
    pub recipient: PhoneNumber,
}

/// How many last digits are compared, the strictest first. Eight are the same in every form of one number; ten and eleven
/// tell numbers of several area codes apart, where both forms have them.
const SUFFIXES: [usize; 3] = [11, 10, 8];

/// The part that a report about `reported` belongs to; `candidates` are the open parts with its reference, newest first.
pub fn choose(reported: &Sender, candidates: &[Candidate]) -> Option<SegmentId> {
    let with_suffix = |digits: usize| {
        candidates.iter().find(|candidate| {
            let recipient = Sender::new(candidate.recipient.e164());
            reported.suffix(digits).is_some_and(|suffix| recipient.suffix(digits) == Some(suffix))
        })
    };
    SUFFIXES.into_iter().find_map(with_suffix).map(|candidate| candidate.segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(segment: i64, digits: &str) -> Candidate {
        Candidate { segment: SegmentId(segment), recipient: PhoneNumber::from_digits(digits).unwrap() }
    }

    fn check(reported: &str, candidates: &[Candidate], expected: Option<i64>) {
        assert_eq!(choose(&Sender::new(reported), candidates), expected.map(SegmentId), "{reported}");
    }

    #[test]
    fn a_number_is_recognised_in_its_other_forms() {
        let one = [candidate(1, "5511987654321")];
        for form in ["+5511987654321", "5511987654321", "011987654321", "01511987654321", "1187654321"] {
            check(form, &one, Some(1));
        }
        check("+5511987650000", &one, None);
        check("Banco", &one, None);
    }

    #[test]
    fn longer_agreement_wins_over_newer() {
        let two = [candidate(2, "5521987654321"), candidate(1, "5511987654321")];
        check("11987654321", &two, Some(1));
        check("87654321", &two, Some(2));
    }
}
