//! What a body uses, and where: the check that stands before the template engine.
//!
//! The engine finds a wrong name when a row comes by it, and may do so in a branch that is rare. Here every name is looked
//! at once. What may be written is less than the engine knows: variables with filters, `if` and a loop over the debts.
//! Nothing is calculated, called or set in a text.

use std::collections::BTreeSet;

use crate::suggest::closest;

use super::super::operands::Operands;

use super::token::{Piece, Place, Token, TokenKind, pieces};
use super::variable::{FILTERS, Filter, Kind, Scope, Variable};

/// What can be wrong in a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No such variable.
    #[error("unknown variable {name:?}{}", meant(.suggestion.as_deref()))]
    UnknownVariable {
        /// What was written.
        name: String,
        /// What was probably meant.
        suggestion: Option<String>,
    },
    /// No such filter.
    #[error("unknown filter {name:?}{}", meant(.suggestion.as_deref()))]
    UnknownFilter {
        /// What was written.
        name: String,
        /// What was probably meant.
        suggestion: Option<String>,
    },
    /// A filter on what it cannot do anything with.
    #[error("{filter} does nothing with {variable}")]
    NotForFilter {
        /// The filter.
        filter: &'static str,
        /// The variable.
        variable: &'static str,
    },
    /// A variable that is only looped over or asked for.
    #[error("{variable} cannot be written; {instead}")]
    NotWritten {
        /// The variable.
        variable: &'static str,
        /// What can be done with it.
        instead: &'static str,
    },
    /// No such statement.
    #[error("unknown statement {name:?}, expected one of if, elif, else, endif, for, endfor")]
    UnknownStatement {
        /// What was written.
        name: String,
    },
    /// Two things that are not compared.
    #[error("only numbers are compared with numbers, and words with words in quotes; a segment can compare amounts")]
    Comparison,
    /// Something else must stand here.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What.
        expected: &'static str,
        /// What does.
        found: String,
    },
    /// A loop in a loop.
    #[error("a loop within a loop")]
    NestedLoop,
    /// The name of a round that is something else already.
    #[error("{name:?} is a variable; call the debt of the loop otherwise, as in {{% for debt in debt_list %}}")]
    Shadowed {
        /// The name.
        name: String,
    },
    /// What the engine says of blocks that do not end.
    #[error("{0}")]
    Syntax(String),
    /// Nothing is written.
    #[error("the text is empty")]
    Empty,
    /// More than anybody sends.
    #[error("{found} characters, at most {max}")]
    TooLong {
        /// How many there are.
        found: usize,
        /// How many there may be.
        max: usize,
    },
}

impl Problem {
    /// The words of all problems.
    pub const CODES: [&str; 14] = [
        "unknown_variable",
        "unknown_variable_meant",
        "unknown_filter",
        "unknown_filter_meant",
        "not_for_filter",
        "not_written",
        "unknown_statement",
        "comparison",
        "expected",
        "nested_loop",
        "shadowed",
        "syntax",
        "empty",
        "too_long",
    ];

    /// The word for it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownVariable { suggestion: Some(_), .. } => "unknown_variable_meant",
            Self::UnknownVariable { suggestion: None, .. } => "unknown_variable",
            Self::UnknownFilter { suggestion: Some(_), .. } => "unknown_filter_meant",
            Self::UnknownFilter { suggestion: None, .. } => "unknown_filter",
            Self::NotForFilter { .. } => "not_for_filter",
            Self::NotWritten { .. } => "not_written",
            Self::UnknownStatement { .. } => "unknown_statement",
            Self::Comparison => "comparison",
            Self::Expected { .. } => "expected",
            Self::NestedLoop => "nested_loop",
            Self::Shadowed { .. } => "shadowed",
            Self::Syntax(_) => "syntax",
            Self::Empty => "empty",
            Self::TooLong { .. } => "too_long",
        }
    }

    /// What it is about, by name.
    pub fn operands(&self) -> Operands {
        match self {
            Self::UnknownVariable { name, suggestion } | Self::UnknownFilter { name, suggestion } => {
                let operands = Operands::of("name", name);
                match suggestion {
                    Some(suggestion) => operands.and("suggestion", suggestion),
                    None => operands,
                }
            }
            Self::NotForFilter { filter, variable } => Operands::of("filter", filter).and("variable", variable),
            Self::NotWritten { variable, instead: _ } => Operands::of("variable", variable),
            Self::UnknownStatement { name } | Self::Shadowed { name } => Operands::of("name", name),
            Self::Expected { expected, found } => Operands::of("expected", expected).and("found", found),
            Self::Syntax(said) => Operands::of("said", said),
            Self::TooLong { found, max } => Operands::of("found", found).and("max", max),
            Self::Comparison | Self::NestedLoop | Self::Empty => Operands::none(),
        }
    }
}

/// What a body uses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Outline {
    /// Variables that are written.
    pub(super) written: Vec<Use>,
    /// Variables that are asked for in a condition: the text knows what to do without them.
    pub(super) asked: Vec<&'static Variable>,
    /// The words between tags, with the places where they begin.
    pub(super) words: Vec<(usize, String)>,
}

/// A variable that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Use {
    /// Which.
    pub(super) variable: &'static Variable,
    /// Where.
    pub(super) place: Place,
    /// It stands in no condition, so that every text has it. The loop over the debts has one round at least.
    pub(super) is_certain: bool,
}

impl Outline {
    /// Whether a variable is written, whatever the row.
    pub(super) fn always_writes(&self, name: &str) -> bool {
        self.written.iter().any(|used| used.is_certain && used.variable.name == name)
    }

    /// Whether a variable is written for some rows.
    pub(super) fn writes(&self, name: &str) -> bool {
        self.written.iter().any(|used| used.variable.name == name)
    }

    /// Names of everything that must be at hand, except what only loops know.
    pub(super) fn needs(&self) -> BTreeSet<&'static str> {
        let written = self.written.iter().map(|used| used.variable);
        let all = written.chain(self.asked.iter().copied());
        all.filter(|variable| variable.scope != Scope::Loop).map(|variable| variable.name).collect()
    }
}

/// Goes through a body. The error holds all that is wrong, never nothing.
pub(super) fn outline(body: &str) -> Result<Outline, Vec<(Place, Problem)>> {
    let mut walk = Walk { body, outline: Outline::default(), blocks: Vec::new(), problems: Vec::new() };
    for piece in pieces(body) {
        match piece {
            Piece::Words { at, text } => walk.outline.words.push((at, text.to_owned())),
            Piece::Tag { at, is_statement, tokens } => {
                let mut tag = Tag { end: at, tokens: tokens.iter() };
                let read = if is_statement { walk.read_statement(&mut tag) } else { walk.read_print(&mut tag) };
                if let Err((at, problem)) = read {
                    walk.problems.push((Place::of(body, at), problem));
                }
            }
        }
    }
    if walk.problems.is_empty() { Ok(walk.outline) } else { Err(walk.problems) }
}

type Read<T> = Result<T, (usize, Problem)>;

struct Walk<'a> {
    body: &'a str,
    outline: Outline,
    blocks: Vec<Block<'a>>,
    problems: Vec<(Place, Problem)>,
}

/// What a piece stands in.
enum Block<'a> {
    If,
    For { item: &'a str },
}

/// What is left of a tag.
struct Tag<'t, 'a> {
    /// Where to point to when something is missing.
    end: usize,
    tokens: std::slice::Iter<'t, Token<'a>>,
}

impl<'a> Tag<'_, 'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.as_slice().first().copied()
    }

    fn take(&mut self, expected: &'static str) -> Read<Token<'a>> {
        let missing = (self.end, Problem::Expected { expected, found: "the end of the tag".to_owned() });
        let token = self.tokens.next().copied().ok_or(missing)?;
        self.end = token.at;
        Ok(token)
    }

    /// Takes the next token if it is this one.
    fn take_if(&mut self, text: &str) -> bool {
        let is_next = self.peek().is_some_and(|token| token.text == text);
        if is_next {
            self.tokens.next();
        }
        is_next
    }

    fn take_name(&mut self, expected: &'static str) -> Read<Token<'a>> {
        let token = self.take(expected)?;
        if token.kind == TokenKind::Name { Ok(token) } else { Err(token.not(expected)) }
    }

    fn finish(&mut self, expected: &'static str) -> Read<()> {
        self.tokens.next().map_or(Ok(()), |token| Err(token.not(expected)))
    }
}

impl Token<'_> {
    fn not(&self, expected: &'static str) -> (usize, Problem) {
        (self.at, Problem::Expected { expected, found: self.text.to_owned() })
    }
}

/// One side of a comparison.
enum Operand {
    Variable(&'static Variable),
    Number,
    Quoted,
    Condition,
}

impl<'a> Walk<'a> {
    fn read_print(&mut self, tag: &mut Tag<'_, 'a>) -> Read<()> {
        let first = tag.take_name("a variable")?;
        let variable = self.resolve(first, tag)?;
        let instead = match variable.kind {
            Kind::List => Some("write {% for debt in debt_list %}"),
            Kind::Flag => Some("ask for it, as in {% if not loop.last %}"),
            Kind::Text | Kind::Money | Kind::Date | Kind::Number | Kind::Document | Kind::Code => None,
        };
        if let Some(instead) = instead {
            return Err((first.at, Problem::NotWritten { variable: variable.name, instead }));
        }
        let mut kind = variable.kind;
        while tag.take_if("|") {
            let name = tag.take_name("a filter")?;
            let filter = Filter::find(name.text).ok_or_else(|| {
                let suggestion = closest(&clipped(name.text), FILTERS.iter().map(|filter| filter.name));
                (name.at, Problem::UnknownFilter { name: clipped(name.text), suggestion })
            })?;
            if !filter.takes.contains(&kind) {
                return Err((name.at, Problem::NotForFilter { filter: filter.name, variable: variable.name }));
            }
            kind = filter.gives;
        }
        tag.finish("a filter or the end of the tag")?;
        let is_certain = !self.blocks.iter().any(|block| matches!(block, Block::If));
        let place = Place::of(self.body, first.at);
        self.outline.written.push(Use { variable, place, is_certain });
        Ok(())
    }

    fn read_statement(&mut self, tag: &mut Tag<'_, 'a>) -> Read<()> {
        let word = tag.take_name("a statement")?;
        match word.text {
            "if" => {
                // Also when the condition is wrong, or its end would be taken for another's.
                self.blocks.push(Block::If);
                self.read_condition(tag)?;
            }
            "elif" => self.read_condition(tag)?,
            "for" => return self.read_for(tag),
            "endif" | "endfor" => {
                self.blocks.pop();
            }
            "else" => {
                // What a loop says when there are no debts: there always are.
                if let Some(block @ Block::For { .. }) = self.blocks.last_mut() {
                    *block = Block::If;
                }
            }
            _ => return Err((word.at, Problem::UnknownStatement { name: clipped(word.text) })),
        }
        tag.finish("the end of the tag")
    }

    fn read_for(&mut self, tag: &mut Tag<'_, 'a>) -> Read<()> {
        let is_nested = self.blocks.iter().any(|block| matches!(block, Block::For { .. }));
        let item = tag.take_name("a name for the debt")?;
        self.blocks.push(Block::For { item: item.text });
        if is_nested {
            return Err((item.at, Problem::NestedLoop));
        }
        if item.text == "loop" || Variable::find(item.text, &[Scope::Case, Scope::Debt]).is_some() {
            return Err((item.at, Problem::Shadowed { name: clipped(item.text) }));
        }
        let word = tag.take("in")?;
        if word.text != "in" {
            return Err(word.not("in"));
        }
        let list = tag.take("debt_list")?;
        let variable = Variable::find(list.text, &[Scope::Case]).filter(|variable| variable.kind == Kind::List);
        self.outline.asked.push(variable.ok_or_else(|| list.not("debt_list"))?);
        tag.finish("the end of the tag")
    }

    fn read_condition(&mut self, tag: &mut Tag<'_, 'a>) -> Read<()> {
        loop {
            while tag.take_if("not") {}
            self.read_comparison(tag)?;
            if !tag.take_if("and") && !tag.take_if("or") {
                return Ok(());
            }
        }
    }

    fn read_comparison(&mut self, tag: &mut Tag<'_, 'a>) -> Read<()> {
        let left = self.read_operand(tag)?;
        let sign = tag.peek().filter(|token| matches!(token.text, "==" | "!=" | "<" | ">" | "<=" | ">="));
        let Some(sign) = sign else {
            return match left {
                Operand::Variable(_) | Operand::Condition => Ok(()),
                Operand::Number | Operand::Quoted => Err((tag.end, Problem::Comparison)),
            };
        };
        tag.take("a comparison")?;
        let right = self.read_operand(tag)?;
        let is_number = |operand: &Operand| match operand {
            Operand::Variable(variable) => variable.kind == Kind::Number,
            Operand::Number => true,
            Operand::Quoted | Operand::Condition => false,
        };
        let is_text = |operand: &Operand| match operand {
            Operand::Variable(variable) => variable.kind == Kind::Text,
            Operand::Quoted => true,
            Operand::Number | Operand::Condition => false,
        };
        let are_numbers = is_number(&left) && is_number(&right);
        let are_texts = is_text(&left) && is_text(&right) && matches!(sign.text, "==" | "!=");
        if are_numbers || are_texts { Ok(()) } else { Err((sign.at, Problem::Comparison)) }
    }

    fn read_operand(&mut self, tag: &mut Tag<'_, 'a>) -> Read<Operand> {
        let token = tag.take("a variable")?;
        match token.kind {
            TokenKind::Number => Ok(Operand::Number),
            TokenKind::Quoted => Ok(Operand::Quoted),
            TokenKind::Name => {
                let variable = self.resolve(token, tag)?;
                self.outline.asked.push(variable);
                Ok(Operand::Variable(variable))
            }
            TokenKind::Sign if token.text == "(" => {
                self.read_condition(tag)?;
                let end = tag.take(")")?;
                if end.text == ")" { Ok(Operand::Condition) } else { Err(end.not(")")) }
            }
            TokenKind::Sign => Err(token.not("a variable")),
        }
    }

    /// The variable that a name, and what follows a point, stands for.
    fn resolve(&self, first: Token<'a>, tag: &mut Tag<'_, 'a>) -> Read<&'static Variable> {
        let in_loop = self.blocks.iter().find_map(|block| match block {
            Block::For { item } => Some(*item),
            Block::If => None,
        });
        let of_debt: &[Scope] = &[Scope::Debt];
        let (name, scopes) = match in_loop {
            Some(item) if item == first.text => {
                let name = tag.take(".").and_then(|point| match point.text {
                    "." => tag.take_name("what to tell of the debt"),
                    _ => Err(point.not(".")),
                })?;
                (name, of_debt)
            }
            Some(_) if first.text == "loop" && tag.take_if(".") => (tag.take_name("last")?, &[Scope::Loop][..]),
            _ => (first, &[Scope::Case, Scope::Debt][..]),
        };
        Variable::find(name.text, scopes).ok_or_else(|| {
            let suggestion = closest(&clipped(name.text), Variable::names(scopes));
            (name.at, Problem::UnknownVariable { name: clipped(name.text), suggestion })
        })
    }
}

/// A name as it is shown; comparing names takes time with their length.
fn clipped(name: &str) -> String {
    name.chars().take(40).collect()
}

fn meant(suggestion: Option<&str>) -> String {
    suggestion.map(|name| format!("; did you mean {name}?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The problems with their places.
    #[track_caller]
    fn check(body: &str, expected: &[&str]) {
        let problems = outline(body).err().unwrap_or_default();
        let shown: Vec<String> = problems.iter().map(|(place, problem)| format!("{place} {problem}")).collect();
        assert_eq!(shown, expected, "{body}");
    }

    #[test]
    fn what_the_guide_shows_may_be_written() {
        check("{{ first_name }}: {{ amount|money }} venceu em {{ due|short_date }}. {{ sender }}", &[]);
        check("{% if link %}{{ link }}{% elif not (pix or boleto) %}ligue{% else %}{{ pix }}{% endif %}", &[]);
        check("{% for d in debt_list %}{{ d.amount }}{% if not loop.last %}, {% endif %}{% endfor %}", &[]);
        check("{% if days_late >= 30 and product == \"Cart\u{e3}o\" %}x{% endif %}", &[]);
        check("nada { } a preencher", &[]);
    }

    #[test]
    fn wrong_names_are_found_in_every_branch_with_what_was_meant() {
        check("{{ frist_name }}", &["1:4 unknown variable \"frist_name\"; did you mean first_name?"]);
        check(
            "{% if link %}\n{{ lnk|uper }} {{ xyzzy }}{% endif %}",
            &["2:4 unknown variable \"lnk\"; did you mean link?", "2:19 unknown variable \"xyzzy\""],
        );
        check("{{ name|uper }}", &["1:9 unknown filter \"uper\"; did you mean upper?"]);
        check("{{ debt.amount }}", &["1:4 unknown variable \"debt\"; did you mean debts?"]);
        check("{% for d in debt_list %}{{ d.first_name }}{% endfor %}", &["1:30 unknown variable \"first_name\""]);
        check("{% if loop.last %}{% endif %}", &["1:7 unknown variable \"loop\""]);
    }

    #[test]
    fn filters_take_what_they_are_for() {
        check("{{ amount|upper }}", &["1:11 upper does nothing with amount"]);
        check("{{ due|short_date|upper }}", &[]);
        check("{{ due|short_date|date }}", &["1:19 date does nothing with due"]);
        check("{{ pix|lower }}", &["1:8 lower does nothing with pix"]);
        check("{{ debt_list }}", &["1:4 debt_list cannot be written; write {% for debt in debt_list %}"]);
    }

    #[test]
    fn nothing_is_calculated_called_or_set() {
        check("{{ days_late + 1 }}", &["1:14 expected a filter or the end of the tag, found +"]);
        check("{{ name.upper() }}", &["1:8 expected a filter or the end of the tag, found ."]);
        check("{{ link|mask(3) }}", &["1:13 expected a filter or the end of the tag, found ("]);
        check("{{ \"x\" }}", &["1:4 expected a variable, found \"x\""]);
        let statements = "if, elif, else, endif, for, endfor";
        check("{% set x = 1 %}", &[&format!("1:4 unknown statement \"set\", expected one of {statements}")]);
        check("{% for d in range(9) %}{% endfor %}", &["1:13 expected debt_list, found range"]);
        check("{{ }}", &["1:1 expected a variable, found the end of the tag"]);
    }

    #[test]
    fn what_cannot_be_compared_is_not() {
        let line =
            "only numbers are compared with numbers, and words with words in quotes; a segment can compare amounts";
        check("{% if amount > 100 %}{% endif %}", &[&format!("1:14 {line}")]);
        check("{% if product > \"a\" %}{% endif %}", &[&format!("1:15 {line}")]);
        check("{% if 1 %}{% endif %}", &[&format!("1:7 {line}")]);
        check("{% if link is defined %}{% endif %}", &["1:12 expected the end of the tag, found is"]);
    }

    #[test]
    fn loops_stand_alone_and_shadow_nothing() {
        let body = "{% for a in debt_list %}{% for b in debt_list %}{% endfor %}{% endfor %}";
        check(body, &["1:32 a loop within a loop"]);
        let shadowed =
            "1:8 \"name\" is a variable; call the debt of the loop otherwise, as in {% for debt in debt_list %}";
        check("{% for name in debt_list %}{% endfor %}", &[shadowed]);
    }

    #[test]
    fn what_stands_in_a_condition_is_not_certain() {
        let outline = outline("{{ sender }}{% if link %}{{ link }}{% else %}{{ pix }}{% endif %}{{ due }}").unwrap();
        let certain: Vec<&str> =
            ["sender", "link", "pix", "due"].into_iter().filter(|name| outline.always_writes(name)).collect();
        assert_eq!(certain, ["sender", "due"]);
        assert_eq!(outline.needs().into_iter().collect::<Vec<_>>(), ["due", "link", "pix", "sender"]);
    }
}
