//! Campaigns: written with a count beside them, test sent, started, and watched until the last of their messages is settled.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query};
use serde::Deserialize;

use crate::sms::message::Purpose;

use super::super::api::{List, Refused};
use super::super::asked::Asked;
use super::super::finding::Finding;
use super::super::format::encode;
use super::super::frame::{Drawn, Frame, draw};
use super::super::query::query;
use super::super::segment::{BOUNDS, CHOICES, LISTS, Segment};

/// States of messages in the order of a bar, each with the class of its colour.
const SHARES: [(&str, &[&str]); 3] = [
    ("delivered", &["delivered"]),
    ("sent", &["accepted"]),
    ("refused", &["undelivered", "failed", "expired", "blocked", "cancelled", "unknown"]),
];

#[derive(Deserialize)]
struct Campaign {
    name: String,
    state: String,
    definition: Definition,
    revision: u32,
    created_at: String,
    client: String,
    start_at: Option<String>,
    tested_version: Option<u32>,
    rows: u64,
    rows_announced: u64,
    problem: Option<String>,
    problem_reason: Option<Finding>,
    warnings: Vec<Finding>,
    queued: bool,
    messages: u64,
    progress: BTreeMap<String, u64>,
    left_out: BTreeMap<String, u64>,
}

#[derive(Default, Deserialize)]
struct Definition {
    creditor: String,
    segment: Option<Segment>,
    segment_name: Option<String>,
    #[serde(default)]
    each_debt: bool,
    template: Option<String>,
    text: Option<String>,
    purpose: String,
    priority: u8,
    per_day: Option<u32>,
    valid_until: Option<String>,
    team: Option<String>,
    operator: Option<String>,
    sim: Option<String>,
    group: Option<String>,
    start_at: Option<String>,
}

/// A part of a bar, in tenths of a percent.
struct Share {
    kind: &'static str,
    from: u64,
    width: u64,
    count: u64,
}

impl Campaign {
    fn is_draft(&self) -> bool {
        self.state == "draft"
    }

    fn may_pause(&self) -> bool {
        matches!(self.state.as_str(), "scheduled" | "running")
    }

    fn may_end(&self) -> bool {
        matches!(self.state.as_str(), "scheduled" | "running" | "paused")
    }

    /// Texts that there will be, as far as it is known: of a list that is being queued, its rows.
    fn all(&self) -> u64 {
        let left: u64 = self.left_out.values().sum();
        if self.queued || self.is_draft() { self.messages } else { self.messages.max(self.rows.saturating_sub(left)) }
    }

    fn in_state(&self, states: &[&str]) -> u64 {
        states.iter().filter_map(|state| self.progress.get(*state)).sum()
    }

    /// Messages of which nothing waits any more.
    fn settled(&self) -> u64 {
        SHARES.iter().map(|(_, states)| self.in_state(states)).sum()
    }

    fn percent(&self) -> u64 {
        (self.settled() * 100).checked_div(self.all()).unwrap_or(0)
    }

    fn bar(&self) -> Vec<Share> {
        let all = self.all().max(1);
        let mut from = 0;
        let mut shares = Vec::with_capacity(SHARES.len());
        for (kind, states) in SHARES {
            let count = self.in_state(states);
            let width = count * 1000 / all;
            shares.push(Share { kind, from, width, count });
            from += width;
        }
        shares
    }

    fn waiting(&self) -> u64 {
        self.all().saturating_sub(self.settled())
    }
}

/// Which page of the list.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Place {
    cursor: String,
}

#[derive(Template)]
#[template(path = "campaigns.html")]
struct CampaignsPage {
    frame: Frame,
    campaigns: Vec<Campaign>,
    next: Option<String>,
}

/// Campaigns, newest first.
pub(super) async fn list(asked: Asked, Query(place): Query<Place>) -> Drawn {
    let path = query("/v1/batches", &[("cursor", &place.cursor)]);
    let found: List<Campaign> = asked.or_say(asked.api.get(&path).await)?;
    let next = found.next.map(|cursor| query("/campaigns", &[("cursor", &cursor)]));
    Ok(draw(&CampaignsPage { frame: asked.frame, campaigns: found.items, next }))
}

/// When it ends, or why that is not known.
#[derive(Deserialize)]
struct Forecast {
    ends_at: Option<String>,
    reason: Option<Why>,
}

#[derive(Deserialize)]
struct Why {
    code: String,
}

#[derive(Template)]
#[template(path = "campaign.html")]
struct CampaignPage {
    frame: Frame,
    campaign: Campaign,
    forecast: Option<Forecast>,
}

/// One campaign.
pub(super) async fn show(asked: Asked, Path(name): Path<String>) -> Drawn {
    let path = format!("/v1/batches/{}", encode(&name));
    let campaign: Campaign = asked.or_say(asked.api.get(&path).await)?;
    // That of a draft is counted beside the page: it takes its time.
    let forecast = match campaign.state.as_str() {
        "scheduled" | "running" | "paused" => match asked.api.get(&format!("{path}/forecast")).await {
            Err(Refused::Problem { .. }) => None,
            answer => Some(asked.or_say(answer)?),
        },
        _ => None,
    };
    Ok(draw(&CampaignPage { frame: asked.frame, campaign, forecast }))
}

#[derive(Deserialize)]
struct Creditor {
    id: String,
    name: String,
}

#[derive(Deserialize)]
struct TemplateName {
    name: String,
    used_version: Option<u32>,
}

#[derive(Deserialize)]
struct Sim {
    iccid: String,
    name: Option<String>,
}

#[derive(Template)]
#[template(path = "new_campaign.html")]
struct NewCampaignPage {
    frame: Frame,
    /// The draft that is written anew.
    draft: Option<Draft>,
    definition: Definition,
    creditors: Vec<Creditor>,
    templates: Vec<TemplateName>,
    sims: Vec<Sim>,
    held: Segment,
    purposes: [&'static str; Purpose::ALL.len()],
}

/// A draft that is written anew.
struct Draft {
    name: String,
    revision: u32,
    /// It is for a list, which stays.
    has_list: bool,
}

impl NewCampaignPage {
    /// It is for a list that is there.
    fn has_list(&self) -> bool {
        self.draft.as_ref().is_some_and(|draft| draft.has_list)
    }

    /// It says a text of its own.
    fn has_text(&self) -> bool {
        self.definition.text.is_some() || (self.definition.template.is_none() && self.templates.is_empty())
    }

    /// The template that it names, where that is none of those that may be chosen.
    fn lost_template(&self) -> Option<&String> {
        let chosen = self.definition.template.as_ref()?;
        (!self.templates.iter().any(|template| template.name == *chosen)).then_some(chosen)
    }
}

/// The form of a new one.
pub(super) async fn new(asked: Asked) -> Drawn {
    let definition =
        Definition { purpose: Purpose::Collection.name().to_owned(), priority: 4, ..Definition::default() };
    form(asked, None, definition).await
}

/// The form of a draft.
pub(super) async fn edit(asked: Asked, Path(name): Path<String>) -> Drawn {
    let campaign: Campaign = asked.or_say(asked.api.get(&format!("/v1/batches/{}", encode(&name))).await)?;
    let Campaign { name, revision, definition, .. } = campaign;
    let has_list = definition.segment.is_none();
    form(asked, Some(Draft { name, revision, has_list }), definition).await
}

async fn form(asked: Asked, draft: Option<Draft>, mut definition: Definition) -> Drawn {
    let creditors: List<Creditor> = asked.or_say(asked.api.get("/v1/creditors").await)?;
    let templates: List<TemplateName> = asked.or_say(asked.api.get("/v1/templates").await)?;
    let sims: List<Sim> = asked.or_say(asked.api.get("/v1/sims").await)?;
    let templates = templates.items.into_iter().filter(|template| template.used_version.is_some()).collect();
    let (creditors, sims, held) = (creditors.items, sims.items, definition.segment.take().unwrap_or_default());
    let purposes = Purpose::ALL.map(Purpose::name);
    Ok(draw(&NewCampaignPage { frame: asked.frame, draft, definition, creditors, templates, sims, held, purposes }))
}
