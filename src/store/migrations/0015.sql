-- Campaigns: one text to many people. The name is the batch of its messages. Creditors are named by their ids, as in messages.
CREATE TABLE campaign (
    key INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL,
    creditor TEXT NOT NULL,
    at INTEGER NOT NULL,
    client TEXT NOT NULL,
    -- draft, scheduled, running or cancelled; what is paused or done is told by pauses and by what waits.
    state TEXT NOT NULL,
    -- Where its days are counted, and how many parts may be handed over in one.
    zone TEXT NOT NULL,
    per_day INTEGER,
    start_at INTEGER,
    -- Rows of its list.
    rows INTEGER NOT NULL DEFAULT 0,
    -- The version of its template that was test sent, and the one that is sent; 0 for a text without template.
    tested INTEGER,
    version INTEGER,
    -- How far it was written into the queue: the row of the list, or of the debtor. Moved in the transaction that queues.
    place INTEGER NOT NULL DEFAULT 0,
    -- When the last of it was queued.
    queued_at INTEGER
) STRICT;
CREATE INDEX campaign_creditor ON campaign (creditor, key);

-- Whom a list is for, in its order.
CREATE TABLE campaign_row (
    campaign INTEGER NOT NULL REFERENCES campaign (key),
    place INTEGER NOT NULL,
    recipient INTEGER,
    debtor TEXT,
    debt TEXT,
    given TEXT,
    PRIMARY KEY (campaign, place)
) STRICT, WITHOUT ROWID;

-- Who of them got no text, by the reason.
CREATE TABLE campaign_left (
    campaign INTEGER NOT NULL REFERENCES campaign (key),
    code TEXT NOT NULL,
    texts INTEGER NOT NULL,
    PRIMARY KEY (campaign, code)
) STRICT, WITHOUT ROWID;

-- Messages of a campaign by their state.
CREATE TABLE campaign_tally (
    campaign INTEGER NOT NULL REFERENCES campaign (key),
    state INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (campaign, state)
) STRICT, WITHOUT ROWID;

-- Parts that were handed over on a day.
CREATE TABLE campaign_spend (
    campaign INTEGER NOT NULL REFERENCES campaign (key),
    day INTEGER NOT NULL,
    parts INTEGER NOT NULL,
    PRIMARY KEY (campaign, day)
) STRICT, WITHOUT ROWID;
