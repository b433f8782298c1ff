-- Endpoints that events are posted to. `seq` is how far each has come in the log; what lies before it was delivered, was not
-- asked for, or has a row of its own.
CREATE TABLE webhook (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    url TEXT NOT NULL,
    types TEXT NOT NULL,
    creditors TEXT NOT NULL,
    pii INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    client TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    disabled_why TEXT,
    secret BLOB NOT NULL,
    old_secret BLOB,
    old_until INTEGER,
    revision INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    failing_since INTEGER
) STRICT;

-- Events that wait to be tried again (0), the last that were delivered (1), and those that were given up (2).
CREATE TABLE webhook_delivery (
    webhook INTEGER NOT NULL REFERENCES webhook (key) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    state INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    first_at INTEGER,
    due INTEGER,
    at INTEGER,
    status INTEGER,
    took_ms INTEGER,
    error TEXT,
    PRIMARY KEY (webhook, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_ended ON webhook_delivery (webhook, state, at);

-- Alarms about endpoints.
ALTER TABLE alarm ADD COLUMN webhook INTEGER;
DROP INDEX alarm_open;
CREATE UNIQUE INDEX alarm_open ON alarm (kind, coalesce(sim, 0), coalesce(modem, ''), coalesce(webhook, 0)) WHERE cleared_at IS NULL;
