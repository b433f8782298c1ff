//! The configuration and the files of rules: any text may stand in them. What is wrong is told with its place.

use crate::config::rules::{RuleBook, findings_of};
use crate::config::{Config, Environment};

pub(super) fn check(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    // Files that it names would be read.
    if text.contains("_file") || text.contains("rules_dir") {
        return;
    }
    let (config, findings) = Config::of_text(&text, &Environment::default());
    assert!(findings.iter().all(|finding| !finding.to_string().is_empty()), "a finding without words");
    let again = Config::of_text(&text, &Environment::default());
    assert_eq!((config, findings), again, "the same text is read otherwise");
}

/// One file of rules by itself; the first octet chooses which.
pub(super) fn rules_file(octets: &[u8]) {
    let [file, text @ ..] = octets else { return };
    let text = String::from_utf8_lossy(text);
    let findings = findings_of(usize::from(*file), &text);
    assert!(findings.iter().all(|finding| !finding.to_string().is_empty()), "a finding without words");
}

/// All of them, with one that is another; the first octet chooses the file that the rest stands for.
pub(super) fn rules(octets: &[u8]) {
    let [file, text @ ..] = octets else { return };
    let (config, _) = Config::of_text("", &Environment::default());
    let text = String::from_utf8_lossy(text);
    if let Err(findings) = RuleBook::of_text(usize::from(*file), &text, &config.region, &config.contact) {
        assert!(!findings.is_empty(), "refused without a finding");
        assert!(findings.iter().all(|finding| !finding.to_string().is_empty()), "a finding without words");
    }
}
