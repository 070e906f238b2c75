-- Outcomes have one set of words everywhere: 'unchanged' is 'no_change' now, and a step that the user ended is 'stopped'.
-- SQLite can't change a CHECK; the rows move into a table with the new one.
CREATE TABLE steps_with_outcomes (
    run_id           INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step             INTEGER NOT NULL,
    section          TEXT,
    title            TEXT    NOT NULL,
    effect           TEXT    NOT NULL CHECK (effect IN ('read', 'change', 'destroy')),
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
INSERT INTO steps_with_outcomes SELECT run_id, step, section, title, effect,
    CASE outcome WHEN 'unchanged' THEN 'no_change' ELSE outcome END,
    exit_status, duration_ms, reason, started_at, ended_at, started_sequence, ended_sequence FROM steps;
DROP TABLE steps;
ALTER TABLE steps_with_outcomes RENAME TO steps;

-- Milliseconds between an end of the run and its resumption, in all: they are no part of the time that it took.
ALTER TABLE runs ADD COLUMN paused_ms INTEGER NOT NULL DEFAULT 0;
