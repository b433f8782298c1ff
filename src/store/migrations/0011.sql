-- What results are told apart by: whose messages, and how they came about. What does not apply is empty.

CREATE TABLE origin (
    key INTEGER PRIMARY KEY,
    mode TEXT NOT NULL,
    creditor TEXT NOT NULL,
    batch TEXT NOT NULL,
    ladder TEXT NOT NULL,
    step TEXT NOT NULL,
    segment TEXT NOT NULL,
    template TEXT NOT NULL,
    version INTEGER NOT NULL,
    arm TEXT NOT NULL,
    team TEXT NOT NULL,
    operator TEXT NOT NULL,
    UNIQUE (batch, step, operator, creditor, arm, template, version, segment, ladder, team, mode)
) STRICT;
ALTER TABLE message ADD COLUMN origin INTEGER REFERENCES origin (key);
INSERT INTO origin (mode, creditor, batch, ladder, step, segment, template, version, arm, team, operator)
SELECT DISTINCT iif(batch IS NULL, 'single', 'batch'), coalesce(creditor, ''), coalesce(batch, ''), '', '', '', '', 0, '',
    coalesce(team, ''), coalesce(operator, '') FROM message;
UPDATE message SET origin = (SELECT key FROM origin WHERE origin.batch = coalesce(message.batch, '')
    AND origin.operator = coalesce(message.operator, '') AND origin.creditor = coalesce(message.creditor, '')
    AND origin.team = coalesce(message.team, ''));
