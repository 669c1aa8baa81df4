-- With what a kit's copy of looks opens for those who chose a code of their
-- own: derived from receipt and code when it was chosen, sealed.
ALTER TABLE citizen_code ADD COLUMN looks_key BLOB;

-- How far kits were told of the log; one row. A global table.
CREATE TABLE citizen_told (
  one  INTEGER NOT NULL PRIMARY KEY,      -- always 1
  leaf INTEGER NOT NULL                   -- the first leaf that was not looked at
) STRICT;
