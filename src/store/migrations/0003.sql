-- SIMs that rest until a self-test succeeds, and alarms.

ALTER TABLE sim ADD COLUMN rest_reason TEXT;
ALTER TABLE sim ADD COLUMN rest_since INTEGER;
ALTER TABLE sim ADD COLUMN rest_tests INTEGER;
ALTER TABLE sim ADD COLUMN rest_next_test INTEGER;

-- The SIM that a part came back from for a cause that can mean the SIM or the recipient: another one tries it.
ALTER TABLE segment ADD COLUMN avoid_sim INTEGER;

-- What a person must look after.
CREATE TABLE alarm (
    key INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    sim INTEGER,
    detail TEXT NOT NULL,
    raised_at INTEGER NOT NULL,
    cleared_at INTEGER
) STRICT;
CREATE UNIQUE INDEX alarm_open ON alarm (kind, coalesce(sim, 0)) WHERE cleared_at IS NULL;
