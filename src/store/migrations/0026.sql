-- What a later word must not change: the last day on which a promise is waited for, the grace of then among its days; and by
-- which ladder a debt was planned, whose versions are counted by its name.

ALTER TABLE debt_event ADD COLUMN ends INTEGER;
ALTER TABLE track ADD COLUMN ladder TEXT;
