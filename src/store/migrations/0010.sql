-- What is owed: creditors, debtors, debts, and what happened to them. Days are days since 1970-01-01; amounts are hundredths.

CREATE TABLE creditor (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    sender TEXT NOT NULL,
    zone TEXT NOT NULL,
    language TEXT NOT NULL,
    currency TEXT NOT NULL,
    ladder TEXT,
    at INTEGER NOT NULL,
    client TEXT NOT NULL
) STRICT;

-- How files of a creditor are read; of files that name creditors in their rows under the empty id.
CREATE TABLE import_mapping (
    creditor TEXT NOT NULL PRIMARY KEY,
    mapping TEXT NOT NULL,
    at INTEGER NOT NULL,
    client TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE debtor (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT,
    document TEXT,
    language TEXT,
    kind TEXT,
    since INTEGER,
    tags TEXT,
    at INTEGER NOT NULL,
    client TEXT NOT NULL
) STRICT;

-- Numbers of a debtor, the one to try first in front.
CREATE TABLE debtor_number (
    debtor INTEGER NOT NULL REFERENCES debtor (key),
    place INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (debtor, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX debtor_number_number ON debtor_number (number);

CREATE TABLE debt (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    creditor INTEGER NOT NULL REFERENCES creditor (key),
    debtor INTEGER NOT NULL REFERENCES debtor (key),
    currency TEXT NOT NULL,
    original INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    due INTEGER NOT NULL,
    instalment INTEGER,
    instalments INTEGER,
    contract TEXT,
    product TEXT,
    terms TEXT,
    boleto TEXT,
    pix TEXT,
    link TEXT,
    access_code TEXT,
    ladder TEXT,
    tags TEXT,
    status TEXT NOT NULL,
    -- The day of a promise, and the time at which it counts as broken.
    until INTEGER,
    held_until INTEGER,
    entered_at INTEGER NOT NULL,
    at INTEGER NOT NULL,
    client TEXT NOT NULL
) STRICT;
CREATE INDEX debt_debtor ON debt (debtor);
CREATE INDEX debt_creditor ON debt (creditor);

-- What was said or done about a debt: payments, promises, agreements.
CREATE TABLE debt_event (
    key INTEGER PRIMARY KEY,
    debt INTEGER NOT NULL REFERENCES debt (key),
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    amount INTEGER,
    day INTEGER,
    client TEXT NOT NULL,
    -- The caller's name for it: the same one is taken in once.
    ref TEXT,
    -- The inbound text that it rests on.
    inbound INTEGER
) STRICT;
CREATE INDEX debt_event_debt ON debt_event (debt, key);
CREATE UNIQUE INDEX debt_event_ref ON debt_event (client, ref) WHERE ref IS NOT NULL;

-- Debts that a text is about, where it is about more than the one that its message names.
CREATE TABLE message_debt (
    message INTEGER NOT NULL REFERENCES message (key),
    debt INTEGER NOT NULL REFERENCES debt (key),
    PRIMARY KEY (message, debt)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_debt_debt ON message_debt (debt, message);
CREATE INDEX message_of_debt ON message (debt, key) WHERE debt IS NOT NULL;

-- Ladders in all their versions; the newest one goes.
CREATE TABLE ladder (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    at INTEGER NOT NULL,
    client TEXT NOT NULL,
    PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;

-- A debtor's debts to one creditor: the day on which something may be up. Every change makes it a new revision, so that what
-- was planned from an older one is not carried out.
CREATE TABLE dunning_case (
    creditor INTEGER NOT NULL REFERENCES creditor (key),
    debtor INTEGER NOT NULL REFERENCES debtor (key),
    next INTEGER,
    revision INTEGER NOT NULL,
    -- Why the text of the last planned day could not be written.
    problem TEXT,
    PRIMARY KEY (creditor, debtor)
) STRICT, WITHOUT ROWID;
CREATE INDEX dunning_case_next ON dunning_case (creditor, next, debtor) WHERE next IS NOT NULL;

-- How far a debt has come on its ladder.
CREATE TABLE track (
    debt INTEGER PRIMARY KEY REFERENCES debt (key),
    -- The day from which it goes by its ladder.
    since INTEGER NOT NULL,
    -- The last plan that was carried out: its day, and the version of the ladder.
    planned INTEGER,
    version INTEGER,
    -- The last day of the last promise, with its grace, while the promise is not kept.
    promise INTEGER
) STRICT;
CREATE TABLE step (
    debt INTEGER NOT NULL REFERENCES debt (key),
    step TEXT NOT NULL,
    -- The day from which it was counted.
    cycle INTEGER NOT NULL,
    day INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    -- The text that it went by, whose state tells what became of it.
    message INTEGER,
    PRIMARY KEY (debt, step, cycle)
) STRICT, WITHOUT ROWID;

-- Templates. A version is never changed but for its approval; the newest that is approved is the one that is used.
CREATE TABLE template (
    key INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    definition TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    client TEXT NOT NULL,
    approved_at INTEGER,
    approved_by TEXT,
    UNIQUE (name, version)
) STRICT;
