//! The pages, by subject.

mod audit;
mod campaigns;
mod conversations;
mod debtors;
mod evidence;
mod import;
mod ladders;
mod login;
mod messages;
mod now;
mod personal;
mod settings;
mod stats;
mod suppressions;
mod templates;
mod webhooks;

use axum::Router;
use axum::routing::get;

use super::Web;

/// All pages.
pub(super) fn all() -> Router<Web> {
    Router::new()
        .route("/login", get(login::show))
        .route("/", get(now::show))
        .route("/messages", get(messages::list))
        .route("/messages/new", get(messages::new))
        .route("/messages/{id}", get(messages::show))
        .route("/messages/{id}/evidence", get(evidence::show))
        .route("/conversations", get(conversations::list))
        .route("/conversations/{id}", get(conversations::show))
        .route("/debtors", get(debtors::list))
        .route("/debtors/{id}", get(debtors::show))
        .route("/debtors/{id}/personal", get(personal::debtor))
        .route("/erasures/{id}", get(personal::erasure))
        .route("/suppressions", get(suppressions::list))
        .route("/suppressions/new", get(suppressions::new))
        .route("/suppressions/lift", get(suppressions::lift))
        .route("/import", get(import::show))
        .route("/ladders", get(ladders::list))
        .route("/ladders/new", get(ladders::new))
        .route("/ladder-line", get(ladders::line))
        .route("/ladders/{name}", get(ladders::show))
        .route("/ladders/{name}/edit", get(ladders::edit))
        .route("/templates", get(templates::list))
        .route("/templates/new", get(templates::new))
        .route("/templates/{name}", get(templates::show))
        .route("/campaigns", get(campaigns::list))
        .route("/campaigns/new", get(campaigns::new))
        .route("/campaigns/{name}", get(campaigns::show))
        .route("/campaigns/{name}/edit", get(campaigns::edit))
        .route("/stats", get(stats::show))
        .route("/settings", get(settings::show))
        .route("/settings/audit", get(audit::list))
        .route("/settings/webhooks", get(webhooks::list))
        .route("/settings/webhooks/{id}", get(webhooks::show))
}
