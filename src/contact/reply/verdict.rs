//! Weighing what was found in a text: which phrases count where they stand, and which contradict each other.

use std::ops::Range;

use jiff::civil::Date;

use super::date::{DateOrder, DateText};
use super::effect::{self, LastAsked};
use super::intent::{Intent, Language};
use super::lexicon::{Found, Lexicon, Reach, Role};
use super::words::{Word, Words};
use super::{Context, Doubt, Evidence, Understanding};

/// What is left of a text when all phrases were weighed.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    evidence: Vec<Evidence>,
    doubts: Vec<Doubt>,
    promise_date: Option<Date>,
    skipped: Option<Range<usize>>,
}

impl Verdict {
    pub(super) fn of(text: &str, context: Context, lexicon: &Lexicon) -> Self {
        let mut words = lexicon.read(text);
        let found = lexicon.find(&words.all, context.language, Reach::Clause);
        let found = own_part(&mut words, found);
        let mut verdict = Self { skipped: words.skipped.clone(), ..Self::default() };
        if words.all.is_empty() {
            verdict.weigh_marks(&words);
            return verdict;
        }
        let weighing = Weighing::new(&words.all, &found, context, lexicon.lead_words_max());
        let counted: Vec<&Found<'_>> = found.iter().filter(|one| weighing.counts(one)).collect();
        for one in &counted {
            if one.role.intent() == Some(Intent::Yes) && !weighing.is_nothing_but_yes() {
                let blocks = |one: &&Found<'_>| {
                    matches!(one.role.intent(), Some(Intent::OptOut | Intent::WrongPerson | Intent::Deceased))
                };
                verdict.doubts.extend((!counted.iter().any(blocks)).then_some(Doubt::Ambiguous));
                continue;
            }
            verdict.see(one);
        }
        verdict.promise_date = promised(&words.all, &found, &counted, context);
        verdict.settle_contradictions();
        verdict.doubt_what_is_denied(&weighing);
        if !verdict.has(Intent::OptOut) {
            verdict.doubt_stops(&words, &weighing, context, lexicon);
        }
        if verdict.evidence.is_empty() {
            let is_ambiguous = weighing.is_all(|role| role == Role::Ambiguous || role == Role::Courtesy);
            verdict.doubts.push(if is_ambiguous { Doubt::Ambiguous } else { Doubt::NotUnderstood });
        }
        verdict.doubts.extend(words.skipped.map(|_| Doubt::Long));
        verdict
    }

    /// A text without words: question marks ask what this is about.
    fn weigh_marks(&mut self, words: &Words) {
        if words.is_asking {
            self.evidence.push(Evidence { intent: Intent::Help, phrase: "?".to_owned(), language: None });
        } else {
            self.doubts.push(Doubt::Empty);
        }
    }

    fn see(&mut self, found: &Found<'_>) {
        if let Some(intent) = found.role.intent().filter(|intent| !self.has(*intent)) {
            let phrase = found.phrase.to_owned();
            self.evidence.push(Evidence { intent, phrase, language: Some(found.language) });
        }
    }

    fn has(&self, intent: Intent) -> bool {
        self.evidence.iter().any(|evidence| evidence.intent == intent)
    }

    fn drop(&mut self, intent: Intent) {
        self.evidence.retain(|evidence| evidence.intent != intent);
    }

    /// Of two opposites the strict one stays, and a person looks.
    fn settle_contradictions(&mut self) {
        let opposites = [
            (Intent::OptOut, Intent::OptIn),
            (Intent::WrongPerson, Intent::Yes),
            (Intent::Deceased, Intent::Yes),
            (Intent::No, Intent::Yes),
        ];
        for (strict, mild) in opposites {
            if self.has(strict) && self.has(mild) {
                self.drop(mild);
                self.doubts.push(Doubt::Contradictory);
            }
        }
    }

    /// What is said in one place and denied in another.
    fn doubt_what_is_denied(&mut self, weighing: &Weighing<'_, '_>) {
        for intent in weighing.denied() {
            if intent == Intent::OptOut {
                self.doubts.push(Doubt::Guarded);
            } else if self.has(intent) {
                self.doubts.push(Doubt::Contradictory);
            }
        }
    }

    /// A wish to stop that is quoted or broken up by stops and commas, or words of one, are not followed, but shown.
    fn doubt_stops(&mut self, words: &Words, weighing: &Weighing<'_, '_>, context: Context, lexicon: &Lexicon) {
        if weighing.has(Role::PerhapsStop) {
            self.doubts.push(Doubt::PerhapsStop);
        }
        let quoted = lexicon.find(&words.quoted, context.language, Reach::Clause);
        if Weighing::new(&words.quoted, &quoted, context, lexicon.lead_words_max()).stops() {
            self.doubts.push(Doubt::Guarded);
        }
        if words.all.iter().skip(1).any(|word| word.begins_clause) {
            let across = lexicon.find(&words.all, context.language, Reach::Text);
            let is_stop = |one: &&Found<'_>| one.role == Role::Contains(Intent::OptOut);
            if across.iter().filter(is_stop).any(|one| reaches_across(&words.all, one)) {
                self.doubts.push(Doubt::Broken);
            }
        }
    }

    pub(super) fn into_understanding(self, order: &[Intent], context: Context) -> Understanding {
        let Self { evidence, mut doubts, promise_date, skipped } = self;
        let place = |evidence: &Evidence| order.iter().position(|intent| *intent == evidence.intent);
        let mut evidence = evidence;
        evidence.sort_by_key(place);
        doubts.sort_unstable();
        doubts.dedup();
        let intents: Vec<Intent> = evidence.iter().map(|evidence| evidence.intent).collect();
        let of_intents = intents.iter().flat_map(|intent| effect::of(*intent, context.last_asked, promise_date));
        let effects = effect::combine(of_intents.collect(), &doubts);
        Understanding { intents, promise_date, effects, doubts, evidence, skipped }
    }
}

/// Sets aside what somebody else wrote, unless nothing were left.
fn own_part<'a>(words: &mut Words, found: Vec<Found<'a>>) -> Vec<Found<'a>> {
    let quoted = found.iter().filter(|one| one.role == Role::Quoted).map(|one| one.start).min();
    let Some(end) = quoted.filter(|start| *start > 0) else { return found };
    words.quoted.extend(words.all.split_off(end));
    found.into_iter().filter(|one| one.span().end <= end).collect()
}

/// A text with what was found in it, while it is decided what counts.
#[derive(Debug)]
struct Weighing<'w, 'f> {
    words: &'w [Word],
    found: &'w [Found<'f>],
    /// What is said besides courtesies.
    core: Range<usize>,
    /// The same of each clause.
    clauses: Vec<Range<usize>>,
    asked: LastAsked,
    lead_words_max: usize,
}

impl<'w, 'f> Weighing<'w, 'f> {
    fn new(words: &'w [Word], found: &'w [Found<'f>], context: Context, lead_words_max: usize) -> Self {
        let begins = words.iter().enumerate().filter(|(_, word)| word.begins_clause).map(|(at, _)| at);
        let mut borders: Vec<usize> = [0].into_iter().chain(begins).chain([words.len()]).collect();
        borders.dedup();
        let courtesies: Vec<&Found<'_>> = found.iter().filter(|one| one.role == Role::Courtesy).collect();
        let clauses = borders.windows(2).filter_map(|two| match two {
            [start, end] => Some(trim(*start..*end, &courtesies)),
            _ => None,
        });
        let clauses = clauses.collect();
        let all = 0..words.len();
        let core = Some(trim(all.clone(), &courtesies)).filter(|core| !core.is_empty()).unwrap_or(all);
        Self { words, found, core, clauses, asked: context.last_asked, lead_words_max }
    }

    /// Whether a phrase counts where it stands.
    fn counts(&self, one: &Found<'_>) -> bool {
        let Some(intent) = one.role.intent() else { return false };
        let is_answer = matches!(intent, Intent::Yes | Intent::No);
        if is_answer && self.asked == LastAsked::Nothing {
            return false;
        }
        let stands = match one.role {
            Role::Whole(_) => one.covers(&self.core),
            // The answer to a question comes first.
            Role::Clause(_) if is_answer => self.first_clause().is_some_and(|clause| one.covers(clause)),
            Role::Clause(_) => one.covers(&self.core) || self.clauses.iter().any(|clause| one.covers(clause)),
            Role::Lead(_) => self.leads(one, intent),
            Role::Always(_) => return true,
            Role::Contains(_) => true,
            Role::LeadUnless(_)
            | Role::Unless(_)
            | Role::PerhapsStop
            | Role::Ambiguous
            | Role::Courtesy
            | Role::Quoted
            | Role::Date(_)
            | Role::NotDate => false,
        };
        stands && !self.is_guarded(intent, one)
    }

    /// The first clause that says something besides courtesies.
    fn first_clause(&self) -> Option<&Range<usize>> {
        self.clauses.iter().find(|clause| !clause.is_empty())
    }

    fn leads(&self, one: &Found<'_>, intent: Intent) -> bool {
        let is_short = self.core.len() <= self.lead_words_max;
        let is_other = |other: &Found<'_>| other.role == Role::LeadUnless(intent) && other.start == one.start;
        is_short && one.start == self.core.start && !self.found.iter().any(is_other)
    }

    fn is_guarded(&self, intent: Intent, one: &Found<'_>) -> bool {
        let span = one.span();
        let overlaps = |other: Range<usize>| other.start < span.end && span.start < other.end;
        self.found.iter().any(|other| other.role == Role::Unless(intent) && overlaps(other.span()))
    }

    fn has(&self, role: Role) -> bool {
        self.found.iter().any(|one| one.role == role)
    }

    /// Whether a wish to stop counts.
    fn stops(&self) -> bool {
        self.found.iter().any(|one| one.role.intent() == Some(Intent::OptOut) && self.counts(one))
    }

    /// The intents that some words deny.
    fn denied(&self) -> impl Iterator<Item = Intent> {
        self.found.iter().filter_map(|one| if let Role::Unless(intent) = one.role { Some(intent) } else { None })
    }

    /// Whether nothing stands beside a yes that could take it back: "yes, it was my number" confirms nothing.
    fn is_nothing_but_yes(&self) -> bool {
        self.is_all(|role| {
            let is_in_keeping = |intent| {
                matches!(
                    intent,
                    Intent::Yes | Intent::AlreadyPaid | Intent::PromiseToPay | Intent::WantsContact | Intent::Help
                )
            };
            role == Role::Courtesy || role == Role::Ambiguous || role.intent().is_some_and(is_in_keeping)
        })
    }

    /// Whether every word is covered by phrases of these roles.
    fn is_all(&self, is_one: impl Fn(Role) -> bool) -> bool {
        let covered = |at: usize| self.found.iter().any(|one| is_one(one.role) && one.span().contains(&at));
        (0..self.words.len()).all(covered)
    }
}

/// The range without the courtesies at its ends; nothing is left of one that has nothing else.
fn trim(mut range: Range<usize>, courtesies: &[&Found<'_>]) -> Range<usize> {
    while let Some(end) = courtesies.iter().filter(|one| one.start == range.start).map(|one| one.span().end).max() {
        if end > range.end || range.is_empty() {
            break;
        }
        range.start = end;
    }
    while let Some(start) = courtesies.iter().filter(|one| one.span().end == range.end).map(|one| one.start).min() {
        if start < range.start || range.is_empty() {
            break;
        }
        range.end = start;
    }
    range
}

fn reaches_across(words: &[Word], one: &Found<'_>) -> bool {
    let span = one.span();
    words.get(span.start + 1..span.end).unwrap_or_default().iter().any(|word| word.begins_clause)
}

/// The day of the promise, if one counts.
fn promised(words: &[Word], found: &[Found<'_>], counted: &[&Found<'_>], context: Context) -> Option<Date> {
    let promises = counted.iter().filter(|one| one.role.intent() == Some(Intent::PromiseToPay));
    let promise = promises.min_by_key(|one| one.start)?;
    let days =
        found.iter().filter_map(|one| if let Role::Date(word) = one.role { Some((word, one.span())) } else { None });
    let not = found.iter().filter(|one| one.role == Role::NotDate).map(Found::span).collect();
    let language = context.language.unwrap_or(promise.language);
    let order = if language == Language::English { DateOrder::MonthFirst } else { DateOrder::DayFirst };
    DateText { words, found: days.collect(), not, order, today: context.today }.read(&promise.span())
}
