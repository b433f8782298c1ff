-- What a later word must not change: the last day on which a promise is waited for, the grace of then among its days.

ALTER TABLE debt_event ADD COLUMN ends INTEGER;
