//! Templates: any text may be written as one. What compiles is rendered for every example, within its fuel, and looked through.

use jiff::civil::date;

use crate::contact::reply::Language;
use crate::dunning::segment::Segment;
use crate::dunning::template::{Asked, Template, Text, examples, lint};
use crate::sms::message::Purpose;
use crate::sms::number::Country;

use super::book;

pub(super) fn check(octets: &[u8]) {
    let body = String::from_utf8_lossy(octets).into_owned();
    let text = Text { name: "a".to_owned(), segment: Segment::default(), language: None, share: 1, body };
    let template = Template {
        name: "fuzzed".to_owned(),
        version: 1,
        purpose: Purpose::Collection,
        texts: vec![text],
        companion: None,
        limit: None,
    };
    let compiled = match template.compile() {
        Ok(compiled) => compiled,
        Err(faults) => {
            assert!(!faults.is_empty(), "refused without a fault");
            for fault in &faults {
                assert!(!fault.to_string().is_empty() && !fault.code().is_empty(), "a fault without words");
            }
            return;
        }
    };
    for language in [None, Some(Language::Portuguese), Some(Language::Spanish), Some(Language::English)] {
        for (_, case) in examples(language, None, date(2026, 11, 24)) {
            let first = compiled.render(&case).map(|rendered| rendered.text);
            let again = compiled.render(&case).map(|rendered| rendered.text);
            assert_eq!(first, again, "the same case is written otherwise");
        }
    }
    let asked =
        Asked { wording: &book().wording, places: &[(Country::BRAZIL, None), (Country::MEXICO, None)], senders: &[] };
    lint(&compiled, &asked);
}
