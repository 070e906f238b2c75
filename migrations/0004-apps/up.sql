CREATE TABLE apps (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL UNIQUE,
    server_id  INTEGER NOT NULL REFERENCES servers (id) ON DELETE RESTRICT,
    image      TEXT    NOT NULL,
    created_at TEXT    NOT NULL
) STRICT;

CREATE INDEX apps_by_server ON apps (server_id);

CREATE TABLE deployments (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    app_id     INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    image      TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    created_at TEXT    NOT NULL
) STRICT;

CREATE INDEX deployments_by_app ON deployments (app_id);

CREATE TABLE app_dependencies (
    app_id            INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    depends_on_app_id INTEGER NOT NULL REFERENCES apps (id) ON DELETE CASCADE,
    PRIMARY KEY (app_id, depends_on_app_id),
    CHECK (app_id <> depends_on_app_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX app_dependencies_by_target ON app_dependencies (depends_on_app_id);

-- Env files to delete because their app was removed. Written in the transaction that removes the app, and processed after
-- it and whenever the database is opened. No foreign key: the app no longer exists.
CREATE TABLE pending_env_removals (
    app_id       INTEGER PRIMARY KEY,
    requested_at TEXT NOT NULL
) STRICT;
