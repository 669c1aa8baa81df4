-- What citizens do themselves, with a receipt and a second factor. `area` is
-- the office of the registration that the receipt is of. Times are seconds
-- since 1970 UTC, 0 means never.

-- A code a citizen chose in the place of the slip's: its argon2id hash, sealed.
CREATE TABLE citizen_code (
  area         TEXT    NOT NULL,
  registration BLOB    NOT NULL,
  hash         BLOB    NOT NULL,
  at           INTEGER NOT NULL,
  PRIMARY KEY (area, registration)
) STRICT;

-- Wrong codes. Whoever holds a receipt must not be able to try them all.
CREATE TABLE citizen_tries (
  area         TEXT    NOT NULL,
  registration BLOB    NOT NULL,
  wrong        INTEGER NOT NULL,
  locked_until INTEGER NOT NULL,
  PRIMARY KEY (area, registration)
) STRICT;

-- Open visits, by the hash of the cookie. A global table: a visit is found by
-- its cookie alone.
CREATE TABLE citizen_visit (
  token_hash   BLOB    NOT NULL PRIMARY KEY, -- SHA-256
  area         TEXT    NOT NULL,
  registration BLOB    NOT NULL,
  factor       TEXT    NOT NULL,             -- slip or code
  form_token   BLOB    NOT NULL,
  expires_at   INTEGER NOT NULL
) STRICT;

-- Objections: to one row of the log, or to an agency's reuse as such.
CREATE TABLE citizen_objection (
  area         TEXT    NOT NULL,
  id           BLOB    NOT NULL,             -- 16 random bytes
  registration BLOB    NOT NULL,
  row_area     TEXT    NOT NULL DEFAULT '',  -- the row of the log, if it is about one
  row_id       BLOB,
  agency       TEXT    NOT NULL DEFAULT '',
  purpose      TEXT    NOT NULL DEFAULT '',
  channel      TEXT    NOT NULL,             -- receipt, slip, counter
  words        BLOB    NOT NULL,             -- what the citizen said, sealed
  raised_at    INTEGER NOT NULL,
  due_at       INTEGER NOT NULL,
  answered_at  INTEGER NOT NULL DEFAULT 0,
  answered_by  TEXT    NOT NULL DEFAULT '',
  upheld       INTEGER NOT NULL DEFAULT 0,
  answer       BLOB,                         -- sealed
  PRIMARY KEY (area, id)
) STRICT;

CREATE INDEX citizen_objection_open ON citizen_objection (area, answered_at, due_at);

CREATE INDEX citizen_objection_of ON citizen_objection (area, registration);
