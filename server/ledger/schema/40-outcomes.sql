-- What became of registrations, what people still have to decide, and the rows
-- an auditor reads. `area` is the office of the registration.

CREATE TABLE outcome (
  area         TEXT    NOT NULL,
  registration BLOB    NOT NULL,          -- 16 bytes
  digest       BLOB    NOT NULL,          -- what exactly was settled
  device       BLOB    NOT NULL,
  counter      INTEGER NOT NULL,
  officer      BLOB    NOT NULL,
  form         TEXT    NOT NULL,          -- id@version
  status       INTEGER NOT NULL,          -- a civic.Status
  reason       TEXT    NOT NULL,          -- the code of its first reason, '' for none
  body         BLOB    NOT NULL,          -- the outcome as it is told to the kit, CBOR
  sealed_at    INTEGER NOT NULL,          -- the kit's clock
  at           INTEGER NOT NULL,          -- when it was decided
  PRIMARY KEY (area, registration)
) STRICT;

CREATE INDEX outcome_by_status ON outcome (area, status, at);

-- What waits for a human: a subject that may be somebody known already. The
-- candidates and the evidence lie sealed with the event that linked it.
CREATE TABLE review (
  area         TEXT    NOT NULL,
  registration BLOB    NOT NULL,
  subject      TEXT    NOT NULL,
  risk         INTEGER NOT NULL,          -- 0 to 1000: how likely a wrong merge would be
  opened_at    INTEGER NOT NULL,
  decided_at   INTEGER NOT NULL DEFAULT 0,
  decision     TEXT    NOT NULL DEFAULT '', -- same, other, twin, unsure
  reviewer     TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (area, registration, subject)
) STRICT;

CREATE INDEX review_open ON review (area, decided_at, opened_at);

-- Who did or read what. Written in the transaction of the deed itself.
CREATE TABLE audit (
  area    TEXT    NOT NULL,
  seq     INTEGER NOT NULL,               -- 1, 2, 3 … within the area
  at      INTEGER NOT NULL,
  actor   TEXT    NOT NULL,               -- 'match', 'ingest', or the name of a member of staff
  action  TEXT    NOT NULL,               -- a word such as settle, read_person, revoke_device
  object  BLOB,                           -- the id of what it was done to
  detail  TEXT    NOT NULL DEFAULT '',    -- codes and counts, never an answer
  PRIMARY KEY (area, seq)
) STRICT;
