-- The effect of a step that only looks is 'check' everywhere; it was 'read' here, in plans and in the API.
-- SQLite can't change a CHECK; the rows move into a table with the new one. The plans of runs stay as they were consented to.
CREATE TABLE steps_with_checks (
    run_id           INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step             INTEGER NOT NULL,
    section          TEXT,
    title            TEXT    NOT NULL,
    effect           TEXT    NOT NULL CHECK (effect IN ('check', 'change', 'destroy')),
    -- NULL until the end of the step was seen.
    outcome          TEXT    CHECK (outcome IN ('changed', 'no_change', 'failed', 'stopped', 'skipped', 'unknown')),
    exit_status      INTEGER,
    duration_ms      INTEGER,
    reason           TEXT,
    started_at       TEXT,
    ended_at         TEXT,
    -- Places in the order of everything that happened in the run.
    started_sequence INTEGER,
    ended_sequence   INTEGER,
    PRIMARY KEY (run_id, step)
) STRICT, WITHOUT ROWID;
INSERT INTO steps_with_checks SELECT run_id, step, section, title,
    CASE effect WHEN 'read' THEN 'check' ELSE effect END,
    outcome, exit_status, duration_ms, reason, started_at, ended_at, started_sequence, ended_sequence FROM steps;
DROP TABLE steps;
ALTER TABLE steps_with_checks RENAME TO steps;
