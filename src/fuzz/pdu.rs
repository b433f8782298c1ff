//! The codec: any octets, in both directions, and any lines of `recado pdu`.

use crate::cli::pdu::{DecodeArgs, decode, encode};
use crate::pdu::{Direction, Pdu, Tpdu, Udh};
use crate::sms::segment::join;

/// Decoding never panics, what was decoded can be written, and then reads the same.
pub(super) fn check(octets: &[u8]) {
    for direction in [Direction::Mt, Direction::Mo] {
        match Pdu::decode(octets, direction) {
            Ok(pdu) => decoded(&pdu, direction),
            Err(error) => assert!(error.offset <= octets.len(), "a fault behind the end"),
        }
    }
}

fn decoded(pdu: &Pdu, direction: Direction) {
    let encoded = pdu.encode().expect("what was decoded fits");
    assert_eq!(Pdu::decode(&encoded.octets, direction).as_ref(), Ok(pdu), "it reads otherwise once it is written");
    let (content, address) = match &pdu.tpdu {
        Tpdu::Submit(tpdu) => (Some((&tpdu.user_data, tpdu.tp_dcs)), tpdu.tp_da),
        Tpdu::Deliver(tpdu) => (Some((&tpdu.user_data, tpdu.tp_dcs)), tpdu.tp_oa),
        Tpdu::StatusReport(tpdu) => {
            (tpdu.user_data.as_ref().map(|user_data| (user_data, tpdu.tp_dcs.unwrap_or_default())), tpdu.tp_ra)
        }
    };
    assert!(address.number().chars().count() <= 21, "an address with too many digits");
    if let Some((user_data, dcs)) = content {
        assert_eq!(user_data.text(dcs), join([(user_data, dcs)]), "a text is another one alone");
        let concat = user_data.header().and_then(Udh::concat);
        assert!(concat.is_none_or(|concat| concat.seq <= concat.total), "a part behind the last");
    }
}

/// Every line has answers, each of them a JSON object, and nothing ends the reading.
pub(super) fn lines(octets: &[u8]) {
    for is_mobile_originated in [false, true] {
        let mut answers = Vec::new();
        let args = DecodeArgs { pdus: Vec::new(), is_json: true, is_mobile_originated };
        decode(&args, octets, &mut answers).expect("memory can be written");
        let asked = octets.split_inclusive(|octet| *octet == b'\n').count();
        assert_eq!(objects(&answers), asked, "answers to {asked} lines");
        let args = DecodeArgs { is_json: false, ..args };
        decode(&args, octets, Vec::new()).expect("memory can be written");
    }
    let mut parts = Vec::new();
    encode(&[], octets, &mut parts).expect("memory can be written");
    let lines = parts.split(|octet| *octet == b'\n').filter(|line| !line.is_empty()).count();
    assert_eq!(objects(&parts), lines, "each line is an object");
}

/// How many lines are objects.
fn objects(answers: &[u8]) -> usize {
    let lines = answers.split(|octet| *octet == b'\n').filter(|line| !line.is_empty());
    lines.flat_map(serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>).count()
}
