//! Any octets, in both directions: decoding never panics, what was decoded can be written, and then reads the same.
//!
//! `cargo +nightly fuzz run pdu_decode fuzz/corpus/pdu_decode fuzz/seeds/pdu_decode`

#![no_main]

#[allow(dead_code, unused_imports, reason = "a target uses a part of what it takes in")]
#[path = "../../src/pdu/mod.rs"]
mod pdu;

#[allow(dead_code, reason = "a target uses a part of what it takes in")]
#[path = "../../src/sms"]
mod sms {
    pub mod segment;
    pub mod text;
    mod transliterate;
}

use libfuzzer_sys::fuzz_target;
use pdu::{Direction, Pdu, Tpdu};
use sms::segment::join;

fuzz_target!(|octets: &[u8]| {
    for direction in [Direction::Mt, Direction::Mo] {
        match Pdu::decode(octets, direction) {
            Ok(pdu) => check(&pdu, direction),
            Err(error) => assert!(error.offset <= octets.len()),
        }
    }
});

fn check(pdu: &Pdu, direction: Direction) {
    let encoded = pdu.encode().expect("what was decoded fits");
    assert_eq!(Pdu::decode(&encoded.octets, direction).as_ref(), Ok(pdu));
    let (content, address) = match &pdu.tpdu {
        Tpdu::Submit(tpdu) => (Some((&tpdu.user_data, tpdu.tp_dcs)), tpdu.tp_da),
        Tpdu::Deliver(tpdu) => (Some((&tpdu.user_data, tpdu.tp_dcs)), tpdu.tp_oa),
        Tpdu::StatusReport(tpdu) => {
            (tpdu.user_data.as_ref().map(|user_data| (user_data, tpdu.tp_dcs.unwrap_or_default())), tpdu.tp_ra)
        }
    };
    assert!(address.number().chars().count() <= 21);
    if let Some((user_data, dcs)) = content {
        assert_eq!(user_data.text(dcs), join([(user_data, dcs)]));
        let concat = user_data.header().and_then(pdu::Udh::concat);
        assert!(concat.is_none_or(|concat| concat.seq <= concat.total));
    }
}
