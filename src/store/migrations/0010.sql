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

-- How files of a creditor are read; of files that name creditors in their rows under the empty id.
CREATE TABLE import_mapping (
    creditor TEXT NOT NULL PRIMARY KEY,
    mapping TEXT NOT NULL,
    at INTEGER NOT NULL,
    client TEXT NOT NULL
) STRICT, WITHOUT ROWID;
