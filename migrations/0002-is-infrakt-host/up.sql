-- Servers on which nothing may be destroyed, above all the one that infrakt itself runs on.
ALTER TABLE servers ADD COLUMN is_infrakt_host INTEGER NOT NULL DEFAULT 0 CHECK (is_infrakt_host IN (0, 1));
