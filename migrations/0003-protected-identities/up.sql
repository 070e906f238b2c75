-- How protected machines are recognised. No foreign key: an identity stays protected after its row was removed.
CREATE TABLE protected_identities (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT    NOT NULL CHECK (kind IN ('machine_id', 'host_key')),
    -- A machine-id as machine-id(5) has it, or the SHA256:… fingerprint of a host key.
    value       TEXT    NOT NULL,
    server_id   INTEGER NOT NULL,
    server_name TEXT    NOT NULL,
    marked_at   TEXT    NOT NULL,
    UNIQUE (kind, value, server_id)
) STRICT;
