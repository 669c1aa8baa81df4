-- What others saw of the log of looks, and where a restore left a hole in it.
-- Times are seconds since 1970 UTC.

-- The newest head of the log each kit holds.
CREATE TABLE log_seen (
  area   TEXT    NOT NULL,
  device BLOB    NOT NULL,
  size   INTEGER NOT NULL,
  root   BLOB    NOT NULL,
  at     INTEGER NOT NULL,
  PRIMARY KEY (area, device)
) STRICT;

-- Heads seen outside that this tree does not lead to: rows were lost by a
-- restore, or there are two histories.
CREATE TABLE log_conflict (
  area      TEXT    NOT NULL,
  device    BLOB    NOT NULL,             -- the kit that reported it
  size      INTEGER NOT NULL,
  root      BLOB    NOT NULL,
  signature BLOB    NOT NULL,             -- the log's own, over that head; empty until the kit sends it
  restored  INTEGER NOT NULL DEFAULT 0,   -- the restore that explains it, 0 for none
  at        INTEGER NOT NULL,
  PRIMARY KEY (area, device, size, root)
) STRICT;

-- Restores: after which leaf the tree goes on with other leaves. A global table.
CREATE TABLE log_gap (
  restored  INTEGER NOT NULL PRIMARY KEY, -- when
  backup    INTEGER NOT NULL,             -- when the copy was made
  size      INTEGER NOT NULL,             -- leaves the copy held
  outside   BLOB    NOT NULL,             -- the last head known outside then, a signed note; empty for none
  statement BLOB    NOT NULL              -- the centre's signed note of all this
) STRICT;
