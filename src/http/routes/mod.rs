//! What can be asked for, by subject.

mod alarms;
mod audit;
mod batch_preview;
mod batches;
mod changes;
mod conversations;
mod creditors;
mod debtors;
mod debts;
mod erasures;
mod events;
mod evidence;
mod happenings;
mod health;
mod hygiene;
mod imports;
mod inbox;
mod intake;
mod journey;
mod ladder_plan;
mod ladders;
mod lines;
mod mapping;
mod messages;
mod pause;
mod preview;
mod queue;
mod reload;
mod retention;
mod rules;
mod session;
mod stats;
mod submit;
mod suppressions;
mod template_preview;
mod templates;
mod tokens;
mod webhooks;

use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;

pub(super) use health::Looked;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Recado",
        description = "Hardware SMS gateway for collection teams. Errors are problem documents (RFC 9457).",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
        contact(name = "Recado")
    ),
    modifiers(&Bearer),
    security(("token" = []))
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        openapi.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// The head of the document.
pub(super) fn document() -> OpenApi {
    Document::openapi()
}

/// All routes with their descriptions.
pub(super) fn all() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(submit::submit, messages::list))
        .routes(routes!(messages::show, messages::cancel))
        .routes(routes!(messages::resolve))
        .routes(routes!(evidence::show))
        .routes(routes!(evidence::head))
        .routes(routes!(evidence::verify))
        .routes(routes!(preview::preview))
        .routes(routes!(suppressions::list, suppressions::suppress))
        .routes(routes!(suppressions::lift))
        .routes(routes!(creditors::list, creditors::take))
        .routes(routes!(debtors::list, debtors::take))
        .routes(routes!(debtors::show))
        .routes(routes!(debtors::numbers))
        .routes(routes!(debtors::hours, debtors::set_hours))
        .routes(routes!(journey::show))
        .routes(routes!(hygiene::list))
        .routes(routes!(stats::show))
        .routes(routes!(debts::list, debts::take))
        .routes(routes!(debts::show))
        .routes(routes!(suppressions::erase))
        .routes(routes!(erasures::list, erasures::begin))
        .routes(routes!(erasures::show))
        .routes(routes!(erasures::export_debtor))
        .routes(routes!(erasures::export_number))
        .routes(routes!(mapping::show, mapping::set))
        .routes(routes!(imports::columns))
        .routes(routes!(imports::begin))
        .routes(routes!(imports::show))
        .routes(routes!(imports::errors))
        .routes(routes!(happenings::tell))
        .routes(routes!(inbox::list))
        .routes(routes!(inbox::calls))
        .routes(routes!(conversations::list))
        .routes(routes!(conversations::show))
        .routes(routes!(conversations::reply))
        .routes(routes!(conversations::preview))
        .routes(routes!(conversations::assign))
        .routes(routes!(conversations::close))
        .routes(routes!(conversations::standing))
        .routes(routes!(events::list))
        .routes(routes!(ladders::list))
        .routes(routes!(ladders::show, ladders::put))
        .routes(routes!(ladder_plan::plan))
        .routes(routes!(ladder_plan::problems))
        .routes(routes!(ladder_plan::run))
        .routes(routes!(templates::list))
        .routes(routes!(templates::show, templates::put))
        .routes(routes!(templates::approve))
        .routes(routes!(template_preview::preview))
        .routes(routes!(template_preview::preview_draft))
        .routes(routes!(batches::list, batches::create))
        .routes(routes!(batches::show, batches::put, batches::remove))
        .routes(routes!(batches::rows))
        .routes(routes!(batches::start))
        .routes(routes!(batches::pause))
        .routes(routes!(batches::resume))
        .routes(routes!(batches::cancel))
        .routes(routes!(batch_preview::preview_new))
        .routes(routes!(batch_preview::preview))
        .routes(routes!(batch_preview::test))
        .routes(routes!(batch_preview::forecast))
        .routes(routes!(batch_preview::count))
        .routes(routes!(lines::modems))
        .routes(routes!(lines::ussd))
        .routes(routes!(lines::sims))
        .routes(routes!(alarms::list))
        .routes(routes!(alarms::clear))
        .routes(routes!(alarms::test))
        .routes(routes!(audit::list))
        .routes(routes!(retention::list))
        .routes(routes!(pause::list, pause::pause))
        .routes(routes!(pause::resume))
        .routes(routes!(queue::show))
        .routes(routes!(reload::reload))
        .routes(routes!(changes::follow))
        .routes(routes!(rules::list))
        .routes(routes!(session::begin, session::show, session::end))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::revoke))
        .routes(routes!(tokens::rotate))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::show, webhooks::change, webhooks::remove))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::replay))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
}
