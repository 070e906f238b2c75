-- A machine is also recognised by the id of its Docker engine, since destructive steps talk to the engine.
ALTER TABLE servers ADD COLUMN engine_id TEXT;

-- SQLite can't change a CHECK; the rows move into a table with the new one.
CREATE TABLE protected_identities_with_engines (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT    NOT NULL CHECK (kind IN ('machine_id', 'host_key', 'engine_id')),
    -- A machine-id as machine-id(5) has it, the SHA256:… fingerprint of a host key, or the id that `docker info` prints.
    value       TEXT    NOT NULL,
    server_id   INTEGER NOT NULL,
    server_name TEXT    NOT NULL,
    marked_at   TEXT    NOT NULL,
    UNIQUE (kind, value, server_id)
) STRICT;
INSERT INTO protected_identities_with_engines SELECT id, kind, value, server_id, server_name, marked_at FROM protected_identities;
DROP TABLE protected_identities;
ALTER TABLE protected_identities_with_engines RENAME TO protected_identities;
