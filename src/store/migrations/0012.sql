-- All cases of a creditor are looked at anew a piece at a time, since there may be a million: the epoch is part of the revision
-- of each, so that nothing is carried out that was planned before, and `looked` is the debtor up to whom they are marked.
ALTER TABLE creditor ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE creditor ADD COLUMN looked INTEGER;
CREATE INDEX dunning_case_problem ON dunning_case (creditor) WHERE problem IS NOT NULL;
