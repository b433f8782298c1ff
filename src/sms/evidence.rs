//! What speaks for or against an unknown part having been sent, for the person who has to decide.
//!
//! Nothing here settles anything. What proves a part is applied when it comes (`report`); what is left are hints.

use std::borrow::Cow;

use crate::clock::Timestamp;

use super::outcome::Cause;
use super::tp_status::TpStatus;

/// One thing that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// What was seen instead of a result: the stored cause.
    Seen(String),
    /// What references its SIM gave around it.
    References {
        /// The last before it.
        before: u8,
        /// The first after it.
        after: u8,
        /// Parts between the two whose outcome is unknown, this one included.
        unknown: u32,
    },
    /// No status report was asked for, so none can prove it.
    ReportsOff,
    /// A report was asked for, and none came that may belong to it.
    NoReport,
    /// A report to this recipient came that fits no submission.
    Parked {
        /// Its TP-MR.
        tp_mr: u8,
        /// Its TP-ST.
        tp_status: TpStatus,
        /// When it came.
        at: Timestamp,
    },
    /// The recipient has written since.
    Answered {
        /// When first.
        at: Timestamp,
    },
}

/// What something suggests. It is never acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suggests {
    /// That the part was sent.
    Sent,
    /// That it was not.
    NotSent,
}

impl Suggests {
    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::NotSent => "not_sent",
        }
    }
}

impl Evidence {
    /// The word in the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Seen(_) => "seen",
            Self::References { .. } => "references",
            Self::ReportsOff => "reports_off",
            Self::NoReport => "no_report",
            Self::Parked { .. } => "report_without_part",
            Self::Answered { .. } => "answered",
        }
    }

    /// What it suggests, if anything.
    pub fn suggests(&self) -> Option<Suggests> {
        match self {
            Self::References { before, after, unknown } => {
                let between = between(*before, *after);
                // More than are unknown: the count began anew, or another program used the SIM.
                match u32::from(between) {
                    0 => Some(Suggests::NotSent),
                    count if count == *unknown => Some(Suggests::Sent),
                    _ => None,
                }
            }
            Self::Parked { .. } | Self::Answered { .. } => Some(Suggests::Sent),
            Self::Seen(_) | Self::ReportsOff | Self::NoReport => None,
        }
    }

    /// In words for a person, without numbers of people.
    pub fn detail(&self) -> Cow<'static, str> {
        match self {
            Self::Seen(cause) => seen(cause),
            Self::References { before, after, unknown } => {
                let between = between(*before, *after);
                format!(
                    "its SIM gave reference {before} before it and {after} after it: {between} between, for {unknown} \
                     whose outcome is unknown"
                )
                .into()
            }
            Self::ReportsOff => "no status report was asked for, so none can prove it".into(),
            Self::NoReport => "a status report was asked for, and none has come that fits".into(),
            Self::Parked { tp_mr, tp_status, .. } => format!(
                "a status report to this recipient with reference {tp_mr} fits no message: {}",
                tp_status.meaning()
            )
            .into(),
            Self::Answered { .. } => "the recipient has written since".into(),
        }
    }

    /// When it was seen, where that is told.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Parked { at, .. } | Self::Answered { at } => Some(*at),
            Self::Seen(_) | Self::References { .. } | Self::ReportsOff | Self::NoReport => None,
        }
    }
}

/// References count modulo 256.
fn between(before: u8, after: u8) -> u8 {
    after.wrapping_sub(before).wrapping_sub(1)
}

fn seen(cause: &str) -> Cow<'static, str> {
    match cause {
        "no-answer" => "no answer within 150 s".into(),
        "no-reference" => "the modem said OK and gave no reference".into(),
        "port-lost" => "the port was lost before the modem answered".into(),
        "modem-restarted" => "the modem started anew before it answered".into(),
        "sim-changed" => "the SIM was taken out before the modem answered".into(),
        "daemon-stopped" => "the daemon was stopped before the modem answered".into(),
        "daemon-ended" => "the daemon ended without a word before the modem answered".into(),
        other => match other.parse::<Cause>() {
            Ok(cause) => format!("the modem answered with what proves nothing: {} ({other})", cause.meaning()).into(),
            Err(_) => other.to_owned().into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: u8, after: u8, unknown: u32, expected: Option<Suggests>) {
        assert_eq!(Evidence::References { before, after, unknown }.suggests(), expected, "{before} {after} {unknown}");
    }

    #[test]
    fn a_reference_that_is_left_out_suggests_that_it_was_used() {
        check(7, 8, 1, Some(Suggests::NotSent));
        check(7, 9, 1, Some(Suggests::Sent));
        check(7, 10, 2, Some(Suggests::Sent));
        check(254, 0, 1, Some(Suggests::Sent));
        check(255, 0, 1, Some(Suggests::NotSent));
    }

    #[test]
    fn one_reference_for_two_parts_and_a_count_that_begins_anew_suggest_nothing() {
        check(7, 9, 2, None);
        check(200, 0, 1, None);
        check(7, 7, 1, None);
    }

    #[test]
    fn every_way_to_lose_sight_is_told_in_words() {
        use crate::sms::outcome::Cause;
        let causes = ["no-answer", "no-reference", "port-lost", "modem-restarted", "sim-changed", "daemon-stopped"];
        for cause in causes.into_iter().chain(["daemon-ended"]) {
            assert!(Evidence::Seen(cause.to_owned()).detail().contains(' '), "{cause}");
        }
        let answer = Evidence::Seen(Cause::Cms(500).to_string()).detail().into_owned();
        assert!(answer.ends_with("(cms-500)"), "{answer}");
    }
}
