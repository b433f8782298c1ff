//! Which submission a status report belongs to.
//!
//! A report names TP-MR and recipient. References come back after 256 messages and the recipient may come in another form
//! (trunk prefixes, carrier selection, digits that number plans have added), so the last eight digits are compared first and
//! more of them only where that leaves several. Of those that are left, the one that was accepted nearest to the time at
//! which the centre says that it took it, because clocks of centres are off by hours at most and references come back after
//! days. The service centre's address says nothing: reports may come from another one.

use crate::clock::Timestamp;

use super::id::SegmentId;
use super::number::{PhoneNumber, Sender};

/// A part that may be the one that was reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The part.
    pub segment: SegmentId,
    /// To whom it went.
    pub recipient: PhoneNumber,
    /// When the network took it, or when it was handed over.
    pub at: Timestamp,
}

/// The part that a report about `reported` belongs to; `candidates` are the open parts with its reference, newest first.
/// `taken_at` is when the centre took the submission, by our clock as far as that is known.
pub fn choose(reported: &Sender, taken_at: Option<Timestamp>, candidates: &[Candidate]) -> Option<Candidate> {
    let fits = reported.nearest(candidates, |candidate| candidate.recipient);
    // Of several that are as near, the newest, which is the first.
    let distance = |candidate: &Candidate| taken_at.map_or(0, |at| at.as_millis().abs_diff(candidate.at.as_millis()));
    fits.into_iter().min_by_key(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(segment: i64, digits: &str) -> Candidate {
        let recipient = PhoneNumber::from_digits(digits).unwrap();
        Candidate { segment: SegmentId(segment), recipient, at: Timestamp::from_millis(segment * 1_000) }
    }

    fn check(reported: &str, candidates: &[Candidate], expected: Option<i64>) {
        let chosen = choose(&Sender::new(reported), None, candidates).map(|candidate| candidate.segment);
        assert_eq!(chosen, expected.map(SegmentId), "{reported}");
    }

    #[test]
    fn a_number_is_recognised_in_its_other_forms() {
        let one = [candidate(1, "5511987654321")];
        for form in [
            "+5511987654321",
            "5511987654321",
            "005511987654321",
            "011987654321",
            "01511987654321",
            // Before the ninth digit.
            "+551187654321",
            "1187654321",
            "87654321",
        ] {
            check(form, &one, Some(1));
        }
        check("+551187654321", &[candidate(1, "551187654321")], Some(1));
        check("+5511987654321", &[candidate(1, "551187654321")], Some(1));
        check("+5215512345678", &[candidate(1, "525512345678")], Some(1));
        check("+525512345678", &[candidate(1, "5215512345678")], Some(1));
        check("+5511987650000", &one, None);
        check("7654321", &one, None);
        check("Banco", &one, None);
    }

    #[test]
    fn longer_agreement_wins_over_newer() {
        let two = [candidate(2, "5521987654321"), candidate(1, "5511987654321")];
        check("11987654321", &two, Some(1));
        check("87654321", &two, Some(2));
    }

    #[test]
    fn of_two_to_one_recipient_the_time_of_the_centre_decides_and_else_the_newer() {
        let two = [candidate(9_000, "5511987654321"), candidate(1_000, "5511987654321")];
        let at = |seconds: i64| {
            let taken_at = seconds.checked_mul(1_000).map(Timestamp::from_millis);
            choose(&Sender::new("+5511987654321"), taken_at, &two).map(|candidate| candidate.segment.0)
        };
        assert_eq!((at(1_003), at(8_990)), (Some(1_000), Some(9_000)));
        assert_eq!((at(0), at(99_000)), (Some(1_000), Some(9_000)));
        check("+5511987654321", &two, Some(9_000));
    }
}
