//! The pages, by subject.

mod login;
mod messages;
mod now;
mod settings;
mod stats;
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
        .route("/stats", get(stats::show))
        .route("/settings", get(settings::show))
        .route("/settings/webhooks", get(webhooks::list))
        .route("/settings/webhooks/{id}", get(webhooks::show))
}
