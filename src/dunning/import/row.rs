//! From the cells of a line to a debtor and a debt.

use std::borrow::Cow;

use csv::ByteRecord;
use jiff::civil::Date;

use crate::contact::reply::Language;
use crate::sms::number::{Country, NumberError, PhoneNumber};

use super::super::boleto::Boleto;
use super::super::debt::{Debt, Instalment, Status};
use super::super::debtor::{Confirmation, Debtor};
use super::super::money::{Amount, Currency};
use super::super::paper::Mismatch;
use super::super::pix::Pix;
use super::super::unsaid::{Part, Unsaid};
use super::Import;
use super::field::Field;
use super::finding::{Doubt, Fault, Finding, Warning, Wrong};

/// Characters of ids, names and words.
const WORD_CHARS: usize = 200;

/// Characters of a link, whose reader has a small screen and whose text has few parts.
const LINK_CHARS: usize = 500;

/// Words of a cell of tags.
const TAGS_MAX: usize = 20;

/// Numbers of one debtor.
const NUMBERS_MAX: usize = 20;

/// Numbers of Brazil, Mexico and North America have at least so many digits with their area code.
const DIGITS_WITH_AREA: usize = 10;

/// Digits of a Brazilian number with its area code: those of mobiles are eleven today, and were ten.
const BRAZILIAN_DIGITS: usize = 10;

/// Words by which files say how a debt stands, besides those of [`Status::name`]. A promise has its own: it needs a day.
const STATUS_WORDS: [(&str, Status); 33] = [
    ("aberto", Status::Open),
    ("aberta", Status::Open),
    ("em aberto", Status::Open),
    ("abierto", Status::Open),
    ("abierta", Status::Open),
    ("pendente", Status::Open),
    ("pendiente", Status::Open),
    ("vencido", Status::Open),
    ("vencida", Status::Open),
    ("a vencer", Status::Open),
    ("por vencer", Status::Open),
    ("overdue", Status::Open),
    ("due", Status::Open),
    ("pago", Status::Paid),
    ("paga", Status::Paid),
    ("pagado", Status::Paid),
    ("pagada", Status::Paid),
    ("quitado", Status::Paid),
    ("quitada", Status::Paid),
    ("liquidado", Status::Paid),
    ("liquidada", Status::Paid),
    ("acordo", Status::Agreed),
    ("em acordo", Status::Agreed),
    ("convenio", Status::Agreed),
    ("renegociado", Status::Agreed),
    ("renegociada", Status::Agreed),
    ("contestado", Status::Disputed),
    ("contestada", Status::Disputed),
    ("em disputa", Status::Disputed),
    ("en disputa", Status::Disputed),
    ("cancelado", Status::Cancelled),
    ("cancelada", Status::Cancelled),
    ("canceled", Status::Cancelled),
];

/// Words by which files say that there is a promise.
const PROMISE_WORDS: [&str; 9] = [
    "promised",
    "promise",
    "promessa",
    "prometido",
    "prometida",
    "promesa",
    "com promessa",
    "con promesa",
    "promessa de pagamento",
];

/// Words for yes in three languages, and for no.
const YES: [&str; 11] = ["yes", "y", "true", "1", "x", "sim", "s", "si", "sí", "confirmed", "confirmado"];
const NO: [&str; 7] = ["no", "n", "false", "0", "não", "nao", "-"];

/// What there is nothing to say of without a column.
const COLUMNS: [(Part, Field); 16] = [
    (Part::Name, Field::Name),
    (Part::Document, Field::Document),
    (Part::Language, Field::Language),
    (Part::Kind, Field::Kind),
    (Part::Since, Field::Since),
    (Part::DebtorTags, Field::DebtorTags),
    (Part::Currency, Field::Currency),
    (Part::Contract, Field::Contract),
    (Part::Product, Field::Product),
    (Part::Terms, Field::Terms),
    (Part::Boleto, Field::Boleto),
    (Part::Pix, Field::Pix),
    (Part::Link, Field::Link),
    (Part::AccessCode, Field::AccessCode),
    (Part::Ladder, Field::Ladder),
    (Part::Tags, Field::Tags),
];

/// A row that can be taken in. `Debug` shows ids only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Who owes.
    pub debtor: Debtor,
    /// What is owed. Its status is that of `status`, or open.
    pub debt: Debt,
    /// How it stands, where the file says it.
    pub status: Option<Status>,
    /// What the file does not speak of: it has no column for it.
    pub unsaid: Unsaid,
    /// What it says of the debtor's numbers.
    pub confirmations: Vec<Confirmation>,
    /// What somebody should look at.
    pub warnings: Vec<Warning>,
}

/// A line that is being read, with what was found so far.
pub(super) struct Line<'a> {
    import: &'a Import,
    record: &'a ByteRecord,
    number: u64,
    faults: Vec<Fault>,
    warnings: Vec<Warning>,
    confirmations: Vec<Confirmation>,
}

impl<'a> Line<'a> {
    pub(super) fn new(import: &'a Import, record: &'a ByteRecord, number: u64) -> Self {
        Self { import, record, number, faults: Vec::new(), warnings: Vec::new(), confirmations: Vec::new() }
    }

    pub(super) fn read(mut self) -> Result<Row, Vec<Fault>> {
        if self.record.iter().skip(self.import.columns.count()).any(|cell| !cell.trim_ascii().is_empty()) {
            self.faults.push(Finding::new(self.number, None, "", Wrong::TooManyCells));
            return Err(self.faults);
        }
        let debtor = self.debtor();
        let status = self.status();
        let debt = self.debt(debtor.as_ref(), status.unwrap_or_default());
        match (debtor, debt) {
            (Some(debtor), Some(debt)) if self.faults.is_empty() => {
                let unsaid = self.unsaid(&debt);
                let Self { number: line, confirmations, warnings, .. } = self;
                Ok(Row { line, debtor, debt, status, unsaid, confirmations, warnings })
            }
            _ => Err(self.faults),
        }
    }

    /// What the row says nothing of. A cell that is empty says that there is nothing, but for what there is always: an
    /// original amount, and of how many an instalment is.
    fn unsaid(&self, debt: &Debt) -> Unsaid {
        let columns = &self.import.columns;
        let without = COLUMNS.into_iter().filter(|(_, field)| columns.place(*field).is_none()).map(|(part, _)| part);
        let is_one_of_unknown = debt.instalment.is_none() && self.cell(Field::Instalment).is_some();
        let others = [
            (Part::Numbers, columns.phones().is_empty()),
            (Part::Original, self.cell(Field::Original).is_none()),
            (Part::Instalment, columns.place(Field::Instalment).is_none() || is_one_of_unknown),
        ];
        without.chain(others.into_iter().filter_map(|(part, is_unsaid)| is_unsaid.then_some(part))).collect()
    }

    /// The text of a column; `None` where it is empty.
    fn text(&self, place: usize) -> Option<Cow<'a, str>> {
        let text = self.import.encoding.decode(self.record.get(place)?);
        let trimmed = text.trim();
        match (trimmed.is_empty(), trimmed.len() == text.len()) {
            (true, _) => None,
            (false, true) => Some(text),
            (false, false) => Some(Cow::Owned(trimmed.to_owned())),
        }
    }

    fn cell(&self, field: Field) -> Option<Cow<'a, str>> {
        self.text(self.import.columns.place(field)?)
    }

    fn fault_at(&mut self, place: Option<usize>, cell: &str, wrong: Wrong) {
        let column = place.map(|place| self.import.columns.heading(place));
        self.faults.push(Finding::new(self.number, column, cell, wrong));
    }

    fn fault(&mut self, field: Field, cell: &str, wrong: Wrong) {
        self.fault_at(self.import.columns.place(field), cell, wrong);
    }

    fn warn(&mut self, place: Option<usize>, cell: &str, doubt: Doubt) {
        let column = place.map(|place| self.import.columns.heading(place));
        self.warnings.push(Finding::new(self.number, column, cell, doubt));
    }

    /// What a cell is read as; nothing where it is empty, a fault where it cannot be read.
    fn read_as<T>(&mut self, field: Field, read: impl FnOnce(&str) -> Result<T, Wrong>) -> Option<T> {
        let cell = self.cell(field)?;
        read(&cell).map_err(|wrong| self.fault(field, &cell, wrong)).ok()
    }

    /// Words with one space between them: cells in quotes have line ends in them.
    fn word(&mut self, field: Field) -> Option<String> {
        self.read_as(field, |cell| {
            let words = cell.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
            let word = words.collect::<Vec<_>>().join(" ");
            if word.chars().nth(WORD_CHARS).is_some() { Err(Wrong::TooLong(WORD_CHARS)) } else { Ok(word) }
        })
    }

    fn tags(&mut self, field: Field) -> Vec<String> {
        let read = self.read_as(field, |cell| {
            let tags = cell.split([',', ';', '|']).map(str::trim).filter(|tag| !tag.is_empty());
            let tags: Vec<String> = tags.map(str::to_owned).take(TAGS_MAX).collect();
            let is_long = |tag: &String| tag.chars().nth(WORD_CHARS).is_some();
            if tags.iter().any(is_long) { Err(Wrong::TooLong(WORD_CHARS)) } else { Ok(tags) }
        });
        read.unwrap_or_default()
    }

    fn day(&mut self, field: Field) -> Option<Date> {
        let dates = self.import.dates;
        self.read_as(field, |cell| dates.read(cell).ok_or(Wrong::Day))
    }

    fn debtor(&mut self) -> Option<Debtor> {
        let document = self.word(Field::Document).map(|document| {
            document.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect::<String>()
        });
        let document = document.filter(|document| !document.is_empty());
        let id = self.word(Field::Debtor).or_else(|| document.clone());
        if id.is_none() {
            let columns = &self.import.columns;
            let place = columns.place(Field::Debtor).or_else(|| columns.place(Field::Document));
            self.fault_at(place, "", Wrong::Empty);
        }
        let language = self.read_as(Field::Language, |cell| language(cell).ok_or(Wrong::Language));
        let (name, kind) = (self.word(Field::Name), self.word(Field::Kind));
        let (since, tags, numbers) = (self.day(Field::Since), self.tags(Field::DebtorTags), self.numbers());
        Some(Debtor { id: id?, name, document, language, kind, since, tags, numbers })
    }

    /// The numbers of all columns. One that cannot be texted is left out, and a fault where there is no other.
    fn numbers(&mut self) -> Vec<PhoneNumber> {
        let (mut numbers, mut refused) = (Vec::new(), Vec::new());
        for (nth, &place) in self.import.columns.phones().iter().enumerate() {
            let Some(cell) = self.text(place) else { continue };
            let area = self.import.columns.area_of(nth).and_then(|area| self.text(area));
            let is_confirmed = self.confirmation(nth);
            for written in cell.split(['/', ',', ';', '|']).map(str::trim).filter(|written| !written.is_empty()) {
                let number = number(&with_area(area.as_deref(), written), self.import.country);
                if let (Ok(number), Some(is_confirmed)) = (number, is_confirmed) {
                    self.confirmations.push(Confirmation { number, is_confirmed });
                }
                match number {
                    Ok(number) if numbers.contains(&number) || numbers.len() == NUMBERS_MAX => {}
                    Ok(number) => numbers.push(number),
                    Err(error) => refused.push((place, written.to_owned(), error)),
                }
            }
        }
        let first = self.import.columns.phones().first().copied();
        if numbers.is_empty() && refused.is_empty() && first.is_some() {
            self.warn(first, "", Doubt::NoNumber);
        }
        for (place, written, error) in refused {
            if numbers.is_empty() {
                self.fault_at(Some(place), &written, Wrong::Number(error));
            } else {
                self.warn(Some(place), &written, Doubt::Number(error));
            }
        }
        numbers
    }

    /// What is said of the numbers of a column of numbers, by its place among those.
    fn confirmation(&mut self, phone: usize) -> Option<bool> {
        let place = self.import.columns.confirmation_of(phone)?;
        let cell = self.text(place)?;
        let word = cell.to_lowercase();
        match (YES.contains(&word.as_str()), NO.contains(&word.as_str())) {
            (false, false) => {
                self.fault_at(Some(place), &cell, Wrong::Confirmed);
                None
            }
            (is_confirmed, _) => Some(is_confirmed),
        }
    }

    /// How it stands. What is owed, or of which nothing else is said, is promised where there is a day until which it is.
    fn status(&mut self) -> Option<Status> {
        let has_day = self.cell(Field::Until).is_some();
        let until = self.day(Field::Until);
        let said = self.read_as(Field::Status, |cell| match status(cell, until) {
            // A day that cannot be read has its fault already.
            Err(Wrong::PromiseDay) if has_day => Ok(Status::Open),
            said => said,
        });
        match (said, until) {
            (None | Some(Status::Open), Some(until)) => Some(Status::Promised { until }),
            (said, _) => said,
        }
    }

    fn debt(&mut self, debtor: Option<&Debtor>, status: Status) -> Option<Debt> {
        let contract = self.word(Field::Contract);
        let instalment = self.instalment();
        let id = self.debt_id(contract.as_deref(), instalment);
        let (creditor, currency) = self.creditor().unzip();
        let stated = self
            .read_as(Field::Currency, |cell| Currency::from_code(&cell.to_ascii_uppercase()).ok_or(Wrong::Currency));
        let currency = stated.or(currency);
        let (first, now) = (self.amount(Field::Original, currency), self.amount(Field::Amount, currency));
        let amounts = match (first, now) {
            (Some(original), Some(amount)) => Some((original, amount)),
            (Some(only), None) | (None, Some(only)) => Some((only, only)),
            (None, None) => None,
        };
        let due = self.day(Field::Due);
        let (product, terms) = (self.word(Field::Product), self.word(Field::Terms));
        let (access_code, ladder) = (self.word(Field::AccessCode), self.word(Field::Ladder));
        let (tags, link) = (self.tags(Field::Tags), self.link());
        let boleto = self.read_as(Field::Boleto, |cell| Boleto::parse(cell).map_err(Wrong::Boleto));
        let pix = self.read_as(Field::Pix, |cell| Pix::parse(cell).map_err(Wrong::Pix));
        let Some(((original, amount), due)) = amounts.zip(due) else {
            self.nothing_stands_there();
            return None;
        };
        for mismatch in boleto.iter().flat_map(|boleto| boleto.mismatches(amount, due)) {
            self.mismatch(Field::Boleto, mismatch);
        }
        for mismatch in pix.iter().filter_map(|pix| pix.mismatch(amount)) {
            self.mismatch(Field::Pix, mismatch);
        }
        Some(Debt {
            id: id?,
            creditor: creditor?,
            debtor: debtor?.id.clone(),
            currency: currency?,
            original,
            amount,
            due,
            instalment: instalment.and_then(|(number, of)| of.map(|of| Instalment { number, of })),
            contract,
            product,
            terms,
            boleto: boleto.map(|boleto| boleto.line().to_owned()),
            pix: pix.map(|pix| pix.text().to_owned()),
            link,
            access_code,
            ladder,
            tags,
            status,
        })
    }

    /// To whom it is owed, and what such debts are in.
    fn creditor(&mut self) -> Option<(String, Currency)> {
        let Some(creditor) = self.word(Field::Creditor).or_else(|| self.import.creditor.clone()) else {
            self.fault(Field::Creditor, "", Wrong::Empty);
            return None;
        };
        let Some(currency) = self.import.creditors.get(&creditor).copied() else {
            self.fault(Field::Creditor, &creditor, Wrong::NoCreditor);
            return None;
        };
        Some((creditor, currency))
    }

    /// Which instalment, and of how many where that is told.
    fn instalment(&mut self) -> Option<(u16, Option<u16>)> {
        let total = self.read_as(Field::Instalments, |cell| cell.parse::<u16>().map_err(|_none| Wrong::Instalment));
        self.read_as(Field::Instalment, |cell| {
            let parts = ["/", " de ", " of "].iter().find_map(|mark| cell.split_once(mark));
            let number = |text: &str| text.trim().parse::<u16>().ok().filter(|number| *number > 0);
            let (which, of) = match parts {
                Some((which, of)) => (number(which), Some(number(of).ok_or(Wrong::Instalment)?)),
                None => (number(cell), total),
            };
            match (which, of) {
                (Some(which), Some(of)) if which > of => Err(Wrong::Instalment),
                (Some(which), of) => Ok((which, of)),
                (None, _) => Err(Wrong::Instalment),
            }
        })
    }

    /// Its own id, else contract and instalment: a contract alone is the same for all instalments.
    fn debt_id(&mut self, contract: Option<&str>, instalment: Option<(u16, Option<u16>)>) -> Option<String> {
        if let Some(id) = self.word(Field::Debt) {
            return Some(id);
        }
        if let Some((contract, (number, _))) = contract.zip(instalment) {
            return Some(format!("{contract}/{number}"));
        }
        let place = self.import.columns.place(Field::Debt).or_else(|| self.import.columns.place(Field::Instalment));
        // A cell that cannot be read has its fault already.
        if !self.faults.iter().any(|fault| fault.what == Wrong::Instalment) {
            self.fault_at(place, "", Wrong::NoDebtId);
        }
        None
    }

    fn amount(&mut self, field: Field, currency: Option<Currency>) -> Option<Amount> {
        let style = self.import.style;
        self.read_as(field, |cell| {
            let (amount, stated) = style.read(cell).map_err(Wrong::Amount)?;
            match stated.zip(currency) {
                Some((stated, expected)) if stated != expected => Err(Wrong::OtherCurrency { stated, expected }),
                _ => Ok(amount),
            }
        })
    }

    fn link(&mut self) -> Option<String> {
        let too_long = |link: &str| link.chars().nth(LINK_CHARS).is_some();
        self.read_as(
            Field::Link,
            |cell| {
                if too_long(cell) { Err(Wrong::TooLong(LINK_CHARS)) } else { Ok(cell.to_owned()) }
            },
        )
    }

    /// Faults for amount and day where their cells are empty; others have theirs already.
    fn nothing_stands_there(&mut self) {
        let amounts = [Field::Amount, Field::Original];
        if amounts.iter().all(|field| self.cell(*field).is_none()) {
            let mapped = amounts.into_iter().find(|field| self.import.columns.place(*field).is_some());
            self.fault(mapped.unwrap_or(Field::Amount), "", Wrong::Empty);
        }
        if self.cell(Field::Due).is_none() {
            self.fault(Field::Due, "", Wrong::Empty);
        }
    }

    fn mismatch(&mut self, field: Field, mismatch: Mismatch) {
        self.warn(self.import.columns.place(field), "", Doubt::Paper(mismatch));
    }
}

/// A number with the area code of its own column, where it is short of one.
fn with_area<'w>(area: Option<&str>, written: &'w str) -> Cow<'w, str> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).count();
    match area {
        Some(area) if digits(area) > 0 && digits(written) < DIGITS_WITH_AREA => {
            // Some programs write the zero that was dialled before it.
            Cow::Owned(format!("{} {written}", area.trim().trim_start_matches('0')))
        }
        Some(_) | None => Cow::Borrowed(written),
    }
}

/// A number as files write it. Brazilian ones without their area code are possible as numbers, and nobody has them.
fn number(written: &str, country: Country) -> Result<PhoneNumber, NumberError> {
    let number = PhoneNumber::parse(written, country)?;
    match number.plan() {
        Some((Country::BRAZIL, national)) if national.len() < BRAZILIAN_DIGITS => Err(NumberError::TooShort),
        _ => Ok(number),
    }
}

/// The language of a tag or of its first part.
fn language(cell: &str) -> Option<Language> {
    let first = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    Language::ALL.into_iter().find(|language| first(language.code()) == first(cell))
}

/// How a debt stands, in words of three languages, with the last day of a promise.
fn status(cell: &str, until: Option<Date>) -> Result<Status, Wrong> {
    let word = cell.to_lowercase();
    if PROMISE_WORDS.contains(&word.as_str()) {
        return until.map(|until| Status::Promised { until }).ok_or(Wrong::PromiseDay);
    }
    let known = STATUS_WORDS.into_iter().find(|(known, _)| *known == word).map(|(_, status)| status);
    known.or_else(|| Status::from_name(&word, None)).ok_or(Wrong::Status)
}
