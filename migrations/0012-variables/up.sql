-- Variables that recipes read as server.vars: those of a server, and those of the servers with a tag. Each value is JSON.
CREATE TABLE server_vars (
    server_id INTEGER NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
    name      TEXT    NOT NULL,
    value     TEXT    NOT NULL,
    PRIMARY KEY (server_id, name)
) STRICT, WITHOUT ROWID;

-- A tag may have variables before a server has the tag.
CREATE TABLE tag_vars (
    tag   TEXT NOT NULL,
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (tag, name)
) STRICT, WITHOUT ROWID;
