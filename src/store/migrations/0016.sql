-- Entries of a number, whether they bind still or were lifted.
CREATE INDEX suppression_of ON suppression (subscriber) WHERE subscriber IS NOT NULL;
