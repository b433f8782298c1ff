-- Who may be texted: hours by lane, the suppression ledger, what a person had, said and was told.

-- Messages of one class of hours open and close together.
CREATE TABLE lane_of_class (
    key INTEGER PRIMARY KEY,
    class TEXT NOT NULL,
    route TEXT NOT NULL,
    batch TEXT NOT NULL,
    waiting INTEGER NOT NULL DEFAULT 0,
    UNIQUE (class, route, batch)
) STRICT;
INSERT INTO lane_of_class (key, class, route, batch, waiting) SELECT key, 'always', route, batch, waiting FROM lane;
DROP TABLE lane;
ALTER TABLE lane_of_class RENAME TO lane;

-- A digest of the text, to find the same one again; none for messages of before.
ALTER TABLE message ADD COLUMN text_mark BLOB;
-- It confirms an opt-out, and may go although the number is suppressed.
ALTER TABLE message ADD COLUMN confirms_opt_out INTEGER NOT NULL DEFAULT 0;

-- Decisions that suppress numbers: an opt-out has one number, a register many. Nothing of them is ever changed.
CREATE TABLE suppression_act (
    key INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    -- One bit for each purpose.
    purposes INTEGER NOT NULL,
    -- NULL for all creditors.
    creditor TEXT,
    effective INTEGER NOT NULL,
    source TEXT NOT NULL,
    client TEXT NOT NULL,
    why TEXT,
    -- The inbound text that it rests on.
    inbound INTEGER
) STRICT;
CREATE TABLE suppression (
    key INTEGER PRIMARY KEY,
    act INTEGER NOT NULL REFERENCES suppression_act (key),
    -- What all forms of the number have in common; NULL once it is erased.
    subscriber INTEGER,
    number INTEGER,
    -- HMAC of the subscriber once it is erased: the number is known again when it is met, and cannot be read.
    mac BLOB,
    lift INTEGER REFERENCES suppression_lift (key)
) STRICT;
CREATE INDEX suppression_subscriber ON suppression (subscriber) WHERE lift IS NULL AND subscriber IS NOT NULL;
CREATE INDEX suppression_mac ON suppression (mac) WHERE lift IS NULL AND mac IS NOT NULL;
CREATE TABLE suppression_lift (
    key INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    client TEXT NOT NULL,
    why TEXT NOT NULL,
    inbound INTEGER
) STRICT;
CREATE TRIGGER suppression_act_stays BEFORE UPDATE ON suppression_act
BEGIN SELECT raise(ABORT, 'the suppression ledger is only added to'); END;
CREATE TRIGGER suppression_act_is_kept BEFORE DELETE ON suppression_act
BEGIN SELECT raise(ABORT, 'the suppression ledger is only added to'); END;
CREATE TRIGGER suppression_is_kept BEFORE DELETE ON suppression
BEGIN SELECT raise(ABORT, 'the suppression ledger is only added to'); END;
CREATE TRIGGER suppression_stays BEFORE UPDATE OF act ON suppression
BEGIN SELECT raise(ABORT, 'the suppression ledger is only added to'); END;
CREATE TRIGGER suppression_lift_is_final BEFORE UPDATE OF lift ON suppression WHEN old.lift IS NOT NULL
BEGIN SELECT raise(ABORT, 'the suppression ledger is only added to'); END;

-- Texts that count against the frequency of a person, from the offer of their first part on.
CREATE TABLE touch (
    message INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    subscriber INTEGER NOT NULL,
    debtor TEXT,
    text_mark BLOB
) STRICT;
CREATE INDEX touch_subscriber ON touch (subscriber, at);
CREATE INDEX touch_debtor ON touch (debtor, at) WHERE debtor IS NOT NULL;

-- How things stand with a debtor, or with a number where no debtor is named.
CREATE TABLE standing (
    debtor TEXT,
    subscriber INTEGER,
    state TEXT NOT NULL,
    until INTEGER,
    at INTEGER NOT NULL,
    client TEXT NOT NULL,
    -- The inbound text that it rests on.
    inbound INTEGER,
    CHECK ((debtor IS NULL) <> (subscriber IS NULL))
) STRICT;
CREATE UNIQUE INDEX standing_debtor ON standing (debtor) WHERE debtor IS NOT NULL;
CREATE UNIQUE INDEX standing_subscriber ON standing (subscriber) WHERE subscriber IS NOT NULL;

-- Numbers whose owner has said who it is.
CREATE TABLE confirmed_number (
    subscriber INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    inbound INTEGER
) STRICT;

-- What the key for erased numbers makes of a word, so that a wrong key is noticed.
CREATE TABLE suppression_key (mac BLOB NOT NULL) STRICT;

-- What was understood of a text: words of the rules, never of the text.
ALTER TABLE inbound ADD COLUMN understood TEXT;

-- Texts of a person and answers to them, while somebody may have to look after it.
CREATE TABLE conversation (
    key INTEGER PRIMARY KEY,
    subscriber INTEGER NOT NULL UNIQUE,
    number INTEGER NOT NULL,
    debtor TEXT,
    -- The SIM that received last: answers go by it.
    sim INTEGER NOT NULL,
    -- The last text, and when it came.
    inbound INTEGER NOT NULL,
    at INTEGER NOT NULL,
    is_open INTEGER NOT NULL,
    needs_person INTEGER NOT NULL,
    assigned TEXT
) STRICT;
-- Lists go by the last text, newest first; what waits for a person is few of many.
CREATE INDEX conversation_inbound ON conversation (inbound);
CREATE INDEX conversation_needs_person ON conversation (inbound) WHERE needs_person = 1;

-- What is known of where a debtor is, and the hours that the debtor asked for. It goes over what the number tells.
CREATE TABLE debtor_hours (
    debtor TEXT PRIMARY KEY,
    state TEXT,
    zone TEXT,
    -- Spans of a day, divided by commas.
    preferred TEXT NOT NULL,
    forbidden TEXT NOT NULL,
    at INTEGER NOT NULL,
    client TEXT NOT NULL
) STRICT, WITHOUT ROWID;
