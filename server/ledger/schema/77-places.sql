-- The list of places kits search, by version, and what kits are told of it.
-- `area` is the office a list is for, '' for all offices.
CREATE TABLE place_list (
  area      TEXT    NOT NULL,
  serial    INTEGER NOT NULL,              -- grows
  digest    BLOB    NOT NULL,              -- SHA-256 of the content
  places    INTEGER NOT NULL,
  packed    BLOB    NOT NULL,              -- the whole list, compressed
  actor     TEXT    NOT NULL,
  at        INTEGER NOT NULL,
  PRIMARY KEY (area, serial)
) STRICT;

-- Rules for people without papers and the calendar of events, by version.
CREATE TABLE place_settings (
  area      TEXT    NOT NULL,
  serial    INTEGER NOT NULL,
  settings  BLOB    NOT NULL,              -- CBOR
  actor     TEXT    NOT NULL,
  at        INTEGER NOT NULL,
  PRIMARY KEY (area, serial)
) STRICT;

-- Which versions were put down for a kit.
CREATE TABLE place_told (
  area      TEXT    NOT NULL,              -- the kit's office
  device    BLOB    NOT NULL,
  list_area TEXT    NOT NULL DEFAULT '',   -- whose list
  list      INTEGER NOT NULL DEFAULT 0,    -- serial
  settings_area TEXT NOT NULL DEFAULT '',
  settings  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (area, device)
) STRICT;

-- A message for many kits lies once: its row in ingest_down names it.
CREATE TABLE ingest_shared (
  area   TEXT NOT NULL,                    -- '' for all offices
  digest BLOB NOT NULL,                    -- SHA-256 of the bytes
  bytes  BLOB NOT NULL,
  PRIMARY KEY (area, digest)
) STRICT;

-- The body then is in ingest_shared under area '', and body is empty.
ALTER TABLE ingest_down ADD COLUMN shared BLOB;
