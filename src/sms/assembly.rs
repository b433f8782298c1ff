//! A text from its parts (TS 23.040 clause 9.2.3.24.1), also when some are not there.

use crate::pdu::DeliverTpdu;

use super::segment::join;

/// What stands in a text where parts are missing: nobody should take two halves for one sentence.
pub const GAP: &str = "[…]";

/// As much of a text as there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembled {
    /// What it says, with [`GAP`] for each run of parts that are not there.
    pub text: String,
    /// The parts that are not there.
    pub missing: Vec<u8>,
}

/// Puts parts together. Each comes with its place, from 1 to `total`, in order and once.
pub fn assemble<'a>(parts: &[(u8, &'a DeliverTpdu)], total: u8) -> Assembled {
    let part = |place: u8| parts.iter().find(|(seq, _)| *seq == place).map(|&(_, deliver)| deliver);
    let mut missing = Vec::new();
    let mut pieces: Vec<String> = Vec::new();
    let mut run: Vec<&'a DeliverTpdu> = Vec::new();
    for place in 1..=total {
        if let Some(deliver) = part(place) {
            run.push(deliver);
            continue;
        }
        if missing.last() != Some(&(place - 1)) {
            pieces.extend(read(&mut run));
            pieces.push(GAP.to_owned());
        }
        missing.push(place);
    }
    pieces.extend(read(&mut run));
    Assembled { text: pieces.join(" "), missing }
}

fn read(run: &mut Vec<&DeliverTpdu>) -> Option<String> {
    let text = join(run.iter().map(|deliver| (&deliver.user_data, deliver.tp_dcs)));
    run.clear();
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdu::UserData;
    use crate::sms::sample::deliver;

    fn part(text: &str) -> DeliverTpdu {
        deliver(0, 0, UserData::from_gsm7(text).unwrap())
    }

    fn check(parts: &[(u8, &str)], total: u8, text: &str, missing: &[u8]) {
        let delivers: Vec<_> = parts.iter().map(|(place, text)| (*place, part(text))).collect();
        let parts: Vec<_> = delivers.iter().map(|(place, deliver)| (*place, deliver)).collect();
        let expected = Assembled { text: text.to_owned(), missing: missing.to_vec() };
        assert_eq!(assemble(&parts, total), expected);
    }

    #[test]
    fn a_whole_text_has_no_mark() {
        check(&[(1, "um d"), (2, "ois")], 2, "um dois", &[]);
    }

    #[test]
    fn each_gap_is_marked_once() {
        check(&[(1, "um"), (4, "quatro")], 5, "um […] quatro […]", &[2, 3, 5]);
        check(&[(2, "dois")], 2, "[…] dois", &[1]);
        check(&[], 2, "[…]", &[1, 2]);
    }
}
