//! Templates: written with a preview beside them, approved, and looked at in their versions.

use axum::extract::{Path, Query};
use serde::Deserialize;

use crate::dunning::template::{FILTERS, VARIABLES};
use crate::sms::message::Purpose;

use super::super::api::List;
use super::super::asked::Asked;
use super::super::finding::Finding;
use super::super::format::encode;
use super::super::frame::{Drawn, Frame, draw};
use super::super::segment::{BOUNDS, CHOICES, LISTS, Segment};

#[derive(Deserialize)]
struct TemplateView {
    name: String,
    version: u32,
    created_at: String,
    client: String,
    approved_at: Option<String>,
    approved_by: Option<String>,
    used_version: Option<u32>,
    four_eyes: bool,
    definition: Definition,
    findings: Vec<Found>,
}

impl TemplateView {
    /// Where it stands, for programs: the one that is sent, one that was, one that waits, or one that was passed over.
    fn state(&self) -> &'static str {
        match self.used_version {
            Some(used) if used == self.version => "approved",
            Some(used) if used > self.version => "past",
            _ => "waiting",
        }
    }

    fn has_errors(&self) -> bool {
        self.findings.iter().any(|found| found.finding.severity == "error")
    }
}

#[derive(Clone, Deserialize)]
struct Definition {
    purpose: String,
    companion: Option<String>,
    limit: Option<u8>,
    texts: Vec<Text>,
}

#[derive(Clone, Default, Deserialize)]
struct Text {
    name: String,
    #[serde(default)]
    segment: Segment,
    language: Option<String>,
    share: u8,
    body: String,
}

#[derive(Deserialize)]
struct Found {
    text: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    #[serde(flatten)]
    finding: Finding,
}

#[derive(askama::Template)]
#[template(path = "templates.html")]
struct TemplatesPage {
    frame: Frame,
    templates: Vec<TemplateView>,
}

/// All templates.
pub(super) async fn list(asked: Asked) -> Drawn {
    let templates: List<TemplateView> = asked.or_say(asked.api.get("/v1/templates").await)?;
    Ok(draw(&TemplatesPage { frame: asked.frame, templates: templates.items }))
}

#[derive(Deserialize)]
struct Creditor {
    id: String,
    name: String,
}

/// A page with the form of a template.
#[derive(askama::Template)]
#[template(path = "template.html")]
struct TemplatePage {
    frame: Frame,
    /// Of a new one, none.
    name: Option<String>,
    /// Which version stands in the form.
    shown: u32,
    definition: Definition,
    versions: Vec<TemplateView>,
    creditors: Vec<Creditor>,
    fresh: Text,
    purposes: [&'static str; Purpose::ALL.len()],
}

impl TemplatePage {
    fn newest(&self) -> u32 {
        self.versions.first().map_or(0, |version| version.version)
    }

    /// Whether the person who looks may approve a version.
    fn may_approve(&self, version: &TemplateView) -> bool {
        self.frame.may("manage") && !self.is_own(version)
    }

    fn is_own(&self, version: &TemplateView) -> bool {
        let client = self.frame.session.as_ref().map(|session| session.client.as_str());
        version.four_eyes && client == Some(version.client.as_str())
    }
}

const LANGUAGES: [&str; 3] = ["pt-BR", "es-MX", "en"];

/// Which version is looked at.
#[derive(Deserialize)]
pub(super) struct Look {
    version: Option<u32>,
}

/// A template: its newest version in a form, or another, and all of them in a list.
pub(super) async fn show(asked: Asked, Path(name): Path<String>, Query(look): Query<Look>) -> Drawn {
    let found: List<TemplateView> = asked.or_say(asked.api.get(&format!("/v1/templates/{}", encode(&name))).await)?;
    let versions = found.items;
    let wanted = |version: &&TemplateView| look.version.is_none_or(|wanted| wanted == version.version);
    let shown = versions.iter().find(wanted).or(versions.first());
    let shown = shown.map(|shown| (shown.version, shown.definition.clone()));
    let (shown, definition) = shown.unwrap_or_else(|| (0, blank()));
    page(asked, Some(name), (shown, definition), versions).await
}

/// The form of a new one.
pub(super) async fn new(asked: Asked) -> Drawn {
    page(asked, None, (0, blank()), Vec::new()).await
}

async fn page(
    asked: Asked,
    name: Option<String>,
    (shown, definition): (u32, Definition),
    versions: Vec<TemplateView>,
) -> Drawn {
    let creditors: List<Creditor> = asked.or_say(asked.api.get("/v1/creditors").await)?;
    let (frame, creditors, fresh) = (asked.frame, creditors.items, Text { share: 1, ..Text::default() });
    let purposes = Purpose::ALL.map(Purpose::name);
    Ok(draw(&TemplatePage { frame, name, shown, definition, versions, creditors, fresh, purposes }))
}

/// What a new template begins with.
fn blank() -> Definition {
    let text = Text { name: "a".to_owned(), share: 1, ..Text::default() };
    Definition { purpose: Purpose::Collection.name().to_owned(), companion: None, limit: None, texts: vec![text] }
}
