//! What must hold of every parser that reads from outside, whatever it reads.
//!
//! Each target takes any octets and ends by a panic where something is not as it should be: a parser that panics, an answer that
//! depends on how the octets came, a value that is read otherwise once it is written. The targets of `fuzz/` hand them what a
//! coverage-guided fuzzer makes; `tests/fuzz.rs` hands them the same seeds, and what it makes of these, with every compiler.
//! Nothing of the program uses this part.

mod at;
mod code;
mod configuration;
mod import;
mod pdu;
mod reply;
mod template;
mod ussd;

use std::sync::OnceLock;

use crate::config::rules::RuleBook;
use crate::config::{Config, Environment};

/// A parser, and what must hold of it.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, which its folder of seeds has too.
    pub name: &'static str,
    /// Panics where something does not hold.
    pub check: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 15] = [
    Target { name: "at", check: at::check },
    Target { name: "campaign_list", check: crate::cli::fuzz::list },
    Target { name: "configuration", check: configuration::check },
    Target { name: "definition", check: crate::http::fuzz::definition },
    Target { name: "http_body", check: crate::http::fuzz::body },
    Target { name: "import", check: import::check },
    Target { name: "payment_code", check: code::check },
    Target { name: "pdu_decode", check: pdu::check },
    Target { name: "pdu_lines", check: pdu::lines },
    Target { name: "reply", check: reply::check },
    Target { name: "rules", check: configuration::rules },
    Target { name: "rules_file", check: configuration::rules_file },
    Target { name: "suppression_list", check: crate::cli::fuzz::suppressions },
    Target { name: "template", check: template::check },
    Target { name: "ussd", check: ussd::check },
];

/// Hands octets to a target by its name.
pub fn check(name: &str, octets: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target has this name");
    (target.check)(octets);
}

/// The rules that come with the program.
fn book() -> &'static RuleBook {
    static BOOK: OnceLock<RuleBook> = OnceLock::new();
    BOOK.get_or_init(|| {
        let (Config { region, contact, .. }, _) = Config::of_text("", &Environment::default());
        RuleBook::load(&region, &contact).expect("the rules that come with the program have no findings")
    })
}
