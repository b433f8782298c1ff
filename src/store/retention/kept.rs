//! What of each class goes, and what is kept although its time is over, as SQL.
//!
//! Conditions are asked twice: by the reader that looks for what is due, and by the writer that deletes it.

use super::Class;

/// A table of a class whose rows have numbers.
pub(super) struct Kept {
    /// What is read of each row: its key, and whether it may go. `?1` is the time before which it must lie, `?2` the place,
    /// `?3` how many.
    pub(super) find: &'static str,
    /// What goes with the rows, in order, the rows themselves last. `?1` is the time, `?2` a JSON list of keys. The number of
    /// rows of the last one counts.
    pub(super) delete: &'static [&'static str],
}

/// That a message may go: asked by the reader and once more by the writer. Codes are those of `row.rs`: neither queued, sending
/// nor unknown, and no part that waits, is on the wire, or is unknown.
macro_rules! message_is_due {
    () => {
        "message.created_at < ?1 AND message.state NOT IN (0, 1, 5)
         AND coalesce((SELECT at FROM event WHERE event.message = message.key ORDER BY seq DESC LIMIT 1), message.expires) < ?1
         AND message.key < (SELECT max(key) FROM message)
         AND NOT EXISTS (SELECT 1 FROM segment WHERE segment.message = message.key AND segment.state IN (0, 2, 7, 11))
         AND NOT EXISTS (SELECT 1 FROM message AS companion WHERE companion.companion_of = message.key)
         AND NOT EXISTS (SELECT 1 FROM debt WHERE debt.id = message.debt AND debt.status NOT IN ('paid', 'cancelled'))
         AND NOT EXISTS (SELECT 1 FROM message_debt JOIN debt ON debt.key = message_debt.debt
             WHERE message_debt.message = message.key AND debt.status NOT IN ('paid', 'cancelled'))
         AND (message.debtor IS NULL OR NOT EXISTS (SELECT 1 FROM debtor WHERE debtor.id = message.debtor)
             OR EXISTS (SELECT 1 FROM message AS newer WHERE newer.debtor = message.debtor AND newer.key > message.key))
         AND NOT EXISTS (SELECT 1 FROM inbound JOIN conversation ON conversation.inbound = inbound.seq
             WHERE inbound.message = message.key AND (conversation.is_open = 1 OR conversation.needs_person = 1))
         AND NOT EXISTS (SELECT 1 FROM inbound JOIN suppression_act ON suppression_act.inbound = inbound.seq
             WHERE inbound.message = message.key)"
    };
}

/// That a received text may go.
macro_rules! inbound_is_due {
    () => {
        "inbound.at < ?1 AND inbound.seq < (SELECT max(seq) FROM inbound)
         AND NOT EXISTS (SELECT 1 FROM conversation WHERE conversation.inbound = inbound.seq
             AND (conversation.is_open = 1 OR conversation.needs_person = 1 OR conversation.at >= ?1
                 OR conversation.key = (SELECT max(key) FROM conversation)))
         AND NOT EXISTS (SELECT 1 FROM suppression_act WHERE suppression_act.inbound = inbound.seq)
         AND NOT EXISTS (SELECT 1 FROM suppression_lift WHERE suppression_lift.inbound = inbound.seq)
         AND NOT EXISTS (SELECT 1 FROM standing WHERE standing.inbound = inbound.seq)
         AND NOT EXISTS (SELECT 1 FROM confirmed_number WHERE confirmed_number.inbound = inbound.seq)
         AND NOT EXISTS (SELECT 1 FROM debt_event WHERE debt_event.inbound = inbound.seq)"
    };
}

/// That a campaign is not over.
macro_rules! campaign_is_open {
    () => {
        "NOT (campaign.state = 'cancelled' OR (campaign.state = 'running' AND campaign.queued_at IS NOT NULL))"
    };
}

/// That a debtor's debts are settled, and nothing about the debtor is open or as young as `?1`. Texts and debts of one are few.
macro_rules! debtor_is_settled {
    () => {
        concat!(
            "debtor.at < ?1
         AND NOT EXISTS (SELECT 1 FROM debt WHERE debt.debtor = debtor.key
             AND (debt.at >= ?1 OR debt.status NOT IN ('paid', 'cancelled')))
         AND NOT EXISTS (SELECT 1 FROM message WHERE message.debtor = debtor.id
             AND (message.created_at >= ?1 OR message.due >= ?1 OR message.state IN (0, 1, 5)))
         AND NOT EXISTS (SELECT 1 FROM message CROSS JOIN inbound ON inbound.message = message.key
             WHERE message.debtor = debtor.id AND inbound.at >= ?1)
         AND NOT EXISTS (SELECT 1 FROM conversation WHERE conversation.debtor = debtor.id
             AND (conversation.at >= ?1 OR conversation.is_open = 1 OR conversation.needs_person = 1))
         AND NOT EXISTS (SELECT 1 FROM campaign_row CROSS JOIN campaign ON campaign.key = campaign_row.campaign
             WHERE campaign_row.debtor = debtor.id AND ",
            campaign_is_open!(),
            ")
         AND NOT EXISTS (SELECT 1 FROM debt CROSS JOIN campaign_row ON campaign_row.debt = debt.id
             CROSS JOIN campaign ON campaign.key = campaign_row.campaign WHERE debt.debtor = debtor.key AND ",
            campaign_is_open!(),
            ")"
        )
    };
}

/// That what is known of a debtor may begin to go.
macro_rules! debtor_is_due {
    () => {
        concat!(debtor_is_settled!(), " AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.debtor = debtor.id)")
    };
}

/// That a debtor's debts are settled still, by the caller's id.
pub(super) const SETTLED: &str = concat!("SELECT 1 FROM debtor WHERE debtor.id = ?2 AND ", debtor_is_settled!());

/// Whether a number is used, in one form `?2` or the other `?3`, of the subscriber `?4`: by texts, answers, calls and what was
/// noted since `?1`, by what is open, or by another debtor than `?5`.
pub(super) const IN_USE: &str = concat!(
    "SELECT EXISTS (SELECT 1 FROM message WHERE message.recipient IN (?2, ?3) AND (message.created_at >= ?1
         OR message.due >= ?1 OR message.state IN (0, 1, 5) OR message.debtor <> ?5))
     OR EXISTS (SELECT 1 FROM inbound WHERE inbound.number IN (?2, ?3) AND inbound.at >= ?1)
     OR EXISTS (SELECT 1 FROM call WHERE call.caller IS NOT NULL AND call.at >= ?1
         AND substr(caller, -8) IN (substr(?2, -8), substr(?3, -8)))
     OR EXISTS (SELECT 1 FROM conversation WHERE conversation.subscriber = ?4
         AND (conversation.at >= ?1 OR conversation.is_open = 1 OR conversation.needs_person = 1))
     OR EXISTS (SELECT 1 FROM standing WHERE standing.subscriber = ?4 AND standing.at >= ?1)
     OR EXISTS (SELECT 1 FROM confirmed_number WHERE confirmed_number.subscriber = ?4 AND confirmed_number.at >= ?1)
     OR EXISTS (SELECT 1 FROM campaign_row CROSS JOIN campaign ON campaign.key = campaign_row.campaign
         WHERE campaign_row.recipient IN (?2, ?3) AND ",
    campaign_is_open!(),
    ")"
);

/// Octets of which no text was made, or whose text has gone.
macro_rules! received_is_due {
    () => {
        "received.at < ?1 AND received.key < (SELECT max(key) FROM received)
         AND NOT EXISTS (SELECT 1 FROM inbound WHERE inbound.seq = received.inbound)
         AND NOT EXISTS (SELECT 1 FROM part_set WHERE part_set.key = received.part_set AND part_set.waiting_since IS NOT NULL)"
    };
}

/// That a reference may go: its message is over, or has gone before it, and was not to be sent within that time. A repeat of one
/// whose text still waits would bring a second text.
macro_rules! ref_is_due {
    () => {
        "client_ref.at < ?1 AND NOT EXISTS (SELECT 1 FROM message WHERE message.id = client_ref.message
             AND (message.state IN (0, 1, 5) OR message.due >= ?1))"
    };
}

/// References from a place on, with whether each may go. In the order of their key: an index on their time would be as large as
/// they are.
pub(super) const FIND_REFS: &str = concat!(
    "SELECT client, ref, ",
    ref_is_due!(),
    " FROM client_ref WHERE (client, ref) > (?2, ?3) ORDER BY client, ref LIMIT ?4"
);

/// One of them.
pub(super) const DELETE_REF: &str =
    concat!("DELETE FROM client_ref WHERE client = ?2 AND ref = ?3 AND ", ref_is_due!());

const DEBTORS: &[Kept] = &[Kept {
    // They are changed in their place, so that their order tells nothing of their time.
    find: concat!(
        "SELECT debtor.key, ",
        debtor_is_due!(),
        ", 0 FROM debtor WHERE debtor.key > ?2 ORDER BY debtor.key LIMIT ?3"
    ),
    // They are erased, which is more than their row.
    delete: &[],
}];

const MESSAGES: &[Kept] = &[
    Kept {
        find: concat!(
            "SELECT message.key, ",
            message_is_due!(),
            ", created_at FROM message WHERE message.key > ?2 ORDER BY message.key LIMIT ?3"
        ),
        delete: &[
            "DELETE FROM message_debt WHERE message IN (SELECT value FROM json_each(?2)) AND ?1 IS NOT NULL",
            "UPDATE inbound SET message = NULL WHERE message IN (SELECT value FROM json_each(?2)) AND ?1 IS NOT NULL",
            "UPDATE call SET message = NULL WHERE message IN (SELECT value FROM json_each(?2)) AND ?1 IS NOT NULL",
            "DELETE FROM touch WHERE message IN (SELECT value FROM json_each(?2)) AND ?1 IS NOT NULL",
            "DELETE FROM segment WHERE message IN (SELECT value FROM json_each(?2)) AND ?1 IS NOT NULL",
            "DELETE FROM message WHERE key IN (SELECT value FROM json_each(?2)) AND ?1 IS NOT NULL",
        ],
    },
    // Lists of campaigns whose last text was queued before: of a list only how long it was is kept.
    Kept {
        find: "SELECT campaign.key, campaign.at < ?1 AND coalesce(campaign.queued_at, campaign.at) < ?1
             AND campaign.state IN ('running', 'cancelled')
             AND (campaign.state = 'cancelled' OR campaign.queued_at IS NOT NULL)
             AND EXISTS (SELECT 1 FROM campaign_row WHERE campaign_row.campaign = campaign.key), campaign.at
             FROM campaign WHERE campaign.key > ?2 ORDER BY campaign.key LIMIT ?3",
        delete: &["DELETE FROM campaign_row WHERE (campaign, place) IN (SELECT campaign, place FROM campaign_row
             WHERE campaign IN (SELECT value FROM json_each(?2)) AND ?1 IS NOT NULL LIMIT 100)"],
    },
];

const INBOX: &[Kept] = &[
    Kept {
        find: concat!(
            "SELECT inbound.seq, ",
            inbound_is_due!(),
            ", inbound.at FROM inbound WHERE inbound.seq > ?2 ORDER BY inbound.seq LIMIT ?3"
        ),
        delete: &[
            "DELETE FROM conversation WHERE inbound IN (SELECT value FROM json_each(?2)) AND ?1 IS NOT NULL",
            "DELETE FROM part_set WHERE key IN (SELECT part_set FROM received
                 WHERE inbound IN (SELECT value FROM json_each(?2))) AND key < (SELECT max(key) FROM part_set)
                 AND ?1 IS NOT NULL",
            "DELETE FROM received WHERE inbound IN (SELECT value FROM json_each(?2)) AND ?1 IS NOT NULL
             AND key < (SELECT max(key) FROM received)",
            "DELETE FROM inbound WHERE seq IN (SELECT value FROM json_each(?2)) AND ?1 IS NOT NULL",
        ],
    },
    Kept {
        find: concat!(
            "SELECT received.key, ",
            received_is_due!(),
            ", received.at FROM received WHERE received.key > ?2 ORDER BY received.key LIMIT ?3"
        ),
        delete: &["DELETE FROM received WHERE key IN (SELECT value FROM json_each(?2)) AND ?1 IS NOT NULL"],
    },
    Kept {
        find: "SELECT call.seq, call.at < ?1 AND call.seq < (SELECT max(seq) FROM call), call.at
             FROM call WHERE call.seq > ?2 ORDER BY call.seq LIMIT ?3",
        delete: &["DELETE FROM call WHERE seq IN (SELECT value FROM json_each(?2)) AND ?1 IS NOT NULL"],
    },
];

/// Of those keys, the ones that may still go.
pub(super) const STILL_MESSAGES: &str =
    concat!("SELECT key FROM message WHERE key IN (SELECT value FROM json_each(?2)) AND ", message_is_due!());

/// The same of received texts.
pub(super) const STILL_INBOUND: &str =
    concat!("SELECT seq FROM inbound WHERE seq IN (SELECT value FROM json_each(?2)) AND ", inbound_is_due!());

/// The same of debtors, by the callers' ids.
pub(super) const STILL_DEBTORS: &str =
    concat!("SELECT id FROM debtor WHERE key IN (SELECT value FROM json_each(?2)) AND ", debtor_is_due!());

/// The last event that everybody was told of who is to be told: results, endpoints that are enabled, and what waits for these. One
/// that is disabled is a reader like others, for whom the log goes back as far as it is kept: nobody may be waiting for it to go on.
macro_rules! told {
    () => {
        "SELECT seq FROM rollup UNION ALL SELECT seq FROM webhook WHERE enabled = 1
         UNION ALL SELECT (SELECT min(seq) - 1 FROM webhook_delivery AS waits WHERE waits.webhook = webhook.key AND state = 0)
         FROM webhook WHERE enabled = 1"
    };
}

/// The time of the first event behind that one.
pub(super) const UNTOLD: &str =
    concat!("SELECT at FROM event WHERE seq > (SELECT min(seq) FROM (", told!(), ")) ORDER BY seq LIMIT 1");

/// The last event that nobody needs any more, messages that are not over among them.
pub(super) const SPARE: &str = concat!(
    "SELECT min(seq) FROM (",
    told!(),
    " UNION ALL SELECT max(seq) - 1 FROM event
     UNION ALL SELECT (SELECT min(seq) - 1 FROM event WHERE event.message = open.key) FROM (
         SELECT min(key) AS key FROM message WHERE state = 0 UNION ALL SELECT min(key) FROM message WHERE state = 1
         UNION ALL SELECT min(key) FROM message WHERE state = 5) AS open WHERE open.key IS NOT NULL)"
);

impl Class {
    pub(super) fn tables(self) -> &'static [Kept] {
        match self {
            Self::Debtors => DEBTORS,
            Self::Messages => MESSAGES,
            Self::Inbox => INBOX,
            Self::Events | Self::ClientRefs | Self::Audit => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::schema;

    /// Tables of few rows, whose walk nobody notices.
    const SMALL: [&str; 5] = ["webhook", "webhook_delivery", "rollup", "sim", "audit_cut"];

    #[test]
    fn what_goes_is_found_by_keys_and_nothing_is_walked() {
        let folder = tempfile::tempdir().unwrap();
        let conn = schema::open_writer(&folder.path().join("recado.db")).unwrap();
        let tables: Vec<String> = conn
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let of_tables =
            DEBTORS.iter().chain(MESSAGES).chain(INBOX).flat_map(|kept| kept.delete.iter().copied().chain([kept.find]));
        let all: Vec<&str> = of_tables
            .chain([
                STILL_MESSAGES,
                STILL_INBOUND,
                STILL_DEBTORS,
                SPARE,
                UNTOLD,
                FIND_REFS,
                DELETE_REF,
                SETTLED,
                IN_USE,
            ])
            .collect();
        for sql in all {
            let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let values = vec![rusqlite::types::Null; statement.parameter_count()];
            let plan: Vec<String> = statement
                .query_map(rusqlite::params_from_iter(values), |row| row.get(3))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            for step in &plan {
                let walked = step.strip_prefix("SCAN ").and_then(|rest| rest.split_whitespace().next());
                let is_large =
                    walked.is_some_and(|walked| tables.iter().any(|table| table == walked) && !SMALL.contains(&walked));
                assert!(!is_large, "{sql}\n{plan:#?}");
            }
        }
    }

    #[test]
    fn codes_of_states_are_those_of_rows() {
        use crate::sms::lifecycle::MessageState;
        use crate::store::row::{code, message_code};
        let open = [MessageState::Queued, MessageState::Sending, MessageState::Unknown].map(message_code);
        assert_eq!(open, [0, 1, 5]);
        assert_eq!([code::WAITING, code::OFFERED, code::UNKNOWN, code::SET_ASIDE], [0, 2, 7, 11]);
    }
}
