-- Who changed what, and who looked at whom: only added to. Persons are named by what the key for erased numbers makes of them.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    client TEXT NOT NULL,
    -- The row of the token; NULL for the Unix socket and for Recado itself.
    token INTEGER,
    -- change, view, refused or recado.
    kind TEXT NOT NULL,
    -- Method and route, without what stood in its places.
    route TEXT NOT NULL,
    -- What it was about: the kind of thing, and which one.
    object TEXT NOT NULL,
    id TEXT,
    -- Items that were seen, and requests that this row is of.
    items INTEGER NOT NULL,
    times INTEGER NOT NULL,
    -- Status of an answer that was a refusal.
    status INTEGER,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX audit_client ON audit (client, seq);
CREATE INDEX audit_id ON audit (id, seq) WHERE id IS NOT NULL;

-- The last entry that went at the end of its time, with its hash.
CREATE TABLE audit_cut (
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit is only added to'); END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
WHEN NOT EXISTS (SELECT 1 FROM audit_cut WHERE audit_cut.seq >= old.seq)
BEGIN SELECT raise(ABORT, 'the audit is only added to'); END;
CREATE TRIGGER audit_cut_goes_on BEFORE UPDATE ON audit_cut WHEN new.seq < old.seq
BEGIN SELECT raise(ABORT, 'the audit is only added to'); END;
CREATE TRIGGER audit_cut_stays BEFORE DELETE ON audit_cut
BEGIN SELECT raise(ABORT, 'the audit is only added to'); END;
