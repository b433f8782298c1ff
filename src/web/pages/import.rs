//! Files of debtors and debts: chosen in the browser, looked at, checked and imported through the API by a script.

use askama::Template;
use serde::Deserialize;

use super::super::api::List;
use super::super::asked::Asked;
use super::super::frame::{Drawn, Frame, draw};

/// What a column may be, as the API calls it.
const FIELDS: [&str; 29] = [
    "debtor",
    "name",
    "document",
    "phone",
    "area",
    "confirmed",
    "language",
    "kind",
    "since",
    "debtor_tags",
    "debt",
    "creditor",
    "currency",
    "original_amount",
    "amount",
    "due",
    "instalment",
    "instalments",
    "contract",
    "product",
    "terms",
    "boleto",
    "pix",
    "link",
    "access_code",
    "ladder",
    "tags",
    "status",
    "until",
];

#[derive(Deserialize)]
struct Creditor {
    id: String,
    name: String,
}

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage {
    frame: Frame,
    creditors: Vec<Creditor>,
}

/// The page for a file.
pub(super) async fn show(asked: Asked) -> Drawn {
    let creditors: List<Creditor> = asked.or_say(asked.api.get("/v1/creditors").await)?;
    Ok(draw(&ImportPage { frame: asked.frame, creditors: creditors.items }))
}
