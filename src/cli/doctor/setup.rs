//! The configuration as it is in force, without what it says of people: values of keys that are known to be harmless, and of
//! the others that they are set.

use std::path::Path;

use serde_json::{Value, json};

use crate::config::{Config, Environment, Finding as Fault, Problem, SYSTEM_FILE, Written};

use super::report::{Finding, Section};

/// Keys whose values name no person, no line and no secret. What is not here is withheld.
const SHOWN: &[&str] = &[
    "store.path",
    "http.listen",
    "http.allow_plaintext",
    "http.tls_cert",
    "http.rate",
    "http.burst",
    "serve.drain",
    "log.format",
    "region.country",
    "region.rules",
    "region.rules_dir",
    "messages.encoding",
    "messages.validity",
    "messages.national",
    "contact.max_per_day",
    "contact.max_per_week",
    "contact.same_text_days",
    "contact.min_gap",
    "contact.quiet_after_reply",
    "contact.promise_grace",
    "contact.confirm_opt_out",
    "contact.confirm_numbers",
    "contact.deliver_within_window",
    "campaigns.require_test",
    "templates.four_eyes",
    "modems.discover",
    "modems.suspicious_after",
    "modem.port",
    "modem.name",
    "modem.slot",
    "sim.per_minute",
    "sim.per_hour",
    "sim.per_day",
    "sim.per_month",
    "sim.recipients_per_month",
    "sim.min_gap",
    "sim.warm_up",
    "sim.zone",
    "sim.reset_hour",
    "sim.price",
    "sim.balance",
    "sim.card.name",
    "sim.card.group",
    "sim.card.zone",
    "sim.card.reset_hour",
    "sim.card.roaming",
    "sim.card.per_minute",
    "sim.card.per_hour",
    "sim.card.per_day",
    "sim.card.per_month",
    "sim.card.recipients_per_month",
    "sim.card.min_gap",
    "sim.card.warm_up",
    "sim.card.price",
    "sim.card.balance.ask",
    "sim.card.balance.low",
    "sim.card.balance.empty",
    "webhooks.timeout",
    "webhooks.allow_private",
    "webhooks.keep",
    "retention.debtors",
    "retention.messages",
    "retention.inbox",
    "retention.events",
    "retention.client_refs",
    "retention.audit",
];

/// What is said of a value that is not shown.
const WITHHELD: &str = "(set; not shown)";

/// What is in force.
pub(super) struct Setup {
    pub(super) config: Config,
    /// Whether anything was read: without a file all of it are defaults.
    pub(super) is_read: bool,
    pub(super) section: Section,
    pub(super) findings: Vec<Finding>,
}

/// Reads the configuration as the daemon would, and goes on whatever is wrong with it.
pub(super) fn read(file: Option<&Path>, environment: &Environment) -> Setup {
    let (config, faults, written) = Config::survey(file, environment);
    let path = file.unwrap_or(Path::new(SYSTEM_FILE));
    let mut section = Section::new("configuration");
    section.fact("file", path.display().to_string());
    section.fact("is_there", path.exists());
    let is_read = !faults.iter().any(|fault| matches!(fault.problem, Problem::Unreadable(_) | Problem::Syntax(_)));
    section.fact("could_be_read", is_read);
    section.fact("faults", faults.len());
    section.fact("modems_named", config.modems.len());
    section.fact("sims_named", config.sim.cards.len());
    // All other keys have their defaults.
    section.table("set_beside_the_defaults", ["key", "value", "at"], written.iter().map(row));
    Setup { config, is_read, section, findings: faults.iter().map(finding).collect() }
}

fn row(written: &Written) -> [Value; 3] {
    let value = match &written.value {
        None => "(wrong)",
        Some(value) if SHOWN.contains(&written.plain_key.as_str()) => value,
        Some(_) => WITHHELD,
    };
    [json!(written.key), json!(value), json!(written.place.to_string())]
}

/// The key of a fault without the places of elements.
fn plain(key: &str) -> String {
    let mut plain = String::new();
    let mut is_inside = false;
    for c in key.chars() {
        match c {
            '[' => is_inside = true,
            ']' => is_inside = false,
            c if !is_inside => plain.push(c),
            _ => {}
        }
    }
    plain
}

/// Problems repeat what is written, which is not shown where the value would not be.
fn finding(fault: &Fault) -> Finding {
    let repeats_nothing = matches!(
        fault.problem,
        Problem::Unreadable(_)
            | Problem::Syntax(_)
            | Problem::UnknownKey { .. }
            | Problem::UnknownVariable { .. }
            | Problem::Missing
            | Problem::Twice { .. }
            | Problem::Unbound
            | Problem::BoundTwice { .. }
            | Problem::Imei
            | Problem::Iccid
            | Problem::Smsc
            | Problem::Number(_)
            | Problem::Pin(_)
            | Problem::BalanceWays
    );
    let what = if repeats_nothing || SHOWN.contains(&plain(&fault.key).as_str()) {
        fault.problem.to_string()
    } else {
        "it has a value that cannot be used".to_owned()
    };
    let key = if fault.key.is_empty() { String::new() } else { format!(" {}", fault.key) };
    Finding::new(format!("{}{key}", fault.place), what, "correct it; `recado check` says whether it is right then")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys that say something of people, lines or secrets.
    const KEPT_BACK: &[&str] = &[
        "http.hosts",
        "http.tls_key",
        "contact.opt_out_text",
        "contact.help_text",
        "contact.only_to",
        "contact.closures",
        "alarms.sms_to",
        "modem.imei",
        "modem.power_cycle",
        "sim.card.iccid",
        "sim.card.number",
        "sim.card.smsc",
        "sim.card.pin_file",
        "sim.card.balance.ussd",
        "sim.card.balance.pattern",
        "sim.card.balance.sms_to",
        "sim.card.balance.sms_text",
    ];

    #[test]
    fn every_key_is_either_shown_or_kept_back() {
        // A test of the configuration keeps this file equal to the code.
        let (mut section, mut known) = (String::new(), Vec::new());
        for line in include_str!("../../../config/recado.toml").lines() {
            let line = line.strip_prefix('#').unwrap_or(line);
            if let Some(name) = line.strip_prefix('[') {
                section = name.trim_matches(|c| c == '[' || c == ']').to_owned();
            } else if let Some((key, _)) = line.split_once(" = ").filter(|(key, _)| !key.contains(' ')) {
                known.push(format!("{section}.{key}"));
            }
        }
        known.sort();
        known.dedup();
        let mut decided: Vec<&str> = SHOWN.iter().chain(KEPT_BACK).copied().collect();
        decided.sort_unstable();
        assert_eq!(known, decided);
    }

    #[test]
    fn keys_lose_the_places_of_elements() {
        assert_eq!(plain("sim.card[12].balance.low"), "sim.card.balance.low");
    }
}
