//! From what a caller wrote to creditors, debtors and debts: every field is checked here, once.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;

use crate::contact::reply::Language;
use crate::dunning::boleto::Boleto;
use crate::dunning::creditor::Creditor;
use crate::dunning::debt::{Debt, Instalment, Status};
use crate::dunning::debtor::{Confirmation, Debtor};
use crate::dunning::event::Happening;
use crate::dunning::money::{Amount, Currency};
use crate::dunning::pix::Pix;
use crate::dunning::unsaid::{Part, Unsaid};
use crate::store::StoreError;
use crate::store::portfolio::{DebtFilter, Item, Stated};
use crate::store::reader::Reader;

use super::Settings;
use super::auth::Caller;
use super::dto::creditor::CreditorRequest;
use super::dto::debt::DebtRequest;
use super::dto::debtor::DebtorRequest;
use super::json::object;
use super::problem::{Kind, Problem};
use super::submission::{recipient, tags, word};

/// Characters of a link and of a Pix code.
const LINK_MAX: usize = 1024;

/// Numbers of one debtor.
const NUMBERS_MAX: usize = 20;

/// An item whose fields are right.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) id: String,
    pub(super) item: Stated,
    pub(super) warnings: Vec<String>,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Creditor,
    Debtor,
    Debt,
}

/// The debtor of a debt: the id, the debtor where more is said, what is not said, and what is said of the numbers.
type DebtorOfDebt = (String, Option<Box<Debtor>>, Unsaid, Vec<Confirmation>);

/// What items are checked with.
pub(super) struct Desk<'a> {
    reader: &'a Reader,
    settings: &'a Settings,
    caller: &'a Caller,
    creditors: HashMap<String, Currency>,
    /// Whether what an item does not have stays as it is stored.
    keeps: bool,
}

impl<'a> Desk<'a> {
    pub(super) fn new(
        reader: &'a Reader,
        settings: &'a Settings,
        caller: &'a Caller,
        keeps: bool,
    ) -> Result<Self, StoreError> {
        let creditors = reader.creditors()?.into_iter().map(|creditor| (creditor.id, creditor.currency)).collect();
        Ok(Self { reader, settings, caller, creditors, keeps })
    }

    /// Reads an item.
    pub(super) fn check(&self, subject: Subject, octets: &[u8]) -> Result<Checked, Problem> {
        match subject {
            Subject::Creditor => self.creditor(octets),
            Subject::Debtor => self.debtor(octets),
            Subject::Debt => self.debt(octets),
        }
    }

    fn creditor(&self, octets: &[u8]) -> Result<Checked, Problem> {
        let request: CreditorRequest = object(octets)?;
        let id = needed("id", request.id)?;
        self.covers("id", &id)?;
        let name = needed("name", request.name)?;
        let zone = needed("zone", request.zone)?;
        let zone = TimeZone::get(&zone)
            .map_err(|_unknown| Problem::bad("zone", "no such zone; give one such as America/Sao_Paulo"))?;
        let sender = word("sender", request.sender)?.unwrap_or_else(|| name.clone());
        let language = needed("language", request.language)?;
        let currency = needed("currency", request.currency)?;
        let creditor = Creditor {
            id: id.clone(),
            name,
            sender,
            zone,
            language: self::language(&language)?,
            currency: self::currency(&currency)?,
            ladder: word("ladder", request.ladder)?,
            triggers: triggers(request.on)?,
        };
        let warnings = self.doubts(&creditor.triggers)?;
        Ok(Checked { id, item: Item::Creditor(Box::new(creditor)).into(), warnings })
    }

    /// What keeps triggers from bringing a text as things are.
    fn doubts(&self, triggers: &BTreeMap<&'static str, String>) -> Result<Vec<String>, Problem> {
        let mut doubts = Vec::new();
        for (event, template) in triggers {
            if self.reader.template_in_use(template)?.is_none() {
                doubts.push(format!("on {event}: no template {template:?} is approved"));
            }
        }
        Ok(doubts)
    }

    fn debtor(&self, octets: &[u8]) -> Result<Checked, Problem> {
        let (debtor, unsaid, confirmations) = self.person(octets)?;
        let id = debtor.id.clone();
        let item = Stated { item: Item::Debtor(Box::new(debtor)), unsaid, confirmations };
        Ok(Checked { id, item, warnings: Vec::new() })
    }

    /// A debtor, with what is not said, and what is said of the numbers.
    fn person(&self, octets: &[u8]) -> Result<(Debtor, Unsaid, Vec<Confirmation>), Problem> {
        let mut request: DebtorRequest = object(octets)?;
        let confirmed = std::mem::take(&mut request.confirmed);
        let unconfirmed = std::mem::take(&mut request.unconfirmed);
        let (debtor, unsaid) = (self.whole_debtor(request)?, self.unsaid(octets, &Part::OF_DEBTOR)?);
        let mut confirmations = Vec::new();
        if confirmed.is_empty() && unconfirmed.is_empty() {
            return Ok((debtor, unsaid, confirmations));
        }
        let known = if unsaid.has(Part::Numbers) { self.reader.debtor(&debtor.id)? } else { None };
        let own = known.map_or_else(|| debtor.numbers.clone(), |known| known.numbers);
        for (field, written, is_confirmed) in [("confirmed", confirmed, true), ("unconfirmed", unconfirmed, false)] {
            for written in written {
                let number = recipient(field, &written, self.settings)?;
                let is_said = |said: &Confirmation| said.number == number && said.is_confirmed != is_confirmed;
                if !own.iter().any(|own| own.is_same_line(number)) {
                    return Err(Problem::bad(field, "is for numbers of this debtor, and one is none"));
                }
                if confirmations.iter().any(is_said) {
                    return Err(Problem::bad(field, "has a number that stands in confirmed too"));
                }
                confirmations.push(Confirmation { number, is_confirmed });
            }
        }
        Ok((debtor, unsaid, confirmations))
    }

    /// What an item does not speak of, where that stays.
    fn unsaid(&self, octets: &[u8], parts: &[(Part, &'static str)]) -> Result<Unsaid, Problem> {
        if !self.keeps {
            return Ok(Unsaid::default());
        }
        let said: BTreeMap<String, Box<RawValue>> = object(octets)?;
        Ok(parts.iter().filter(|(_, name)| !said.contains_key(*name)).map(|(part, _)| *part).collect())
    }

    fn whole_debtor(&self, request: DebtorRequest) -> Result<Debtor, Problem> {
        let id = needed("id", request.id)?;
        self.may_change(&id)?;
        if request.numbers.len() > NUMBERS_MAX {
            return Err(Problem::bad("numbers", format!("a debtor may have {NUMBERS_MAX} numbers")));
        }
        let mut numbers = Vec::with_capacity(request.numbers.len());
        for written in &request.numbers {
            let number = recipient("numbers", written, self.settings)?;
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        let document = word("document", request.document)?.as_deref().map(document);
        Ok(Debtor {
            id,
            name: word("name", request.name)?,
            document,
            language: request.language.as_deref().map(language).transpose()?,
            kind: word("kind", request.kind)?,
            since: day("since", request.since.as_deref())?,
            tags: tags(request.tags)?,
            numbers,
        })
    }

    /// Who is limited to some creditors does not change a debtor of others alone.
    fn may_change(&self, debtor: &str) -> Result<(), Problem> {
        let own = self.caller.creditors();
        if own.is_empty() {
            return Ok(());
        }
        let of = |creditors: Vec<String>| DebtFilter {
            debtor: Some(debtor.to_owned()),
            creditors,
            limit: 1,
            ..DebtFilter::default()
        };
        let is_of_others =
            self.reader.debts(&of(own.to_vec()))?.is_empty() && !self.reader.debts(&of(Vec::new()))?.is_empty();
        if is_of_others {
            return Err(Problem::new(Kind::Forbidden, "this debtor owes to other creditors alone").field("id"));
        }
        Ok(())
    }

    /// A debt, with its debtor where one stands in it.
    fn debt(&self, octets: &[u8]) -> Result<Checked, Problem> {
        let request: DebtRequest = object(octets)?;
        let id = needed("id", request.id)?;
        let creditor = needed("creditor", request.creditor)?;
        self.covers("creditor", &creditor)?;
        let known = self.creditors.get(&creditor).copied();
        let known =
            known.ok_or_else(|| Problem::bad("creditor", "no creditor has this id; put it to /v1/creditors first"))?;
        let stated = request.currency.as_deref().map(currency).transpose()?;
        let (debtor_id, debtor, mut unsaid, confirmations) = self.debtor_of(request.debtor.as_deref())?;
        unsaid = unsaid.and(self.unsaid(octets, &Part::OF_DEBT)?);
        if request.original_amount.is_none() {
            // A debt has one always, and what is owed by now is another thing.
            unsaid = unsaid.and(Unsaid::from_iter([Part::Original]));
        }
        let amount = amount("amount", request.amount.as_deref())?.ok_or_else(|| missing("amount"))?;
        let original = self::amount("original_amount", request.original_amount.as_deref())?.unwrap_or(amount);
        let due = day("due", request.due.as_deref())?.ok_or_else(|| missing("due"))?;
        let instalment = match request.instalment {
            Some(words) if words.number == 0 || words.number > words.of => {
                return Err(Problem::bad("instalment", "number is from 1 to of"));
            }
            words => words.map(|words| Instalment { number: words.number, of: words.of }),
        };
        let boleto = request.boleto.as_deref().map(Boleto::parse).transpose();
        let boleto = boleto.map_err(|error| Problem::bad("boleto", error.to_string()))?;
        let pix = request.pix.as_deref().map(Pix::parse).transpose();
        let pix = pix.map_err(|error| Problem::bad("pix", error.to_string()))?;
        let mismatches = boleto.iter().flat_map(|boleto| boleto.mismatches(amount, due));
        let mismatches = mismatches.chain(pix.iter().filter_map(|pix| pix.mismatch(amount)));
        let warnings = mismatches.map(|mismatch| mismatch.to_string()).collect();
        let status = status(request.status.as_deref(), request.until.as_deref())?;
        let debt = Debt {
            id: id.clone(),
            creditor,
            debtor: debtor_id,
            currency: stated.unwrap_or(known),
            original,
            amount,
            due,
            instalment,
            contract: word("contract", request.contract)?,
            product: word("product", request.product)?,
            terms: word("terms", request.terms)?,
            boleto: boleto.map(|boleto| boleto.line().to_owned()),
            pix: pix.map(|pix| pix.text().to_owned()),
            link: link(request.link)?,
            access_code: word("access_code", request.access_code)?,
            ladder: word("ladder", request.ladder)?,
            tags: tags(request.tags)?,
            status: status.unwrap_or_default(),
        };
        let item = Stated { item: Item::Debt { debtor, debt: Box::new(debt), status }, unsaid, confirmations };
        Ok(Checked { id, item, warnings })
    }

    /// The debtor's id, and the debtor where more than the id is said, as in [`Self::person`].
    fn debtor_of(&self, given: Option<&RawValue>) -> Result<DebtorOfDebt, Problem> {
        let given = given.ok_or_else(|| missing("debtor"))?;
        if let Ok(id) = serde_json::from_str::<String>(given.get()) {
            return Ok((needed("debtor", Some(id))?, None, Unsaid::default(), Vec::new()));
        }
        let person = self.person(given.get().as_bytes());
        let (debtor, unsaid, confirmations) = person.map_err(|problem| problem.within("debtor"))?;
        Ok((debtor.id.clone(), Some(Box::new(debtor)), unsaid, confirmations))
    }

    fn covers(&self, field: &'static str, creditor: &str) -> Result<(), Problem> {
        if self.caller.covers(Some(creditor)) {
            return Ok(());
        }
        let own = self.caller.creditors().join(", ");
        Err(Problem::new(Kind::Forbidden, format!("this token is limited to these creditors: {own}")).field(field))
    }
}

/// An identity document without what people write between its signs.
pub(super) fn document(given: &str) -> String {
    given.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// Templates by the events that they are for.
fn triggers(given: BTreeMap<String, String>) -> Result<BTreeMap<&'static str, String>, Problem> {
    let mut triggers = BTreeMap::new();
    for (name, template) in given {
        let unknown = || Problem::bad("on", format!("no such event; there are {}", Happening::NAMES.join(", ")));
        let event = Happening::known(&name).ok_or_else(unknown)?;
        triggers.extend(word("on", Some(template))?.map(|template| (event, template)));
    }
    Ok(triggers)
}

fn missing(field: &'static str) -> Problem {
    Problem::bad(field, "must be given")
}

fn needed(field: &'static str, given: Option<String>) -> Result<String, Problem> {
    word(field, given)?.ok_or_else(|| missing(field))
}

fn language(code: &str) -> Result<Language, Problem> {
    let all = || Language::ALL.map(Language::code).join(", ");
    Language::from_code(code).ok_or_else(|| Problem::bad("language", format!("no such language; there are {}", all())))
}

fn currency(code: &str) -> Result<Currency, Problem> {
    let all = || Currency::ALL.map(Currency::code).join(", ");
    Currency::from_code(code).ok_or_else(|| Problem::bad("currency", format!("no such currency; there are {}", all())))
}

/// An amount as programs write it.
pub(super) fn amount(field: &'static str, given: Option<&str>) -> Result<Option<Amount>, Problem> {
    given.map(|text| text.parse().map_err(|error| Problem::bad(field, format!("is {error}")))).transpose()
}

/// A civil day.
pub(super) fn day(field: &'static str, given: Option<&str>) -> Result<Option<Date>, Problem> {
    let wrong = |_| Problem::bad(field, "give a day as 2026-11-30");
    given.map(|text| text.parse::<Date>().map_err(wrong)).transpose()
}

fn status(word: Option<&str>, until: Option<&str>) -> Result<Option<Status>, Problem> {
    let until = day("until", until)?;
    match (word, until) {
        (Some("promised"), None) => Err(Problem::bad("until", "say until which day it is promised")),
        (Some("promised"), Some(_)) | (_, None) => word
            .map(|word| {
                let all = "open, promised, agreed, disputed, paid, cancelled";
                let unknown = || Problem::bad("status", format!("no such status; there are {all}"));
                Status::from_name(word, until).ok_or_else(unknown)
            })
            .transpose(),
        (_, Some(_)) => Err(Problem::bad("until", "is the day of a promise; leave it out")),
    }
}

fn link(given: Option<String>) -> Result<Option<String>, Problem> {
    match given {
        Some(link) if link.trim().is_empty() => Err(Problem::bad("link", "is empty; leave it out instead")),
        Some(link) if link.chars().any(|c| c.is_control() || c.is_whitespace()) => {
            Err(Problem::bad("link", "holds a space or a control character"))
        }
        Some(link) if link.chars().nth(LINK_MAX).is_some() => {
            Err(Problem::bad("link", format!("is longer than {LINK_MAX} characters")))
        }
        link => Ok(link),
    }
}
