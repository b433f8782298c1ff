-- Alarms about modems and about the gateway itself, and the texts that tell of them.

ALTER TABLE alarm ADD COLUMN modem TEXT;
DROP INDEX alarm_open;
CREATE UNIQUE INDEX alarm_open ON alarm (kind, coalesce(sim, 0), coalesce(modem, '')) WHERE cleared_at IS NULL;

-- Texts that tell of an open alarm: what of them still waits when it is over is not sent.
CREATE TABLE alarm_text (
    alarm INTEGER NOT NULL REFERENCES alarm (key),
    message BLOB NOT NULL,
    PRIMARY KEY (alarm, message)
) STRICT, WITHOUT ROWID;
