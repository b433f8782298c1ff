//! What must hold is in `src/fuzz`; here it meets what the fuzzer makes of `fuzz/seeds/rules_file`.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| recado::fuzz::check("rules_file", octets));
