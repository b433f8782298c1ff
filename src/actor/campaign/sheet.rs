//! Whom a campaign is for and what each of them gets, piece by piece: the same for a look at it and for the queue.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::clock::Timestamp;
use crate::dunning::campaign::{Audience, Campaign, Content, LeftOut, about, texts};
use crate::dunning::case::{Case, Past};
use crate::dunning::creditor::Creditor;
use crate::dunning::debt::Debt;
use crate::dunning::debtor::Debtor;
use crate::dunning::ladder::Stop;
use crate::dunning::operands::Operands;
use crate::dunning::template::{Compiled, Given};
use crate::sms::message::{Labels, Mode, Origin, Purpose, Wording};
use crate::sms::number::PhoneNumber;
use crate::sms::text::{Encoding, TextOptions};
use crate::store::StoreError;
use crate::store::campaign::{CampaignKey, CampaignRow, CampaignText};
use crate::store::ladder::{CaseKey, Loaded};
use crate::store::reader::Reader;
use crate::store::submit::Basis;

use super::letter::{Letter, Random, behind};

/// Why a campaign has no texts at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// The template is not there, or not approved.
    #[error("no template {name:?} is approved")]
    NoTemplate {
        /// Its name.
        name: String,
    },
    /// The template cannot be filled any more.
    #[error("template {name:?} has faults")]
    Faulty {
        /// Its name.
        name: String,
    },
    /// The creditor is not known, and something of it is needed.
    #[error("no creditor has the id {id:?}")]
    NoCreditor {
        /// Its id.
        id: String,
    },
}

impl SheetError {
    /// The word for it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoTemplate { .. } => "no_template",
            Self::Faulty { .. } => "faulty",
            Self::NoCreditor { .. } => "no_creditor",
        }
    }

    /// What it is about, by name.
    pub fn operands(&self) -> Operands {
        match self {
            Self::NoTemplate { name } | Self::Faulty { name } => Operands::of("template", name),
            Self::NoCreditor { id } => Operands::of("creditor", id),
        }
    }
}

/// Why a piece could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PieceError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no random octets.
    #[error("random octets: {0}")]
    Random(#[from] getrandom::Error),
}

/// Some of those whom a campaign is for.
#[derive(Debug)]
pub struct Piece {
    /// The place of the last that was read.
    pub place: i64,
    /// Nothing comes after it.
    pub is_last: bool,
    /// What each of them gets.
    pub rows: Vec<Planned>,
}

/// What somebody gets.
#[derive(Debug)]
pub struct Planned {
    /// Who: the debtor, by the caller's id, or the place in the list.
    pub who: String,
    /// The text, or the code of why there is none.
    pub outcome: Result<Box<CampaignText>, &'static str>,
}

/// Random octets, one message after the other.
type Dice<'a> = &'a mut dyn FnMut() -> Result<Random, getrandom::Error>;

/// A campaign with what its texts are written from.
#[derive(Debug)]
pub struct Sheet {
    campaign: Campaign,
    key: Option<CampaignKey>,
    template: Option<Compiled>,
    creditor: Option<(i64, Arc<Creditor>)>,
    options: TextOptions,
    purpose: Purpose,
}

impl Sheet {
    /// Reads what a campaign is written from: a version of its template, or the one that is used now.
    pub fn new(
        reader: &Reader,
        campaign: Campaign,
        key: Option<CampaignKey>,
        version: Option<u32>,
        options: TextOptions,
    ) -> Result<Result<Self, SheetError>, StoreError> {
        let creditor = reader.creditor_rows()?.into_iter().find(|(_, creditor)| creditor.id == campaign.creditor);
        let needs_creditor =
            matches!(campaign.audience, Audience::Segment { .. }) || matches!(campaign.content, Content::Template(_));
        if creditor.is_none() && needs_creditor {
            return Ok(Err(SheetError::NoCreditor { id: campaign.creditor }));
        }
        let template = match &campaign.content {
            Content::Text(_) => None,
            Content::Template(name) => {
                let name = name.clone();
                let view = match version {
                    Some(version) => {
                        reader.template_versions(&name)?.into_iter().find(|view| view.template.version == version)
                    }
                    None => reader.template_in_use(&name)?,
                };
                let Some(view) = view else { return Ok(Err(SheetError::NoTemplate { name })) };
                let Ok(compiled) = view.template.compile() else { return Ok(Err(SheetError::Faulty { name })) };
                Some(compiled)
            }
        };
        let purpose = template.as_ref().map_or(campaign.purpose, |template| template.template().purpose);
        Ok(Ok(Self { campaign, key, template, creditor, options, purpose }))
    }

    /// The campaign.
    pub fn campaign(&self) -> &Campaign {
        &self.campaign
    }

    /// Why it is sent.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Whether it is stored, and not only looked at.
    pub fn is_written(&self) -> bool {
        self.key.is_some()
    }

    /// In which zone its days are counted.
    pub fn zone(&self) -> TimeZone {
        self.creditor.as_ref().map_or(TimeZone::UTC, |(_, creditor)| creditor.zone.clone())
    }

    /// The version of its template; 0 where it has none.
    pub fn version(&self) -> u32 {
        self.template.as_ref().map_or(0, |template| template.template().version)
    }

    /// What comes after a place.
    pub fn piece(
        &self,
        reader: &Reader,
        after: i64,
        limit: u32,
        now: Timestamp,
        dice: Dice<'_>,
    ) -> Result<Piece, PieceError> {
        let is_last = |count: usize| count < usize::try_from(limit).unwrap_or(usize::MAX);
        match (&self.campaign.audience, self.key, &self.creditor) {
            (Audience::Segment { segment, each, .. }, _, Some((row, creditor))) => {
                let cases = reader.cases_after(*row, after, limit)?;
                let place = cases.last().map_or(after, |(place, _)| *place);
                let (is_last, mut rows) = (is_last(cases.len()), Vec::new());
                let keys: Vec<CaseKey> = cases.into_iter().map(|(_, key)| key).collect();
                for loaded in reader.cases(&keys, creditor, Self::today(creditor, now), now)? {
                    let loaded = match loaded {
                        Ok(loaded) => loaded,
                        Err((key, error)) => {
                            tracing::error!(?key, %error, "case cannot be read");
                            rows.push(Planned { who: "-".to_owned(), outcome: Err(LeftOut::Unreadable.code()) });
                            continue;
                        }
                    };
                    for text in texts(&loaded.case, segment, self.purpose, *each) {
                        let outcome = match text.and_then(|debts| Self::number(&loaded).map(|to| (debts, to))) {
                            Ok((debts, to)) => {
                                self.write(Some(&loaded), &debts, &loaded.case, to, &Given::default(), now, dice()?)
                            }
                            Err(why) => Err(why.code()),
                        };
                        rows.push(Planned { who: loaded.case.debtor.id.clone(), outcome });
                    }
                }
                Ok(Piece { place, is_last, rows })
            }
            (Audience::Rows, Some(key), _) => {
                let found = reader.campaign_rows(key, after, limit)?;
                let place = found.last().map_or(after, |row| row.place);
                let is_last = is_last(found.len());
                Ok(Piece { place, is_last, rows: self.of_rows(reader, &found, now, dice)? })
            }
            (Audience::Segment { .. } | Audience::Rows, _, _) => {
                Ok(Piece { place: after, is_last: true, rows: Vec::new() })
            }
        }
    }

    /// What rows of a list get. What cannot be read of one does not keep the others from theirs.
    pub fn of_rows(
        &self,
        reader: &Reader,
        rows: &[CampaignRow],
        now: Timestamp,
        dice: Dice<'_>,
    ) -> Result<Vec<Planned>, PieceError> {
        rows.iter()
            .map(|row| {
                let who = row.debtor.clone().unwrap_or_else(|| row.place.to_string());
                let outcome = match self.of_row(reader, row, now, dice()?) {
                    Err(error) if error.is_of_a_row() => {
                        tracing::error!(batch = self.campaign.name, place = row.place, %error, "row of a campaign cannot be read");
                        Err(LeftOut::Unreadable.code())
                    }
                    outcome => outcome?,
                };
                Ok(Planned { who, outcome })
            })
            .collect()
    }

    fn of_row(
        &self,
        reader: &Reader,
        row: &CampaignRow,
        now: Timestamp,
        random: Random,
    ) -> Result<Result<Box<CampaignText>, &'static str>, StoreError> {
        let pairs = row.given.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let Ok(given) = Given::read(pairs) else { return Ok(Err(LeftOut::BadValue.code())) };
        let debtor = match (&row.debtor, &row.debt) {
            (Some(debtor), _) => Some(debtor.clone()),
            (None, Some(debt)) => match reader.debt(debt)? {
                Some(debt) => Some(debt.debtor),
                None => return Ok(Err(LeftOut::NotFound.code())),
            },
            (None, None) => None,
        };
        let loaded = match (&debtor, &self.creditor) {
            (Some(debtor), Some((_, creditor))) => reader.case_of(debtor, creditor, Self::today(creditor, now), now)?,
            _ => None,
        };
        let Some(loaded) = loaded else {
            // Somebody of whom nothing is known but what the row says.
            let Some(to) = row.to.filter(|_| row.debt.is_none()) else {
                return Ok(Err(if debtor.is_some() { LeftOut::NotFound } else { LeftOut::NoNumber }.code()));
            };
            let case = self.stranger(debtor.clone(), to, now);
            return Ok(match &case {
                Some(case) => self.write(None, &[], case, to, &given, now, random),
                None => self.write_text(debtor, to, now, random),
            });
        };
        let named = |debt: &&Debt| row.debt.as_ref().is_none_or(|named| *named == debt.id);
        let meant: Vec<&Debt> = loaded.case.debts.iter().filter(named).collect();
        let to = match (row.to, loaded.stop) {
            // Another number is of use to whoever has lost theirs, not to whoever wants no texts or has died.
            (Some(to), None | Some(Stop::WrongPerson)) => Ok(to),
            (Some(_), Some(Stop::OptOut | Stop::Deceased)) | (None, _) => Self::number(&loaded),
        };
        Ok(match about(&meant, self.purpose, false).into_iter().next() {
            None => Err(LeftOut::NotFound.code()),
            Some(Err(why)) => Err(why.code()),
            // What tells of one debt would be wrong of several.
            Some(Ok(debts)) if debts.len() > 1 && given.of_debts().next().is_some() => Err(LeftOut::BadValue.code()),
            Some(Ok(debts)) => match to {
                Ok(to) => self.write(Some(&loaded), &debts, &loaded.case, to, &given, now, random),
                Err(why) => Err(why.code()),
            },
        })
    }

    fn today(creditor: &Creditor, now: Timestamp) -> Date {
        now.to_jiff().map_or(Date::MAX, |now| now.to_zoned(creditor.zone.clone()).date())
    }

    fn number(loaded: &Loaded) -> Result<PhoneNumber, LeftOut> {
        match (loaded.stop, loaded.number) {
            (Some(stop), _) => Err(stop.into()),
            (None, Some(number)) => Ok(number),
            (None, None) => Err(LeftOut::NoNumber),
        }
    }

    /// Somebody who owes nothing that is known.
    fn stranger(&self, debtor: Option<String>, to: PhoneNumber, now: Timestamp) -> Option<Case> {
        let (_, creditor) = self.creditor.as_ref()?;
        let debtor = Debtor {
            // Whoever has the number gets the same one of several texts whenever it is asked.
            id: debtor.unwrap_or_else(|| to.e164()),
            name: None,
            document: None,
            language: None,
            kind: None,
            since: None,
            tags: Vec::new(),
            numbers: vec![to],
        };
        let today = Self::today(creditor, now);
        Some(Case {
            creditor: Arc::clone(creditor),
            debtor,
            debts: Vec::new(),
            past: Past::default(),
            today,
            entered: BTreeMap::new(),
            happened: None,
        })
    }

    /// A text that is the same for everybody, to somebody who owes nothing that is known. Hours, caps and how things stand are
    /// the debtor's all the same, where the row names one.
    fn write_text(
        &self,
        debtor: Option<String>,
        to: PhoneNumber,
        now: Timestamp,
        random: Random,
    ) -> Result<Box<CampaignText>, &'static str> {
        let Content::Text(text) = &self.campaign.content else { return Err(LeftOut::NotFound.code()) };
        let letter = self.letter(to, text, self.labels(debtor, &[], None), &self.options, now);
        let submission = letter.write(random).map_err(|error| error.code())?;
        Ok(Box::new(CampaignText { submission, companion: None, basis: None }))
    }

    #[expect(clippy::too_many_arguments, reason = "each is one thing that a text is written from")]
    fn write(
        &self,
        loaded: Option<&Loaded>,
        debts: &[&Debt],
        case: &Case,
        to: PhoneNumber,
        given: &Given,
        now: Timestamp,
        random: Random,
    ) -> Result<Box<CampaignText>, &'static str> {
        let case = Case { debts: debts.iter().map(|debt| (*debt).clone()).collect(), ..case.clone() };
        let basis = loaded.map(|loaded| {
            let is_meant = |debt: &Debt| debts.iter().any(|meant| meant.id == debt.id);
            let rows = loaded.case.debts.iter().zip(&loaded.tracks).filter(|(debt, _)| is_meant(debt));
            let debts = rows.map(|(_, (key, _))| *key).collect();
            Basis { case: loaded.key, revision: loaded.revision, debts }
        });
        let is_known = loaded.is_some() || case.debtor.id != to.e164();
        let debtor = is_known.then(|| case.debtor.id.clone());
        let mut companion = None;
        let (text, wording, options) = match (&self.campaign.content, &self.template) {
            (Content::Template(name), Some(template)) => {
                let rendered = template.render_with(&case, given).map_err(|error| error.code())?;
                let wording = Wording { template: name.clone(), version: rendered.version, arm: rendered.arm };
                // No character of a code may be replaced.
                let encoding = if rendered.holds_code { Encoding::Auto } else { self.options.encoding };
                companion = rendered.companion;
                (rendered.text, Some(wording), TextOptions { encoding, ..self.options.clone() })
            }
            (Content::Text(text), _) => (text.clone(), None, self.options.clone()),
            (Content::Template(_), None) => return Err(LeftOut::NotFound.code()),
        };
        let letter = self.letter(to, &text, self.labels(debtor, debts, wording), &options, now);
        let submission = letter.write(random).map_err(|error| error.code())?;
        let follows = companion.map(|code| behind(&submission, &code, random).map_err(|error| error.code()));
        Ok(Box::new(CampaignText { companion: follows.transpose()?, submission, basis }))
    }

    fn letter<'a>(
        &'a self,
        to: PhoneNumber,
        text: &'a str,
        labels: Labels,
        options: &'a TextOptions,
        now: Timestamp,
    ) -> Letter<'a> {
        Letter { campaign: &self.campaign, to, text, purpose: self.purpose, options, labels, now }
    }

    fn labels(&self, debtor: Option<String>, debts: &[&Debt], wording: Option<Wording>) -> Labels {
        let Campaign { name, creditor, team, operator, audience, .. } = &self.campaign;
        let segment = match audience {
            Audience::Segment { name, .. } => name.clone(),
            Audience::Rows => None,
        };
        Labels {
            debtor,
            debt: debts.first().map(|debt| debt.id.clone()),
            creditor: Some(creditor.clone()),
            batch: Some(name.clone()),
            team: team.clone(),
            operator: operator.clone(),
            tags: Vec::new(),
            origin: Origin { mode: Mode::Batch, ladder: None, step: None, segment, wording },
        }
    }
}
