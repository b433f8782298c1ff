//! What a person should look at before a template is approved.
//!
//! Errors are what must not be sent, warnings what may be meant. Nothing here is about single rows: what those come to is
//! the survey's.

use crate::contact::place::State;
use crate::sms::message::Purpose;
use crate::sms::number::Country;
use crate::sms::text::TextCoding;

use super::super::operands::Operands;
use super::compile::Compiled;
use super::outline::Outline;
use super::token::Place;
use super::wording::{Caution, CautionKind, Duty, Must, Word, Wording, words};
use super::{Text, Variable};

/// Something to look at. Its text names variables and words of the lists, never what a row holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is, for programs.
    pub code: &'static str,
    /// The text's name.
    pub text: String,
    /// Where in its body, if it is anywhere.
    pub place: Option<Place>,
    /// What it is about, by name.
    pub operands: Operands,
    /// What it is and what to do, for people.
    pub advice: String,
    /// The rule that says so, if one does.
    pub rule: Option<String>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It must not be sent so.
    Error,
    /// It may be meant.
    Warning,
}

impl Finding {
    /// The words of all findings, beside those of duties ([`Must::name`]).
    pub const CODES: [&str; 7] =
        ["no_sender", "threat", "pressure", "debt_shown", "costly_character", "never_chosen", "over_limit"];

    /// A text that is longer in its longest case than its template's limit, by so many units. Whoever has cases finds it.
    pub fn over_limit(text: &str, limit: u8, over: u64) -> Self {
        Self {
            severity: Severity::Error,
            code: "over_limit",
            text: text.to_owned(),
            place: None,
            operands: Operands::of("limit", limit).and("over", over),
            advice: format!(
                "its longest case has {over} units more than one part and the limit of {limit} allow; shorten it, or leave a \
                 variable out"
            ),
            rule: None,
        }
    }
}

impl Severity {
    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// What is asked of a template beyond its own words.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The lists.
    pub wording: &'a Wording,
    /// Where recipients live. Duties of these places are errors, and those of states of these countries that are not named
    /// are warnings.
    pub places: &'a [(Country, Option<State>)],
    /// Names that creditors write under: one of them in a text is as good as `{{ sender }}`.
    pub senders: &'a [&'a str],
}

/// Looks at every text of a template. Errors come first.
pub fn lint(template: &Compiled, asked: &Asked<'_>) -> Vec<Finding> {
    let purpose = template.template().purpose;
    let texts: Vec<(&Text, &Outline)> = template.texts().collect();
    let mut findings = Vec::new();
    for (index, (text, outline)) in texts.iter().enumerate() {
        let mut look = Look { text, outline, purpose, findings: &mut findings };
        look.find_sender(asked.senders);
        look.find_cautions(&asked.wording.cautions);
        look.find_debt_shown();
        look.find_duties(asked);
        look.find_costly_characters();
        look.find_covered(texts.iter().take(index).map(|(earlier, _)| *earlier));
    }
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// What words have that are sent as they are, and should not: each caution with how bad it is and its code.
pub fn cautions<'a>(text: &str, purpose: Purpose, wording: &'a Wording) -> Vec<(Severity, &'static str, &'a Caution)> {
    if purpose == Purpose::Operational {
        return Vec::new();
    }
    let said = words(0, text);
    let is_said = |caution: &Caution| caution.phrases.iter().any(|phrase| phrase.find(&said).is_some());
    let told = |caution: &'a Caution| {
        let (severity, code) = told_of(caution.kind, purpose)?;
        is_said(caution).then_some((severity, code, caution))
    };
    wording.cautions.iter().filter_map(told).collect()
}

/// How bad words of a kind are in a text of this purpose, and what they are called; `None` where they are none of its concern.
fn told_of(kind: CautionKind, purpose: Purpose) -> Option<(Severity, &'static str)> {
    match kind {
        CautionKind::Threat => Some((Severity::Error, "threat")),
        CautionKind::Pressure => Some((Severity::Warning, "pressure")),
        CautionKind::Debt => (purpose == Purpose::IdentityCheck).then_some((Severity::Error, "debt_shown")),
    }
}

/// One text, and what was found so far.
struct Look<'a> {
    text: &'a Text,
    outline: &'a Outline,
    purpose: Purpose,
    findings: &'a mut Vec<Finding>,
}

impl Look<'_> {
    fn find_sender(&mut self, senders: &[&str]) {
        let body = self.text.body.to_lowercase();
        let is_named = senders.iter().any(|sender| !sender.is_empty() && body.contains(&sender.to_lowercase()));
        if !is_named && !self.outline.always_writes("sender") && self.purpose != Purpose::Operational {
            let advice = "it does not say who writes; put {{ sender }} where every recipient reads it".to_owned();
            self.report((Severity::Error, "no_sender"), None, Operands::none(), advice, None);
        }
    }

    fn find_cautions(&mut self, cautions: &[Caution]) {
        if self.purpose == Purpose::Operational {
            return;
        }
        let runs = self.runs();
        for caution in cautions {
            let Some((severity, code)) = told_of(caution.kind, self.purpose) else { continue };
            let is_of_text = self.text.language.is_none_or(|language| language == caution.language);
            let found = || runs.iter().find_map(|run| caution.phrases.iter().find_map(|phrase| phrase.find(run)));
            if let Some(at) = is_of_text.then(found).flatten() {
                let place = Place::of(&self.text.body, at);
                let operands = Operands::of("what", &caution.id);
                self.report((severity, code), Some(place), operands, caution.reason.clone(), Some(&caution.id));
            }
        }
    }

    /// Whoever has the number may read an identity check.
    fn find_debt_shown(&mut self) {
        if self.purpose != Purpose::IdentityCheck {
            return;
        }
        let written = self.outline.written.iter().map(|used| (used.variable, Some(used.place)));
        let asked = self.outline.asked.iter().map(|variable| (*variable, None));
        let telling: Vec<(&Variable, Option<Place>)> =
            written.chain(asked).filter(|(variable, _)| variable.shows_debt || variable.name == "document").collect();
        for (variable, place) in telling {
            let advice = format!("{} tells of the debt before it is known who reads it; leave it out", variable.name);
            self.report((Severity::Error, "debt_shown"), place, Operands::of("what", variable.name), advice, None);
        }
    }

    fn find_duties(&mut self, asked: &Asked<'_>) {
        for duty in &asked.wording.duties {
            let Some(severity) = severity_of(duty, asked.places).filter(|_| binds(duty.must, self.purpose)) else {
                continue;
            };
            let has_words = || self.runs().iter().any(|run| duty.words.iter().any(|phrase| phrase.find(run).is_some()));
            let (is_met, what) = match duty.must {
                Must::Itemise => {
                    let is_summed = self.outline.always_writes("amount") || self.outline.always_writes("total");
                    let is_itemised = self.outline.always_writes("original_amount") && self.outline.writes("added");
                    (is_summed && is_itemised, "write {{ original_amount }}, {{ added }} and {{ amount }}")
                }
                Must::NameCreditor => (
                    self.outline.always_writes("creditor") && self.outline.always_writes("sender"),
                    "write {{ sender }} and {{ creditor }}",
                ),
                Must::OfferOptOut => (has_words(), "say which word stops the texts, such as STOP"),
            };
            if !is_met {
                let state = duty.state.map(|state| format!("-{state}")).unwrap_or_default();
                let advice = format!("{what}; {} asks for it in {}{state}", duty.law, duty.country);
                let operands = Operands::of("law", &duty.law).and("place", format!("{}{state}", duty.country));
                self.report((severity, duty.must.name()), None, operands, advice, Some(&duty.id));
            }
        }
    }

    fn find_costly_characters(&mut self) {
        let lacking = self
            .outline
            .words
            .iter()
            .flat_map(|(at, text)| text.char_indices().map(move |(index, character)| (at + index, character)));
        let lacks = |character: char| TextCoding::Gsm7.units(character.encode_utf8(&mut [0; 4])).is_none();
        if let Some((at, character)) = lacking.clone().find(|(_, character)| lacks(*character)) {
            let count = lacking.filter(|(_, character)| lacks(*character)).count();
            let advice = format!(
                "{character:?} is not in the GSM alphabet ({count} such here): a part holds 70 characters instead of 160"
            );
            let place = Place::of(&self.text.body, at);
            let operands = Operands::of("character", character).and("count", count);
            self.report((Severity::Warning, "costly_character"), Some(place), operands, advice, None);
        }
    }

    fn find_covered<'t>(&mut self, earlier: impl IntoIterator<Item = &'t Text>) {
        let is_covered_by = |other: &&Text| {
            let is_wider = other.language.is_none() || other.language == self.text.language;
            let is_same = (&other.segment, other.language) == (&self.text.segment, self.text.language);
            other.share > 0 && is_wider && !is_same && other.segment.covers(&self.text.segment)
        };
        if let Some(other) = earlier.into_iter().find(is_covered_by) {
            let advice = format!("{} stands before it and is for the same debtors; nobody gets this one", other.name);
            self.report((Severity::Warning, "never_chosen"), None, Operands::of("by", &other.name), advice, None);
        }
    }

    /// The words between places to fill.
    fn runs(&self) -> Vec<Vec<Word>> {
        self.outline.words.iter().map(|(at, text)| words(*at, text)).collect()
    }

    fn report(
        &mut self,
        (severity, code): (Severity, &'static str),
        place: Option<Place>,
        operands: Operands,
        advice: String,
        rule: Option<&str>,
    ) {
        let text = self.text.name.clone();
        let rule = rule.map(ToOwned::to_owned);
        self.findings.push(Finding { severity, code, text, place, operands, advice, rule });
    }
}

/// Whether a duty concerns recipients of these places, and for sure.
fn severity_of(duty: &Duty, places: &[(Country, Option<State>)]) -> Option<Severity> {
    let mut here = places.iter().filter(|(country, _)| *country == duty.country).peekable();
    here.peek()?;
    let is_sure = |state: Option<State>| duty.state.is_none() || state == duty.state;
    let may_be = |state: Option<State>| state.is_none();
    let states: Vec<Option<State>> = here.map(|(_, state)| *state).collect();
    if states.iter().any(|state| is_sure(*state)) {
        Some(Severity::Error)
    } else {
        states.iter().any(|state| may_be(*state)).then_some(Severity::Warning)
    }
}

/// Which texts a duty is about.
fn binds(must: Must, purpose: Purpose) -> bool {
    match (must, purpose) {
        (_, Purpose::Operational | Purpose::Reply) => false,
        (Must::Itemise, purpose) => purpose == Purpose::Collection,
        (Must::NameCreditor, purpose) => matches!(purpose, Purpose::Collection | Purpose::Reminder),
        (Must::OfferOptOut, _) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::segment::{Bounds, Segment};
    use super::super::Template;
    use super::super::sample::{template, text};
    use super::super::wording::Phrase;
    use super::*;
    use crate::contact::calendar::Certainty;
    use crate::contact::reply::Language;

    fn wording() -> Wording {
        let caution = |id: &str, kind, phrase| Caution {
            id: id.to_owned(),
            language: Language::Portuguese,
            kind,
            phrases: vec![Phrase::parse(phrase).unwrap()],
            reason: format!("because of {id}"),
            certainty: Certainty::High,
        };
        let duty = |id: &str, country: &str, state: Option<&str>, must| Duty {
            id: id.to_owned(),
            country: Country::from_iso(country).unwrap(),
            state: state.and_then(State::new),
            law: "the law".to_owned(),
            must,
            words: Phrase::parse("stop").into_iter().collect(),
            certainty: Certainty::High,
            gathered: jiff::civil::date(2026, 11, 22),
        };
        Wording {
            cautions: vec![
                caution("prison", CautionKind::Threat, "preso"),
                caution("chance", CautionKind::Pressure, "ultima chance"),
                caution("debt", CautionKind::Debt, "divida"),
            ],
            duties: vec![
                duty("rj", "BR", Some("RJ"), Must::Itemise),
                duty("mx", "MX", None, Must::NameCreditor),
                duty("us", "US", None, Must::OfferOptOut),
            ],
        }
    }

    fn findings(template: Template, places: &[(&str, Option<&str>)]) -> Vec<String> {
        let places: Vec<_> =
            places.iter().map(|(c, s)| (Country::from_iso(c).unwrap(), s.and_then(State::new))).collect();
        let asked = Asked { wording: &wording(), places: &places, senders: &["Cobra Bem"] };
        let found = lint(&template.compile().unwrap(), &asked);
        let place = |finding: &Finding| finding.place.map(|place| format!(" {place}")).unwrap_or_default();
        let line = |finding: &Finding| {
            format!("{} {} {}{}", finding.severity.name(), finding.code, finding.text, place(finding))
        };
        found.iter().map(line).collect()
    }

    #[track_caller]
    fn check(purpose: Purpose, body: &str, places: &[(&str, Option<&str>)], expected: &[&str]) {
        let template = Template { purpose, ..template(vec![text("a", body)]) };
        assert_eq!(findings(template, places), expected, "{body}");
    }

    #[test]
    fn every_text_says_who_writes() {
        check(Purpose::Collection, "oi", &[], &["error no_sender a"]);
        check(Purpose::Collection, "oi, aqui \u{e9} a COBRA BEM", &[], &[]);
        check(Purpose::Collection, "{% if link %}{{ sender }}{% endif %}", &[], &["error no_sender a"]);
        check(Purpose::Operational, "alarme", &[], &[]);
    }

    #[test]
    fn threats_are_errors_and_pressure_is_a_warning() {
        check(Purpose::Collection, "{{ sender }}: pague ou vai Preso", &[], &["error threat a 1:28"]);
        check(
            Purpose::Collection,
            "{{ sender }}: \u{da}ltima chance",
            &[],
            &["warning pressure a 1:15", "warning costly_character a 1:15"],
        );
        check(Purpose::Collection, "{{ sender }}: ultima {{ name }} chance", &[], &[]);
    }

    #[test]
    fn words_that_are_no_template_are_looked_through_too() {
        let wording = wording();
        let found = |text: &str, purpose| -> Vec<(Severity, &str, &str)> {
            let told = cautions(text, purpose, &wording).into_iter();
            told.map(|(severity, code, caution)| (severity, code, caution.id.as_str())).collect()
        };
        let text = "{{ Pague ou vai PRESO, \u{da}ltima chance da d\u{ed}vida";
        let threat = (Severity::Error, "threat", "prison");
        let pressure = (Severity::Warning, "pressure", "chance");
        assert_eq!(found(text, Purpose::Collection), [threat, pressure]);
        assert_eq!(found(text, Purpose::IdentityCheck), [threat, pressure, (Severity::Error, "debt_shown", "debt")]);
        assert_eq!(found(text, Purpose::Operational), Vec::new());
    }

    #[test]
    fn an_identity_check_tells_nothing_of_the_debt() {
        let body = "{{ sender }}: {{ first_name }}? {% if amount %}{{ creditor }}{% endif %} divida";
        check(
            Purpose::IdentityCheck,
            body,
            &[],
            &["error debt_shown a 1:74", "error debt_shown a 1:51", "error debt_shown a"],
        );
        check(Purpose::IdentityCheck, "{{ sender }}: \u{e9} o telefone de {{ first_name }}? SIM/NAO", &[], &[]);
    }

    #[test]
    fn duties_hold_where_recipients_live() {
        let sender = "{{ sender }}: {{ amount }}";
        check(Purpose::Collection, sender, &[("BR", Some("RJ"))], &["error itemise a"]);
        check(Purpose::Collection, sender, &[("BR", None)], &["warning itemise a"]);
        check(Purpose::Collection, sender, &[("BR", Some("SP"))], &[]);
        check(Purpose::Reminder, sender, &[("BR", Some("RJ"))], &[]);
        check(
            Purpose::Collection,
            sender,
            &[("MX", None), ("US", None)],
            &["error name_creditor a", "error offer_opt_out a"],
        );
        let itemised = "{{ sender }}: {{ original_amount }}{% if added %} + {{ added }}{% endif %} = {{ amount }}";
        check(Purpose::Collection, itemised, &[("BR", Some("RJ"))], &[]);
        let looped = "{{ sender }} {{ creditor }}: {% for d in debt_list %}{{ d.original_amount }} + {{ d.added }} = \
             {{ d.amount }} {% endfor %} Reply STOP to end";
        check(Purpose::Collection, looped, &[("BR", Some("RJ")), ("MX", None), ("US", None)], &[]);
    }

    #[test]
    fn a_text_that_nobody_gets_is_found() {
        let late = Segment { days_late: Bounds { min: Some(5), max: None }, ..Segment::default() };
        let texts = vec![
            text("all", "{{ sender }}"),
            text("other", "{{ sender }}"),
            Text { segment: late, ..text("late", "{{ sender }}") },
        ];
        assert_eq!(findings(template(texts), &[]), ["warning never_chosen late"]);
    }
}
