//! Amounts as files write them: `1.234,56`, `1,234.56`, `1234.56`, `R$ 1.234,56`.
//!
//! Most cells tell by themselves which mark stands before the decimals. `1.234` does not, so that the file is asked: what its
//! other cells do, this one does. Where none tells, nothing is guessed.

use super::super::money::{Amount, AmountError, Currency};

/// The mark before the decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decimals {
    /// `1.234,56`
    Comma,
    /// `1,234.56`
    Point,
}

/// Why a cell is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CellError {
    /// There is something else than digits and marks, or a mark at a wrong place.
    #[error("not an amount such as {0}")]
    Form(Example),
    /// It is less than nothing.
    #[error("less than nothing")]
    Negative,
    /// There is a part of a hundredth.
    #[error("more than two decimals")]
    Fraction,
    /// More than anybody owes.
    #[error(transparent)]
    TooLarge(AmountError),
}

/// What an amount of a file looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example(Decimals);

impl std::fmt::Display for Example {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Decimals::Comma => "1.234,56",
            Decimals::Point => "1,234.56",
        })
    }
}

/// What the amounts of a file tell about its decimals.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Habits {
    comma: bool,
    point: bool,
    /// The line of the first cell that may be read in two ways.
    unclear: Option<u64>,
}

/// How the amounts of a file are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// All alike.
    Fixed(Decimals),
    /// Each tells by itself.
    Each,
}

/// What one cell tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// There is no mark.
    Plain,
    /// This mark stands before decimals.
    Clear(Decimals),
    /// Its only mark stands before decimals or within thousands.
    Unclear,
}

impl Decimals {
    /// The mark of this name: `comma` or `point`.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "comma" => Some(Self::Comma),
            "point" => Some(Self::Point),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Comma => "comma",
            Self::Point => "point",
        }
    }

    fn mark(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Point => '.',
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Comma => Self::Point,
            Self::Point => Self::Comma,
        }
    }
}

impl Habits {
    /// Looks at a cell of a line.
    pub(super) fn look(&mut self, cell: &str, line: u64) {
        match form(without_currency(cell).1) {
            Form::Plain => {}
            Form::Clear(Decimals::Comma) => self.comma = true,
            Form::Clear(Decimals::Point) => self.point = true,
            Form::Unclear => self.unclear = self.unclear.or(Some(line)),
        }
    }

    /// How they are read; the line of a cell that cannot be, where nothing tells.
    pub(super) fn conclude(self, told: Option<Decimals>) -> Result<Style, u64> {
        match (told, self.comma, self.point, self.unclear) {
            (Some(decimals), _, _, _) => Ok(Style::Fixed(decimals)),
            (None, true, false, _) => Ok(Style::Fixed(Decimals::Comma)),
            (None, false, true, _) => Ok(Style::Fixed(Decimals::Point)),
            (None, _, _, None) => Ok(Style::Each),
            (None, _, _, Some(line)) => Err(line),
        }
    }
}

impl Style {
    /// The amount of a cell, and the currency if it names one.
    pub(super) fn read(self, cell: &str) -> Result<(Amount, Option<Currency>), CellError> {
        let (currency, number) = without_currency(cell);
        let decimals = match (self, form(number)) {
            (Self::Fixed(decimals), _) | (Self::Each, Form::Clear(decimals)) => decimals,
            (Self::Each, Form::Plain | Form::Unclear) => Decimals::Point,
        };
        Ok((read(number, decimals)?, currency))
    }
}

/// A number and the currency that is written before or behind it. `$` alone is that of several.
fn without_currency(cell: &str) -> (Option<Currency>, &str) {
    const MARKS: [(&str, Option<Currency>); 7] = [
        ("R$", Some(Currency::Brl)),
        ("US$", Some(Currency::Usd)),
        ("MX$", Some(Currency::Mxn)),
        ("BRL", Some(Currency::Brl)),
        ("USD", Some(Currency::Usd)),
        ("MXN", Some(Currency::Mxn)),
        ("$", None),
    ];
    let cell = cell.trim();
    let is = |part: Option<&str>, mark: &str| part.is_some_and(|part| part.eq_ignore_ascii_case(mark));
    let found = MARKS.into_iter().find_map(|(mark, currency)| {
        if is(cell.get(..mark.len()), mark) {
            return Some((currency, cell.get(mark.len()..)?.trim_start()));
        }
        let end = cell.len().checked_sub(mark.len())?;
        is(cell.get(end..), mark).then_some((currency, cell.get(..end)?.trim_end()))
    });
    match found {
        // Mexican files write both: `$1,234.56 MXN`.
        Some((Some(currency), number)) => (Some(currency), number.trim_start_matches('$').trim_start()),
        Some((None, number)) => (None, number),
        None => (None, cell),
    }
}

fn form(number: &str) -> Form {
    let mut marks = number.char_indices().filter_map(|(at, c)| match c {
        ',' => Some((at, Decimals::Comma)),
        '.' => Some((at, Decimals::Point)),
        _ => None,
    });
    let (Some((at, first)), second) = (marks.next(), marks.next()) else { return Form::Plain };
    let Some((_, second)) = second else {
        let (before, after) = (number.get(..at).unwrap_or_default(), number.len() - at - 1);
        let may_be_thousands = after == 3 && (1..=3).contains(&before.len()) && !before.starts_with('0');
        return if may_be_thousands { Form::Unclear } else { Form::Clear(first) };
    };
    // Of two kinds the first divides thousands; a mark that comes twice does so too.
    Form::Clear(if first == second { first.other() } else { second })
}

fn read(number: &str, decimals: Decimals) -> Result<Amount, CellError> {
    let form = || CellError::Form(Example(decimals));
    if number.starts_with(['-', '(']) || number.ends_with('-') {
        return Err(CellError::Negative);
    }
    let (whole, fraction) = number.split_once(decimals.mark()).unwrap_or((number, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    let mut groups = whole.split(decimals.other().mark());
    let first = groups.next().unwrap_or_default();
    let mut digits = first.to_owned();
    let mut is_grouped = false;
    for group in groups {
        if group.len() != 3 || first.len() > 3 {
            return Err(form());
        }
        digits.push_str(group);
        is_grouped = true;
    }
    if !are_digits(&digits) || !are_digits(fraction) || (is_grouped && first.is_empty()) {
        return Err(form());
    }
    // Programs that count in smaller parts write zeros behind.
    let kept = fraction.trim_end_matches('0');
    if kept.len() > 2 {
        return Err(CellError::Fraction);
    }
    format!("{digits}.{kept:0<2}").parse().map_err(|error| match error {
        AmountError::TooLarge => CellError::TooLarge(error),
        AmountError::Form => form(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A file with only these cells, each read; or the place of the one that is unclear.
    fn file(cells: &[&str], told: Option<Decimals>) -> Result<Vec<Option<String>>, u64> {
        let mut habits = Habits::default();
        for (cell, line) in cells.iter().zip(1..) {
            habits.look(cell, line);
        }
        let style = habits.conclude(told)?;
        Ok(cells.iter().map(|cell| style.read(cell).ok().map(|(amount, _)| amount.to_string())).collect())
    }

    #[track_caller]
    fn check(cells: &[&str], told: Option<Decimals>, expected: Result<&[&str], u64>) {
        let read = file(cells, told);
        let read = read.as_ref().map(|all| all.iter().map(|one| one.as_deref().unwrap_or("none")).collect::<Vec<_>>());
        assert_eq!(read.as_deref().map_err(|line| **line), expected, "{cells:?}");
    }

    #[test]
    fn clear_cells_are_read_as_they_are() {
        check(&["1.234,56"], None, Ok(&["1234.56"]));
        check(&["1,234.56"], None, Ok(&["1234.56"]));
        check(&["1234.56", "1234", "0.5", "1234.5600"], None, Ok(&["1234.56", "1234.00", "0.50", "1234.56"]));
        check(&["1234,5", "1.234.567,00", "0,000"], None, Ok(&["1234.50", "1234567.00", "0.00"]));
        check(&["1.234.567"], None, Ok(&["1234567.00"]));
        check(&["1.234,56", "1,234.56"], None, Ok(&["1234.56", "1234.56"]));
    }

    #[test]
    fn an_unclear_cell_is_read_as_the_others_are() {
        check(&["1.234", "0,50"], None, Ok(&["1234.00", "0.50"]));
        check(&["1.230", "0.50"], None, Ok(&["1.23", "0.50"]));
        check(&["1,234", "0.50"], None, Ok(&["1234.00", "0.50"]));
        check(&["12", "1.234"], None, Err(2));
        check(&["1.234", "0,50", "0.50"], None, Err(1));
    }

    #[test]
    fn what_was_told_holds_for_every_cell() {
        check(&["1.234", "0.50"], Some(Decimals::Comma), Ok(&["1234.00", "none"]));
        check(&["1.234", "0.50"], Some(Decimals::Point), Ok(&["none", "0.50"]));
    }

    #[test]
    fn a_currency_may_stand_beside() {
        for (cell, currency) in [
            ("R$ 1.234,56", Some(Currency::Brl)),
            ("r$1.234,56", Some(Currency::Brl)),
            ("R$\u{a0}1.234,56", Some(Currency::Brl)),
            ("1234,56 BRL", Some(Currency::Brl)),
            ("US$ 1,234.56", Some(Currency::Usd)),
            ("$1,234.56", None),
            ("$1,234.56 MXN", Some(Currency::Mxn)),
            ("MX$1,234.56", Some(Currency::Mxn)),
        ] {
            assert_eq!(Style::Each.read(cell), Ok((Amount::from_hundredths(123_456).unwrap(), currency)), "{cell}");
        }
    }

    #[test]
    fn what_is_no_amount_is_told() {
        let form = CellError::Form(Example(Decimals::Comma));
        for (cell, expected) in [
            ("", form),
            ("-", CellError::Negative),
            ("-10,00", CellError::Negative),
            ("(10,00)", CellError::Negative),
            ("10,00-", CellError::Negative),
            ("1 234,56", form),
            ("12.34,56", form),
            ("1234.567,00", form),
            (".123,00", form),
            ("1,2,3", form),
            ("1,", form),
            (",50", form),
            ("1,005", CellError::Fraction),
            ("dez", form),
            ("99999999999999,00", CellError::TooLarge(AmountError::TooLarge)),
            ("€ 5,00", form),
        ] {
            assert_eq!(Style::Fixed(Decimals::Comma).read(cell).map(|(amount, _)| amount), Err(expected), "{cell}");
        }
    }

    fn grouped(whole: i64, mark: char) -> String {
        let digits = whole.to_string();
        let at = |index: usize| (index > 0 && (digits.len() - index).is_multiple_of(3)).then_some(mark);
        digits.chars().enumerate().flat_map(|(index, digit)| at(index).into_iter().chain([digit])).collect()
    }

    proptest! {
        #[test]
        fn every_amount_comes_back(hundredths in 0_i64..1_000_000_000_000_000) {
            let (whole, fraction) = (hundredths / 100, hundredths % 100);
            for cell in [
                format!("{},{fraction:02}", grouped(whole, '.')),
                format!("{}.{fraction:02}", grouped(whole, ',')),
                format!("{whole}.{fraction:02}"),
                format!("{whole},{fraction:02}"),
            ] {
                prop_assert_eq!(Style::Each.read(&cell).map(|(amount, _)| amount.hundredths()), Ok(hundredths), "{}", cell);
            }
        }

        #[test]
        fn any_cell_is_answered(cells in prop::collection::vec(".{0,12}|[0-9.,$ -]{0,12}", 0..4)) {
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            prop_assert!(file(&cells, None).is_ok() || cells.iter().any(|cell| cell.contains(['.', ','])));
        }
    }
}
