//! The pages, by subject.

mod conversations;
mod debtors;
mod import;
mod login;
mod messages;
mod now;
mod settings;
mod stats;
mod webhooks;
mod suppressions;

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
        .route("/conversations", get(conversations::list))
        .route("/conversations/{id}", get(conversations::show))
        .route("/debtors", get(debtors::list))
        .route("/debtors/{id}", get(debtors::show))
        .route("/suppressions", get(suppressions::list))
        .route("/suppressions/new", get(suppressions::new))
        .route("/suppressions/lift", get(suppressions::lift))
        .route("/import", get(import::show))
        .route("/stats", get(stats::show))
        .route("/settings", get(settings::show))
        .route("/settings/webhooks", get(webhooks::list))
        .route("/settings/webhooks/{id}", get(webhooks::show))
}
