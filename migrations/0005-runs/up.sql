-- The journal. A run outlives its server's row, so it has the name too.
CREATE TABLE runs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    server_id   INTEGER REFERENCES servers (id) ON DELETE SET NULL,
    server_name TEXT    NOT NULL,
    machine_id  TEXT,
    recipe      TEXT    NOT NULL,
    digest      TEXT    NOT NULL,
    plan        TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('running', 'done', 'failed', 'interrupted')),
    reason      TEXT,
    operator    TEXT    NOT NULL,
    computer    TEXT    NOT NULL,
    pid         INTEGER NOT NULL,
    -- The file that the run's process holds locked for as long as it lives.
    lock_file   TEXT    NOT NULL,
    started_at  TEXT    NOT NULL,
    -- NULL while the run goes on, and when its end was not seen.
    ended_at    TEXT
) STRICT;

CREATE INDEX runs_by_server_name ON runs (server_name);
CREATE INDEX runs_running ON runs (state) WHERE state = 'running';

CREATE TABLE steps (
    run_id           INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step             INTEGER NOT NULL,
    section          TEXT,
    title            TEXT    NOT NULL,
    effect           TEXT    NOT NULL CHECK (effect IN ('read', 'change', 'destroy')),
    -- NULL until the end of the step was seen.
    outcome          TEXT    CHECK (outcome IN ('changed', 'unchanged', 'failed', 'skipped', 'unknown')),
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

CREATE TABLE output (
    run_id   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    step     INTEGER NOT NULL,
    stream   TEXT    NOT NULL CHECK (stream IN ('stdout', 'stderr')),
    bytes    BLOB    NOT NULL,
    PRIMARY KEY (run_id, sequence)
) STRICT;

CREATE TABLE notices (
    run_id   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    message  TEXT    NOT NULL,
    at       TEXT    NOT NULL,
    PRIMARY KEY (run_id, sequence)
) STRICT, WITHOUT ROWID;

-- Who consented to what. The UNIQUE ensures that one consent starts one run.
CREATE TABLE consents (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    server_name TEXT    NOT NULL,
    digest      TEXT    NOT NULL,
    who         TEXT    NOT NULL,
    how         TEXT    NOT NULL CHECK (how IN ('typed', '--confirm', 'api')),
    given_at    TEXT    NOT NULL,
    expires_at  TEXT    NOT NULL,
    run_id      INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    used_at     TEXT    NOT NULL,
    UNIQUE (server_name, digest, given_at)
) STRICT;

CREATE INDEX consents_by_run ON consents (run_id);
