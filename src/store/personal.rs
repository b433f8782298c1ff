//! Where personal data is: every table with its columns, what erasure leaves of them, and how the rows of a person are found.
//!
//! A test compares this with the schema, so that a table or a column that is added must be judged here. [`super::erasure`]
//! goes through [`TABLES`] in their order, what points to a row before the row; [`super::export`] shows what it finds.
//!
//! Not personal are: ids, codes, times and amounts by themselves; what staff and programs of the company are called and
//! write about their own work; and the callers' own words for their messages (`client_ref`, `batch`, `team`, `operator`),
//! which they are told to choose without names. Events hold ids and codes, and stay: the chain over them is evidence.

use rusqlite::types::Value;

/// What becomes of the personal columns of a person's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// There is nothing personal in it.
    Plain,
    /// The rows go.
    Gone,
    /// The rows stay, and of the personal columns what is said with them.
    Emptied,
    /// The rows stay, the number as a digest with the key of the ledger.
    Digested,
    /// It is emptied by the erasure itself when it is done.
    Own,
}

/// A table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) fate: Fate,
    /// As what rows of it are counted in answers.
    pub(super) class: &'static str,
    /// What tells its rows apart.
    pub(super) key: &'static str,
    /// The condition on its rows that they are a person's, over the tables of [`WHO`], and still hold something.
    pub(super) whose: &'static str,
    /// Personal columns, each with what is left of it.
    pub(super) personal: &'static [(&'static str, &'static str)],
    /// The others.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the test that holds this against the schema"))]
    pub(super) plain: &'static [&'static str],
    /// Whether messages that have come to their end meanwhile bring more of its rows.
    pub(super) again: bool,
}

/// Before every statement about a person: who it is, and the messages that are theirs. Those on the wire are not settled yet,
/// nor those of which a report can still be told from others (three days, as in `report.rs`).
pub(super) const WHO: &str = "WITH who (numbers, subscribers, debtor, message, since, digests, octets)
     AS (VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)),
     number (value) AS (SELECT value FROM json_each((SELECT numbers FROM who))),
     subscriber (value) AS (SELECT value FROM json_each((SELECT subscribers FROM who))),
     digest (number, value) AS (SELECT CAST(key AS INTEGER), value FROM json_each((SELECT digests FROM who))),
     address (octets) AS (SELECT unhex(value) FROM json_each((SELECT octets FROM who))),
     text (key, first, last, client, ref, report) AS (
         SELECT key, first_segment, first_segment + parts - 1, client, client_ref, report FROM message WHERE key IN (
             SELECT key FROM message WHERE recipient IN (SELECT value FROM number)
             UNION SELECT key FROM message WHERE debtor = (SELECT debtor FROM who))
         AND key <= (SELECT message FROM who)),
     owed (key) AS (
         SELECT key FROM debt WHERE debtor = (SELECT key FROM debtor WHERE id = (SELECT debtor FROM who)) ORDER BY key LIMIT ?8),
     settled AS (
         SELECT * FROM text WHERE NOT EXISTS (
             SELECT 1 FROM segment WHERE segment.key BETWEEN text.first AND text.last AND (
                 (state IN (0, 2) AND (SELECT since FROM who) < 9223372036854775807)
                 OR (state = 7 AND unknown_at > (SELECT since FROM who))
                 OR (state = 3 AND text.report AND accepted_at > (SELECT since FROM who)))))";

/// A table without personal data.
const fn plain(name: &'static str, plain: &'static [&'static str]) -> Table {
    Table { name, fate: Fate::Plain, class: "", key: "", whose: "", personal: &[], plain, again: false }
}

/// All of them: first those that hold personal data, in the order in which they are emptied.
pub(super) const TABLES: &[Table] = &[
    Table {
        name: "part_set",
        fate: Fate::Gone,
        class: "replies",
        key: "key",
        whose: "key IN (
             SELECT part_set FROM received WHERE substr(sender, -8) IN (SELECT substr(value, -8) FROM number)
             AND sender IS NOT NULL AND EXISTS (
                 SELECT 1 FROM number WHERE substr(value, -length(ltrim(sender, '+0'))) = ltrim(sender, '+0'))
             UNION SELECT received.part_set FROM inbound JOIN received ON received.inbound = inbound.seq
             WHERE inbound.message IN (SELECT key FROM text))",
        personal: &[("sender", "''")],
        plain: &["key", "sim", "concat_ref", "concat_bits", "total", "scts", "waiting_since", "inbound"],
        again: false,
    },
    Table {
        name: "received",
        fate: Fate::Gone,
        class: "",
        key: "key",
        whose: "key IN (
             SELECT key FROM received WHERE substr(sender, -8) IN (SELECT substr(value, -8) FROM number)
             AND sender IS NOT NULL AND EXISTS (
                 SELECT 1 FROM number WHERE substr(value, -length(ltrim(sender, '+0'))) = ltrim(sender, '+0'))
             UNION SELECT key FROM received WHERE sender IS NULL
             AND EXISTS (SELECT 1 FROM address WHERE instr(received.pdu, address.octets))
             UNION SELECT received.key FROM inbound JOIN received ON received.inbound = inbound.seq
             WHERE inbound.message IN (SELECT key FROM text)
             UNION SELECT received.key FROM inbound JOIN received ON received.inbound = inbound.seq
             WHERE inbound.number IN (SELECT value FROM number))",
        personal: &[("pdu", "x''"), ("sender", "NULL")],
        plain: &["key", "at", "sim", "modem", "seq", "inbound", "remark", "part_set"],
        again: false,
    },
    Table {
        name: "call",
        fate: Fate::Emptied,
        class: "calls",
        key: "seq",
        whose: "caller IS NOT NULL AND seq IN (
             SELECT seq FROM call WHERE message IN (SELECT key FROM text)
             UNION SELECT seq FROM call WHERE substr(caller, -8) IN (SELECT substr(value, -8) FROM number)
             AND caller IS NOT NULL AND EXISTS (
                 SELECT 1 FROM number WHERE substr(value, -length(ltrim(caller, '+0'))) = ltrim(caller, '+0')))",
        personal: &[("caller", "NULL")],
        plain: &["seq", "at", "sim", "modem", "message"],
        again: false,
    },
    Table {
        name: "inbound",
        fate: Fate::Emptied,
        class: "replies",
        key: "seq",
        whose: "sender <> '' AND seq IN (
             SELECT seq FROM inbound WHERE number IN (SELECT value FROM number)
             UNION SELECT seq FROM inbound WHERE message IN (SELECT key FROM text)
             UNION SELECT seq FROM inbound WHERE substr(sender, -8) IN (SELECT substr(value, -8) FROM number)
             AND sender <> '' AND number IS NULL AND EXISTS (
                 SELECT 1 FROM number WHERE substr(value, -length(ltrim(sender, '+0'))) = ltrim(sender, '+0')))",
        personal: &[("sender", "''"), ("text", "''"), ("number", "NULL"), ("understood", "NULL")],
        plain: &["seq", "at", "sim", "modem", "parts", "message", "missing", "replaces"],
        again: false,
    },
    Table {
        // The reference stays, so that a late repeat brings no second text; whether it was the same text is not told any more.
        name: "client_ref",
        fate: Fate::Emptied,
        class: "",
        key: "client, ref",
        whose: "(client, ref) IN (SELECT client, ref FROM settled WHERE ref IS NOT NULL) AND fingerprint <> zeroblob(32)",
        personal: &[("fingerprint", "zeroblob(32)")],
        plain: &["client", "ref", "at", "message"],
        again: true,
    },
    Table {
        name: "segment",
        fate: Fate::Emptied,
        class: "",
        key: "key",
        whose: "key IN (SELECT segment.key FROM settled CROSS JOIN segment
             ON segment.key BETWEEN settled.first AND settled.last) AND length(pdu) > 0",
        personal: &[("pdu", "x''")],
        plain: &[
            "key",
            "message",
            "part",
            "state",
            "lane",
            "prio",
            "due",
            "expires",
            "attempts",
            "resent",
            "sim",
            "modem",
            "tp_mr",
            "offered_at",
            "accepted_at",
            "reported_at",
            "unknown_at",
            "expected_mr",
            "tp_status",
            "cause",
            "avoid_sim",
            "mr_before",
            "mr_after",
        ],
        again: true,
    },
    Table {
        name: "touch",
        fate: Fate::Gone,
        class: "",
        key: "message",
        whose: "message IN (
             SELECT message FROM touch WHERE subscriber IN (SELECT value FROM subscriber)
             UNION SELECT message FROM touch WHERE debtor = (SELECT debtor FROM who))",
        personal: &[("subscriber", "0"), ("debtor", "NULL"), ("text_mark", "NULL")],
        plain: &["message", "at"],
        again: false,
    },
    Table {
        // Budgets count distinct recipients: a digest is one too.
        name: "spend",
        fate: Fate::Emptied,
        class: "",
        key: "sim, at, segment",
        whose: "sim IN (SELECT key FROM sim) AND recipient IN (SELECT value FROM number)",
        personal: &[("recipient", "(SELECT value FROM digest WHERE digest.number = recipient)")],
        plain: &["sim", "at", "segment", "parts"],
        again: false,
    },
    Table {
        name: "suppression_act",
        fate: Fate::Emptied,
        class: "",
        key: "key",
        whose: "why IS NOT NULL AND key IN (
             SELECT act FROM suppression WHERE subscriber IN (SELECT value FROM subscriber)) AND NOT EXISTS (
             SELECT 1 FROM suppression AS other WHERE other.act = suppression_act.key
             AND other.subscriber NOT IN (SELECT value FROM subscriber))",
        personal: &[("why", "NULL")],
        plain: &["key", "at", "kind", "purposes", "creditor", "effective", "source", "client", "inbound"],
        again: false,
    },
    Table {
        name: "suppression_lift",
        fate: Fate::Emptied,
        class: "",
        key: "key",
        whose: "why <> '' AND key IN (SELECT lift FROM suppression WHERE subscriber IN (SELECT value FROM subscriber))",
        personal: &[("why", "''")],
        plain: &["key", "at", "client", "inbound"],
        again: false,
    },
    Table {
        name: "suppression",
        fate: Fate::Digested,
        class: "suppressions",
        key: "key",
        whose: "subscriber IN (SELECT value FROM subscriber)",
        personal: &[("subscriber", "NULL"), ("number", "NULL")],
        plain: &["key", "act", "mac", "lift"],
        again: false,
    },
    Table {
        name: "standing",
        fate: Fate::Gone,
        class: "",
        key: "rowid",
        whose: "rowid IN (
             SELECT rowid FROM standing WHERE subscriber IN (SELECT value FROM subscriber)
             UNION SELECT rowid FROM standing WHERE debtor = (SELECT debtor FROM who))",
        personal: &[("debtor", "NULL"), ("subscriber", "NULL"), ("state", "''"), ("until", "NULL")],
        plain: &["at", "client", "inbound"],
        again: false,
    },
    Table {
        name: "confirmed_number",
        fate: Fate::Gone,
        class: "",
        key: "subscriber",
        whose: "subscriber IN (SELECT value FROM subscriber)",
        personal: &[("subscriber", "0")],
        plain: &["at", "inbound"],
        again: false,
    },
    Table {
        name: "conversation",
        fate: Fate::Gone,
        class: "conversations",
        key: "key",
        whose: "key IN (
             SELECT key FROM conversation WHERE subscriber IN (SELECT value FROM subscriber)
             UNION SELECT key FROM conversation WHERE debtor = (SELECT debtor FROM who))",
        personal: &[("subscriber", "0"), ("number", "0"), ("debtor", "NULL"), ("assigned", "NULL")],
        plain: &["key", "sim", "inbound", "at", "is_open", "needs_person"],
        again: false,
    },
    Table {
        name: "debtor_hours",
        fate: Fate::Gone,
        class: "",
        key: "debtor",
        whose: "debtor = (SELECT debtor FROM who)",
        personal: &[("debtor", "''"), ("state", "NULL"), ("zone", "NULL"), ("preferred", "''"), ("forbidden", "''")],
        plain: &["at", "client"],
        again: false,
    },
    Table {
        name: "campaign_row",
        fate: Fate::Emptied,
        class: "rows",
        key: "campaign, place",
        whose: "recipient IN (SELECT value FROM number) OR debtor = (SELECT debtor FROM who) OR debt IN (
             SELECT id FROM debt WHERE key IN (SELECT key FROM owed))",
        personal: &[("recipient", "NULL"), ("debtor", "NULL"), ("debt", "NULL"), ("given", "NULL")],
        plain: &["campaign", "place"],
        again: false,
    },
    Table {
        name: "parked_report",
        fate: Fate::Gone,
        class: "",
        key: "key",
        whose: "EXISTS (SELECT 1 FROM number WHERE length(ltrim(recipient, '+0')) >= 8
             AND substr(value, -length(ltrim(recipient, '+0'))) = ltrim(recipient, '+0'))",
        personal: &[("recipient", "''")],
        plain: &["key", "at", "sim", "tp_mr", "tp_status", "scts"],
        again: true,
    },
    Table {
        name: "message_debt",
        fate: Fate::Gone,
        class: "",
        key: "message, debt",
        whose: "message IN (SELECT key FROM settled) OR debt IN (SELECT key FROM owed)",
        personal: &[("debt", "0")],
        plain: &["message"],
        again: true,
    },
    Table {
        name: "debt_event",
        fate: Fate::Gone,
        class: "",
        key: "key",
        whose: "debt IN (SELECT key FROM owed)",
        personal: &[("amount", "NULL"), ("day", "NULL"), ("ends", "NULL"), ("ref", "NULL"), ("settled", "NULL")],
        plain: &["key", "debt", "at", "kind", "client", "inbound", "message", "untold"],
        again: false,
    },
    Table {
        name: "track",
        fate: Fate::Gone,
        class: "",
        key: "debt",
        whose: "debt IN (SELECT key FROM owed)",
        personal: &[("since", "0"), ("promise", "NULL")],
        plain: &["debt", "planned", "version", "ladder"],
        again: false,
    },
    Table {
        name: "step",
        fate: Fate::Gone,
        class: "",
        key: "debt, step, cycle",
        whose: "debt IN (SELECT key FROM owed)",
        personal: &[("day", "0"), ("outcome", "''")],
        plain: &["debt", "step", "cycle", "message"],
        again: false,
    },
    Table {
        name: "debt",
        fate: Fate::Gone,
        class: "debts",
        key: "key",
        whose: "key IN (SELECT key FROM owed)",
        personal: &[
            ("id", "''"),
            ("original", "0"),
            ("amount", "0"),
            ("due", "0"),
            ("instalment", "NULL"),
            ("instalments", "NULL"),
            ("contract", "NULL"),
            ("product", "NULL"),
            ("terms", "NULL"),
            ("boleto", "NULL"),
            ("pix", "NULL"),
            ("link", "NULL"),
            ("access_code", "NULL"),
            ("tags", "NULL"),
            ("status", "''"),
            ("until", "NULL"),
        ],
        plain: &["key", "creditor", "debtor", "currency", "ladder", "held_until", "entered_at", "at", "client"],
        again: false,
    },
    Table {
        name: "dunning_case",
        fate: Fate::Gone,
        class: "",
        key: "creditor, debtor",
        whose: "debtor = (SELECT key FROM debtor WHERE id = (SELECT debtor FROM who))",
        personal: &[("next", "NULL"), ("problem", "NULL")],
        plain: &["creditor", "debtor", "revision"],
        again: false,
    },
    Table {
        name: "debtor_number",
        fate: Fate::Gone,
        class: "numbers",
        key: "debtor, place",
        whose: "debtor = (SELECT key FROM debtor WHERE id = (SELECT debtor FROM who))",
        personal: &[("number", "0")],
        plain: &["debtor", "place"],
        again: false,
    },
    Table {
        name: "debtor",
        fate: Fate::Gone,
        class: "debtors",
        key: "key",
        whose: "id = (SELECT debtor FROM who)",
        personal: &[
            ("id", "''"),
            ("name", "NULL"),
            ("document", "NULL"),
            ("language", "NULL"),
            ("kind", "NULL"),
            ("since", "NULL"),
            ("tags", "NULL"),
        ],
        plain: &["key", "at", "client"],
        again: false,
    },
    Table {
        name: "message",
        fate: Fate::Emptied,
        class: "messages",
        key: "key",
        whose: "key IN (SELECT key FROM settled)",
        personal: &[
            ("recipient", "0"),
            ("text", "''"),
            ("debtor", "NULL"),
            ("debt", "NULL"),
            ("tags", "NULL"),
            ("text_mark", "NULL"),
            ("salt", "NULL"),
        ],
        plain: &[
            "key",
            "id",
            "created_at",
            "client",
            "client_ref",
            "purpose",
            "priority",
            "not_before",
            "due",
            "expires",
            "encoding_asked",
            "encoding",
            "units",
            "resend_after",
            "max_segments",
            "sim",
            "sim_group",
            "report",
            "creditor",
            "batch",
            "team",
            "operator",
            "lane",
            "first_segment",
            "parts",
            "parts_sent",
            "state",
            "confirms_opt_out",
            "origin",
            "companion_of",
        ],
        again: true,
    },
    Table {
        // Counted from the log, which is counted up to the end of every message before this is looked at for the last time.
        name: "number_health",
        fate: Fate::Gone,
        class: "",
        key: "subscriber",
        whose: "subscriber IN (SELECT value FROM subscriber)",
        personal: &[
            ("subscriber", "0"),
            ("sent", "0"),
            ("delivered", "0"),
            ("undelivered", "0"),
            ("dead", "0"),
            ("last_status", "NULL"),
            ("last_report_at", "NULL"),
            ("answered_at", "NULL"),
        ],
        plain: &[],
        again: true,
    },
    Table {
        name: "erasure",
        fate: Fate::Own,
        class: "",
        key: "key",
        whose: "",
        personal: &[("debtor", "NULL"), ("numbers", "NULL"), ("subscribers", "NULL"), ("held", "NULL")],
        plain: &["key", "at", "client", "reason", "until", "state", "stage", "message", "seq", "counts", "ended_at"],
        again: false,
    },
    // Ids and codes; of text and number salted hashes alone, whose salt is in `message`.
    plain("event", &["seq", "at", "type", "message", "part", "modem", "sim", "data", "hash"]),
    // Digests of reports with the time to the second; they are gone after three days.
    plain("report_read", &["sim", "digest", "at"]),
    plain("suppression_key", &["mac"]),
    // What is counted of many.
    plain("tally", &["state", "messages"]),
    plain("stat", &["origin", "hour", "counts", "spent", "paid"]),
    plain("rollup", &["seq"]),
    // How far retention has come.
    plain("event_cut", &["seq", "hash", "at"]),
    plain("retention", &["class", "ended_at", "gone"]),
    plain("copied", &["at", "gives_up"]),
    // Who did what: persons by a digest with the key of the ledger, which nobody reads without it.
    plain(
        "audit",
        &["seq", "at", "client", "token", "kind", "route", "object", "id", "items", "times", "status", "hash"],
    ),
    plain("audit_cut", &["seq", "hash", "at"]),
    plain(
        "origin",
        &[
            "key", "mode", "creditor", "batch", "ladder", "step", "segment", "template", "version", "arm", "team",
            "operator",
        ],
    ),
    // What the company writes and decides about its own work.
    plain(
        "creditor",
        &[
            "key", "id", "name", "sender", "zone", "language", "currency", "ladder", "at", "client", "epoch", "looked",
            "triggers",
        ],
    ),
    plain("import_mapping", &["creditor", "mapping", "at", "client"]),
    plain("ladder", &["name", "version", "definition", "at", "client"]),
    plain("ladder_rules", &["edition"]),
    plain("template", &["key", "name", "version", "definition", "created_at", "client", "approved_at", "approved_by"]),
    plain(
        "campaign",
        &[
            "key",
            "name",
            "definition",
            "creditor",
            "at",
            "client",
            "state",
            "zone",
            "per_day",
            "start_at",
            "rows",
            "tested",
            "version",
            "place",
            "queued_at",
            "announced",
            "tested_parts",
            "untested",
            "problem",
            "revision",
        ],
    ),
    plain("campaign_left", &["campaign", "code", "texts"]),
    plain("campaign_tally", &["campaign", "state", "messages"]),
    plain("campaign_spend", &["campaign", "day", "parts"]),
    plain("pause", &["scope", "id", "reason", "at", "client"]),
    plain("lane", &["key", "class", "route", "batch", "waiting", "begun"]),
    // Our own lines, tokens and endpoints.
    plain(
        "sim",
        &[
            "key",
            "iccid",
            "first_seen",
            "next_mr",
            "pin_refused",
            "rest_reason",
            "rest_since",
            "rest_tests",
            "rest_next_test",
            "home",
            "balance_asked",
            "balance_at",
            "balance_text",
            "balance",
            "last_mr",
            "scts_ahead",
        ],
    ),
    plain("alarm", &["key", "kind", "sim", "detail", "raised_at", "cleared_at", "modem", "told_at", "webhook"]),
    plain("alarm_text", &["alarm", "message"]),
    plain("modem_place", &["slot", "modem"]),
    plain("set_back", &["to_time", "by_span"]),
    plain("clock_trust", &["since", "seen"]),
    plain("clock_doubt", &["known", "is_ahead", "reason", "event", "message", "inbound", "received", "call"]),
    plain(
        "token",
        &["key", "hash", "client", "scopes", "creditors", "created_at", "expires_at", "last_used", "revoked_at"],
    ),
    plain(
        "webhook",
        &[
            "key",
            "url",
            "types",
            "creditors",
            "pii",
            "batch",
            "client",
            "created_at",
            "enabled",
            "disabled_why",
            "secret",
            "old_secret",
            "old_until",
            "revision",
            "seq",
            "failing_since",
        ],
    ),
    plain(
        "webhook_delivery",
        &["webhook", "seq", "state", "attempts", "first_at", "due", "at", "status", "took_ms", "error"],
    ),
];

/// Tables whose rows are found by a debtor's id, or by what hangs on it: they go before all others, at once.
const WITH_DEBTOR: [&str; 13] = [
    "touch",
    "standing",
    "conversation",
    "debtor_hours",
    "campaign_row",
    "message_debt",
    "debt_event",
    "track",
    "step",
    "debt",
    "dunning_case",
    "debtor_number",
    "debtor",
];

impl Table {
    /// Whether its rows are found by a debtor.
    pub(super) fn goes_with_debtor(&self) -> bool {
        WITH_DEBTOR.contains(&self.name)
    }

    /// The statement that empties at most `?9` of a person's rows.
    pub(super) fn statement(&self) -> String {
        let Self { name, key, whose, .. } = self;
        let some = format!("({key}) IN (SELECT {key} FROM {name} WHERE {whose} LIMIT ?9)");
        match self.fate {
            Fate::Gone => format!("{WHO} DELETE FROM {name} WHERE {some}"),
            Fate::Emptied => {
                let set: Vec<String> =
                    self.personal.iter().map(|(column, left)| format!("{column} = {left}")).collect();
                format!("{WHO} UPDATE {name} SET {} WHERE {some}", set.join(", "))
            }
            Fate::Plain | Fate::Digested | Fate::Own => String::new(),
        }
    }

    /// The statement that reads a person's rows.
    pub(super) fn select(&self) -> String {
        format!("{WHO} SELECT * FROM {} WHERE {}", self.name, self.whose)
    }
}

/// Of whom something is looked for: the values of [`WHO`].
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Who {
    /// By the caller's id.
    pub(super) debtor: Option<String>,
    /// Numbers in all their forms, as a JSON list.
    pub(super) numbers: String,
    /// What they have in common, as a JSON list.
    pub(super) subscribers: String,
    /// The last message that is meant.
    pub(super) message: i64,
    /// Parts that the network took before this time are reported no more.
    pub(super) since: i64,
    /// What stands for each number where numbers are counted, a JSON object.
    pub(super) digests: String,
    /// How the numbers end in PDUs, a JSON list of hexadecimal digits.
    pub(super) octets: String,
    /// How many of a debtor's debts, the oldest; all of them below 0.
    pub(super) debts: i64,
}

impl Who {
    pub(super) fn values(&self) -> [Value; 8] {
        [
            Value::Text(self.numbers.clone()),
            Value::Text(self.subscribers.clone()),
            self.debtor.clone().map_or(Value::Null, Value::Text),
            Value::Integer(self.message),
            Value::Integer(self.since),
            Value::Text(self.digests.clone()),
            Value::Text(self.octets.clone()),
            Value::Integer(self.debts),
        ]
    }
}

/// Whom it is about is not shown.
impl std::fmt::Debug for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Who").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use rusqlite::{Connection, params_from_iter};

    use super::*;
    use crate::store::schema;

    fn database() -> (tempfile::TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let conn = schema::open_writer(&folder.path().join("recado.db")).unwrap();
        (folder, conn)
    }

    /// Columns by table, as the schema has them.
    fn columns(conn: &Connection) -> BTreeMap<String, BTreeSet<String>> {
        let sql =
            "SELECT sqlite_schema.name, column.name FROM sqlite_schema, pragma_table_info(sqlite_schema.name) AS column
             WHERE sqlite_schema.type = 'table' AND sqlite_schema.name NOT LIKE 'sqlite_%'";
        let mut statement = conn.prepare(sql).unwrap();
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap() {
            let (table, column) = row.unwrap();
            found.entry(table).or_default().insert(column);
        }
        found
    }

    #[test]
    fn every_column_of_every_table_is_judged() {
        let (_folder, conn) = database();
        let of = |table: &Table| {
            let judged: Vec<&str> =
                table.personal.iter().map(|(column, _)| *column).chain(table.plain.iter().copied()).collect();
            let distinct: BTreeSet<String> = judged.iter().map(ToString::to_string).collect();
            assert_eq!(distinct.len(), judged.len(), "{} names a column twice", table.name);
            (table.name.to_owned(), distinct)
        };
        let judged: BTreeMap<_, _> = TABLES.iter().map(of).collect();
        assert_eq!(judged.len(), TABLES.len());
        for (table, there) in columns(&conn) {
            assert_eq!(judged.get(&table), Some(&there), "say in store/personal.rs what is personal in {table}");
        }
    }

    #[test]
    fn a_column_that_nobody_judged_is_found() {
        let (_folder, conn) = database();
        let before = columns(&conn);
        conn.execute_batch("ALTER TABLE tally ADD COLUMN nickname TEXT").unwrap();
        assert_ne!(before["tally"], columns(&conn)["tally"]);
    }

    #[test]
    fn what_is_found_by_a_debtor_and_points_to_no_message_of_before_goes_with_the_debtor() {
        let of_debtor = |table: &&Table| {
            ["(SELECT debtor FROM who)", "FROM owed"].iter().any(|sought| table.whose.contains(sought))
        };
        let found: Vec<&str> = TABLES.iter().filter(of_debtor).map(|table| table.name).collect();
        assert_eq!(found, WITH_DEBTOR);
    }

    #[test]
    fn what_is_personal_has_a_fate_and_the_rest_has_none() {
        for table in TABLES {
            assert_eq!(table.fate == Fate::Plain, table.personal.is_empty(), "{}", table.name);
        }
    }

    /// Tables of few rows, whose walk nobody notices.
    const SMALL: [&str; 2] = ["parked_report", "sim"];

    #[test]
    fn rows_of_a_person_are_found_by_indices() {
        let (_folder, conn) = database();
        let tables: BTreeSet<String> = columns(&conn).into_keys().collect();
        for table in TABLES.iter().filter(|table| !table.whose.is_empty()) {
            for sql in [format!("{} LIMIT ?9", table.select()), table.statement()] {
                if sql.is_empty() {
                    continue;
                }
                let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
                let values = params_from_iter((0..9).map(|_| Value::Null));
                let plan: Vec<String> =
                    statement.query_map(values, |row| row.get(3)).unwrap().map(Result::unwrap).collect();
                for step in &plan {
                    let walked = step.strip_prefix("SCAN ").and_then(|rest| rest.split_whitespace().next());
                    let is_large = walked.is_some_and(|walked| tables.contains(walked) && !SMALL.contains(&walked));
                    let is_of_few = step.contains("received_unread");
                    assert!(!is_large || is_of_few, "{}: {step}\n{plan:#?}", table.name);
                }
            }
        }
    }
}
