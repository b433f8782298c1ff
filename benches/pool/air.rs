//! How much of the time of modems was on the air.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::AIRTIME;

/// When parts were done with, by modem, in microseconds from any origin.
pub(crate) struct Air(BTreeMap<String, Vec<u64>>);

/// What came of it.
pub(crate) struct Share {
    /// Percent of the time of all modems from the moment when each has had its first result until so little was left that not
    /// all could have some.
    pub(crate) waiting: f64,
    /// The same from the first part's beginning to the last part's end.
    pub(crate) whole: f64,
    /// From the first part's beginning to the last part's end.
    pub(crate) took: Duration,
    /// From each result of a modem to the beginning of its next time on the air.
    pub(crate) gaps: Vec<Duration>,
}

impl Air {
    /// As the network's log has it.
    pub(crate) fn of(log: &str) -> Self {
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        Self::new(lines.map(|line| (line["modem"].to_string(), line["t_us"].as_u64().unwrap())))
    }

    pub(crate) fn new(results: impl Iterator<Item = (String, u64)>) -> Self {
        let mut air = Self(BTreeMap::new());
        for (modem, at) in results {
            air.0.entry(modem).or_default().push(at);
        }
        air.0.values_mut().for_each(|ends| ends.sort_unstable());
        air
    }

    /// When each modem has had its first result.
    fn all_begun(&self) -> u64 {
        self.0.values().filter_map(|ends| ends.first()).max().copied().unwrap()
    }

    /// When the first of the modems has had its last.
    fn first_idle(&self) -> u64 {
        self.0.values().filter_map(|ends| ends.last()).min().copied().unwrap()
    }

    /// Percent of the time of so many modems that was on the air.
    #[expect(clippy::cast_precision_loss, reason = "a time")]
    pub(crate) fn percent(&self, from: u64, to: u64, modems: usize) -> f64 {
        let airtime = u64::try_from(AIRTIME.as_micros()).unwrap();
        let on_air = |end: &u64| (*end).min(to).saturating_sub(end.saturating_sub(airtime).max(from));
        let used: u64 = self.0.values().flatten().map(on_air).sum();
        100.0 * used as f64 / (modems as f64 * (to - from) as f64)
    }

    pub(crate) fn share(&self) -> Share {
        let airtime = u64::try_from(AIRTIME.as_micros()).unwrap();
        let ends = || self.0.values().flatten().copied();
        let (first, last) = (ends().min().unwrap(), ends().max().unwrap());
        let gaps = self.0.values().flat_map(|ends| ends.windows(2)).map(|pair| {
            let between = pair.last().unwrap() - pair.first().unwrap();
            Duration::from_micros(between.saturating_sub(airtime))
        });
        Share {
            waiting: self.percent(self.all_begun(), self.first_idle(), self.0.len()),
            took: Duration::from_micros(last - first + airtime),
            whole: self.percent(first - airtime, last, self.0.len()),
            gaps: gaps.collect(),
        }
    }
}

/// One of the PDUs in a network's log.
pub(crate) fn pdu(log: &str) -> String {
    let line: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    line["pdu"].as_str().unwrap().to_owned()
}
