-- Who looked at whom: one row an act, written once in the transaction of the
-- act and never changed, and the Merkle tree over all rows. Times are seconds
-- since 1970 UTC. The tree is one for the whole centre, so its tables are
-- global ones.

CREATE TABLE log_row (
  area         TEXT    NOT NULL,          -- home of the person; without one the office concerned, '' for none
  id           BLOB    NOT NULL,          -- 16 bytes, growing with time
  at           INTEGER NOT NULL,
  kind         TEXT    NOT NULL,          -- agency, staff, officer, citizen, program
  actor        TEXT    NOT NULL,
  action       TEXT    NOT NULL,          -- disclosure, denial, look, log_reading …
  person       BLOB,                      -- 16 bytes
  everyone     INTEGER NOT NULL DEFAULT 0, -- 1: concerned every person of the area
  hidden_until INTEGER NOT NULL DEFAULT 0, -- the person sees it from then on
  salt         BLOB    NOT NULL,          -- 16 random bytes
  body         BLOB    NOT NULL,          -- the whole row as the leaf commits to it, CBOR
  PRIMARY KEY (area, id)
) STRICT;

CREATE INDEX log_row_person ON log_row (area, person, id) WHERE person IS NOT NULL;

CREATE INDEX log_row_everyone ON log_row (area, id) WHERE everyone = 1;

-- Commitments that wait for their place in the tree: the rows of one act.
CREATE TABLE log_waits (
  area  TEXT NOT NULL,
  first BLOB NOT NULL,                    -- id of the act's first row
  rows  BLOB NOT NULL,                    -- for each row its id and its commitment, 16 + 32 bytes
  PRIMARY KEY (area, first)
) STRICT, WITHOUT ROWID;

-- Which place in the tree a row has.
CREATE TABLE log_leaf (
  area TEXT    NOT NULL,
  id   BLOB    NOT NULL,
  leaf INTEGER NOT NULL,
  PRIMARY KEY (area, id)
) STRICT, WITHOUT ROWID;

-- The tree's size and whose turn it is to make it grow; one row. A global table.
CREATE TABLE log_tree (
  one  INTEGER NOT NULL PRIMARY KEY,      -- always 1
  turn INTEGER NOT NULL,                  -- counts the times it grew
  size INTEGER NOT NULL,
  at   INTEGER NOT NULL                   -- the newest leaf's time
) STRICT;

-- Leaves by 256, as they are served, with the rows they stand for. A global table.
CREATE TABLE log_bundle (
  n       INTEGER NOT NULL PRIMARY KEY,
  entries BLOB    NOT NULL,               -- for each leaf two bytes of length and its bytes
  rows    BLOB    NOT NULL                -- for each leaf the id and the area of its row
) STRICT;

-- Hashes of the tree by 256, as they are served; the last of a level may be
-- part-full. A global table.
CREATE TABLE log_tile (
  level  INTEGER NOT NULL,
  n      INTEGER NOT NULL,
  hashes BLOB    NOT NULL,
  PRIMARY KEY (level, n)
) STRICT;

-- Signed heads of the tree. A global table.
CREATE TABLE log_checkpoint (
  size INTEGER NOT NULL PRIMARY KEY,
  note BLOB    NOT NULL,
  at   INTEGER NOT NULL
) STRICT;
