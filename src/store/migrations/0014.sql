-- Companions of messages, and texts at events.

-- The message that this one follows: it goes once that one was accepted, by the same SIM, and never without it.
ALTER TABLE message ADD COLUMN companion_of INTEGER REFERENCES message (key);
CREATE INDEX message_companion ON message (companion_of) WHERE companion_of IS NOT NULL;

-- Which template a creditor's debtors are sent when something happens to their debts: a JSON object, by happening.
ALTER TABLE creditor ADD COLUMN triggers TEXT;
-- The text that an event brought; none where it brought none, and why not.
ALTER TABLE debt_event ADD COLUMN message BLOB;
ALTER TABLE debt_event ADD COLUMN untold TEXT;
