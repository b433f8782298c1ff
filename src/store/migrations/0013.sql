-- What came of messages, counted from the log of events.

-- Messages of one origin that were taken in within one hour (hours since 1970-01-01T00:00Z): counts, parts and costs by SIM,
-- and payments by days, as dunning::result writes them. Origin 0 is none.
CREATE TABLE stat (
    origin INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    counts BLOB NOT NULL,
    spent BLOB NOT NULL,
    paid BLOB NOT NULL,
    PRIMARY KEY (origin, hour)
) STRICT, WITHOUT ROWID;

-- How texts to a number fare. Whoever erases a number erases it here too.
CREATE TABLE number_health (
    subscriber INTEGER PRIMARY KEY,
    -- Messages that the network has taken whole, and what the reports said of them.
    sent INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    undelivered INTEGER NOT NULL,
    -- Reports of a failure for good since the last delivery.
    dead INTEGER NOT NULL,
    last_status INTEGER,
    last_report_at INTEGER,
    answered_at INTEGER
) STRICT;

-- The last event that is counted. No event behind it may be removed.
CREATE TABLE rollup (seq INTEGER NOT NULL) STRICT;
INSERT INTO rollup (seq) VALUES (0);

-- What a payment was of a debt that was still owed: what was told, or all that was owed.
ALTER TABLE debt_event ADD COLUMN settled INTEGER;
-- What the log says of a debt, in order.
CREATE INDEX event_debt ON event (json_extract(data, '$.debt'), seq)
    WHERE type IN ('debt.changed', 'ladder.step', 'ladder.exit');
