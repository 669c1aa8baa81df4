-- A list of places as it travels, whole or as what has changed, made once for
-- all kits. Its parts lie in ingest_shared.
CREATE TABLE place_parts (
  area      TEXT    NOT NULL,              -- whose list
  serial    INTEGER NOT NULL,
  since     INTEGER NOT NULL,              -- 0 for the whole
  notice    BLOB    NOT NULL,              -- CBOR, with the key of the parts
  bytes     INTEGER NOT NULL,              -- on the wire, all parts together
  PRIMARY KEY (area, serial, since)
) STRICT;

-- The parts' names in their order.
CREATE TABLE place_part (
  area      TEXT    NOT NULL,
  serial    INTEGER NOT NULL,
  since     INTEGER NOT NULL,
  n         INTEGER NOT NULL,              -- 0, 1, 2 …
  digest    BLOB    NOT NULL,              -- in ingest_shared
  PRIMARY KEY (area, serial, since, n)
) STRICT;
