-- What several server processes take turns at, such as the files of an office:
-- whoever has locked the row works, the others pass it over. A global table.
CREATE TABLE ledger_turn (
  name TEXT NOT NULL PRIMARY KEY
) STRICT;
