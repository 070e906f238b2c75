-- Servers that nothing may ever destroy, first of all the one that infrakt itself runs on.
ALTER TABLE servers ADD COLUMN is_infrakt_host INTEGER NOT NULL DEFAULT 0 CHECK (is_infrakt_host IN (0, 1));
