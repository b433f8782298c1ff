//! `wording.toml`, and `[[content]]` of `contact.toml`: what texts should not have, and what they must.

use std::collections::HashMap;

use jiff::civil::Date;

use crate::contact::calendar::Certainty;
use crate::contact::reply::Language;
use crate::dunning::template::{Caution, CautionKind, Duty, Must, Phrase};

use super::super::finding::{Place, Problem};
use super::super::section::Section;
use super::super::value::{self, Raw};
use super::{Gathered, KnownPlaces, written};

/// The words to keep from.
pub(super) fn read(root: &mut Section<'_, '_>, gathered: &mut Vec<Gathered>) -> Vec<Caution> {
    super::read_gathered(root, String::new(), gathered);
    let mut ids = HashMap::new();
    root.tables("caution", |section| read_caution(section, &mut ids)).into_iter().flatten().collect()
}

fn read_caution(section: &mut Section<'_, '_>, ids: &mut HashMap<String, Place>) -> Option<Caution> {
    let (mut id, mut reason) = (String::new(), String::new());
    let (mut language, mut kind, mut certainty, mut phrases) = (None, None, None, Vec::new());
    read_id(section, &mut id, ids);
    section.require("language", &mut language, |raw| read_language(raw).map(Some));
    section.require("kind", &mut kind, |raw| read_kind(raw).map(Some));
    section.require("phrases", &mut phrases, read_phrases);
    section.require("reason", &mut reason, value::text);
    section.require("certainty", &mut certainty, |raw| written::certainty(raw).map(Some));
    Some(Caution { id, language: language?, kind: kind?, phrases, reason, certainty: certainty? })
}

/// One `[[content]]`.
pub(super) fn read_duty(
    section: &mut Section<'_, '_>,
    known: &KnownPlaces<'_>,
    ids: &mut HashMap<String, Place>,
    gathered: &mut Vec<Gathered>,
) -> Option<Duty> {
    let (mut id, mut law) = (String::new(), String::new());
    let (mut must, mut certainty, mut words) = (None, None, Vec::new());
    read_id(section, &mut id, ids);
    let place = known.read(section);
    section.require("law", &mut law, value::text);
    let must_at = section.require("must", &mut must, |raw| read_must(raw).map(Some));
    section.set("words", &mut words, read_phrases);
    // Nothing would ever fulfil it.
    if must == Some(Must::OfferOptOut) && words.is_empty() {
        section.report("words", must_at.unwrap_or(Place::Default), Problem::Missing);
    }
    section.require("certainty", &mut certainty, |raw| written::certainty(raw).map(Some));
    let date: Option<Date> = super::read_gathered(section, id.clone(), gathered);
    let (country, state) = place?;
    let (must, certainty): (Must, Certainty) = must.zip(certainty)?;
    Some(Duty { id, country, state, law, must, words, certainty, gathered: date? })
}

fn read_id(section: &mut Section<'_, '_>, id: &mut String, ids: &mut HashMap<String, Place>) {
    if let Some(at) = section.require("id", id, value::name) {
        section.is_first("id", ids, id.clone(), at);
    }
}

fn read_language(raw: Raw<'_>) -> Result<Language, Problem> {
    written::named(raw.text("a language as text")?, &Language::ALL.map(|language| (language.code(), language)))
}

fn read_kind(raw: Raw<'_>) -> Result<CautionKind, Problem> {
    written::named(raw.text("a kind as text")?, &CautionKind::ALL.map(|kind| (kind.name(), kind)))
}

fn read_must(raw: Raw<'_>) -> Result<Must, Problem> {
    written::named(raw.text("a duty as text")?, &Must::ALL.map(|must| (must.name(), must)))
}

fn read_phrases(raw: Raw<'_>) -> Result<Vec<Phrase>, Problem> {
    let expected = "a list of phrases in small letters without accents, such as [\"last chance\", \"arrest*\"]";
    let texts = raw.texts(expected)?;
    let phrases: Option<Vec<Phrase>> = texts.into_iter().map(Phrase::parse).collect();
    phrases.filter(|phrases| !phrases.is_empty()).ok_or_else(|| raw.not(expected))
}
