-- Port and user of a row become optional: if they are NULL, the SSH configuration applies.
-- Existing rows keep their values, since their servers were reached with them until now.
-- New columns instead of a new table: dropping the old table would delete the tags and apps of its rows too.
ALTER TABLE servers ADD COLUMN said_port INTEGER CHECK (said_port BETWEEN 1 AND 65535);
ALTER TABLE servers ADD COLUMN said_user TEXT;
UPDATE servers SET said_port = port, said_user = user;
ALTER TABLE servers DROP COLUMN port;
ALTER TABLE servers DROP COLUMN user;
ALTER TABLE servers RENAME COLUMN said_port TO port;
ALTER TABLE servers RENAME COLUMN said_user TO user;
