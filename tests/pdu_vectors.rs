//! The codec against vectors that others made: `tests/data/pdu/README.md` says who.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

use recado::cli::pdu::{DecodeArgs, decode, encode};
use recado::pdu::{Coding, Direction, Pdu, from_hex};
use recado::sms::text::NationalTable;
use serde_json::Value;

fn vectors(json: &str) -> Vec<Value> {
    let vectors: Vec<Value> = serde_json::from_str(json).unwrap();
    assert!(!vectors.is_empty());
    vectors
}

fn text<'a>(vector: &'a Value, field: &str) -> &'a str {
    vector[field].as_str().unwrap_or_else(|| panic!("{field} in {vector}"))
}

/// Every field that `expected` has must be in `got` with the same value; `got` may have more.
#[track_caller]
fn assert_contains(got: &Value, expected: &Value, origin: &str) {
    let Value::Object(fields) = expected else { return assert_eq!(got, expected, "{origin}") };
    for (name, value) in fields {
        assert_contains(&got[name], value, &format!("{origin}: {name}"));
    }
}

/// Decodes through the command line's own code, then encodes what was decoded back to the same octets.
#[track_caller]
fn check_decoding(json: &str) {
    for vector in vectors(json) {
        let (origin, pdu) = (text(&vector, "origin"), text(&vector, "pdu"));
        let is_mobile_originated = text(&vector, "direction") == "mo";
        let mut answer = Vec::new();
        let args = DecodeArgs { pdus: vec![pdu.to_owned()], is_json: true, is_mobile_originated };
        assert_eq!(decode(&args, std::io::empty(), &mut answer).unwrap(), 0, "{origin}");
        assert_contains(&serde_json::from_slice(&answer).unwrap(), &vector["expect"], origin);
        let direction = if is_mobile_originated { Direction::Mo } else { Direction::Mt };
        assert_eq!(Pdu::decode_hex(pdu, direction).unwrap().encode().unwrap().hex(), pdu, "{origin}");
    }
}

#[test]
fn captures_from_the_field_are_read_and_written_back() {
    check_decoding(include_str!("data/pdu/captures.json"));
}

#[test]
fn national_tables_are_those_of_the_standard() {
    check_decoding(include_str!("data/pdu/national.json"));
}

#[test]
fn other_encoders_make_the_same_pdus() {
    for vector in vectors(include_str!("data/pdu/encoders.json")) {
        let origin = format!("{}: {}", text(&vector, "origin"), vector["request"]);
        let mut answers = Vec::new();
        assert_eq!(encode(&[vector["request"].to_string()], std::io::empty(), &mut answers).unwrap(), 0, "{origin}");
        let answers = String::from_utf8(answers).unwrap();
        let pdus: Vec<Value> =
            answers.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["pdu"].take()).collect();
        assert_eq!(Value::Array(pdus), vector["pdus"], "{origin}");
    }
}

#[test]
fn national_texts_get_the_same_septets() {
    for vector in vectors(include_str!("data/pdu/national_text.json")) {
        let (table, original) = (text(&vector, "table"), text(&vector, "text"));
        let coding = Coding::from(table.parse::<NationalTable>().unwrap());
        let septets = from_hex(text(&vector, "septets").as_bytes()).unwrap();
        assert_eq!(coding.units(original), Some(septets.len()), "{table}: {original}");
        assert_eq!(coding.encode(original), Some(septets), "{table}: {original}");
    }
}
