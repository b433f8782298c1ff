//! Whole PDUs: what each type keeps, what is malformed and where, and that nothing panics.

use proptest::prelude::*;

use super::*;

const DELIVER: &str = "0791551100000000440B915511896745F30008621142010000290D0608040ABC0201007000610073";
const SUBMIT: &str = "00F5070B915511896745F3391A6208050003AA02010041";
const STATUS_REPORT: &str = "00260B0A810021436587621142010000296211420110002900";
const STATUS_REPORT_WITH_ALL: &str = "00660B0A81002143658762114201000029621142011000294007390405037001FFAB";

#[track_caller]
fn decode(hex: &str, direction: Direction) -> Tpdu {
    Pdu::decode_hex(hex, direction).unwrap().tpdu
}

#[test]
fn deliver_keeps_its_flags_and_fields() {
    let pdu = Pdu::decode_hex("0791551100000000AC0B915511896745F3390062114201000029024F0D", Direction::Mt).unwrap();
    let Tpdu::Deliver(tpdu) = &pdu.tpdu else { panic!("{pdu:?}") };
    assert_eq!((tpdu.mms, tpdu.lp, tpdu.sri, tpdu.rp), (true, true, true, true));
    assert_eq!(tpdu.tp_oa.number(), "+55119876543");
    assert_eq!(tpdu.tp_pid, 0x39);
    assert_eq!(tpdu.tp_scts.to_string(), "2026-11-24T10:00:00-03:00");
    assert_eq!(tpdu.user_data.text(tpdu.tp_dcs).as_deref(), Some("O\u{39e}"));
    assert_eq!(pdu.encode().unwrap().hex(), "0791551100000000AC0B915511896745F3390062114201000029024F0D");
}

#[test]
fn submit_keeps_its_flags_and_fields() {
    let Tpdu::Submit(tpdu) = decode(SUBMIT, Direction::Mo) else { panic!("not a submit") };
    assert_eq!((tpdu.rd, tpdu.srr, tpdu.rp, tpdu.tp_mr, tpdu.tp_pid), (true, true, true, 7, 0x39));
    assert_eq!(tpdu.validity, Some(Validity::Relative(0x62)));
    assert_eq!((tpdu.tp_dcs.alphabet(), tpdu.tp_dcs.class()), (Alphabet::Ucs2, Some(2)));
    assert_eq!(tpdu.user_data.text(tpdu.tp_dcs).as_deref(), Some("A"));
}

#[test]
fn status_report_has_its_optional_fields_by_indicator() {
    let Tpdu::StatusReport(plain) = decode(STATUS_REPORT, Direction::Mt) else { panic!("not a report") };
    assert_eq!((plain.tp_mr, plain.tp_st, plain.srq, plain.mms), (0x0B, 0, true, true));
    assert_eq!(plain.tp_ra.number(), "0012345678");
    assert_eq!(plain.tp_dt.to_string(), "2026-11-24T10:01:00-03:00");
    assert_eq!((plain.tp_pid, plain.tp_dcs, plain.user_data), (None, None, None));
    let Tpdu::StatusReport(full) = decode(STATUS_REPORT_WITH_ALL, Direction::Mt) else { panic!("not a report") };
    assert_eq!((full.tp_st, full.tp_pid, full.tp_dcs), (0x40, Some(0x39), Some(Dcs(4))));
    let user_data = full.user_data.unwrap();
    assert_eq!(user_data.header().unwrap().elements, [InformationElement { iei: 0x70, data: vec![0xFF] }]);
}

#[test]
fn octets_after_the_end_are_ignored() {
    for (hex, direction) in samples() {
        let padded = format!("{hex}{}", "FF".repeat(100));
        assert_eq!(Pdu::decode_hex(&padded, direction), Pdu::decode_hex(hex, direction), "{hex}");
    }
}

#[test]
fn every_cut_is_an_error_with_its_place() {
    for (hex, direction) in samples() {
        let octets = from_hex(hex.as_bytes()).unwrap();
        for end in 0..octets.len() {
            match Pdu::decode(&octets[..end], direction) {
                Err(error) => assert!(error.offset <= end, "{hex} cut at {end}: {error}"),
                // A report may end before TP-PI.
                Ok(pdu) => assert!(matches!(pdu.tpdu, Tpdu::StatusReport(_)) && end == 25, "{hex} cut at {end}"),
            }
        }
    }
}

fn samples() -> [(&'static str, Direction); 4] {
    let (mt, mo) = (Direction::Mt, Direction::Mo);
    [(DELIVER, mt), (SUBMIT, mo), (STATUS_REPORT, mt), (STATUS_REPORT_WITH_ALL, mt)]
}

#[test]
fn a_reserved_type_towards_the_mobile_is_a_deliver() {
    let reserved = DELIVER.replacen("0000440B", "0000470B", 1);
    assert_ne!(reserved, DELIVER);
    assert!(matches!(decode(&reserved, Direction::Mt), Tpdu::Deliver(_)));
}

#[track_caller]
fn check_bad(hex: &str, direction: Direction, offset: usize, kind: DecodeErrorKind) {
    assert_eq!(Pdu::decode_hex(hex, direction), Err(DecodeError { offset, kind }));
}

#[test]
fn malformed_pdus_are_located() {
    use DecodeErrorKind as Kind;
    let (mt, mo) = (Direction::Mt, Direction::Mo);
    check_bad("", mt, 0, Kind::Truncated { needed: 1, left: 0 });
    check_bad("00", mt, 1, Kind::Truncated { needed: 1, left: 0 });
    check_bad("0004X0", mt, 2, Kind::BadHex);
    check_bad("00040", mt, 2, Kind::BadHex);
    check_bad("0001", mt, 1, Kind::UnsupportedType { mti: 1 });
    check_bad("0000", mo, 1, Kind::UnsupportedType { mti: 0 });
    check_bad("0002", mo, 1, Kind::UnsupportedType { mti: 2 });
    check_bad("0003", mo, 1, Kind::UnsupportedType { mti: 3 });
    check_bad("0C91", mt, 0, Kind::AddressTooLong { digits: 22 });
    check_bad("00010015", mo, 3, Kind::AddressTooLong { digits: 21 });
    check_bad("000403812143", mt, 6, Kind::Truncated { needed: 1, left: 0 });
    check_bad("0004038121F3000062114201000A29", mt, 8, Kind::NoDate);
    check_bad("0004038121F300006211420100002905E8", mt, 16, Kind::Truncated { needed: 5, left: 1 });
    check_bad("0044038121F300046211420100002902050A", mt, 16, Kind::HeaderTooLong { header: 6, user_data: 2 });
    check_bad("0044038121F30004621142010000290402000311", mt, 17, Kind::ElementTooLong { element: 3, left: 0 });
    check_bad("001900038121F3000062134201000029", mo, 9, Kind::NoDate);
}

prop_compose! {
    fn scts()(seconds in 800_000_000_i64..3_000_000_000, quarters in -79_i8..80) -> Scts {
        Scts::from_unix_seconds(seconds, quarters).unwrap()
    }
}

fn number() -> impl Strategy<Value = Address> {
    let ton = prop_oneof![0_u8..5, 6_u8..8];
    (ton, 0_u8..16, "[0-9*#abc]{1,20}").prop_map(|(ton, npi, digits)| Address::new(ton, npi, &digits).unwrap())
}

fn address() -> impl Strategy<Value = Address> {
    prop_oneof![number(), "[A-Za-z0-9 ]{1,11}".prop_map(|name| Address::alphanumeric(&name).unwrap())]
}

fn header() -> impl Strategy<Value = Option<Udh>> {
    let element = (any::<u8>(), prop::collection::vec(any::<u8>(), 0..20));
    let element = element.prop_map(|(iei, data)| InformationElement { iei, data });
    prop::option::of(prop::collection::vec(element, 0..4).prop_map(|elements| Udh { elements }))
}

/// User data of the kind that the coding says, and the coding.
fn content() -> impl Strategy<Value = (Dcs, UserData)> {
    let units = prop_oneof![1 => Just(Vec::new()), 9 => prop::collection::vec(any::<u8>(), 0..160)];
    (any::<u8>(), header(), units).prop_map(|(dcs, header, mut units)| {
        let dcs = Dcs(dcs);
        if dcs.is_septets() {
            units.truncate(SEPTETS_MAX - header.as_ref().map_or(0, Udh::septet_count));
            (dcs, UserData::from_septets(header, units))
        } else {
            units.truncate(OCTETS_MAX - header.as_ref().map_or(0, Udh::octet_count));
            (dcs, UserData::from_octets(header, units))
        }
    })
}

fn validity() -> impl Strategy<Value = Option<Validity>> {
    prop::option::of(prop_oneof![
        any::<u8>().prop_map(Validity::Relative),
        scts().prop_map(Validity::Absolute),
        any::<[u8; 7]>().prop_map(Validity::Enhanced),
    ])
}

fn submit() -> impl Strategy<Value = Tpdu> {
    (any::<[bool; 3]>(), any::<[u8; 2]>(), address(), validity(), content()).prop_map(
        |([rd, rp, srr], [tp_mr, tp_pid], tp_da, validity, (tp_dcs, user_data))| {
            Tpdu::Submit(SubmitTpdu { rd, rp, srr, tp_mr, tp_da, tp_pid, tp_dcs, validity, user_data })
        },
    )
}

fn deliver() -> impl Strategy<Value = Tpdu> {
    (any::<[bool; 4]>(), any::<u8>(), address(), scts(), content()).prop_map(
        |([mms, sri, lp, rp], tp_pid, tp_oa, tp_scts, (tp_dcs, user_data))| {
            Tpdu::Deliver(DeliverTpdu { mms, sri, lp, rp, tp_oa, tp_pid, tp_dcs, tp_scts, user_data })
        },
    )
}

fn status_report() -> impl Strategy<Value = Tpdu> {
    let head = (any::<[bool; 3]>(), any::<[u8; 2]>(), address(), scts(), scts());
    (head, any::<Option<u8>>(), prop::option::of(content())).prop_map(
        |(([mms, srq, lp], [tp_mr, tp_st], tp_ra, tp_scts, tp_dt), tp_pid, content)| {
            let (tp_dcs, user_data) = content.unzip();
            Tpdu::StatusReport(StatusReportTpdu {
                mms,
                srq,
                lp,
                tp_mr,
                tp_ra,
                tp_scts,
                tp_dt,
                tp_st,
                tp_pid,
                tp_dcs,
                user_data,
            })
        },
    )
}

fn pdu() -> impl Strategy<Value = Pdu> {
    let tpdu = prop_oneof![submit(), deliver(), status_report()];
    (prop::option::of(number()), tpdu).prop_map(|(smsc, tpdu)| Pdu { smsc, tpdu })
}

fn direction(pdu: &Pdu) -> Direction {
    match pdu.tpdu {
        Tpdu::Submit(_) => Direction::Mo,
        Tpdu::Deliver(_) | Tpdu::StatusReport(_) => Direction::Mt,
    }
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(pdu in pdu()) {
        let encoded = pdu.encode().unwrap();
        let smsc_length = encoded.octets.len() - encoded.tpdu_length;
        prop_assert_eq!(smsc_length, usize::from(encoded.octets[0]) + 1);
        prop_assert_eq!(Pdu::decode_hex(encoded.hex(), direction(&pdu)), Ok(pdu));
    }

    #[test]
    fn any_octets_give_a_pdu_that_can_be_written_or_an_error(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        for direction in [Direction::Mt, Direction::Mo] {
            check_stable(&octets, direction)?;
        }
    }

    #[test]
    fn damage_gives_a_pdu_that_can_be_written_or_an_error(
        pdu in pdu(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut octets = pdu.encode().unwrap().octets;
        for (at, value) in damage {
            *at.get_mut(&mut octets) = value;
        }
        check_stable(&octets, direction(&pdu))?;
    }

    #[test]
    fn any_text_is_hexadecimal_or_an_error(text in "\\PC{0,20}") {
        if let Err(error) = Pdu::decode_hex(&text, Direction::Mt) {
            prop_assert!(error.offset <= text.len());
        }
    }
}

/// What was decoded is encoded, and decodes to itself.
fn check_stable(octets: &[u8], direction: Direction) -> Result<(), TestCaseError> {
    match Pdu::decode(octets, direction) {
        Ok(pdu) => {
            let encoded = pdu.encode().map_err(|e| TestCaseError::fail(e.to_string()))?;
            prop_assert_eq!(Pdu::decode(&encoded.octets, direction), Ok(pdu));
        }
        Err(error) => prop_assert!(error.offset <= octets.len()),
    }
    Ok(())
}
