-- A clock that was wrong at the start, while that lasts: one row. It was a pause of everything before, which a person's pause
-- could hide.
CREATE TABLE clock_doubt (
    -- The last time that is believed, and whether the clock shows more than that can have become.
    known INTEGER NOT NULL,
    is_ahead INTEGER NOT NULL,
    reason TEXT NOT NULL,
    -- The last rows of before: what follows them was written by this clock.
    event INTEGER NOT NULL,
    message INTEGER NOT NULL,
    inbound INTEGER NOT NULL,
    received INTEGER NOT NULL,
    call INTEGER NOT NULL
) STRICT;
INSERT INTO clock_doubt (known, is_ahead, reason, event, message, inbound, received, call)
SELECT at, 0, reason, (SELECT coalesce(max(seq), 0) FROM event), (SELECT coalesce(max(key), 0) FROM message),
    (SELECT coalesce(max(seq), 0) FROM inbound), (SELECT coalesce(max(key), 0) FROM received),
    (SELECT coalesce(max(seq), 0) FROM call)
FROM pause WHERE scope = 'all' AND client = '(clock)';
DELETE FROM pause WHERE scope = 'all' AND client = '(clock)';

-- How long the clock has gone evenly: one row, written by whoever deletes by it.
CREATE TABLE clock_trust (
    since INTEGER NOT NULL,
    seen INTEGER NOT NULL
) STRICT;
