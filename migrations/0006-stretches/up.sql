-- The name by which servers know the run: its folders in their spool begin with it. Written down before anything is sent.
-- NULL for runs of an infrakt that could not resume them.
ALTER TABLE runs ADD COLUMN spool TEXT;

-- The order in which runs were at work: a number that is higher than all others whenever one is begun or resumed.
ALTER TABLE runs ADD COLUMN activity INTEGER;

-- How far each part of a run that a server executes by itself was followed: what resuming it rests on.
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
