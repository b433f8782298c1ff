-- What a start finds out of order.

-- The modem that was up last in each slot: one that is mute at a start is known by it.
CREATE TABLE modem_place (
    slot TEXT PRIMARY KEY,
    modem TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- From when on the texts that told of an alarm could be sent; null where none was.
ALTER TABLE alarm ADD COLUMN told_at INTEGER;
