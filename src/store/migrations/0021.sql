-- Conversations and texts are listed by debtor.
CREATE INDEX conversation_debtor ON conversation (debtor, inbound) WHERE debtor IS NOT NULL;
CREATE INDEX inbound_message ON inbound (message) WHERE message IS NOT NULL;
