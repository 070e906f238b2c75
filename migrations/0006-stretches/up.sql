-- The name of the run on servers: its folders in their spool begin with it. Written before anything is sent.
-- NULL for runs of an infrakt that could not resume them.
ALTER TABLE runs ADD COLUMN spool TEXT;

-- The order in which runs were at work: beginning or resuming a run gives it a number higher than all others.
ALTER TABLE runs ADD COLUMN activity INTEGER;

-- How far infrakt has followed each part of a run that a server executes by itself. Resuming needs it.
CREATE TABLE stretches (
    run_id     INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    first_step INTEGER NOT NULL,
    -- Bytes of the server's records for which everything is in the journal here.
    journal    INTEGER NOT NULL,
    out        INTEGER NOT NULL,
    err        INTEGER NOT NULL,
    -- 1 when nothing more can come from there.
    ended      INTEGER NOT NULL CHECK (ended IN (0, 1)),
    PRIMARY KEY (run_id, number)
) STRICT, WITHOUT ROWID;
