-- One command on one or several servers, with everything that `runs retry` needs.
CREATE TABLE run_groups (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    -- How the recipe is found again from anywhere: its name, or the path of its file.
    recipe     TEXT    NOT NULL,
    -- A JSON object of what was given. Secrets are never among it.
    parameters TEXT    NOT NULL,
    -- The first group of a chain of retries; NULL for that one itself.
    retry_of   INTEGER REFERENCES run_groups (id) ON DELETE SET NULL,
    operator   TEXT    NOT NULL,
    started_at TEXT    NOT NULL
) STRICT;

CREATE INDEX run_groups_by_first ON run_groups (retry_of);

-- The servers of a group in their order, each with its run, or the reason why it has none.
CREATE TABLE run_group_servers (
    group_id    INTEGER NOT NULL REFERENCES run_groups (id) ON DELETE CASCADE,
    position    INTEGER NOT NULL,
    server_id   INTEGER REFERENCES servers (id) ON DELETE SET NULL,
    server_name TEXT    NOT NULL,
    run_id      INTEGER UNIQUE REFERENCES runs (id) ON DELETE CASCADE,
    left_out    TEXT    CHECK (left_out IN ('unreachable', 'refused')),
    reason      TEXT,
    PRIMARY KEY (group_id, position),
    CHECK ((run_id IS NULL) <> (left_out IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX run_group_servers_by_server ON run_group_servers (server_id);
