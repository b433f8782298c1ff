//! What the gate had before it when it let a part go, for whoever asks years later: said in the event of the hand-over.

use rusqlite::Connection;

use crate::contact::Record;
use crate::sms::id::SimKey;

use super::StoreError;
use super::work::Work;

/// Octets of a class of hours that are written out; of a longer one the first places, and how many more there are.
const CLASS_MAX: usize = 56;

impl Work<'_> {
    /// The local times at which the part goes (the earliest and the latest, where the recipient may be in several zones), that
    /// the hours are open there and which class of hours that is (none, where any hour will do), how the ledger stood and up
    /// to which entry it was asked, the edition of the rules, and the SIM by its ICCID. Some 190 octets, 250 at most.
    pub(super) fn decision(&self, record: &Record, sim: SimKey) -> Result<String, StoreError> {
        let Record { addressee, class, .. } = record;
        let contact = &self.board.contact;
        let mut local: Vec<String> = contact
            .calendar
            .clocks(class, self.now)
            .iter()
            .map(|clock| clock.strftime("%Y-%m-%dT%H:%M%:z").to_string())
            .collect();
        local.dedup();
        if local.len() > 2 {
            local.drain(1..local.len() - 1);
        }
        let iccid = self.board.sims.get(&sim).map(|sim| sim.card.names.iccid.as_str());
        let said = Said {
            class: &shortened(&class.to_string()),
            iccid,
            ledger: last_entry(self.conn)?,
            window: if local.is_empty() { "none" } else { "open" },
            local,
            rules: &contact.edition.to_string(),
            // The one text that may follow an opt-out is not asked about.
            suppression: if addressee.confirms_opt_out { "exempt" } else { "clear" },
        };
        Ok(serde_json::to_string(&said).expect("texts and a number have a form in JSON"))
    }
}

/// In the order in which the log has them.
#[derive(serde::Serialize)]
struct Said<'a> {
    class: &'a str,
    iccid: Option<&'a str>,
    ledger: i64,
    local: Vec<String>,
    rules: &'a str,
    suppression: &'static str,
    window: &'static str,
}

/// The last entry of the suppression ledger.
fn last_entry(conn: &Connection) -> Result<i64, StoreError> {
    let sql = "SELECT coalesce(max(key), 0) FROM suppression";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

fn shortened(class: &str) -> String {
    let commas = class.match_indices(',').map(|(at, _)| at);
    match commas.take_while(|at| *at <= CLASS_MAX).last() {
        Some(at) if class.len() > CLASS_MAX => {
            let (kept, rest) = class.split_at(at);
            format!("{kept},+{}", rest.matches(',').count())
        }
        Some(_) | None => class.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(class: &str, expected: &str) {
        assert_eq!(shortened(class), expected);
    }

    #[test]
    fn a_class_of_many_places_is_shortened_and_says_so() {
        check("always", "always");
        check("collection,BR-SP@America/Sao_Paulo", "collection,BR-SP@America/Sao_Paulo");
        check(
            "collection,MX-JAL@America/Mexico_City,MX-NAY@America/Mazatlan,MX-ZAC@America/Mexico_City",
            "collection,MX-JAL@America/Mexico_City,+2",
        );
    }
}
