//! Every metric, with its help text. Units and `_total` are in the names; labels come from closed sets.
//!
//! Counters and times are fed where things happen; how things stand is handed over when somebody scrapes.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// The media type of what [`Metrics::scrape`] gives.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What became of a part that was handed to a modem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The network took it.
    Accepted,
    /// Refused for good.
    Refused,
    /// Given back, to be tried again.
    Returned,
    /// Nobody knows.
    Unknown,
}

impl Sent {
    fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Returned => "returned",
            Self::Unknown => "unknown",
        }
    }
}

/// How things stand, collected when somebody scrapes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether the daemon does its work.
    pub ready: bool,
    /// Whether messages are taken in.
    pub accepting: bool,
    /// Whether messages can leave.
    pub sending: bool,
    /// Octets that the file system of the database has left; `None` if it does not say.
    pub disk_free: Option<u64>,
    /// Messages by state.
    pub messages: Vec<(&'static str, u64)>,
    /// What SIMs may still spend.
    pub budgets: Vec<BudgetStanding>,
    /// Modems.
    pub modems: Vec<ModemStanding>,
}

/// How one limit of a SIM stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetStanding {
    /// Its name or the last four digits of its ICCID.
    pub sim: String,
    /// The period that the limit is for.
    pub period: &'static str,
    /// The limit, in parts or recipients.
    pub limit: u32,
    /// What is left of it.
    pub left: u32,
}

/// How one modem stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModemStanding {
    /// Its name.
    pub modem: String,
    /// Whether it can send.
    pub up: bool,
    /// Received signal strength.
    pub signal_dbm: Option<i16>,
}

/// All metrics. Shared by reference; feeding one takes no lock that a scrape holds for long.
pub struct Metrics {
    /// Held while a scrape sets the gauges and writes them out, so that two scrapes do not mix.
    registry: Mutex<Registry>,
    ready: Gauge,
    accepting: Gauge,
    sending: Gauge,
    disk_free_bytes: Gauge,
    messages: Family<StateLabel, Gauge>,
    segments_sent: Family<SentLabel, Counter>,
    submit_seconds: Histogram,
    handover_seconds: Histogram,
    turnaround_seconds: Histogram,
    report_seconds: Histogram,
    sim_budget_remaining: Family<BudgetLabel, Gauge>,
    sim_budget_limit: Family<BudgetLabel, Gauge>,
    modem_up: Family<ModemLabel, Gauge>,
    modem_signal_dbm: Family<ModemLabel, Gauge>,
    recovery: Family<RungLabel, Counter>,
    store_commit_seconds: Histogram,
    store_batch_rows: Histogram,
    inbound: Family<IntentLabel, Counter>,
    inbound_skipped: Family<KindLabel, Counter>,
    blocked: Family<ReasonLabel, Counter>,
    webhook_pending: Family<EndpointLabel, Gauge>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("recado");
        let mut of = Declaring(&mut registry);
        Self {
            ready: of.gauge("ready", "Whether the daemon does its work, as /readyz says"),
            accepting: of.gauge("accepting", "Whether messages are taken in, as /readyz says"),
            sending: of.gauge("sending", "Whether messages can leave, as /readyz says"),
            disk_free_bytes: of.gauge("disk_free_bytes", "What the file system of the database has left"),
            messages: of.family("messages", "Messages by state"),
            segments_sent: of.family("segments_sent", "Parts handed to modems, by SIM and result"),
            submit_seconds: of.seconds("submit_seconds", "Time from a request to its durable answer"),
            handover_seconds: of.seconds("handover_seconds", "Time from due to offered"),
            turnaround_seconds: of.seconds(
                "turnaround_seconds",
                "Time from a final result to the next AT+CMGS written while work was waiting",
            ),
            report_seconds: of.histogram(
                "report_seconds",
                "Time from accepted to the status report",
                exponential_buckets(1.0, 3.0, 12),
            ),
            sim_budget_remaining: of
                .family("sim_budget_remaining", "Parts that a SIM may still send, by period; no limit, no series"),
            sim_budget_limit: of
                .family("sim_budget_limit", "Parts that a SIM may send in a period; no limit, no series"),
            modem_up: of.family("modem_up", "Whether a modem can send"),
            modem_signal_dbm: of.family("modem_signal_dbm", "Received signal strength"),
            recovery: of.family("recovery", "Steps of the recovery ladder, by modem and rung"),
            store_commit_seconds: of.seconds("store_commit_seconds", "Time of one transaction with its sync"),
            store_batch_rows: of.histogram(
                "store_batch_rows",
                "Jobs that shared one transaction",
                exponential_buckets(1.0, 2.0, 11),
            ),
            inbound: of.family("inbound", "Texts received, by intent"),
            inbound_skipped: of.family(
                "inbound_skipped",
                "Received messages that are no texts for people, by kind; they are not in the inbox",
            ),
            blocked: of.family("blocked", "Messages that the gate forbade for good, by reason"),
            webhook_pending: of.family(
                "webhook_pending",
                "Events that an endpoint has not got yet; what it does not want counts until it was looked at",
            ),
            registry: Mutex::new(registry),
        }
    }
}

impl Metrics {
    /// A message or an array was taken in after so long.
    pub fn submitted(&self, took: Duration) {
        self.submit_seconds.observe(took.as_secs_f64());
    }

    /// A part was offered so long after it came due.
    pub fn handed_over(&self, after: Duration) {
        self.handover_seconds.observe(after.as_secs_f64());
    }

    /// A modem was given its next part so long after a result, while work was waiting.
    pub fn turned_around(&self, after: Duration) {
        self.turnaround_seconds.observe(after.as_secs_f64());
    }

    /// A status report came so long after the network took the part.
    pub fn reported(&self, after: Duration) {
        self.report_seconds.observe(after.as_secs_f64());
    }

    /// A part is done with; `sim` is its name or the last four digits of its ICCID.
    pub fn sent(&self, sim: &str, result: Sent) {
        self.segments_sent.get_or_create(&SentLabel { sim: sim.to_owned(), result: result.name() }).inc();
    }

    /// A step of the recovery ladder was taken.
    pub fn recovering(&self, modem: &str, rung: u8) {
        self.recovery.get_or_create(&RungLabel { modem: modem.to_owned(), rung }).inc();
    }

    /// A transaction with so many jobs was committed.
    pub fn committed(&self, took: Duration, jobs: usize) {
        self.store_commit_seconds.observe(took.as_secs_f64());
        self.store_batch_rows.observe(f64::from(u32::try_from(jobs).unwrap_or(u32::MAX)));
    }

    /// A text came in, and what was understood of it: each intent counts, and `none` where there is none.
    pub fn received(&self, intents: impl IntoIterator<Item = &'static str>) {
        let mut intents = intents.into_iter().peekable();
        if intents.peek().is_none() {
            self.inbound.get_or_create(&IntentLabel { intent: "none" }).inc();
        }
        intents.for_each(|intent| {
            self.inbound.get_or_create(&IntentLabel { intent }).inc();
        });
    }

    /// Something came in that is no text for a person; `kind` is its word.
    pub fn skipped(&self, kind: &'static str) {
        self.inbound_skipped.get_or_create(&KindLabel { kind }).inc();
    }

    /// The gate forbade a message for good; `reason` is its code.
    pub fn blocked(&self, reason: &'static str) {
        self.blocked.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// So many events wait for an endpoint.
    pub fn webhook_pending(&self, endpoint: i64, events: u64) {
        let label = EndpointLabel { endpoint };
        self.webhook_pending.get_or_create(&label).set(i64::try_from(events).unwrap_or(i64::MAX));
    }

    /// An endpoint is no more, or nothing is posted to it.
    pub fn webhook_ended(&self, endpoint: i64) {
        self.webhook_pending.remove(&EndpointLabel { endpoint });
    }

    /// All metrics as text of [`MEDIA_TYPE`], with how things stand now.
    pub fn scrape(&self, standing: Standing) -> Result<String, fmt::Error> {
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        self.ready.set(standing.ready.into());
        self.accepting.set(standing.accepting.into());
        self.sending.set(standing.sending.into());
        if let Some(octets) = standing.disk_free {
            self.disk_free_bytes.set(i64::try_from(octets).unwrap_or(i64::MAX));
        }
        self.messages.clear();
        for (state, count) in standing.messages {
            self.messages.get_or_create(&StateLabel { state }).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        self.sim_budget_remaining.clear();
        self.sim_budget_limit.clear();
        for BudgetStanding { sim, period, limit, left } in standing.budgets {
            let label = BudgetLabel { sim, period };
            self.sim_budget_remaining.get_or_create(&label).set(left.into());
            self.sim_budget_limit.get_or_create(&label).set(limit.into());
        }
        self.modem_up.clear();
        self.modem_signal_dbm.clear();
        for ModemStanding { modem, up, signal_dbm } in standing.modems {
            let label = ModemLabel { modem };
            self.modem_up.get_or_create(&label).set(up.into());
            if let Some(dbm) = signal_dbm {
                self.modem_signal_dbm.get_or_create(&label).set(dbm.into());
            }
        }
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }
}

/// Declares metrics in the order in which they are written.
struct Declaring<'a>(&'a mut Registry);

impl Declaring<'_> {
    fn family<L, M>(&mut self, name: &str, help: &str) -> Family<L, M>
    where
        Family<L, M>: prometheus_client::registry::Metric + Clone + Default,
    {
        let family = Family::<L, M>::default();
        self.0.register(name, help, family.clone());
        family
    }

    fn gauge(&mut self, name: &str, help: &str) -> Gauge {
        let gauge = Gauge::default();
        self.0.register(name, help, gauge.clone());
        gauge
    }

    fn histogram(&mut self, name: &str, help: &str, buckets: impl IntoIterator<Item = f64>) -> Histogram {
        let histogram = Histogram::new(buckets);
        self.0.register(name, help, histogram.clone());
        histogram
    }

    /// From a tenth of a millisecond, a sync of a fast disk, to a minute, the patience of a caller.
    fn seconds(&mut self, name: &str, help: &str) -> Histogram {
        self.histogram(name, help, exponential_buckets(0.000_1, 2.0, 20))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabel {
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SentLabel {
    sim: String,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BudgetLabel {
    sim: String,
    period: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ModemLabel {
    modem: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RungLabel {
    modem: String,
    rung: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct IntentLabel {
    intent: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabel {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointLabel {
    endpoint: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget() -> BudgetStanding {
        BudgetStanding { sim: "norte".to_owned(), period: "day", limit: 300, left: 298 }
    }

    fn modem(name: &str, signal_dbm: Option<i16>) -> ModemStanding {
        ModemStanding { modem: name.to_owned(), up: signal_dbm.is_some(), signal_dbm }
    }

    #[test]
    fn a_scrape_shows_what_happened_and_how_things_stand() {
        let metrics = Metrics::default();
        metrics.sent("norte", Sent::Accepted);
        metrics.sent("norte", Sent::Accepted);
        metrics.committed(Duration::from_millis(3), 64);
        metrics.skipped("push");
        metrics.webhook_pending(3, 17);
        metrics.webhook_pending(4, 1);
        metrics.webhook_ended(4);
        let standing = Standing {
            messages: vec![("queued", 7)],
            budgets: vec![budget()],
            modems: vec![modem("m1", Some(-71)), modem("m2", None)],
            ..Standing::default()
        };
        let text = metrics.scrape(standing).unwrap();
        for line in [
            "recado_messages{state=\"queued\"} 7",
            "recado_segments_sent_total{sim=\"norte\",result=\"accepted\"} 2",
            "recado_store_batch_rows_sum 64.0",
            "recado_inbound_skipped_total{kind=\"push\"} 1",
            "recado_sim_budget_remaining{sim=\"norte\",period=\"day\"} 298",
            "recado_sim_budget_limit{sim=\"norte\",period=\"day\"} 300",
            "recado_modem_up{modem=\"m1\"} 1",
            "recado_modem_up{modem=\"m2\"} 0",
            "recado_modem_signal_dbm{modem=\"m1\"} -71",
            "recado_webhook_pending{endpoint=\"3\"} 17",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
        }
        assert!(!text.contains("endpoint=\"4\""), "{text}");
    }

    #[test]
    fn what_is_gone_is_not_shown_again() {
        let metrics = Metrics::default();
        metrics.scrape(Standing { modems: vec![modem("m1", None)], ..Standing::default() }).unwrap();
        let text = metrics.scrape(Standing::default()).unwrap();
        assert!(!text.contains("m1"), "{text}");
    }

    /// Every metric by the name that a monitoring system asks for, with the labels that its samples have.
    const NAMES: [(&str, &[&str]); 21] = [
        ("recado_messages", &["state"]),
        ("recado_segments_sent_total", &["sim", "result"]),
        ("recado_submit_seconds", &[]),
        ("recado_handover_seconds", &[]),
        ("recado_turnaround_seconds", &[]),
        ("recado_report_seconds", &[]),
        ("recado_sim_budget_remaining", &["sim", "period"]),
        ("recado_sim_budget_limit", &["sim", "period"]),
        ("recado_modem_up", &["modem"]),
        ("recado_modem_signal_dbm", &["modem"]),
        ("recado_recovery_total", &["modem", "rung"]),
        ("recado_store_commit_seconds", &[]),
        ("recado_store_batch_rows", &[]),
        ("recado_webhook_pending", &["endpoint"]),
        ("recado_inbound_total", &["intent"]),
        ("recado_inbound_skipped_total", &["kind"]),
        ("recado_blocked_total", &["reason"]),
        ("recado_ready", &[]),
        ("recado_accepting", &[]),
        ("recado_sending", &[]),
        ("recado_disk_free_bytes", &[]),
    ];

    /// A scrape after each metric was fed once.
    fn fed() -> String {
        let metrics = Metrics::default();
        let second = Duration::from_secs(1);
        metrics.submitted(second);
        metrics.handed_over(second);
        metrics.turned_around(second);
        metrics.reported(second);
        metrics.sent("norte", Sent::Unknown);
        metrics.recovering("m1", 2);
        metrics.committed(second, 1);
        metrics.received(["promise_to_pay"]);
        metrics.skipped("push");
        metrics.blocked("suppressed");
        metrics.webhook_pending(3, 17);
        let standing = Standing {
            ready: true,
            accepting: true,
            sending: true,
            disk_free: Some(1 << 30),
            messages: vec![("queued", 7)],
            budgets: vec![budget()],
            modems: vec![modem("m1", Some(-71))],
        };
        metrics.scrape(standing).unwrap()
    }

    /// The labels of a sample, without the bounds of buckets.
    fn labels(sample: &str) -> Vec<&str> {
        let inside = sample.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map_or("", |(inside, _)| inside);
        let names = inside.split(',').filter_map(|pair| Some(pair.split_once('=')?.0));
        names.filter(|name| *name != "le").collect()
    }

    #[test]
    fn every_metric_has_its_name_its_labels_and_a_help_text() {
        let text = fed();
        for (name, wanted) in &NAMES {
            let family = name.strip_suffix("_total").unwrap_or(name);
            let help = text.lines().find_map(|line| line.strip_prefix(&format!("# HELP {family} ")));
            assert!(help.is_some_and(|help| help.len() > 10), "{name} has no help in\n{text}");
            let is_sample = |line: &&str| {
                let sampled = line.split(['{', ' ']).next().unwrap();
                sampled == *name || sampled.strip_suffix("_count").is_some_and(|sampled| sampled == *name)
            };
            let samples: Vec<&str> = text.lines().filter(is_sample).collect();
            assert!(!samples.is_empty(), "{name} has no sample in\n{text}");
            assert!(samples.iter().all(|sample| labels(sample) == *wanted), "{name}: {samples:?}");
            assert!(samples.iter().all(|sample| !sample.ends_with(" 0")), "{name} was not fed: {samples:?}");
        }
        let declared = text.lines().filter(|line| line.starts_with("# TYPE ")).count();
        assert_eq!(declared, NAMES.len(), "a metric is not in the list:\n{text}");
    }

    /// Names of metrics in an expression, in the order in which they stand.
    fn asked(expression: &str) -> Vec<&str> {
        let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.filter(|word| word.starts_with("recado_")).collect()
    }

    fn exists(name: &str) -> bool {
        let is_histogram = name.ends_with("_bucket") || name.ends_with("_count") || name.ends_with("_sum");
        let base = if is_histogram { name.rsplit_once('_').map_or(name, |(base, _)| base) } else { name };
        let timed = base.ends_with("_seconds") || base.ends_with("_rows");
        NAMES.iter().any(|(known, _)| *known == base) && timed == is_histogram
    }

    #[test]
    fn rules_and_board_ask_for_nothing_that_is_not_there() {
        let rules = include_str!("../../config/monitoring/recado.rules.yml");
        let board = include_str!("../../config/monitoring/grafana.json");
        let in_rules = rules.lines().flat_map(asked);
        let board: serde_json::Value = serde_json::from_str(board).unwrap();
        let panels = board["panels"].as_array().unwrap();
        let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
        let expressions: Vec<&str> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
        let in_board = expressions.iter().flat_map(|expression| asked(expression));
        let names: Vec<&str> = in_rules.chain(in_board).collect();
        let strange: Vec<_> = names.iter().filter(|name| !exists(name)).collect();
        assert!(strange.is_empty(), "{strange:?}");
        // What is measured is looked at by somebody.
        let seen = |known: &str| names.iter().any(|name| name.starts_with(known));
        let unseen: Vec<_> = NAMES.iter().map(|(name, _)| *name).filter(|name| !seen(name)).collect();
        assert!(unseen.is_empty(), "{unseen:?}");
    }

    #[test]
    fn an_alert_says_how_bad_it_is_and_what_to_do() {
        let rules = include_str!("../../config/monitoring/recado.rules.yml");
        let alerts: Vec<&str> = rules.split("- alert: ").skip(1).collect();
        assert_eq!(alerts.len(), 10);
        for alert in alerts {
            for part in ["expr:", "severity:", "summary:", "action:"] {
                assert!(alert.contains(part), "{part} in {alert}");
            }
        }
    }
}
