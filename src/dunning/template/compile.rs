//! Checking a template once, and filling it row by row.

use std::error::Error as _;
use std::fmt;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, ErrorKind};

use super::super::case::Case;
use super::super::operands::Operands;
use super::super::segment::Contradiction;
use super::given::Given;
use super::outline::{Outline, Problem, outline};
use super::row::Row;
use super::token::Place;
use super::value::{Unfilled, engine};
use super::{BODY_CHARACTERS_MAX, TEXTS_MAX, Template, Text, choice};

/// Work that one text may cost: a loop over some hundred debts with a dozen places each takes a tenth of it.
const FUEL: u64 = 50_000;

/// Most characters of a text that is filled: all that the parts of one message hold.
const CHARACTERS_MAX: usize = 255 * 153;

/// Most characters of a name.
const NAME_CHARACTERS_MAX: usize = 64;

/// A template that was checked, ready to be filled. `Debug` shows the template's.
pub struct Compiled {
    template: Template,
    outlines: Vec<Outline>,
    engine: Environment<'static>,
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A name that cannot be one.
    #[error("{name:?} is no name; use 1 to {NAME_CHARACTERS_MAX} small letters, digits, - and _")]
    Name {
        /// What was written.
        name: String,
    },
    /// A text with the name of another.
    #[error("two texts are called {name}")]
    TwoTexts {
        /// The name.
        name: String,
    },
    /// No text, or none that anybody gets, or too many.
    #[error("expected 1 to {TEXTS_MAX} texts with a share above 0, found {found}")]
    Texts {
        /// How many there are.
        found: usize,
    },
    /// A text that is for nobody.
    #[error("{text} is for nobody: {contradiction}")]
    Nobody {
        /// The text's name.
        text: String,
        /// Which conditions cannot both hold.
        contradiction: Contradiction,
    },
    /// Something in a text.
    #[error("{text}:{place}: {problem}")]
    InText {
        /// The text's name.
        text: String,
        /// Where in its body.
        place: Place,
        /// What.
        problem: Problem,
    },
}

impl Fault {
    /// The words of all faults.
    pub const CODES: [&str; 5] = ["name", "two_texts", "texts", "nobody", "fault"];

    /// The word for it; what is wrong in a text is all `fault`, and its operand `problem` says what.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Name { .. } => "name",
            Self::TwoTexts { .. } => "two_texts",
            Self::Texts { .. } => "texts",
            Self::Nobody { .. } => "nobody",
            Self::InText { .. } => "fault",
        }
    }

    /// What it is about, by name.
    pub fn operands(&self) -> Operands {
        match self {
            Self::Name { name } | Self::TwoTexts { name } => Operands::of("name", name),
            Self::Texts { found } => Operands::of("found", found).and("max", TEXTS_MAX),
            Self::Nobody { text, contradiction } => {
                Operands::of("name", text).and("condition", contradiction.condition())
            }
            Self::InText { problem, .. } => problem.operands().and("problem", problem.code()),
        }
    }
}

/// A text that was filled. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// Which of the template's texts it is.
    pub arm: String,
    /// The name of the segment that this one is for, if it has one.
    pub segment: Option<String>,
    /// The version of the template.
    pub version: u32,
    /// The code that follows as a second message, to be sent as it is.
    pub companion: Option<String>,
    /// A code stands in the text itself, so that no character of it may be replaced on the way.
    pub holds_code: bool,
}

/// Why a row got no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The template has no text for such a debtor.
    #[error("none of the texts is for this debtor")]
    NoText,
    /// There is no text with this name.
    #[error("no text is called {name:?}")]
    UnknownText {
        /// What was asked for.
        name: String,
    },
    /// The row lacks what the text needs.
    #[error("nothing to fill {variable} with; give it, or write {{% if {variable} %}} around it")]
    Unfilled {
        /// The variable.
        variable: &'static str,
    },
    /// The text became longer than a message can be, or cost too much.
    #[error("longer than any message")]
    TooLong,
    /// Nothing was left of it.
    #[error("the text is empty")]
    Empty,
    /// The engine refused what the check had let pass.
    #[error("line {line} cannot be filled")]
    Refused {
        /// The line of the body.
        line: usize,
    },
}

impl RenderError {
    /// The code in answers.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoText => "no_text",
            Self::UnknownText { .. } => "unknown_text",
            Self::Unfilled { .. } => "unfilled",
            Self::TooLong => "too_long",
            Self::Empty => "empty",
            Self::Refused { .. } => "refused",
        }
    }
}

impl Template {
    /// Checks everything. The error holds all that is wrong, never nothing.
    pub fn compile(self) -> Result<Compiled, Vec<Fault>> {
        let mut faults = Vec::new();
        if !is_name(&self.name) {
            faults.push(Fault::Name { name: self.name.clone() });
        }
        if self.texts.iter().all(|text| text.share == 0) || self.texts.len() > TEXTS_MAX {
            faults.push(Fault::Texts { found: self.texts.len() });
            return Err(faults);
        }
        let mut engine = engine(FUEL);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        engine.set_syntax(syntax.unwrap_or_default());
        let mut outlines = Vec::with_capacity(self.texts.len());
        for (index, text) in self.texts.iter().enumerate() {
            if !is_name(&text.name) {
                faults.push(Fault::Name { name: text.name.clone() });
            } else if self.texts.iter().take(index).any(|other| other.name == text.name) {
                faults.push(Fault::TwoTexts { name: text.name.clone() });
            }
            if let Some(contradiction) = text.segment.contradiction() {
                faults.push(Fault::Nobody { text: text.name.clone(), contradiction });
            }
            match check_text(text, &mut engine) {
                Ok(outline) => outlines.push(outline),
                Err(problems) => faults.extend(problems.into_iter().map(|(place, problem)| Fault::InText {
                    text: text.name.clone(),
                    place,
                    problem,
                })),
            }
        }
        if faults.is_empty() { Ok(Compiled { template: self, outlines, engine }) } else { Err(faults) }
    }
}

fn check_text(text: &Text, engine: &mut Environment<'static>) -> Result<Outline, Vec<(Place, Problem)>> {
    let start = Place { line: 1, column: 1 };
    let characters = text.body.chars().count();
    if text.body.trim().is_empty() {
        return Err(vec![(start, Problem::Empty)]);
    }
    if characters > BODY_CHARACTERS_MAX {
        return Err(vec![(start, Problem::TooLong { found: characters, max: BODY_CHARACTERS_MAX })]);
    }
    let outline = outline(&text.body)?;
    engine.add_template_owned(text.name.clone(), text.body.clone()).map_err(|error| {
        let place = Place { line: error.line().unwrap_or(1), column: 1 };
        vec![(place, Problem::Syntax(error.detail().unwrap_or("not a text with places to fill").to_owned()))]
    })?;
    Ok(outline)
}

impl Compiled {
    /// The template.
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// Each text with what it uses.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&Text, &Outline)> {
        self.template.texts.iter().zip(&self.outlines)
    }

    /// The text for a case, filled. A debtor gets the same one of several whenever it is asked.
    pub fn render(&self, case: &Case) -> Result<Rendered, RenderError> {
        self.render_with(case, Given::NONE)
    }

    /// The same with values that go over those of the case.
    pub fn render_with(&self, case: &Case, given: &Given) -> Result<Rendered, RenderError> {
        let index = choice::choose(&self.template, case).ok_or(RenderError::NoText)?;
        self.fill(index, case, given)
    }

    /// A text by its name, filled, whoever it is for.
    pub fn render_text(&self, name: &str, case: &Case) -> Result<Rendered, RenderError> {
        let index = self.template.texts.iter().position(|text| text.name == name);
        self.fill(index.ok_or_else(|| RenderError::UnknownText { name: name.to_owned() })?, case, Given::NONE)
    }

    fn fill(&self, index: usize, case: &Case, given: &Given) -> Result<Rendered, RenderError> {
        let (text, outline) = self.texts().nth(index).ok_or(RenderError::NoText)?;
        let row = Row { case, given, language: choice::language(text, case) };
        let companion = match self.template.companion {
            None => None,
            Some(companion) => match row.code(companion) {
                None if !outline.asked.iter().any(|variable| variable.name == companion.name()) => {
                    return Err(RenderError::Unfilled { variable: companion.name() });
                }
                code => code.map(ToOwned::to_owned),
            },
        };
        let body = self.engine.get_template(&text.name).map_err(|_it_was_added| RenderError::NoText)?;
        let filled = body.render(row.values(outline.needs())).map_err(|error| RenderError::from(&error))?;
        let filled = filled.trim();
        if filled.is_empty() {
            return Err(RenderError::Empty);
        }
        if filled.chars().count() > CHARACTERS_MAX {
            return Err(RenderError::TooLong);
        }
        Ok(Rendered {
            text: filled.to_owned(),
            arm: text.name.clone(),
            segment: text.segment.label.0.clone(),
            version: self.template.version,
            companion,
            holds_code: outline.writes("pix") || outline.writes("boleto"),
        })
    }
}

impl From<&minijinja::Error> for RenderError {
    fn from(error: &minijinja::Error) -> Self {
        let unfilled = error.source().and_then(|source| source.downcast_ref::<Unfilled>());
        match (unfilled, error.kind()) {
            (Some(unfilled), _) => Self::Unfilled { variable: unfilled.name },
            (None, ErrorKind::OutOfFuel) => Self::TooLong,
            (None, _) => Self::Refused { line: error.line().unwrap_or(1) },
        }
    }
}

/// Names stand in paths and reports.
fn is_name(name: &str) -> bool {
    let is_of_name = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || b"-_".contains(&octet);
    (1..=NAME_CHARACTERS_MAX).contains(&name.len()) && name.bytes().all(is_of_name)
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compiled").field("template", &self.template).finish_non_exhaustive()
    }
}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { text, arm, version, .. } = self;
        f.debug_struct("Rendered")
            .field("arm", arm)
            .field("version", version)
            .field("characters", &text.chars().count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::debt::Status;
    use super::super::Companion;
    use super::super::sample::{case, debt, template, text};
    use super::*;
    use crate::contact::reply::Language;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn filled(body: &str, case: &Case) -> Result<String, String> {
        let compiled = template(vec![text("a", body)]).compile().unwrap();
        compiled.render(case).map(|rendered| rendered.text).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn check(body: &str, case: &Case, expected: &str) {
        assert_eq!(filled(body, case).as_deref(), Ok(expected), "{body}");
    }

    fn unfilled(variable: &str) -> Result<String, String> {
        Err(format!("nothing to fill {variable} with; give it, or write {{% if {variable} %}} around it"))
    }

    #[test]
    fn every_variable_of_one_debt_is_filled() {
        let case = case();
        check("{{ first_name }} {{ name }} {{ document }}", &case, "Maria MARIA DA SILVA ***.456.789-**");
        check("{{ amount }} {{ original_amount|money }} {{ added }}", &case, "R$ 1.234,56 R$ 1.000,00 R$ 234,56");
        check("{{ total }} {{ debts }} {{ days_late }}", &case, "R$ 1.234,56 1 30");
        check("{{ due }} {{ due|short_date }} {{ today|date }}", &case, "05/11/2026 5 nov 05/12/2026");
        check("{{ instalment }} {{ contract|mask }} {{ product|upper }}", &case, "3/12 ****1042 CART\u{c3}O");
        check("{{ creditor }} {{ sender }} {{ terms }}", &case, "Banco Azul Cobra Bem 3x sem juros");
        check("{{ link }} {{ access_code }}", &case, "https://exemplo.com.br/p/7f3a 4821");
    }

    #[test]
    fn all_documented_variables_and_filters_are_there() {
        let mut case = case();
        case.debts[0].status = Status::Promised { until: date(2026, 12, 10) };
        for variable in super::super::VARIABLES
            .iter()
            .filter(|v| !matches!(v.kind, super::super::Kind::List | super::super::Kind::Flag))
        {
            let filters = super::super::FILTERS.iter().filter(|filter| filter.takes.contains(&variable.kind));
            let bodies = filters.map(|filter| format!("{{{{ {}|{} }}}}", variable.name, filter.name));
            for body in bodies.chain([format!("{{{{ {} }}}}", variable.name)]) {
                assert!(filled(&body, &case).is_ok_and(|text| !text.is_empty()), "{body}");
            }
        }
    }

    #[test]
    fn what_a_row_lacks_refuses_it_unless_the_text_asks() {
        let mut case = case();
        case.debts[0].link = None;
        case.debts[0].terms = Some("  ".to_owned());
        assert_eq!(filled("pague em {{ link }}", &case), unfilled("link"));
        assert_eq!(filled("{{ terms|upper }}", &case), unfilled("terms"));
        assert_eq!(filled("{{ promise_date|short_date }}", &case), unfilled("promise_date"));
        check("ol\u{e1}{% if link %} {{ link }}{% endif %}", &case, "ol\u{e1}");
        check("{% if link == \"x\" %}a{% else %}b{% endif %}", &case, "b");
        check("{% if not promise_date and days_late > 20 %}a{% endif %}", &case, "a");
    }

    #[test]
    fn a_name_cannot_turn_around_or_break_what_follows_it() {
        let mut case = case();
        case.debtor.name = Some("Maria\u{202E} da\u{2067}\nSilva\u{200F}".to_owned());
        check("{{ name }}, {{ amount }}", &case, "Maria da Silva, R$ 1.234,56");
        check("{{ name|upper }}, {{ amount }}", &case, "MARIA DA SILVA, R$ 1.234,56");
    }

    #[test]
    fn several_debts_are_added_up_and_listed() {
        let mut case = case();
        case.debts.push(debt("d2", "100", "150.5", date(2026, 10, 1)));
        check(
            "{{ debts }}: {{ total }} ({{ original_amount }} + {{ added }})",
            &case,
            "2: R$ 1.385,06 (R$ 1.100,00 + R$ 285,06)",
        );
        check("{{ due }} {{ days_late }}", &case, "01/10/2026 65");
        assert_eq!(filled("{{ contract }}", &case), unfilled("contract"));
        let list = "{% for d in debt_list %}{{ d.amount }} de {{ d.due|short_date }}{% if not loop.last %}, {% endif %}{% endfor %}";
        check(list, &case, "R$ 1.234,56 de 5 nov, R$ 150,50 de 1 out");
        case.debts[1].currency = super::super::super::money::Currency::Usd;
        assert_eq!(filled("{{ total }}", &case), unfilled("total"));
    }

    #[test]
    fn amounts_follow_the_language_of_the_text_and_else_the_debtor() {
        let mut case = case();
        case.debtor.language = Some(Language::English);
        check("{{ amount }} {{ due }}", &case, "R$1,234.56 11/05/2026");
        let spanish = Text { language: Some(Language::Spanish), ..text("es", "{{ amount }}") };
        let compiled = template(vec![spanish]).compile().unwrap();
        assert_eq!(compiled.render_text("es", &case).unwrap().text, "R$1,234.56");
        assert_eq!(compiled.render(&case), Err(RenderError::NoText));
    }

    #[test]
    fn a_discount_is_no_addition() {
        let mut case = case();
        case.debts[0].amount = "900".parse().unwrap();
        assert_eq!(filled("{{ added }}", &case), unfilled("added"));
        case.debts[0].amount = case.debts[0].original;
        check("x{% if added %} + {{ added }}{% endif %}", &case, "x");
    }

    #[test]
    fn a_code_follows_untouched() {
        let mut case = case();
        let code = "00020126\u{7b}{ x }} \u{e3}  5204".to_owned();
        case.debts[0].pix = Some(code.clone());
        let with = |body: &str| {
            let template = Template { companion: Some(Companion::Pix), ..template(vec![text("a", body)]) };
            template.compile().unwrap()
        };
        let rendered = with("segue o Pix").render(&case).unwrap();
        assert_eq!((rendered.companion, rendered.holds_code), (Some(code.clone()), false));
        let within = with("{{ pix }}").render(&case).unwrap();
        assert_eq!((within.text, within.holds_code), (code, true));
        case.debts[0].pix = None;
        assert_eq!(with("segue o Pix").render(&case), Err(RenderError::Unfilled { variable: "pix" }));
        let rendered = with("oi{% if pix %}, segue o Pix{% endif %}").render(&case).unwrap();
        assert_eq!((rendered.text.as_str(), rendered.companion), ("oi", None));
    }

    #[test]
    fn statements_on_lines_of_their_own_leave_no_blank_lines() {
        check("um\n{% if link %}\ndois\n{% endif %}\ntr\u{ea}s\n", &case(), "um\ndois\ntr\u{ea}s");
    }

    #[test]
    fn all_that_is_wrong_is_found_at_once() {
        let texts = vec![
            text("a", "{{ nme }}"),
            text("a", "{% if link %}"),
            text("B", "  "),
            text("c", &"x".repeat(BODY_CHARACTERS_MAX + 1)),
        ];
        let faults = Template { name: String::new(), ..template(texts) }.compile().unwrap_err();
        let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "\"\" is no name; use 1 to 64 small letters, digits, - and _",
                "a:1:4: unknown variable \"nme\"; did you mean name?",
                "two texts are called a",
                "a:1:1: unexpected end of input, expected end of block",
                "\"B\" is no name; use 1 to 64 small letters, digits, - and _",
                "B:1:1: the text is empty",
                "c:1:1: 2001 characters, at most 2000",
            ]
        );
        assert_eq!(template(Vec::new()).compile().unwrap_err(), [Fault::Texts { found: 0 }]);
    }

    #[test]
    fn what_is_given_goes_over_what_is_known_and_stands_where_nothing_is() {
        let body = "{{ sender }}: {{ first_name }}, {{ total }} at\u{e9} {{ due }}{% if days_late > 0 %}, {{ days_late }} dias{% endif %}";
        let compiled = template(vec![text("a", body)]).compile().unwrap();
        let given = Given::read([("name", "ANA PAULA"), ("amount", "80"), ("due", "2026-12-02")]).unwrap();
        let filled = |case: &Case| compiled.render_with(case, &given).map(|rendered| rendered.text);
        let expected = "Cobra Bem: Ana, R$ 80,00 at\u{e9} 02/12/2026, 3 dias";
        assert_eq!(filled(&case()).as_deref(), Ok(expected));
        let nothing_owed = Case { debts: Vec::new(), ..case() };
        assert_eq!(filled(&nothing_owed).as_deref(), Ok(expected));
        assert_eq!(compiled.render(&nothing_owed), Err(RenderError::Unfilled { variable: "total" }));
    }

    #[test]
    fn a_text_has_an_end() {
        let mut case = case();
        case.debts = (0..20_000).map(|index| debt(&index.to_string(), "1", "1", date(2026, 1, 1))).collect();
        let body = format!("{{% for d in debt_list %}}{}{{% endfor %}}", "x".repeat(100));
        let compiled = template(vec![text("a", &body)]).compile().unwrap();
        assert_eq!(compiled.render(&case), Err(RenderError::TooLong));
    }

    #[test]
    fn nothing_of_a_person_is_shown_by_debug() {
        let rendered = template(vec![text("a", "segredo {{ name }}")]).compile().unwrap().render(&case()).unwrap();
        let shown = format!("{rendered:?} {:?}", text("a", "segredo"));
        assert!(!shown.contains("segredo") && !shown.contains("MARIA"), "{shown}");
    }

    proptest! {
        /// What the check lets pass names nothing that the engine does not know.
        #[test]
        fn what_is_let_pass_is_never_refused(pieces in prop::collection::vec(prop::sample::select(vec![
            "{{ name }}", "{{ amount|money }}", "{{ link|mask }}", "{% if link %}", "{% if days_late > 3 %}", "{% else %}",
            "{% elif pix and not boleto %}", "{% endif %}", "{% for d in debt_list %}", "{{ d.due|short_date }}",
            "{% if loop.last %}", "{% endfor %}", "{{ d }}", "{{ amount", "}}", "{%", "{{ -name }}", "{{- name -}}", "{# c #}",
            "{{ name|upper|first_name }}", "{% raw %}", "{% endraw %}", "word", "\n", "{% if (link) == \"a\" %}",
            "{% if \"%}\" == product %}", "{{ loop.index }}", "{{ name['x'] }}", "{{ due|date|date }}",
            "{{ today|short_date|upper }}", "{{ document|mask|lower }}",
        ]), 0..12)) {
            if let Ok(compiled) = template(vec![text("a", &pieces.concat())]).compile() {
                let outcome = compiled.render(&case());
                prop_assert!(!matches!(outcome, Err(RenderError::Refused { .. } | RenderError::NoText)), "{outcome:?}");
            }
        }
    }
}
