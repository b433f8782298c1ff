//! The audit at the door: what of a request is noted, and under which name.
//!
//! Noted are changes – every method but GET, without submissions, which are messages with their client, and without questions that
//! only look like changes – and looks: answers for which a handler asked how much its caller may see, and the answer was
//! everything ([`super::auth::Caller::eyes`]). What the lines of the company itself are called is no look at anybody.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use std::sync::Arc;

use crate::actor::audit::{self, Sheet, over};
use crate::sms::number::PhoneNumber;
use crate::store::audit::{Deed, Entry, digest, digest_of_debtor, digest_of_number};

use super::Site;
use super::problem::Problem;
use super::submission::recipient;

/// Requests with a method of changes that change nothing.
const QUESTIONS: [&str; 5] =
    ["/v1/messages", "/v1/preview", "/v1/preview/template", "/v1/segments/count", "/v1/imports/columns"];

/// Subjects that are no persons although a caller may see less of them.
const OWN: [&str; 3] = ["modems", "sims", "changes"];

/// Names in paths and questions that are a person's, or of something that only a person has.
const PERSONAL: [&str; 4] = ["debtor", "debt", "number", "to"];

/// Runs a request and notes what came of it. A change is carried out and noted whether or not its caller still listens.
pub(super) async fn noted(State(site): State<Site>, request: Request, next: Next) -> Response {
    let Some(pattern) = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned()) else {
        return next.run(request).await;
    };
    let (errands, is_change) = (site.errands().clone(), is_change(request.method(), &pattern));
    let carried_out = carried_out(site, pattern, is_change, request, next);
    if !is_change {
        return carried_out.await;
    }
    errands.run(carried_out).await.unwrap_or_else(|panicked| Problem::internal(&panicked).into_response())
}

async fn carried_out(site: Site, pattern: String, is_change: bool, request: Request, next: Next) -> Response {
    let entry = entry(&site, request.method(), &pattern, request.uri());
    let sheet = Arc::new(Sheet::new(is_change.then(|| entry.clone())));
    let response = over(Arc::clone(&sheet), next.run(request)).await;
    let (seen, status) = (sheet.read(), response.status());
    let Some((client, token)) = seen.who.clone() else { return response };
    let entry = Entry { client, token, ..entry };
    if !is_change {
        if status.is_success() && seen.has_seen && seen.items > 0 && !OWN.contains(&entry.object.as_str()) {
            for (entry, items) in seen.entries(Entry { deed: Deed::View, ..entry }) {
                site.looks.tell(entry, items);
            }
        }
        return response;
    }
    let missing = match (status.is_success(), seen.is_noted) {
        // It changed something else than the database, or something that goes on after the answer.
        (true, false) => seen.entries(entry).into_iter().map(|(entry, _)| entry).collect(),
        (false, true) => {
            let id = seen.id.or(entry.id);
            vec![Entry { deed: Deed::Refused, status: Some(status.as_u16()), id, ..entry }]
        }
        (true, true) | (false, false) => return response,
    };
    if let Err(error) = site.writer.note(missing).await {
        tracing::error!(%error, "change not noted in the audit");
    }
    response
}

fn is_change(method: &Method, pattern: &str) -> bool {
    let is_question = QUESTIONS.contains(&pattern) || pattern.ends_with("/preview");
    match *method {
        Method::GET | Method::HEAD | Method::OPTIONS => false,
        Method::POST => !is_question,
        _ => true,
    }
}

fn entry(site: &Site, method: &Method, pattern: &str, uri: &Uri) -> Entry {
    let object = pattern.split('/').find(|part| !part.is_empty() && *part != "v1").unwrap_or_default();
    Entry {
        client: String::new(),
        token: None,
        deed: Deed::Change,
        route: format!("{method} {pattern}"),
        object: object.to_owned(),
        id: id(site, pattern, uri),
        status: None,
    }
}

/// Which one it is about: what stands in the first place of the path, else whom a list was asked for.
fn id(site: &Site, pattern: &str, uri: &Uri) -> Option<String> {
    let in_path = pattern.split('/').zip(uri.path().split('/')).find_map(|(name, value)| {
        let name = name.strip_prefix('{')?.strip_suffix('}')?;
        Some((name.to_owned(), value.to_owned()))
    });
    let asked = || {
        let pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
        let (name, value) = pairs.into_iter().find(|(name, _)| PERSONAL.contains(name))?;
        Some((name.to_owned(), value.to_owned()))
    };
    let (name, value) = in_path.or_else(asked)?;
    let value = unescaped(&value);
    if !PERSONAL.contains(&name.as_str()) {
        return Some(value);
    }
    let settings = site.settings();
    let number =
        matches!(name.as_str(), "number" | "to").then(|| recipient("number", &value, &settings).ok()).flatten();
    Some(match number {
        Some(number) => digest_of_number(&settings.secret, number),
        None if name == "debt" => digest(&settings.secret, "debt", &value),
        None => digest_of_debtor(&settings.secret, &value),
    })
}

/// Says whom a request, or an item of its answer, is about: a debtor, or whoever has a number where no debtor is known.
pub(super) fn concerns(site: &Site, debtor: Option<&str>, number: Option<PhoneNumber>) {
    if !audit::names_persons() {
        return;
    }
    let settings = site.settings();
    match (debtor, number) {
        (Some(debtor), _) => audit::concerns(digest_of_debtor(&settings.secret, debtor)),
        (None, Some(number)) => audit::concerns(digest_of_number(&settings.secret, number)),
        (None, None) => {}
    }
}

/// A value as it was before it was put into an address.
fn unescaped(value: &str) -> String {
    let mut octets = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = (first == b'%').then(|| after.get(..2)).flatten();
        let octet = hex.and_then(|hex| crate::pdu::from_hex(hex).ok()).and_then(|octets| octets.first().copied());
        let plain = if first == b'+' { b' ' } else { first };
        octets.push(octet.unwrap_or(plain));
        rest = if octet.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8_lossy(&octets).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_from_questions_and_submissions() {
        for (method, pattern, expected) in [
            (Method::GET, "/v1/messages", false),
            (Method::POST, "/v1/messages", false),
            (Method::DELETE, "/v1/messages/{id}", true),
            (Method::POST, "/v1/preview", false),
            (Method::POST, "/v1/templates/{name}/preview", false),
            (Method::PUT, "/v1/templates/{name}", true),
            (Method::POST, "/v1/pause", true),
            (Method::POST, "/v1/session", true),
            (Method::POST, "/v1/erasures", true),
        ] {
            assert_eq!(is_change(&method, pattern), expected, "{method} {pattern}");
        }
    }

    #[test]
    fn a_value_of_an_address_is_read_as_it_was_meant() {
        assert_eq!(unescaped("a%20b+c%2B%zz%C3%A9"), "a b c+%zzé");
    }
}
