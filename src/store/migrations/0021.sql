-- Conversations and texts are listed by debtor.
CREATE INDEX conversation_debtor ON conversation (debtor, inbound) WHERE debtor IS NOT NULL;
CREATE INDEX inbound_message ON inbound (message) WHERE message IS NOT NULL;

-- A draft may be written anew: which writing of it this is, so that two people do not write over each other.
ALTER TABLE campaign ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
