-- An agency's existing table taken in as claims. Each row of it that was taken
-- is a version of one entry; what it said lies sealed with the registry like
-- any registration's. `area` is the office the row belongs to.
CREATE TABLE claims_row (
  area         TEXT    NOT NULL,
  source       TEXT    NOT NULL,            -- the service the agency's data count as
  entry        BLOB    NOT NULL,            -- 16 bytes, keyed hash of the row's own id
  n            INTEGER NOT NULL,            -- 1, 2, 3 … version of this entry
  digest       BLOB    NOT NULL,            -- 16 bytes, keyed hash of what the row said
  registration BLOB    NOT NULL,            -- under which the registry holds it
  said_at      INTEGER NOT NULL,            -- the date of the claims
  taken_at     INTEGER NOT NULL,
  withdrawn_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (area, source, entry, n)
) STRICT;

CREATE INDEX claims_row_source ON claims_row (area, source, withdrawn_at);

-- One run of an import, for the console and an auditor.
CREATE TABLE claims_import (
  area       TEXT    NOT NULL,              -- '' for a table of several offices
  import     BLOB    NOT NULL,              -- 16 random bytes
  source     TEXT    NOT NULL,
  actor      TEXT    NOT NULL,
  begun_at   INTEGER NOT NULL,
  ended_at   INTEGER NOT NULL DEFAULT 0,    -- 0 while it runs, or when it was cut off
  taken      INTEGER NOT NULL DEFAULT 0,
  known      INTEGER NOT NULL DEFAULT 0,    -- rows that stood there already
  refused    INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (area, import)
) STRICT;

-- What a source takes back stays and counts no longer.
ALTER TABLE registry_said ADD COLUMN withdrawn_at INTEGER NOT NULL DEFAULT 0;
