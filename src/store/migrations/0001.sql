-- The first schema. Times are UTC milliseconds. Codes of states stand in store/row.rs and sms/lifecycle.rs.

CREATE TABLE sim (
    key INTEGER PRIMARY KEY,
    iccid TEXT NOT NULL UNIQUE,
    first_seen INTEGER NOT NULL,
    -- TP-MR that its next submission is expected to get.
    next_mr INTEGER,
    -- Digest of a PIN that it refused: that PIN is never tried again, three wrong ones lock the SIM.
    pin_refused BLOB
) STRICT;

-- Offered parts: what the budgets count. A part that is offered twice in one millisecond counts twice.
CREATE TABLE spend (
    sim INTEGER NOT NULL REFERENCES sim (key),
    at INTEGER NOT NULL,
    segment INTEGER NOT NULL,
    parts INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (sim, at, segment)
) STRICT, WITHOUT ROWID;

-- Messages that open and close together. Pauses close lanes; no message is rewritten for it.
CREATE TABLE lane (
    key INTEGER PRIMARY KEY,
    route TEXT NOT NULL,
    batch TEXT NOT NULL,
    UNIQUE (route, batch)
) STRICT;

CREATE TABLE pause (
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    client TEXT NOT NULL,
    PRIMARY KEY (scope, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE message (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    client TEXT NOT NULL,
    client_ref TEXT,
    recipient INTEGER NOT NULL,
    text TEXT NOT NULL,
    purpose TEXT NOT NULL,
    priority INTEGER NOT NULL,
    not_before INTEGER,
    due INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    encoding_asked TEXT NOT NULL,
    encoding TEXT NOT NULL,
    units INTEGER NOT NULL,
    resend_after INTEGER,
    max_segments INTEGER,
    sim TEXT,
    sim_group TEXT,
    report INTEGER NOT NULL,
    debtor TEXT,
    debt TEXT,
    creditor TEXT,
    batch TEXT,
    team TEXT,
    operator TEXT,
    tags TEXT,
    lane INTEGER NOT NULL,
    -- Segments of one message are consecutive rows from here.
    first_segment INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    parts_sent INTEGER NOT NULL,
    state INTEGER NOT NULL
) STRICT;
CREATE INDEX message_state ON message (state, key);
CREATE INDEX message_recipient ON message (recipient, key);
CREATE INDEX message_batch ON message (batch, key) WHERE batch IS NOT NULL;
CREATE INDEX message_creditor ON message (creditor, key) WHERE creditor IS NOT NULL;
CREATE INDEX message_debtor ON message (debtor, key) WHERE debtor IS NOT NULL;

-- Outlives its message, so that a late repeat is still recognised.
CREATE TABLE client_ref (
    client TEXT NOT NULL,
    ref TEXT NOT NULL,
    at INTEGER NOT NULL,
    fingerprint BLOB NOT NULL,
    message BLOB NOT NULL,
    PRIMARY KEY (client, ref)
) STRICT, WITHOUT ROWID;

CREATE TABLE segment (
    key INTEGER PRIMARY KEY,
    message INTEGER NOT NULL REFERENCES message (key),
    part INTEGER NOT NULL,
    state INTEGER NOT NULL,
    lane INTEGER NOT NULL,
    prio INTEGER NOT NULL,
    due INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    -- The SUBMIT with its SMSC field, as encoded at submission; validity and TP-RD are set when it is handed over.
    pdu BLOB NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    resent INTEGER NOT NULL DEFAULT 0,
    sim INTEGER,
    modem TEXT,
    tp_mr INTEGER,
    offered_at INTEGER,
    accepted_at INTEGER,
    reported_at INTEGER,
    unknown_at INTEGER,
    -- TP-MR that an unknown submission has got if it was sent.
    expected_mr INTEGER,
    tp_status INTEGER,
    cause TEXT
) STRICT;
-- The queue: one seek per open lane and priority finds what is next, however long the queue is.
CREATE INDEX segment_due ON segment (lane, prio DESC, due) WHERE state = 0;
CREATE INDEX segment_expiry ON segment (expires) WHERE state = 0;
CREATE INDEX segment_offered ON segment (sim) WHERE state = 2;
CREATE INDEX segment_accepted ON segment (sim, tp_mr, accepted_at) WHERE state = 3;
CREATE INDEX segment_unknown ON segment (sim, unknown_at) WHERE state = 7;

CREATE TABLE event (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    type TEXT NOT NULL,
    message INTEGER,
    part INTEGER,
    modem TEXT,
    sim INTEGER,
    data TEXT
) STRICT;
CREATE INDEX event_message ON event (message, seq) WHERE message IS NOT NULL;

-- Messages by state, kept in the transaction that changes a state.
CREATE TABLE tally (
    state INTEGER PRIMARY KEY,
    messages INTEGER NOT NULL
) STRICT;

-- Every DELIVER as it came; several make one inbound text.
CREATE TABLE received (
    key INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    sim INTEGER NOT NULL REFERENCES sim (key),
    modem TEXT NOT NULL,
    pdu BLOB NOT NULL,
    sender TEXT,
    concat_ref INTEGER,
    concat_bits INTEGER,
    total INTEGER,
    seq INTEGER,
    -- What it became part of; null while parts are missing, and for what is no text.
    inbound INTEGER,
    -- Why it is no text, or could not be decoded.
    remark TEXT,
    UNIQUE (sim, pdu)
) STRICT;
CREATE INDEX received_open ON received (sim, sender, concat_ref, total) WHERE inbound IS NULL AND total IS NOT NULL;

CREATE TABLE inbound (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    sender TEXT NOT NULL,
    sim INTEGER NOT NULL REFERENCES sim (key),
    modem TEXT NOT NULL,
    text TEXT NOT NULL,
    parts INTEGER NOT NULL,
    message INTEGER
) STRICT;

-- Status reports that came before the submission they belong to was answered.
CREATE TABLE parked_report (
    key INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    sim INTEGER NOT NULL REFERENCES sim (key),
    tp_mr INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    tp_status INTEGER NOT NULL
) STRICT;
CREATE INDEX parked_report_match ON parked_report (sim, tp_mr);

CREATE TABLE token (
    key INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    client TEXT NOT NULL,
    scopes TEXT NOT NULL,
    creditors TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used INTEGER,
    revoked_at INTEGER
) STRICT;
