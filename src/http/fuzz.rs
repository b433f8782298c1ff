//! What must hold of bodies of requests, whatever they are (see `crate::fuzz`).

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::clock::Timestamp;
use crate::contact::secret::Secret;
use crate::dunning::money::PartPrice;
use crate::sms::number::Country;
use crate::sms::text::TextOptions;
use crate::store::definition::{
    read_campaign, read_ladder, read_segment, read_template, write_campaign, write_ladder, write_segment,
    write_template,
};
use crate::store::retention::Terms;

use super::auth::{Caller, Grant};
use super::dto::campaign::{LookRequest, RowsRequest, SegmentRequest};
use super::dto::conversation::{AssignRequest, ReplyRequest, StandingRequest};
use super::dto::creditor::CreditorRequest;
use super::dto::debt::DebtRequest;
use super::dto::debtor::{DebtorHours, DebtorRequest};
use super::dto::erasure::ErasureRequest;
use super::dto::happening::HappeningRequest;
use super::dto::line::UssdRequest;
use super::dto::mapping::ImportMapping;
use super::dto::pause::PauseRequest;
use super::dto::session::SessionRequest;
use super::dto::submit::{ResolveRequest, SubmitRequest};
use super::dto::suppression::{EraseRequest, LiftRequest, SuppressRequest};
use super::dto::template::{ApproveRequest, DraftRequest, TemplatePreviewRequest};
use super::dto::token::{RotateTokenRequest, TokenRequest};
use super::dto::webhook::{ReplayRequest, RotateRequest, WebhookRequest};
use super::json::{array, object};
use super::problem::Problem;
use super::submission::Checked;
use super::{Pace, Settings};

/// Any octets may be a body. What is wrong is said by a problem, and what was taken in fits into parts.
pub(crate) fn body(octets: &[u8]) {
    let items: Vec<&RawValue> = array(octets).unwrap_or_default();
    for item in items.iter().map(|item| item.get().as_bytes()).take(100) {
        submission(item);
    }
    submission(octets);
    each::<AssignRequest>(octets);
    each::<ApproveRequest>(octets);
    each::<CreditorRequest>(octets);
    each::<DebtRequest>(octets);
    each::<DebtorHours>(octets);
    each::<DebtorRequest>(octets);
    each::<DraftRequest>(octets);
    each::<EraseRequest>(octets);
    each::<ErasureRequest>(octets);
    each::<HappeningRequest>(octets);
    each::<ImportMapping>(octets);
    each::<LiftRequest>(octets);
    each::<LookRequest>(octets);
    each::<PauseRequest>(octets);
    each::<ReplayRequest>(octets);
    each::<ReplyRequest>(octets);
    each::<ResolveRequest>(octets);
    each::<RotateRequest>(octets);
    each::<RotateTokenRequest>(octets);
    each::<RowsRequest>(octets);
    each::<SegmentRequest>(octets);
    each::<SessionRequest>(octets);
    each::<StandingRequest>(octets);
    each::<SuppressRequest>(octets);
    each::<TemplatePreviewRequest>(octets);
    each::<TokenRequest>(octets);
    each::<UssdRequest>(octets);
    each::<WebhookRequest>(octets);
}

/// A body of this type, or a problem that can be told.
fn each<T: DeserializeOwned>(octets: &[u8]) {
    if let Err(problem) = object::<T>(octets) {
        told(&problem);
    }
}

fn told(problem: &Problem) {
    let said = serde_json::to_value(problem).expect("a problem is a document");
    let detail = said.get("detail").and_then(Value::as_str).unwrap_or_default();
    assert!(!detail.is_empty(), "a problem without words");
}

fn submission(octets: &[u8]) {
    let request = match object::<SubmitRequest>(octets) {
        Ok(request) => request,
        Err(problem) => return told(&problem),
    };
    let caller = Caller::holding(Arc::new(Grant::everything("fuzz")));
    let now = Timestamp::from_jiff(jiff::Timestamp::UNIX_EPOCH + Duration::from_secs(1_795_000_000));
    let submission = Checked::new(request, &caller, &settings(), now)
        .and_then(|checked| checked.into_submission("fuzz", now, Default::default()));
    match submission {
        Ok(submission) => {
            assert!((1..=255).contains(&submission.parts.len()), "{} parts", submission.parts.len());
        }
        Err(problem) => told(&problem),
    }
}

fn settings() -> Settings {
    Settings {
        country: Country::BRAZIL,
        text: TextOptions::default(),
        validity: Duration::from_secs(86_400),
        secret: Secret::new([7; 32]),
        campaigns_need_test: true,
        wording: Arc::default(),
        zone: TimeZone::UTC,
        four_eyes: false,
        confirm_numbers: false,
        hosts: Vec::new(),
        price: PartPrice::default(),
        pace: Pace { per_second: 0, burst: 1 },
        kept: Terms::default(),
    }
}

/// What is written of templates, ladders, segments and campaigns: what was read can be written, and then reads the same.
pub(crate) fn definition(octets: &[u8]) {
    let Ok(written) = serde_json::from_slice::<Value>(octets) else { return };
    if let Ok(template) = read_template("name", 1, written.clone()) {
        assert_eq!(read_template("name", 1, write_template(&template)), Ok(template), "a template");
    }
    if let Ok(ladder) = read_ladder("name", 1, written.clone()) {
        assert_eq!(read_ladder("name", 1, write_ladder(&ladder)), Ok(ladder), "a ladder");
    }
    if let Ok(segment) = read_segment(written.clone()) {
        assert_eq!(read_segment(write_segment(&segment)), Ok(segment), "a segment");
    }
    if let Ok(campaign) = read_campaign("name", written) {
        assert_eq!(read_campaign("name", write_campaign(&campaign)), Ok(campaign), "a campaign");
    }
}
