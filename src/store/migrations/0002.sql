-- Budgets by recipient: whom a part went to, so that a month's distinct recipients can be counted.
ALTER TABLE spend ADD COLUMN recipient INTEGER;
UPDATE spend SET recipient =
    (SELECT message.recipient FROM segment JOIN message ON message.key = segment.message WHERE segment.key = spend.segment);
CREATE INDEX spend_recipient ON spend (sim, recipient, at);

-- Parts that wait in a lane, kept in the transaction that changes them: when a queue ends is told without walking it.
ALTER TABLE lane ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
UPDATE lane SET waiting = (SELECT count(*) FROM segment WHERE segment.lane = lane.key AND state = 0);

-- The sender's number as numbers are stored, where it is one: an answer goes by the SIM that was written to.
ALTER TABLE inbound ADD COLUMN number INTEGER;
UPDATE inbound SET number = CAST(substr(sender, 2) AS INTEGER) WHERE sender GLOB '+[1-9][0-9][0-9][0-9]*';
CREATE INDEX inbound_number ON inbound (number, seq) WHERE number IS NOT NULL;
