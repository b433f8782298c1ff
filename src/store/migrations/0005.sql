-- What is left on prepaid SIMs. Amounts are hundredths.

-- The beginning of the subscriber's identity: which operator the SIM is of.
ALTER TABLE sim ADD COLUMN home TEXT;
-- When its balance was last asked, by whatever way and with whatever end.
ALTER TABLE sim ADD COLUMN balance_asked INTEGER;
-- The last answer: when, as it came, and the amount if one was found in it.
ALTER TABLE sim ADD COLUMN balance_at INTEGER;
ALTER TABLE sim ADD COLUMN balance_text TEXT;
ALTER TABLE sim ADD COLUMN balance INTEGER;
