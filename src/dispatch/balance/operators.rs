//! How operators tell balances, as data: `config/balances.toml`.

use std::sync::OnceLock;

use serde::Deserialize;

use super::{Amount, Pattern, Question};

const FILE: &str = include_str!("../../../config/balances.toml");

/// What is known of one operator.
#[derive(Debug)]
pub(super) struct Operator {
    codes: Vec<String>,
    pub(super) question: Question,
    pub(super) pattern: Pattern,
    pub(super) currency: String,
    pub(super) low: Amount,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    operator: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[expect(dead_code, reason = "for people")]
    name: String,
    codes: Vec<String>,
    currency: String,
    ussd: Option<String>,
    sms: Option<Sms>,
    pattern: String,
    low: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sms {
    to: String,
    text: String,
}

/// The operator of a subscriber whose identity begins with `home`, six digits as a rule. A longer code goes before a shorter.
pub(super) fn of(home: &str) -> Option<&'static Operator> {
    static OPERATORS: OnceLock<Vec<Operator>> = OnceLock::new();
    let operators = OPERATORS.get_or_init(|| read(FILE).expect("a test reads the file"));
    let longest = |operator: &&Operator| {
        operator.codes.iter().filter(|code| home.starts_with(code.as_str())).map(String::len).max()
    };
    operators.iter().filter(|operator| longest(operator).is_some()).max_by_key(longest)
}

/// `None` if the file is not as it should be.
fn read(text: &str) -> Option<Vec<Operator>> {
    let file: File = toml::from_str(text).ok()?;
    let read = |entry: Entry| {
        let question = match (entry.ussd, entry.sms) {
            (Some(code), None) => Question::Code(code),
            (None, Some(Sms { to, text })) => Question::Text { to, text },
            (Some(_), Some(_)) | (None, None) => return None,
        };
        Some(Operator {
            codes: entry.codes,
            question,
            pattern: Pattern::new(&entry.pattern).ok()?,
            currency: entry.currency,
            low: Amount::from_hundredths(entry.low * 100),
        })
    };
    file.operator.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_whole_and_has_codes_of_its_own() {
        let operators = read(FILE).unwrap();
        let mut codes: Vec<&String> = operators.iter().flat_map(|operator| &operator.codes).collect();
        let all = codes.len();
        codes.sort();
        codes.dedup();
        assert_eq!((codes.len(), all), (14, 14));
        assert!(codes.iter().all(|code| matches!(code.len(), 5 | 6) && code.bytes().all(|b| b.is_ascii_digit())));
        for operator in &operators {
            match &operator.question {
                Question::Code(code) => assert!(code.starts_with('*') && code.ends_with('#'), "{code}"),
                Question::Text { to, .. } => assert!(to.bytes().all(|b| b.is_ascii_digit()), "{to}"),
            }
            assert_eq!(operator.currency.len(), 3);
        }
    }

    #[test]
    fn a_subscriber_belongs_to_the_operator_of_the_longest_code() {
        let currency = |home| of(home).map(|operator| operator.currency.as_str());
        assert_eq!(currency("724051"), Some("BRL"));
        assert_eq!(currency("334020"), Some("MXN"));
        assert_eq!(currency("334051"), None);
        assert_eq!(currency("00101"), None);
        assert_eq!(currency(""), None);
    }
}
