//! What must hold is in `src/fuzz`; here it meets what the fuzzer makes of `fuzz/seeds/pdu_lines`.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| recado::fuzz::check("pdu_lines", octets));
