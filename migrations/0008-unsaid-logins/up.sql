-- A row need not say its port and user any more: what it leaves open, the SSH configuration may say. NULL: not said.
-- Rows that are there keep what they have, since that is how their servers were reached until now.
-- New columns instead of a new table: dropping the old table would take the tags and apps of its rows with it.
ALTER TABLE servers ADD COLUMN said_port INTEGER CHECK (said_port BETWEEN 1 AND 65535);
ALTER TABLE servers ADD COLUMN said_user TEXT;
UPDATE servers SET said_port = port, said_user = user;
ALTER TABLE servers DROP COLUMN port;
ALTER TABLE servers DROP COLUMN user;
ALTER TABLE servers RENAME COLUMN said_port TO port;
ALTER TABLE servers RENAME COLUMN said_user TO user;
