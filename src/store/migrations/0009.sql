-- A chain over the events: what was written once cannot be changed without a trace.

-- SHA-256 of the event and of the hash before it (store/chain.rs); none for events of before the chain.
ALTER TABLE event ADD COLUMN hash BLOB;
-- Salt of the hashes of text and number in the event that queued it. It is erased with them; none for messages of before.
ALTER TABLE message ADD COLUMN salt BLOB;
