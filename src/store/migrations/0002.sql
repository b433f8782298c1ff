-- Budgets by recipient: whom a part went to, so that a month's distinct recipients can be counted.
ALTER TABLE spend ADD COLUMN recipient INTEGER;
UPDATE spend SET recipient =
    (SELECT message.recipient FROM segment JOIN message ON message.key = segment.message WHERE segment.key = spend.segment);
CREATE INDEX spend_recipient ON spend (sim, recipient, at);
