-- Under which number an agency knows a person: another one for each agency, so
-- that two of them cannot lay their lists side by side. A global table.
CREATE TABLE agency_alias (
  agency TEXT NOT NULL,
  alias  BLOB NOT NULL,                    -- 16 bytes, keyed hash of agency and person
  home   TEXT NOT NULL,
  person BLOB NOT NULL,
  PRIMARY KEY (agency, alias)
) STRICT;
