//! Which scope each route needs: the one table of it, held against the document of the API and against the routes themselves.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::auth::{Role, Scope};
use super::{Answer, House};

use Scope::{Admin, Manage, Pii, Read, Send};

/// Method, path, and the scopes that are all needed. None: everybody with a token, or without one.
const ROUTES: &[(&str, &str, &[Scope])] = &[
    ("GET", "/healthz", &[]),
    // This host needs no token; for others see `metrics_are_open_on_this_host_only`.
    ("GET", "/metrics", &[]),
    ("GET", "/readyz", &[]),
    ("GET", "/v1/session", &[]),
    ("POST", "/v1/session", &[]),
    ("DELETE", "/v1/session", &[]),
    // What it sends for debtors is what `send` is for.
    ("POST", "/v1/messages", &[Send]),
    ("POST", "/v1/preview", &[Send]),
    ("DELETE", "/v1/messages/{id}", &[Send]),
    ("POST", "/v1/messages/{id}/resolve", &[Send]),
    ("POST", "/v1/suppressions", &[Send]),
    ("POST", "/v1/debtors", &[Send]),
    ("PUT", "/v1/debtors/{debtor}/hours", &[Send]),
    ("POST", "/v1/debts", &[Send]),
    ("POST", "/v1/debts/{debt}/events", &[Send]),
    ("POST", "/v1/conversations/{id}/assign", &[Send]),
    ("POST", "/v1/conversations/{id}/close", &[Send]),
    ("POST", "/v1/conversations/{id}/preview", &[Send]),
    ("POST", "/v1/conversations/{id}/reply", &[Send]),
    ("POST", "/v1/conversations/{id}/standing", &[Send]),
    ("POST", "/v1/imports", &[Send]),
    ("POST", "/v1/imports/columns", &[Send]),
    ("PUT", "/v1/imports/mapping", &[Send]),
    ("GET", "/v1/imports/{id}", &[Send]),
    ("GET", "/v1/imports/{id}/errors", &[Send]),
    ("POST", "/v1/batches", &[Send]),
    ("PUT", "/v1/batches/{batch}", &[Send]),
    ("DELETE", "/v1/batches/{batch}", &[Send]),
    ("POST", "/v1/batches/{batch}/rows", &[Send]),
    ("POST", "/v1/batches/{batch}/start", &[Send]),
    ("POST", "/v1/batches/{batch}/pause", &[Send]),
    ("POST", "/v1/batches/{batch}/resume", &[Send]),
    ("POST", "/v1/batches/{batch}/cancel", &[Send]),
    ("POST", "/v1/ladders/run", &[Send]),
    // It shows what somebody would be told.
    ("POST", "/v1/batches/{batch}/test", &[Send, Pii]),
    ("GET", "/v1/alarms", &[Read]),
    ("GET", "/v1/batches", &[Read]),
    ("GET", "/v1/batches/{batch}", &[Read]),
    ("GET", "/v1/batches/{batch}/forecast", &[Read]),
    ("POST", "/v1/batches/{batch}/preview", &[Read]),
    ("POST", "/v1/batches/preview", &[Read]),
    ("GET", "/v1/calls", &[Read]),
    ("GET", "/v1/changes", &[Read]),
    ("GET", "/v1/conversations", &[Read]),
    ("GET", "/v1/conversations/{id}", &[Read]),
    ("GET", "/v1/creditors", &[Read]),
    ("GET", "/v1/debtors", &[Read]),
    ("GET", "/v1/debtors/{debtor}", &[Read]),
    ("GET", "/v1/debtors/{debtor}/hours", &[Read]),
    ("GET", "/v1/debtors/{debtor}/journey", &[Read]),
    ("GET", "/v1/debtors/{debtor}/numbers", &[Read]),
    ("GET", "/v1/debts", &[Read]),
    ("GET", "/v1/debts/{debt}", &[Read]),
    ("GET", "/v1/events", &[Read]),
    ("GET", "/v1/evidence/chain", &[Read]),
    ("GET", "/v1/evidence/head", &[Read]),
    ("GET", "/v1/hygiene", &[Read]),
    ("GET", "/v1/imports/mapping", &[Read]),
    ("GET", "/v1/inbox", &[Read]),
    ("GET", "/v1/ladders", &[Read]),
    ("GET", "/v1/ladders/{ladder}", &[Read]),
    ("GET", "/v1/ladders/{ladder}/plan", &[Read]),
    ("GET", "/v1/ladders/{ladder}/problems", &[Read]),
    ("GET", "/v1/messages", &[Read]),
    ("GET", "/v1/messages/{id}", &[Read]),
    ("GET", "/v1/messages/{id}/evidence", &[Read]),
    ("GET", "/v1/modems", &[Read]),
    ("GET", "/v1/pause", &[Read]),
    ("GET", "/v1/queue", &[Read]),
    ("GET", "/v1/retention", &[Read]),
    ("GET", "/v1/rules", &[Read]),
    ("POST", "/v1/segments/count", &[Read]),
    ("GET", "/v1/sims", &[Read]),
    ("GET", "/v1/stats", &[Read]),
    ("GET", "/v1/suppressions", &[Read]),
    ("GET", "/v1/templates", &[Read]),
    ("GET", "/v1/templates/{template}", &[Read]),
    ("POST", "/v1/templates/{template}/preview", &[Read]),
    ("POST", "/v1/preview/template", &[Read]),
    // The business: what is said to debtors and when.
    ("POST", "/v1/creditors", &[Manage]),
    ("PUT", "/v1/ladders/{ladder}", &[Manage]),
    ("PUT", "/v1/templates/{template}", &[Manage]),
    ("POST", "/v1/templates/{template}/approve", &[Manage]),
    ("POST", "/v1/pause", &[Manage]),
    ("POST", "/v1/resume", &[Manage]),
    ("POST", "/v1/alarms/{id}/clear", &[Manage]),
    ("POST", "/v1/sims/{sim}/test", &[Manage]),
    ("POST", "/v1/modems/{modem}/ussd", &[Manage]),
    // Whom the gate keeps from being texted by mistake is let through again by who runs the business; the ledger says who and why.
    ("POST", "/v1/suppressions/lift", &[Manage]),
    // An endpoint that fails is their business; where it leads to and its secret are not.
    ("GET", "/v1/webhooks", &[Manage]),
    ("GET", "/v1/webhooks/{id}", &[Manage]),
    ("GET", "/v1/webhooks/{id}/deliveries", &[Manage]),
    ("POST", "/v1/webhooks/{id}/test", &[Manage]),
    ("POST", "/v1/webhooks/{id}/replay", &[Manage]),
    // The installation, and what cannot be taken back.
    ("POST", "/v1/webhooks", &[Admin]),
    ("PATCH", "/v1/webhooks/{id}", &[Admin]),
    ("DELETE", "/v1/webhooks/{id}", &[Admin]),
    ("POST", "/v1/webhooks/{id}/rotate", &[Admin]),
    ("GET", "/v1/tokens", &[Admin]),
    ("POST", "/v1/tokens", &[Admin]),
    ("DELETE", "/v1/tokens/{key}", &[Admin]),
    ("POST", "/v1/tokens/{key}/rotate", &[Admin]),
    ("POST", "/v1/reload", &[Admin]),
    ("GET", "/v1/audit", &[Admin]),
    ("POST", "/v1/suppressions/erase", &[Admin]),
    ("GET", "/v1/erasures", &[Admin]),
    ("POST", "/v1/erasures", &[Admin]),
    ("GET", "/v1/erasures/{id}", &[Admin]),
    ("GET", "/v1/debtors/{debtor}/export", &[Admin, Pii]),
    ("GET", "/v1/export", &[Admin, Pii]),
];

/// Every operation of the document, as method and path.
pub(crate) fn operations() -> BTreeSet<(String, String)> {
    let document: Value = serde_json::from_str(&super::super::openapi().to_json().unwrap()).unwrap();
    let methods = ["get", "post", "put", "patch", "delete"];
    let paths = document["paths"].as_object().unwrap().iter();
    let named = |method: &str| method.to_uppercase();
    let of_path = |(path, item): (&String, &Value)| {
        let (path, item) = (path.clone(), item.as_object().unwrap().clone());
        methods
            .into_iter()
            .filter(move |method| item.contains_key(*method))
            .map(move |method| (named(method), path.clone()))
    };
    paths.flat_map(of_path).collect()
}

/// The scopes of a token that may be limited to creditors.
const LIMITED: [Scope; 4] = [Send, Read, Scope::Text, Pii];

/// Their names.
pub(crate) fn limited_scopes() -> Value {
    names(LIMITED)
}

/// What they are enough for, of changes and of what looks like one.
pub(crate) fn limited_changes() -> BTreeSet<(&'static str, &'static str)> {
    let is_enough = |needed: &[Scope]| !needed.is_empty() && needed.iter().all(|scope| LIMITED.contains(scope));
    let changes = ROUTES.iter().filter(|(method, _, needed)| *method != "GET" && is_enough(needed));
    changes.map(|(method, path, _)| (*method, *path)).collect()
}

#[test]
fn every_route_has_a_line_that_says_who_may_take_it() {
    let lines: BTreeSet<_> =
        ROUTES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(lines, operations());
    assert_eq!(lines.len(), ROUTES.len(), "a route has one line");
}

/// Asks a route for something that is not there, in the right form.
async fn ask(house: &House, token: &str, method: &str, path: &str) -> Answer {
    let mut place = path.to_owned();
    for name in ["{id}", "{key}"] {
        place = place.replace(name, "1");
    }
    if path.starts_with("/v1/messages/") {
        place = place.replace("/1", "/01980000-0000-7000-8000-000000000000");
    }
    while let (Some(from), Some(to)) = (place.find('{'), place.find('}')) {
        place.replace_range(from..=to, "x");
    }
    let query = match path {
        "/v1/imports/mapping" | "/v1/imports" | "/v1/imports/columns" => "?creditor=x",
        "/v1/export" => "?number=%2B5511987654321",
        _ => "",
    };
    let body = if method == "GET" { String::new() } else { "{}".to_owned() };
    house.with(token, method, &format!("{place}{query}"), body).await
}

fn names(scopes: impl IntoIterator<Item = Scope>) -> Value {
    scopes.into_iter().map(Scope::name).collect::<Vec<_>>().into()
}

#[tokio::test]
async fn a_route_is_closed_to_whoever_lacks_one_of_its_scopes_and_open_to_whoever_has_them() {
    let house = House::new();
    for (method, path, needed) in ROUTES.iter().filter(|(_, _, needed)| !needed.is_empty()) {
        for lacking in *needed {
            let others = names(Scope::ALL.into_iter().filter(|scope| scope != lacking));
            let token = house.token(json!({ "client": "lacking", "scopes": others })).await;
            let refused = ask(&house, &token, method, path).await;
            refused.is_problem(403, "forbidden", None);
            assert!(refused.text.contains(&format!("`{}`", lacking.name())), "{method} {path}: {}", refused.text);
        }
        let token = house.token(json!({ "client": "having", "scopes": names(needed.iter().copied()) })).await;
        // A stream goes on for as long as its token.
        if *path == "/v1/changes" {
            continue;
        }
        let answer = ask(&house, &token, method, path).await;
        assert!(![401, 403].contains(&answer.status.as_u16()), "{method} {path}: {}", answer.text);
    }
}

#[tokio::test]
async fn nothing_but_what_is_open_to_all_is_answered_without_a_token() {
    let house = House::new();
    for (method, path, needed) in ROUTES {
        let answer = ask(&house, "rcd_wrong", method, path).await;
        let is_open = needed.is_empty() && !path.starts_with("/v1/session");
        // Beginning a session is open too, but not to what is no page.
        let is_refused = matches!(answer.status.as_u16(), 401 | 421 | 429);
        assert_eq!(is_refused, !is_open, "{method} {path}: {}", answer.text);
    }
}

/// A role is a name for scopes: what each may take is read from the table.
#[test]
fn roles_are_sets_of_scopes_each_within_the_next() {
    let may = |role: Role| {
        let holds = |needed: &&(&str, &str, &[Scope])| needed.2.iter().all(|scope| role.scopes().contains(scope));
        ROUTES.iter().filter(holds).count()
    };
    let [operator, manager, administrator] = Role::ALL.map(may);
    assert!(operator < manager && manager < administrator);
    assert_eq!(administrator, ROUTES.len());
    for role in Role::ALL {
        let scopes: Vec<String> = role.scopes().iter().map(|scope| scope.name().to_owned()).collect();
        assert_eq!(Role::of(&scopes), Some(role));
        assert_eq!(Role::from_name(role.name()), Some(role));
    }
    assert_eq!(Role::of(&["read".to_owned()]), None);
}

#[tokio::test]
async fn a_token_may_be_made_by_the_name_of_a_role() {
    let house = House::new();
    let made = house.post("/v1/tokens", json!({ "client": "ana", "role": "operator" })).await;
    assert_eq!((&made.json["role"], &made.json["scopes"]), (&json!("operator"), &json!(["send", "read", "text"])));
    let listed = house.get("/v1/tokens").await.json;
    assert_eq!(listed["items"][0]["role"], "operator");
    let both = json!({ "client": "ana", "role": "operator", "scopes": ["read"] });
    house.post("/v1/tokens", both).await.is_problem(400, "bad-request", Some("role"));
    house.post("/v1/tokens", json!({ "client": "ana", "role": "root" })).await.is_problem(
        400,
        "bad-request",
        Some("role"),
    );
    let limited = json!({ "client": "ana", "role": "administrator", "creditors": ["c"] });
    house.post("/v1/tokens", limited).await.is_problem(400, "bad-request", Some("creditors"));
    let admin = house.token(json!({ "client": "it", "scopes": ["admin", "read"] })).await;
    let more = house.with(&admin, "POST", "/v1/tokens", json!({ "client": "x", "role": "manager" })).await;
    more.is_problem(403, "forbidden", None);
}
