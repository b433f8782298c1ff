-- What a campaign's share was counted for goes by lanes of its own, which the end of a share does not close.
CREATE TABLE lane_of_begun (
    key INTEGER PRIMARY KEY,
    class TEXT NOT NULL,
    route TEXT NOT NULL,
    batch TEXT NOT NULL,
    waiting INTEGER NOT NULL DEFAULT 0,
    begun INTEGER NOT NULL DEFAULT 0,
    UNIQUE (class, route, batch, begun)
) STRICT;
INSERT INTO lane_of_begun (key, class, route, batch, waiting) SELECT key, class, route, batch, waiting FROM lane;
DROP TABLE lane;
ALTER TABLE lane_of_begun RENAME TO lane;

-- Rows that were announced with the campaign: with fewer than these it does not start.
ALTER TABLE campaign ADD COLUMN announced INTEGER NOT NULL DEFAULT 0;
-- Parts of the text that was test sent, and rows that were written since.
ALTER TABLE campaign ADD COLUMN tested_parts INTEGER;
ALTER TABLE campaign ADD COLUMN untested INTEGER NOT NULL DEFAULT 0;
-- Why nothing of it can be written into the queue, while that is so.
ALTER TABLE campaign ADD COLUMN problem TEXT;
