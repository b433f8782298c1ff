-- What comes in: texts that are not whole, calls, and what speaks for or against an unknown part.

-- Parts of one text. A set that nobody completes stays, so that a part that comes late is told from a new text.
CREATE TABLE part_set (
    key INTEGER PRIMARY KEY,
    sim INTEGER NOT NULL REFERENCES sim (key),
    sender TEXT NOT NULL,
    concat_ref INTEGER NOT NULL,
    concat_bits INTEGER NOT NULL,
    total INTEGER NOT NULL,
    -- TP-SCTS of the part that came first.
    scts INTEGER NOT NULL,
    -- Since when a part waits for the others; null when all that is there is published.
    waiting_since INTEGER,
    -- The last inbound text that was published of it.
    inbound INTEGER
) STRICT;
CREATE INDEX part_set_match ON part_set (sim, sender, concat_ref, total, concat_bits);
CREATE INDEX part_set_waiting ON part_set (waiting_since) WHERE waiting_since IS NOT NULL;

ALTER TABLE received ADD COLUMN part_set INTEGER;
CREATE INDEX received_part_set ON received (part_set) WHERE part_set IS NOT NULL;
-- When the centre got parts of before is in their octets only: the time at which they were read is near it.
INSERT INTO part_set (sim, sender, concat_ref, concat_bits, total, scts, waiting_since)
    SELECT sim, sender, concat_ref, concat_bits, total, min(at), min(at) FROM received
    WHERE total IS NOT NULL AND inbound IS NULL AND sender IS NOT NULL
    GROUP BY sim, sender, concat_ref, concat_bits, total;
UPDATE received SET part_set = (
    SELECT part_set.key FROM part_set WHERE part_set.sim = received.sim AND part_set.sender = received.sender
    AND part_set.concat_ref = received.concat_ref AND part_set.concat_bits = received.concat_bits
    AND part_set.total = received.total)
    WHERE total IS NOT NULL AND inbound IS NULL;
DROP INDEX received_open;
ALTER TABLE received DROP COLUMN concat_ref;
ALTER TABLE received DROP COLUMN concat_bits;
ALTER TABLE received DROP COLUMN total;

-- Parts that are not there, as a JSON list; null when the text is whole.
ALTER TABLE inbound ADD COLUMN missing TEXT;
-- The text of before that showed less of the same.
ALTER TABLE inbound ADD COLUMN replaces INTEGER;

-- Numbers come in several forms, of which the last eight digits are the same.
CREATE INDEX message_suffix ON message (recipient % 100000000, key) WHERE parts_sent > 0 OR state = 5;

CREATE TABLE call (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    -- Null when the network did not show it.
    caller TEXT,
    sim INTEGER NOT NULL REFERENCES sim (key),
    modem TEXT NOT NULL,
    message INTEGER
) STRICT;

-- TP-MR of its last accepted submission.
ALTER TABLE sim ADD COLUMN last_mr INTEGER;
-- By how much TP-SCTS in reports is ahead of the time at which the submission was accepted, in ms.
ALTER TABLE sim ADD COLUMN scts_ahead INTEGER;
-- Of an unknown part: what its SIM gave last before it and first after it.
ALTER TABLE segment ADD COLUMN mr_before INTEGER;
ALTER TABLE segment ADD COLUMN mr_after INTEGER;
-- What a result or a report changes about unknown parts, however many of them nobody has decided about.
CREATE INDEX segment_expected ON segment (sim, expected_mr) WHERE state = 7 AND expected_mr IS NOT NULL;
CREATE INDEX segment_no_reference_after ON segment (sim) WHERE state = 7 AND mr_after IS NULL;

-- Reports that were read: one that was not deleted in time is read again.
CREATE TABLE report_read (
    sim INTEGER NOT NULL REFERENCES sim (key),
    digest BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (sim, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX report_read_at ON report_read (at);

ALTER TABLE parked_report ADD COLUMN scts INTEGER;
CREATE INDEX parked_report_at ON parked_report (sim, at);

-- The clock was set back, and waits are still being moved with it: where to and by how much, in ms. One row or none.
CREATE TABLE set_back (
    to_time INTEGER NOT NULL,
    by_span INTEGER NOT NULL
) STRICT;
