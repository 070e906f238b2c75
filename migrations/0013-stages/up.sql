-- The stages of a group, in their order: each is a recipe on some servers, and begins when the one before has succeeded on
-- all of its servers. A group of one recipe has none.
CREATE TABLE run_group_stages (
    group_id   INTEGER NOT NULL REFERENCES run_groups (id) ON DELETE CASCADE,
    position   INTEGER NOT NULL,
    name       TEXT    NOT NULL,
    -- As in run_groups.
    recipe     TEXT    NOT NULL,
    parameters TEXT    NOT NULL,
    -- NULL: as many servers at once as the command says.
    parallel   INTEGER CHECK (parallel > 0),
    fail_fast  INTEGER NOT NULL CHECK (fail_fast IN (0, 1)),
    PRIMARY KEY (group_id, position)
) STRICT, WITHOUT ROWID;

-- The position of the stage that a server is in; NULL in a group without stages.
ALTER TABLE run_group_servers ADD COLUMN stage INTEGER;
