-- Who vouched for whom: a row for each new person an introducer vouched for.
-- The introducer's name is blinded with the registry's key.
CREATE TABLE identity_introduced (
  area         TEXT    NOT NULL,           -- the office
  introducer   BLOB    NOT NULL,           -- 16 bytes, keyed hash of the name
  registration BLOB    NOT NULL,
  subject      TEXT    NOT NULL,
  at           INTEGER NOT NULL,           -- the kit's clock
  PRIMARY KEY (area, introducer, registration, subject)
) STRICT;

CREATE INDEX identity_introduced_at ON identity_introduced (area, introducer, at);

-- Persons registered on weak evidence, and by when it should be strengthened.
CREATE TABLE identity_weak (
  area         TEXT    NOT NULL,           -- the office of the registration
  registration BLOB    NOT NULL,
  subject      TEXT    NOT NULL,
  evidence     INTEGER NOT NULL,           -- a civic.Evidence
  due_at       INTEGER NOT NULL,
  strengthened_at INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (area, registration, subject)
) STRICT;

CREATE INDEX identity_weak_due ON identity_weak (area, strengthened_at, due_at);
