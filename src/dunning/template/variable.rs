//! What a template may name: variables and filters, one table each.

/// A place to fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// How it is written between `{{` and `}}`.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Where it is found.
    pub scope: Scope,
    /// What it stands for.
    pub meaning: &'static str,
    /// What it may look like.
    pub example: &'static str,
    /// Whether it tells of the debt, which only its debtor may read.
    pub shows_debt: bool,
}

/// What a variable is; decides which filters it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words.
    Text,
    /// An amount of money.
    Money,
    /// A day.
    Date,
    /// A whole number, which can be compared.
    Number,
    /// A document, which is always masked.
    Document,
    /// A code to be copied, which is never changed.
    Code,
    /// Yes or no: only asked for.
    Flag,
    /// Several debts, for a loop.
    List,
}

/// Where a variable is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Of the debtor, or of all debts together.
    Case,
    /// Of each debt; of all debts together where they agree, or where they can be added up.
    Debt,
    /// Of the round of a loop, as `loop.last`.
    Loop,
}

/// A filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filter {
    /// How it is written after `|`.
    pub name: &'static str,
    /// What it takes.
    pub takes: &'static [Kind],
    /// What it gives to the next one.
    pub gives: Kind,
    /// What it does.
    pub meaning: &'static str,
}

const fn case(name: &'static str, kind: Kind, meaning: &'static str, example: &'static str) -> Variable {
    Variable { name, kind, scope: Scope::Case, meaning, example, shows_debt: false }
}

const fn debt(name: &'static str, kind: Kind, meaning: &'static str, example: &'static str) -> Variable {
    Variable { name, kind, scope: Scope::Debt, meaning, example, shows_debt: true }
}

const fn round(name: &'static str, kind: Kind, meaning: &'static str, example: &'static str) -> Variable {
    Variable { name, kind, scope: Scope::Loop, meaning, example, shows_debt: false }
}

const fn telling(variable: Variable) -> Variable {
    Variable { shows_debt: true, ..variable }
}

/// All variables.
pub const VARIABLES: [Variable; 26] = [
    case("name", Kind::Text, "the debtor's name, as it was imported", "MARIA DA SILVA"),
    case("first_name", Kind::Text, "what the debtor is called", "Maria"),
    case("document", Kind::Document, "the debtor's document, masked", "***.456.789-**"),
    case("sender", Kind::Text, "who writes; stands in every text", "Cobra Bem"),
    telling(case("creditor", Kind::Text, "to whom it is owed", "Banco Azul")),
    case("today", Kind::Date, "the day on which the text is made", "05/12/2026"),
    telling(case("debts", Kind::Number, "how many debts there are", "2")),
    telling(case("total", Kind::Money, "what they are together; the same as amount", "R$ 1.234,56")),
    telling(case("debt_list", Kind::List, "the debts, for {% for debt in debt_list %}", "")),
    telling(case("paid", Kind::Money, "what was paid, in the text that follows a payment", "R$ 500,00")),
    telling(case(
        "remaining",
        Kind::Money,
        "what is left to pay, in the text that follows an event; false in an if where it is nothing",
        "R$ 734,56",
    )),
    debt("amount", Kind::Money, "what is owed now", "R$ 1.234,56"),
    debt("original_amount", Kind::Money, "what was owed at first", "R$ 1.000,00"),
    debt(
        "added",
        Kind::Money,
        "what came on top of the original amount; false in an if where it is nothing",
        "R$ 234,56",
    ),
    debt("due", Kind::Date, "when it is or was due; of several the first", "05/11/2026"),
    debt("days_late", Kind::Number, "days since it was due, 0 before; of several the most", "30"),
    debt("instalment", Kind::Text, "which instalment it is", "3/12"),
    debt("contract", Kind::Text, "the contract", "A-1042"),
    debt("product", Kind::Text, "what was bought", "Cart\u{e3}o Azul"),
    debt("terms", Kind::Text, "the terms", "3x sem juros"),
    debt("link", Kind::Text, "where it can be paid or looked at", "https://exemplo.com.br/p/7f3a"),
    debt("access_code", Kind::Text, "what opens the link", "4821"),
    debt(
        "boleto",
        Kind::Code,
        "the digits that pay a boleto",
        "23793.38128 60007.827136 95000.063305 9 97630000023000",
    ),
    debt("pix", Kind::Code, "the Pix code to copy and paste", "00020126..."),
    debt("promise_date", Kind::Date, "until when payment is promised; of several the first", "10/12/2026"),
    round("last", Kind::Flag, "whether this debt is the last of the loop, as loop.last", ""),
];

/// All filters.
pub const FILTERS: [Filter; 8] = [
    Filter {
        name: "money",
        takes: &[Kind::Money],
        gives: Kind::Money,
        meaning: "R$ 1.234,56 or $1,234.56; amounts are written so without it",
    },
    Filter {
        name: "date",
        takes: &[Kind::Date],
        gives: Kind::Date,
        meaning: "05/12/2026; days are written so without it",
    },
    Filter { name: "short_date", takes: &[Kind::Date], gives: Kind::Text, meaning: "5 dez" },
    Filter { name: "first_name", takes: &[Kind::Text], gives: Kind::Text, meaning: "the first name, with its capital" },
    Filter { name: "title", takes: &[Kind::Text], gives: Kind::Text, meaning: "a name with its capitals" },
    Filter {
        name: "mask",
        takes: &[Kind::Text, Kind::Document],
        gives: Kind::Text,
        meaning: "enough of a number to be known by its owner",
    },
    Filter { name: "upper", takes: &[Kind::Text], gives: Kind::Text, meaning: "in capitals" },
    Filter { name: "lower", takes: &[Kind::Text], gives: Kind::Text, meaning: "in small letters" },
];

impl Variable {
    /// The variable with this name that stands alone, or that every debt has.
    pub(super) fn find(name: &str, scopes: &[Scope]) -> Option<&'static Self> {
        VARIABLES.iter().find(|variable| variable.name == name && scopes.contains(&variable.scope))
    }

    /// Names in these scopes.
    pub(super) fn names(scopes: &[Scope]) -> impl Iterator<Item = &'static str> {
        VARIABLES.iter().filter(|variable| scopes.contains(&variable.scope)).map(|variable| variable.name)
    }
}

impl Filter {
    /// The filter with this name.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        FILTERS.iter().find(|filter| filter.name == name)
    }
}
