-- The inventory. AUTOINCREMENT in all tables: ids are never used again.
CREATE TABLE servers (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    name         TEXT    NOT NULL UNIQUE,
    host         TEXT    NOT NULL,
    port         INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
    user         TEXT    NOT NULL,
    ssh_key_path TEXT,
    provider     TEXT,
    host_key     TEXT,
    machine_id   TEXT,
    status       TEXT,
    created_at   TEXT    NOT NULL,
    updated_at   TEXT    NOT NULL
) STRICT;

CREATE TABLE server_tags (
    server_id INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    tag       TEXT    NOT NULL,
    PRIMARY KEY (server_id, tag)
) STRICT, WITHOUT ROWID;

CREATE INDEX server_tags_by_tag ON server_tags (tag);
