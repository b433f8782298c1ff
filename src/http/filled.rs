//! Messages that are written from a template: what a caller asks for, looked up and filled, before its fields are checked
//! like those of every message.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::clock::Timestamp;
use crate::dunning::campaign::about;
use crate::dunning::case::{Case, Past};
use crate::dunning::creditor::Creditor;
use crate::dunning::debt::Debt;
use crate::dunning::debtor::Debtor;
use crate::dunning::ladder::Stop;
use crate::dunning::template::{Compiled, Given};
use crate::sms::message::{Purpose, Wording};
use crate::sms::number::PhoneNumber;
use crate::store::StoreError;
use crate::store::ladder::Loaded;
use crate::store::reader::Reader;
use crate::store::submit::Basis;

use super::Settings;
use super::auth::{Caller, Scope};
use super::dto::submit::SubmitRequest;
use super::problem::{Kind, Problem};
use super::submission::{covered, recipient};

/// What was looked up for a request.
#[derive(Debug)]
pub(super) struct Filled {
    /// The template, where there is one.
    pub(super) wording: Option<Wording>,
    /// What stands in the place of the text in the digest of what was asked: the text may be another when it is asked again.
    pub(super) asked: String,
    /// The number is the debtor's and was not given.
    pub(super) found_number: bool,
    /// The code that follows the text.
    pub(super) companion: Option<String>,
    /// What the text was written from.
    pub(super) basis: Option<Basis>,
}

/// Looks up and fills what a request leaves to be looked up. The request then has its text and its number.
pub(super) fn fill(
    request: &mut SubmitRequest,
    reader: &Reader,
    caller: &Caller,
    settings: &Settings,
    now: Timestamp,
) -> Result<Result<(), Problem>, StoreError> {
    let (template, vars) = (request.template.take(), request.vars.take());
    if template.is_none() && vars.is_some() {
        return Ok(Err(Problem::bad("vars", "fills a template; name it, or give text alone")));
    }
    let wants_number = request.to.is_none() && (request.debtor.is_some() || request.debt.is_some());
    if template.is_none() && !wants_number {
        return Ok(Ok(()));
    }
    if template.is_some() && request.text.is_some() {
        return Ok(Err(Problem::bad("template", "give text or template, not both")));
    }
    let filling = Filling { reader, caller, settings, now };
    filling.fill(request, template.as_deref(), &vars.unwrap_or_default())
}

struct Filling<'a> {
    reader: &'a Reader,
    caller: &'a Caller,
    settings: &'a Settings,
    now: Timestamp,
}

impl Filling<'_> {
    fn fill(
        &self,
        request: &mut SubmitRequest,
        template: Option<&str>,
        vars: &BTreeMap<String, String>,
    ) -> Result<Result<(), Problem>, StoreError> {
        let compiled = match template {
            None => None,
            Some(name) => match self.template(name)? {
                Ok(compiled) => Some(compiled),
                Err(problem) => return Ok(Err(problem)),
            },
        };
        let pairs = vars.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let given = match Given::read(pairs) {
            Ok(given) => given,
            Err(error) => return Ok(Err(Problem::new(Kind::BadText, error.to_string()).field("vars"))),
        };
        let asked = serde_json::json!([template, vars, request.debtor, request.debt]).to_string();
        if let Err(problem) = self.name_whose(request)? {
            return Ok(Err(problem));
        }
        // Before anything is looked up: how somebody stands with another creditor is not told by a refusal either.
        if let Err(problem) = covered(self.caller, request.creditor.as_deref()) {
            return Ok(Err(problem));
        }
        let creditor = match &request.creditor {
            None => None,
            Some(id) => self.reader.creditor_rows()?.into_iter().map(|(_, row)| row).find(|row| row.id == *id),
        };
        let today = creditor.as_ref().map(|creditor| self.today(creditor));
        let loaded = match (&request.debtor, &creditor, today) {
            (Some(debtor), Some(creditor), Some(today)) => self.reader.case_of(debtor, creditor, today, self.now)?,
            _ => None,
        };
        let number = match self.number(request, loaded.as_ref()) {
            Ok(number) => number,
            Err(problem) => return Ok(Err(problem)),
        };
        let found_number = request.to.is_none();
        request.to = Some(number.e164());
        let mut filled = Filled { wording: None, asked, found_number, companion: None, basis: None };
        if let Some(compiled) = compiled {
            let Some(creditor) = creditor else {
                return Ok(Err(Problem::bad(
                    "creditor",
                    "say for whom; no such creditor is known, and it signs the text",
                )));
            };
            if let Err(problem) =
                self.render(request, &mut filled, &compiled, &given, (&creditor, loaded.as_ref(), number))
            {
                return Ok(Err(problem));
            }
        }
        request.filled = Some(Box::new(filled));
        Ok(Ok(()))
    }

    fn template(&self, name: &str) -> Result<Result<Compiled, Problem>, StoreError> {
        let view = self.reader.template_in_use(name)?;
        let problem = || Problem::new(Kind::BadText, "no template of this name is approved").field("template");
        Ok(view.ok_or_else(problem).and_then(|view| {
            let faulty = |_faults| Problem::new(Kind::BadText, "this template has faults").field("template");
            view.template.compile().map_err(faulty)
        }))
    }

    /// Adds debtor and creditor where a debt tells them.
    fn name_whose(&self, request: &mut SubmitRequest) -> Result<Result<(), Problem>, StoreError> {
        let Some(id) = &request.debt else { return Ok(Ok(())) };
        let debt = self.reader.debt(id)?.filter(|debt| self.caller.covers(Some(&debt.creditor)));
        let Some(debt) = debt else {
            return Ok(Err(Problem::new(Kind::NotFound, "no debt has this id").field("debt")));
        };
        for (field, given, known) in
            [("debtor", &mut request.debtor, debt.debtor), ("creditor", &mut request.creditor, debt.creditor)]
        {
            if given.as_ref().is_some_and(|given| *given != known) {
                return Ok(Err(Problem::bad(field, "is not that of the debt")));
            }
            *given = Some(known);
        }
        Ok(Ok(()))
    }

    fn today(&self, creditor: &Creditor) -> Date {
        self.now.to_jiff().map_or(Date::MAX, |now| now.to_zoned(creditor.zone.clone()).date())
    }

    /// To whom it goes. What is known of a debtor goes to no other number, unless whoever asks could read it anyway.
    fn number(&self, request: &SubmitRequest, loaded: Option<&Loaded>) -> Result<PhoneNumber, Problem> {
        let Some(to) = request.to.as_deref() else {
            let Some(loaded) = loaded else {
                let detail = "no such debtor owes anything to this creditor; give the number, or debtor and creditor";
                return Err(Problem::new(Kind::BadNumber, detail).field("to"));
            };
            return loaded.number.filter(|_| loaded.stop.is_none()).ok_or_else(|| not_texted(loaded.stop));
        };
        let to = recipient("to", to, self.settings)?;
        // Another number is of use to whoever has lost theirs, not to whoever wants no texts or has died.
        if let Some(stop @ (Stop::OptOut | Stop::Deceased)) = loaded.and_then(|loaded| loaded.stop) {
            return Err(not_texted(Some(stop)));
        }
        let is_own = loaded.is_none_or(|loaded| loaded.case.debtor.numbers.iter().any(|own| own.is_same_line(to)));
        if !is_own && request.text.is_none() && !self.caller.has(Scope::Pii) {
            let detail = "this is no number of the debtor; to tell it what is owed needs a token with the scope `pii`";
            return Err(Problem::new(Kind::Forbidden, detail).field("to"));
        }
        Ok(to)
    }

    fn render(
        &self,
        request: &mut SubmitRequest,
        filled: &mut Filled,
        template: &Compiled,
        given: &Given,
        (creditor, loaded, to): (&Arc<Creditor>, Option<&Loaded>, PhoneNumber),
    ) -> Result<(), Problem> {
        let purpose = request.purpose.as_deref().and_then(Purpose::from_name);
        let purpose = purpose.unwrap_or(template.template().purpose);
        let debts = match loaded {
            None => Vec::new(),
            Some(loaded) => Self::debts(request, loaded, purpose)?,
        };
        if debts.len() > 1 && given.of_debts().next().is_some() {
            return Err(Problem::bad("vars", "tell of one debt, and the debtor has several; give debt"));
        }
        let case = match loaded {
            Some(loaded) => Case { debts: debts.iter().map(|debt| (*debt).clone()).collect(), ..loaded.case.clone() },
            None => self.stranger(request, creditor, to),
        };
        let rendered = template
            .render_with(&case, given)
            .map_err(|error| Problem::new(Kind::BadText, error.to_string()).field("template"))?;
        filled.basis = loaded.map(|loaded| {
            let is_meant = |debt: &Debt| debts.iter().any(|meant| meant.id == debt.id);
            let rows = loaded.case.debts.iter().zip(&loaded.tracks).filter(|(debt, _)| is_meant(debt));
            let debts = rows.map(|(_, (key, _))| *key).collect();
            Basis { case: loaded.key, revision: loaded.revision, debts }
        });
        let name = template.template().name.clone();
        filled.wording = Some(Wording { template: name, version: rendered.version, arm: rendered.arm });
        request.debt = debts.first().map(|debt| debt.id.clone());
        request.purpose = Some(purpose.name().to_owned());
        if rendered.holds_code {
            // No character of a code may be replaced.
            request.encoding = Some("auto".to_owned());
        }
        filled.companion = rendered.companion;
        request.text = Some(rendered.text);
        Ok(())
    }

    /// The debts that the text is about: the one that is named, else all that are asked for.
    fn debts<'a>(request: &SubmitRequest, loaded: &'a Loaded, purpose: Purpose) -> Result<Vec<&'a Debt>, Problem> {
        let named = |debt: &&Debt| request.debt.as_ref().is_none_or(|named| *named == debt.id);
        let meant: Vec<&Debt> = loaded.case.debts.iter().filter(named).collect();
        match about(&meant, purpose, false).into_iter().next() {
            Some(Ok(debts)) => Ok(debts),
            None => Ok(Vec::new()),
            Some(Err(why)) => {
                let detail = format!("what is owed is not asked for: {}", why.code());
                Err(Problem::new(Kind::Conflict, detail).field(if request.debt.is_some() { "debt" } else { "debtor" }))
            }
        }
    }

    fn stranger(&self, request: &SubmitRequest, creditor: &Arc<Creditor>, to: PhoneNumber) -> Case {
        let debtor = Debtor {
            // Whoever has the number gets the same one of several texts whenever it is asked.
            id: request.debtor.clone().unwrap_or_else(|| to.e164()),
            name: None,
            document: None,
            language: None,
            kind: None,
            since: None,
            tags: Vec::new(),
            numbers: vec![to],
        };
        let today = self.today(creditor);
        Case {
            creditor: Arc::clone(creditor),
            debtor,
            debts: Vec::new(),
            past: Past::default(),
            today,
            entered: BTreeMap::new(),
            happened: None,
        }
    }
}

fn not_texted(stop: Option<Stop>) -> Problem {
    let why = match stop {
        None => "",
        Some(Stop::Deceased) => ": the debtor has died",
        Some(Stop::OptOut | Stop::WrongPerson) => ": the debtor is not to be texted",
    };
    Problem::new(Kind::BadNumber, format!("no number of the debtor may be texted{why}")).field("to")
}
