//! The database as its file shows it, whether a daemon works on it or not, and the last faults that its log tells of.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::clock::Clock;
use crate::config::Config;
use crate::store::backup;
use crate::store::checkup::{Checkup, Soundness, checkup};
use crate::store::reader::Reader;
use crate::store::retention::Class;
use crate::store::view::{EventView, Page};
use crate::store::{FREE_FLOOR, StoreError, free_octets};

use super::report::{Finding, Section};

/// For the structure of the file; large ones take minutes, and nobody waits so long for a report.
const STRUCTURE_WITHIN: Duration = Duration::from_secs(20);

/// Events that are looked through for faults, newest first.
const LOOKED_THROUGH: u32 = 1_000;

/// Faults that are told.
const FAULTS_MAX: usize = 20;

/// Alarms that are looked at, newest first.
const ALARMS_MAX: u32 = 100;

/// Kinds of events that are faults.
const FAULTS: &[&str] = &[
    "modem.down",
    "modem.recovery",
    "segment.refused",
    "segment.unknown",
    "message.failed",
    "alarm.raised",
    "sim.resting",
];

/// What faults say of why: codes of the program, and words of its own.
const REASONS: &[&str] = &["kind", "cause", "code", "reason", "rung"];

pub(super) fn examine(config: &Config, clock: &Clock) -> (Section, Vec<Finding>) {
    let path = &config.store.path;
    let place = path.display().to_string();
    let mut section = Section::new("database");
    let mut findings = Vec::new();
    section.fact("file", place.clone());
    let octets = |behind: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(behind);
        std::fs::metadata(name).ok().map(|file| file.len())
    };
    section.fact("octets", octets(""));
    section.fact("octets_of_its_log", octets("-wal"));
    let free = free_octets(path);
    section.fact("free_octets_of_the_disk", free);
    if free.is_some_and(|free| free < FREE_FLOOR) {
        let what = "the disk is nearly full, and no new messages are taken in";
        findings.push(Finding::new(place.clone(), what, "make room on the disk of the database"));
    }
    for kept in backup::replaced(path).unwrap_or_default() {
        let what = "a restore has kept it, and who was erased since is still in it";
        findings.push(Finding::new(kept.display().to_string(), what, "remove it when it is not needed any more"));
    }
    if !path.exists() {
        section.fact("is_there", false);
        return (section, findings);
    }
    let end = clock.now().instant + STRUCTURE_WITHIN;
    let time = clock.clone();
    match checkup(path, move || time.now().instant > end) {
        Ok(found) => told(&mut section, &mut findings, &place, found),
        Err(error) => {
            let remedy =
                "see that this user may read the file and the folder, or ask support before anything else is done";
            findings.push(Finding::new(place.clone(), format!("it cannot be read: {error}"), remedy));
            return (section, findings);
        }
    }
    match Reader::look(path, config.sim_settings()) {
        Ok(Some(reader)) => {
            if let Err(error) = contents(&mut section, &mut findings, &reader) {
                findings.push(Finding::new(place, format!("not all of it can be read: {error}"), "run this again"));
            }
        }
        Ok(None) => {
            let what = "another release wrote it, so its contents are not looked at";
            findings.push(Finding::new(place, what, "start the daemon once; it brings the database up to date"));
        }
        Err(error) => findings.push(Finding::new(place, format!("it cannot be read: {error}"), "run this again")),
    }
    (section, findings)
}

fn told(section: &mut Section, findings: &mut Vec<Finding>, place: &str, found: Checkup) {
    section.fact("schema", found.schema);
    section.fact("schema_of_this_release", found.known);
    section.fact("journal", found.journal);
    section.fact("page_octets", found.page_octets);
    section.fact("pages", found.pages);
    section.fact("free_pages", found.free_pages);
    if found.journal != "wal" && found.pages > 0 {
        let what = "another program has switched its journal, and commits of the daemon may be slow or fail";
        findings.push(Finding::new(place, what, "start the daemon once; it sets the journal again"));
    }
    match found.soundness {
        Soundness::Sound => section.fact("structure", "sound"),
        Soundness::CutShort => section.fact("structure", "nothing wrong in what was seen in 20 s"),
        Soundness::Unsound(complaints) => {
            section.fact("structure", complaints);
            let what = "its structure is damaged; the disk or the memory of this host may be";
            findings.push(Finding::new(place, what, "stop the daemon, keep a copy of the file, and restore a backup"));
        }
    }
}

fn contents(section: &mut Section, findings: &mut Vec<Finding>, reader: &Reader) -> Result<(), StoreError> {
    let tally = reader.tally()?.into_iter().filter(|(_, count)| *count > 0);
    let tally: Map<String, Value> = tally.map(|(state, count)| (state.name().to_owned(), json!(count))).collect();
    let rows: Vec<[Value; 2]> = tally.into_iter().map(|(state, count)| [json!(state), count]).collect();
    section.table("messages", ["state", "count"], rows);
    let alarms = reader.alarms(Page::Before(None), ALARMS_MAX)?;
    let open: Vec<_> = alarms.into_iter().filter(|alarm| alarm.cleared_at.is_none()).collect();
    for alarm in &open {
        let about = alarm.modem.clone().or(alarm.sim.clone()).unwrap_or_default();
        let place = format!("alarm {} {about}", alarm.key);
        findings.push(Finding::new(place.trim_end(), alarm.detail.clone(), remedy(&alarm.kind)));
    }
    let endpoints = reader.webhooks()?.into_iter().map(|endpoint| {
        let since = endpoint.failing_since.map(|since| since.to_string());
        [
            json!(endpoint.key),
            json!(endpoint.terms.enabled),
            json!(since),
            json!(endpoint.waiting),
            json!(endpoint.dead),
        ]
    });
    section.table("webhooks", ["endpoint", "enabled", "failing_since", "waiting", "given_up"], endpoints);
    let passes = reader.passes()?;
    let mut kept = Vec::new();
    for class in Class::ALL {
        let pass = passes.iter().find(|(name, ..)| name == class.name());
        let oldest = reader.oldest(class)?.map(|oldest| oldest.to_string());
        let ended = pass.map(|(_, ended, _)| ended.to_string());
        kept.push([json!(class.name()), json!(oldest), json!(ended), json!(pass.map_or(0, |(.., gone)| *gone))]);
    }
    section.table("retention", ["class", "oldest", "gone_through", "deleted"], kept);
    let newest = reader.events(Page::Before(None), LOOKED_THROUGH, &[])?;
    section.fact("newest_event", newest.first().map(|event| event.seq));
    section.fact("newest_event_at", newest.first().map(|event| event.at.to_string()));
    let faults = newest.iter().filter(|event| FAULTS.contains(&event.kind.as_str())).take(FAULTS_MAX).map(fault);
    section.table("last_faults", ["seq", "at", "event", "modem", "sim", "why"], faults);
    Ok(())
}

/// Without the message: what it is about is nobody's business who mends things.
fn fault(event: &EventView) -> [Value; 6] {
    let data: Value = event.data.as_deref().and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
    let why = REASONS.iter().filter_map(|name| {
        let said = data.get(name).filter(|said| said.is_string() || said.is_number())?;
        Some(format!("{name} {}", crate::cli::print::text(said)))
    });
    let why: Vec<String> = why.collect();
    [
        json!(event.seq),
        json!(event.at.to_string()),
        json!(event.kind),
        json!(event.modem),
        json!(event.sim),
        json!(why.join(", ")),
    ]
}

/// What a person does about an alarm.
pub(in super::super) fn remedy(kind: &str) -> &'static str {
    match kind {
        "sim_resting" => {
            "see why the network refuses it; `recado modems test SIM` tries it, and it is back when that goes"
        }
        "modem_dead" => {
            "unplug the modem and plug it in again, or replace it; then `recado alarms clear ID` if it does not come back"
        }
        "balance_low" => "top the SIM up",
        "store_nearly_full" => "delete texts from the SIM by a phone, or see why what comes in is not taken from it",
        "webhook_failing" => "see `recado webhook deliveries`; mend the endpoint, then `recado webhook enable`",
        "configuration_refused" => "run `recado check`, mend the file, then `recado reload`",
        "clock_doubted" => "set the clock of this host; or, if it is right already, `recado resume all`",
        "certificate_refused" => "mend what `recado check` finds; the files are read again by themselves",
        "certificate_ending" => "put another certificate in the place of the one before; it is taken by itself",
        "restored" => "look at what waits, cancel what has gone already, then `recado resume all`",
        _ => "see `recado alarms`",
    }
}
