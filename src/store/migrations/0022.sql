-- What is asked to be erased of persons, how far that has come, and what is held of those who are blocked until a date.
CREATE TABLE erasure (
    key INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    client TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- Until when it is held; NULL where it is erased at once.
    until INTEGER,
    state TEXT NOT NULL,
    -- The next table of store/personal.rs.
    stage INTEGER NOT NULL,
    -- Whom it is about; NULL once it is done. Numbers are JSON lists, as they are stored.
    debtor TEXT,
    numbers TEXT,
    subscribers TEXT,
    -- The last message that is part of it, and the event up to which results must be counted before it goes on.
    message INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    -- What is kept while it is held.
    held TEXT,
    -- How many rows of each class, a JSON object.
    counts TEXT NOT NULL,
    ended_at INTEGER
) STRICT;
CREATE INDEX erasure_open ON erasure (key) WHERE state <> 'done';

-- What is held of a person is found without walking: senders by what all forms of their number end with.
CREATE INDEX received_sender ON received (substr(sender, -8)) WHERE sender IS NOT NULL;
CREATE INDEX received_unread ON received (key) WHERE sender IS NULL;
CREATE INDEX received_inbound ON received (inbound) WHERE inbound IS NOT NULL;
CREATE INDEX inbound_sender ON inbound (substr(sender, -8)) WHERE sender <> '';
CREATE INDEX call_caller ON call (substr(caller, -8)) WHERE caller IS NOT NULL;
CREATE INDEX call_message ON call (message) WHERE message IS NOT NULL;
CREATE INDEX campaign_row_recipient ON campaign_row (recipient) WHERE recipient IS NOT NULL;
CREATE INDEX campaign_row_debtor ON campaign_row (debtor) WHERE debtor IS NOT NULL;
CREATE INDEX campaign_row_debt ON campaign_row (debt) WHERE debt IS NOT NULL;
CREATE INDEX dunning_case_debtor ON dunning_case (debtor);
CREATE INDEX suppression_of_act ON suppression (act);

-- Decisions stay as they are; only the words of a person about them are emptied with the person.
DROP TRIGGER suppression_act_stays;
CREATE TRIGGER suppression_act_stays BEFORE UPDATE OF key, at, kind, purposes, creditor, effective, source, client, inbound
ON suppression_act BEGIN SELECT raise(ABORT, 'the suppression ledger is only added to'); END;
CREATE TRIGGER suppression_act_is_emptied BEFORE UPDATE OF why ON suppression_act WHEN new.why IS NOT NULL
BEGIN SELECT raise(ABORT, 'the suppression ledger is only added to'); END;
