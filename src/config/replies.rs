//! The phrases by which inbound texts are understood: `config/rules/replies.toml`, or a file of the same form.
//!
//! Everything that is wrong with a file is found at once. A file with a finding gives no rules at all, because a missing
//! phrase is a missed wish to stop.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use jiff::civil::Date;

use super::environment::Environment;
use super::finding::{Finding, Place, Problem};
use super::section::{Reading, Section};
use super::value::{self, Raw};
use crate::contact::reply::{DateWord, Intent, Language, Lexicon, Phrase, Role};

/// What the rules are called where they are not a file of the user's own.
pub const STANDARD_FILE: &str = "replies.toml";

pub(super) const STANDARD: &str = include_str!("../../config/rules/replies.toml");

/// The longest text that may be called short, in words.
const LEAD_WORDS_MAX: i64 = 5;

/// The phrases that come with Recado.
///
/// # Panics
///
/// Never: a test reads the file, which is built in.
pub fn standard() -> Lexicon {
    read(Path::new(STANDARD_FILE), STANDARD).expect("a test reads the file")
}

/// Reads the rules of a file. The error holds all findings, never none.
pub fn read(file: &Path, text: &str) -> Result<Lexicon, Vec<Finding>> {
    let environment = Environment::default();
    let mut reading = Reading::new(file, text, &environment);
    let lexicon = reading.parse().map(|table| {
        let mut root = Section::root_of_rules(&mut reading, &table);
        let mut lexicon = read_about(&mut root);
        for language in Language::ALL {
            root.table(language.code(), |section| read_language(section, language, &mut lexicon));
        }
        root.finish();
        lexicon
    });
    match lexicon {
        Some(lexicon) if reading.findings.is_empty() => Ok(lexicon),
        _ => Err(reading.findings),
    }
}

fn read_about(root: &mut Section<'_, '_>) -> Lexicon {
    let (mut gathered, mut order, mut lead_words_max) = (Date::ZERO, Intent::ALL.to_vec(), 0);
    root.table("about", |section| {
        section.require("gathered", &mut gathered, date);
        section.require("order_of_effect", &mut order, every_intent);
        section.require("lead_words_max", &mut lead_words_max, |raw| raw.whole(0, LEAD_WORDS_MAX));
    });
    Lexicon::new(gathered, order, usize::try_from(lead_words_max).unwrap_or_default())
}

fn date(raw: Raw<'_>) -> Result<Date, Problem> {
    let text = raw.text("a date as text")?;
    text.parse().ok().ok_or_else(|| Problem::Date { found: text.to_owned() })
}

fn every_intent(raw: Raw<'_>) -> Result<Vec<Intent>, Problem> {
    let names = value::names(raw)?;
    let expected = || Intent::ALL.map(Intent::code).join(" ");
    let intent = |name: &&str| {
        Intent::from_code(name).ok_or_else(|| Problem::UnknownName { found: (*name).to_owned(), expected: expected() })
    };
    let order = names.iter().map(intent).collect::<Result<Vec<_>, _>>()?;
    let is_whole = order.len() == Intent::ALL.len() && Intent::ALL.iter().all(|intent| order.contains(intent));
    if is_whole { Ok(order) } else { Err(Problem::Order { expected: expected() }) }
}

/// The phrases of one language. A language without words to stop by is no language that texts may be sent in.
fn read_language(section: &mut Section<'_, '_>, language: Language, lexicon: &mut Lexicon) {
    let mut shelf = Shelf { language, lexicon, abbreviations: BTreeMap::new(), seen: HashMap::new() };
    if !section.is_written() {
        section.report_here(Problem::Missing);
        return;
    }
    section.table("abbreviations", |section| shelf.read_abbreviations(section));
    shelf.read(section, "courtesy", Role::Courtesy);
    shelf.read(section, "ambiguous", Role::Ambiguous);
    shelf.read(section, "quoted", Role::Quoted);
    section.table("dates", |section| {
        for (word, key) in DateWord::all() {
            shelf.read(section, key, Role::Date(word));
        }
        shelf.read(section, "unless", Role::NotDate);
    });
    for intent in Intent::ALL {
        section.table(intent.code(), |section| {
            let whole = shelf.read(section, "whole", Role::Whole(intent));
            shelf.read(section, "clause", Role::Clause(intent));
            shelf.read(section, "lead", Role::Lead(intent));
            shelf.read(section, "lead_unless", Role::LeadUnless(intent));
            let contains = shelf.read(section, "contains", Role::Contains(intent));
            shelf.read(section, "unless", Role::Unless(intent));
            shelf.read(section, "always", Role::Always(intent));
            if intent == Intent::OptOut {
                shelf.read(section, "perhaps", Role::PerhapsStop);
                if whole == 0 || contains == 0 {
                    section.report_here(Problem::Missing);
                }
            }
        });
    }
}

/// Where the phrases of one language go.
struct Shelf<'l> {
    language: Language,
    lexicon: &'l mut Lexicon,
    abbreviations: BTreeMap<String, String>,
    seen: HashMap<(Role, String), Place>,
}

impl Shelf<'_> {
    fn read_abbreviations(&mut self, section: &mut Section<'_, '_>) {
        let is_word = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let word = |text: &str| match Phrase::parse(text) {
            Ok(_) if is_word(text) => Ok(text.to_owned()),
            Ok(_) => Err(Problem::Kind { expected: "one word", found: format!("{text:?}") }),
            Err(error) => Err(error.into()),
        };
        let pairs = section.each_entry(|short, full| Ok((word(short)?, word(full)?)));
        for (short, full) in pairs {
            self.lexicon.abbreviate(self.language, short.clone(), full.clone());
            self.abbreviations.insert(short, full);
        }
    }

    /// Reads the phrases of one key and says how many there are.
    fn read(&mut self, section: &mut Section<'_, '_>, key: &'static str, role: Role) -> usize {
        let phrases = section.each_text(key, |text, place| {
            let phrase = Phrase::parse(text)?;
            if let Some(first) = self.seen.insert((role, text.to_owned()), place.clone()) {
                return Err(Problem::Twice { first });
            }
            let abbreviated = phrase.literals().find_map(|word| self.abbreviations.get_key_value(word));
            match abbreviated {
                Some((short, full)) => Err(Problem::Abbreviated { short: short.clone(), full: full.clone() }),
                None => Ok(phrase),
            }
        });
        let count = phrases.len();
        for phrase in phrases {
            self.lexicon.add(self.language, role, phrase);
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str = "\"deceased\", \"wrong_person\", \"opt_out\", \"dispute\", \"already_paid\", \"promise_to_pay\", \
         \"wants_contact\", \"help\", \"opt_in\", \"no\", \"yes\"";

    /// A file in which only `portuguese` varies.
    fn file(portuguese: &str) -> String {
        let stop = "opt_out = { whole = [\"stop\"], contains = [\"stop texting\"] }";
        format!(
            "about = {{ gathered = \"2026-11-22\", lead_words_max = 3, order_of_effect = [{ORDER}] }}\n\
             es-MX = {{ {stop} }}\nen = {{ {stop} }}\n[pt-BR]\n{portuguese}\n"
        )
    }

    fn findings(text: &str) -> Vec<String> {
        let findings = read(Path::new("replies.toml"), text).err().unwrap_or_default();
        findings.iter().map(ToString::to_string).collect()
    }

    /// All lines of the answer, in order.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(findings(text), expected, "{text}");
    }

    const STOP: &str = "opt_out = { whole = [\"sair\"], contains = [\"pare de mandar\"] }";

    #[test]
    fn the_phrases_that_come_with_recado_are_whole() {
        check(STANDARD, &[]);
        assert_eq!(standard().gathered(), jiff::civil::date(2026, 11, 22));
    }

    #[test]
    fn all_that_is_wrong_is_found_at_once() {
        check(&file(STOP), &[]);
        let wrong =
            format!("{STOP}\ncourtesy = [\"oi\", \"olá\", \"oi\", 5]\ncurtesy = []\n[pt-BR.optout]\nwhole = []");
        check(
            &file(&wrong),
            &[
                "replies.toml:6:19: pt-BR.courtesy: \"olá\" has something else than small letters without accents, and digits",
                "replies.toml:6:26: pt-BR.courtesy: the same as replies.toml:6:13",
                "replies.toml:6:32: pt-BR.courtesy: expected a list of texts, found 5",
                "replies.toml:7:1: pt-BR.curtesy: unknown key; did you mean courtesy?",
                "replies.toml:8:8: pt-BR.optout: unknown key; did you mean opt_out?",
            ],
        );
    }

    #[test]
    fn words_that_are_expanded_stand_in_full_in_phrases() {
        let wrong = format!("{STOP}\nabbreviations = {{ n = \"nao\", vc = \"de voce\" }}\n[pt-BR.no]\nwhole = [\"n\"]");
        check(
            &file(&wrong),
            &[
                "replies.toml:6:35: pt-BR.abbreviations.vc: expected one word, found \"de voce\"",
                "replies.toml:8:10: pt-BR.no.whole: \"n\" is read as \"nao\" everywhere; write the full word",
            ],
        );
    }

    #[test]
    fn a_language_without_words_to_stop_by_is_refused() {
        check(&file("opt_out = { whole = [\"sair\"] }"), &["replies.toml:5:11: pt-BR.opt_out: missing"]);
        check(&file(""), &["replies.toml:4:1: pt-BR.opt_out: missing"]);
        let no_english = file(STOP).replace("en = {", "fr = {");
        check(&no_english, &["replies.toml: en: missing", "replies.toml:3:1: fr: unknown key"]);
    }

    #[test]
    fn the_order_of_effects_has_every_intent_once() {
        let expected =
            "deceased wrong_person opt_out dispute already_paid promise_to_pay wants_contact help opt_in no yes";
        let twice = file(STOP).replace("\"no\", \"yes\"", "\"no\", \"no\"");
        check(&twice, &[&format!("replies.toml:1:74: about.order_of_effect: expected each of {expected} once")]);
        let unknown = file(STOP).replace("\"help\"", "\"halp\"");
        let line =
            format!("replies.toml:1:74: about.order_of_effect: unknown name \"halp\", expected one of {expected}");
        check(&unknown, &[&line]);
    }

    #[test]
    fn the_rules_say_when_they_were_gathered() {
        let undated = file(STOP).replace("gathered = \"2026-11-22\",", "");
        check(&undated, &["replies.toml:1:9: about.gathered: missing"]);
        let wrong = file(STOP).replace("2026-11-22", "22/11/2026");
        let line = "replies.toml:1:22: about.gathered: expected a date such as 2026-11-22, found \"22/11/2026\"";
        check(&wrong, &[line]);
    }
}
