//! The service centre's hand: the PDUs that come from the network (TS 23.040 clauses 9.2.2.1 and 9.2.2.3).

use crate::clock::Timestamp;
use crate::pdu::{
    Address, AddressError, Alphabet, Concat, Dcs, DeliverTpdu, EncodedPdu, GSM7, OCTETS_MAX, Pdu, SEPTETS_MAX, Scts,
    StatusReportTpdu, Tpdu, Udh, UserData,
};

/// The service centre's number, in a country code that is not assigned.
pub(super) const NUMBER: &str = "+999001010000";
/// The centre stands in São Paulo: UTC-3, in quarters of an hour.
const ZONE_QUARTERS: i8 = -12;
/// Octets of a header with one 8-bit concatenation element, and the septets that they take.
const CONCAT_OCTETS: usize = 6;
const CONCAT_SEPTETS: usize = 7;

/// What one part carries.
enum Units {
    Septets(Vec<u8>),
    Octets(Vec<u8>),
}

/// The SMS-DELIVERs that carry `text`: as many parts as it takes, in the default alphabet if every character is in it,
/// else in UCS-2. None outside the years 1990 to 2089.
pub(super) fn deliver(from: &str, text: &str, concat_ref: u8, at: Timestamp) -> Result<Vec<EncodedPdu>, AddressError> {
    let is_number = from.chars().all(|c| c == '+' || c.is_ascii_digit());
    let tp_oa = if is_number { Address::from_number(from)? } else { Address::alphanumeric(from)? };
    let parts = split(text);
    let total = u8::try_from(parts.len()).unwrap_or(u8::MAX);
    let encoded = parts.into_iter().zip(1..=total).filter_map(|(units, seq)| {
        let header = (total > 1).then(|| {
            let mut header = Udh::default();
            header.push_concat(Concat { reference: u16::from(concat_ref), total, seq, bits: 8 });
            header
        });
        let (alphabet, user_data) = match units {
            Units::Septets(septets) => (Alphabet::Gsm7, UserData::from_septets(header, septets)),
            Units::Octets(octets) => (Alphabet::Ucs2, UserData::from_octets(header, octets)),
        };
        let tpdu = DeliverTpdu {
            mms: true,
            sri: false,
            lp: false,
            rp: false,
            tp_oa,
            tp_pid: 0,
            tp_dcs: Dcs::new(alphabet, None),
            tp_scts: scts(at)?,
            user_data,
        };
        // Parts were cut to size above, so only the time can be in the way.
        encode(Tpdu::Deliver(tpdu))
    });
    Ok(encoded.collect())
}

/// The SMS-STATUS-REPORT on a part that the centre got at `accepted` and settled or last tried at `discharged`; `None`
/// outside the years 1990 to 2089.
pub(super) fn status_report(
    tp_mr: u8,
    recipient: Address,
    accepted: Timestamp,
    discharged: Timestamp,
    tp_st: u8,
) -> Option<EncodedPdu> {
    encode(Tpdu::StatusReport(StatusReportTpdu {
        mms: true,
        srq: false,
        lp: false,
        tp_mr,
        tp_ra: recipient,
        tp_scts: scts(accepted)?,
        tp_dt: scts(discharged)?,
        tp_st,
        tp_pid: None,
        tp_dcs: None,
        user_data: None,
    }))
}

fn encode(tpdu: Tpdu) -> Option<EncodedPdu> {
    Pdu { smsc: Address::international(NUMBER).ok(), tpdu }.encode().ok()
}

/// `None` outside the hundred years that the field holds.
fn scts(at: Timestamp) -> Option<Scts> {
    Scts::from_unix_seconds(at.as_millis().div_euclid(1000), ZONE_QUARTERS)
}

/// Cuts a text into parts; neither an escape pair nor a surrogate pair is torn apart.
fn split(text: &str) -> Vec<Units> {
    match GSM7.encode(text) {
        Some(septets) if septets.len() <= SEPTETS_MAX => vec![Units::Septets(septets)],
        Some(_) => {
            let pieces = pack(text, SEPTETS_MAX - CONCAT_SEPTETS, |c| GSM7.cost(c).unwrap_or(1));
            pieces.into_iter().map(|piece| Units::Septets(GSM7.encode(piece).unwrap_or_default())).collect()
        }
        None if text.encode_utf16().count() * 2 <= OCTETS_MAX => vec![Units::Octets(utf16(text))],
        None => {
            let pieces = pack(text, (OCTETS_MAX - CONCAT_OCTETS) / 2, char::len_utf16);
            pieces.into_iter().map(|piece| Units::Octets(utf16(piece))).collect()
        }
    }
}

/// Pieces of `text` that cost at most `room` each.
fn pack(text: &str, room: usize, cost: impl Fn(char) -> usize) -> Vec<&str> {
    let (mut pieces, mut start, mut used) = (Vec::new(), 0, 0);
    for (at, character) in text.char_indices() {
        if used + cost(character) > room {
            pieces.extend(text.get(start..at));
            (start, used) = (at, 0);
        }
        used += cost(character);
    }
    pieces.extend(text.get(start..));
    pieces
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdu::Direction;

    const AT: Timestamp = Timestamp::from_millis(1_796_130_000_000);

    fn parts(from: &str, text: &str) -> Vec<DeliverTpdu> {
        let encoded = deliver(from, text, 9, AT).unwrap();
        let read = encoded.iter().map(|pdu| match Pdu::decode(&pdu.octets, Direction::Mt).unwrap().tpdu {
            Tpdu::Deliver(tpdu) => tpdu,
            Tpdu::Submit(_) | Tpdu::StatusReport(_) => panic!("not a delivery"),
        });
        read.collect()
    }

    fn check(text: &str, expected_parts: usize) {
        let parts = parts("+5511987654321", text);
        assert_eq!(parts.len(), expected_parts, "{text}");
        let joined: String = parts.iter().map(|part| part.user_data.text(part.tp_dcs).unwrap()).collect();
        assert_eq!(joined, text);
        for (part, seq) in parts.iter().zip(1..) {
            let concat = part.user_data.header().and_then(Udh::concat).map(|c| (usize::from(c.total), c.seq));
            assert_eq!(concat, (expected_parts > 1).then_some((expected_parts, seq)));
        }
    }

    #[test]
    fn texts_of_every_length_arrive_whole() {
        check("", 1);
        check("ok", 1);
        check(&"a".repeat(160), 1);
        check(&"a".repeat(161), 2);
        check(&"\u{20ac}".repeat(80), 1);
        check(&"\u{20ac}".repeat(81), 2);
        check("n\u{e3}o", 1);
        check(&"\u{1f600}".repeat(35), 1);
        check(&"\u{1f600}".repeat(36), 2);
    }

    #[test]
    fn senders_are_numbers_short_codes_or_names() {
        let sender = |from: &str| parts(from, "x").remove(0).tp_oa.number();
        assert_eq!(sender("+5511987654321"), "+5511987654321");
        assert_eq!(sender("27182"), "27182");
        assert_eq!(sender("Banco"), "Banco");
        assert!(deliver("", "x", 0, AT).is_err());
        assert!(deliver("a name that is too long", "x", 0, AT).is_err());
    }
}
