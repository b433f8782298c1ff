-- How long what is kept, where the log begins since its oldest events went, and what a copy of a database remembers.

-- The last event that went, with its hash: the chain goes on from there. One row, or none while nothing went.
CREATE TABLE event_cut (
    seq INTEGER NOT NULL,
    hash BLOB,
    at INTEGER NOT NULL
) STRICT;

-- The last time that all of a class was gone through, and how many rows went since ever.
CREATE TABLE retention (
    class TEXT NOT NULL PRIMARY KEY,
    ended_at INTEGER NOT NULL,
    gone INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- This file is a copy that was made then: what its original did afterwards is not known. The first start on it takes the row away.
CREATE TABLE IF NOT EXISTS copied (
    at INTEGER NOT NULL,
    -- Whether what waited is given up at that start.
    gives_up INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A message goes with its parts, and a text only when nothing rests on it.
CREATE INDEX segment_message ON segment (message);
CREATE INDEX suppression_act_inbound ON suppression_act (inbound) WHERE inbound IS NOT NULL;
CREATE INDEX suppression_lift_inbound ON suppression_lift (inbound) WHERE inbound IS NOT NULL;
CREATE INDEX standing_inbound ON standing (inbound) WHERE inbound IS NOT NULL;
CREATE INDEX confirmed_number_inbound ON confirmed_number (inbound) WHERE inbound IS NOT NULL;
CREATE INDEX debt_event_inbound ON debt_event (inbound) WHERE inbound IS NOT NULL;

-- Whether somebody is being erased already.
CREATE INDEX erasure_debtor ON erasure (debtor) WHERE debtor IS NOT NULL;
