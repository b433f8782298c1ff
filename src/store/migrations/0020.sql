-- Debtors are looked for by their document and by the beginning of their name.
CREATE INDEX debtor_document ON debtor (document) WHERE document IS NOT NULL;
CREATE INDEX debtor_name ON debtor (name COLLATE NOCASE) WHERE name IS NOT NULL;
