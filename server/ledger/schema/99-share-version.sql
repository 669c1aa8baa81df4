-- Which state agencies, their keys, clients and tokens, and agreements are in:
-- 16 random bytes, others whenever any of them changes. What a process
-- remembers of them holds as long as this has not changed. A global table: one
-- row.
CREATE TABLE share_version (
  one     INTEGER NOT NULL PRIMARY KEY,     -- always 1
  version BLOB    NOT NULL
) STRICT;
