//! Why a message waits: the gate's verdict, and where that names a pause, which one and the reason that was given.

use std::collections::{BTreeSet, HashMap};

use crate::dispatch::gate::{Reason, Verdict};
use crate::dispatch::route::Route;
use crate::store::board::{Pause, Scope};

use super::Site;
use super::problem::Problem;

/// A route and a batch: what messages share that one pause can hold.
pub(super) type Lane = (Route, String);

/// The lane of a message with these fields.
pub(super) fn lane(sim: Option<&String>, group: Option<&String>, batch: Option<&String>) -> Lane {
    let route = match (sim, group) {
        (Some(sim), _) => Route::Sim(sim.clone()),
        (None, Some(group)) => Route::Group(group.clone()),
        (None, None) => Route::Any,
    };
    (route, batch.cloned().unwrap_or_default())
}

/// What is told of a message that waits.
#[derive(Debug, Clone)]
pub(super) struct Explained {
    /// The gate's.
    pub(super) verdict: Verdict,
    /// The pause over it, in words; looked at only where the verdict says that it is paused.
    pub(super) pause: Option<String>,
}

/// Adds to each verdict the pause that it speaks of. Asks once, and only where there is one.
pub(super) async fn explain(site: &Site, verdicts: Vec<(Lane, Verdict)>) -> Result<Vec<Explained>, Problem> {
    let is_paused = |verdict: &Verdict| matches!(verdict, Verdict::Hold { reason: Reason::Paused, .. });
    let lanes: BTreeSet<&Lane> =
        verdicts.iter().filter(|(_, verdict)| is_paused(verdict)).map(|(lane, _)| lane).collect();
    let lanes: Vec<Lane> = lanes.into_iter().cloned().collect();
    let pauses = if lanes.is_empty() { Vec::new() } else { site.writer.pauses_over(lanes.clone()).await? };
    let told = |(lane, pause): (Lane, Option<Pause>)| pause.map(|pause| (lane, words(site, pause)));
    let words: HashMap<Lane, String> = lanes.into_iter().zip(pauses).filter_map(told).collect();
    let add = |(lane, verdict)| Explained { verdict, pause: words.get(&lane).cloned() };
    Ok(verdicts.into_iter().map(add).collect())
}

/// A pause for a person.
fn words(site: &Site, pause: Pause) -> String {
    let what = match pause.scope {
        Scope::All => "sending".to_owned(),
        Scope::Batch => format!("batch {}", pause.id),
        Scope::Sim => format!("SIM {}", site.reader.sim_label(pause.id)),
    };
    let why = if pause.reason.is_empty() { String::new() } else { format!(": {}", pause.reason) };
    format!("{what} is paused until someone resumes it{why}")
}
