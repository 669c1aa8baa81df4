-- District packs: the people of an office, sealed for its kits. Everything that
-- tells of a person is sealed under the registry's key or the pack's. Times are
-- seconds since 1970 UTC, 0 means never.

-- What a registration's receipt opens with, and what the citizen chose about
-- reuse, kept when it is settled.
CREATE TABLE pack_visit (
  area         TEXT NOT NULL,             -- the office of the registration
  registration BLOB NOT NULL,
  said         BLOB NOT NULL,             -- secret, service, consent, sealed
  PRIMARY KEY (area, registration)
) STRICT;

-- Which offices have a pack, and how it is to be made.
CREATE TABLE pack_district (
  area       TEXT    NOT NULL PRIMARY KEY,
  neighbours TEXT    NOT NULL DEFAULT '', -- offices whose people belong too, one a line
  max_bytes  INTEGER NOT NULL,
  every      INTEGER NOT NULL,            -- seconds between looks for changes
  keep_days  INTEGER NOT NULL,            -- then another pack replaces it
  next_at    INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A pack. One of an office is open; another is made before it is closed.
CREATE TABLE pack (
  area     TEXT    NOT NULL,
  pack     BLOB    NOT NULL,              -- 16 random bytes
  number   INTEGER NOT NULL,              -- grows within the office
  state    INTEGER NOT NULL,              -- 1 being made, 2 open, 3 closed
  keys     BLOB,                          -- pack key, master, words told; sealed; NULL when closed
  last     INTEGER NOT NULL DEFAULT 0,    -- its last piece
  people   INTEGER NOT NULL DEFAULT 0,
  left_out INTEGER NOT NULL DEFAULT 0,    -- for want of room
  person   INTEGER NOT NULL DEFAULT 0,    -- the last number given to a person
  bytes    INTEGER NOT NULL DEFAULT 0,
  version  INTEGER NOT NULL DEFAULT 0,    -- of what kits are told of it
  made_at  INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  stale    INTEGER NOT NULL DEFAULT 0,    -- 1: kits hold pieces this ledger does not
  PRIMARY KEY (area, pack)
) STRICT;

-- Its pieces, sealed under its key.
CREATE TABLE pack_piece (
  area TEXT    NOT NULL,
  pack BLOB    NOT NULL,
  seq  INTEGER NOT NULL,
  body BLOB    NOT NULL,
  PRIMARY KEY (area, pack, seq)
) STRICT;

-- Who is in it, and what of them was told.
CREATE TABLE pack_person (
  area   TEXT    NOT NULL,
  pack   BLOB    NOT NULL,
  number INTEGER NOT NULL,
  home   TEXT    NOT NULL,                -- area of the person
  person BLOB    NOT NULL,
  mark   BLOB    NOT NULL,                -- what the registry's rows looked like
  told   BLOB    NOT NULL,                -- what kits were told, sealed
  PRIMARY KEY (area, pack, number)
) STRICT;

CREATE INDEX pack_person_who ON pack_person (area, pack, person);

-- What one kit is told of a pack, sealed to it.
CREATE TABLE pack_head (
  area    TEXT    NOT NULL,
  device  BLOB    NOT NULL,
  pack    BLOB    NOT NULL,
  version INTEGER NOT NULL,
  body    BLOB    NOT NULL,
  PRIMARY KEY (area, device)
) STRICT;

-- Officers who asked to be supervisors of their kit.
CREATE TABLE pack_supervisor (
  area        TEXT    NOT NULL,
  device      BLOB    NOT NULL,
  officer     BLOB    NOT NULL,
  recipient   TEXT    NOT NULL,           -- age, hybrid
  asked_at    INTEGER NOT NULL,
  approved_at INTEGER NOT NULL DEFAULT 0,
  approved_by TEXT    NOT NULL DEFAULT '',
  ended_at    INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (area, device, officer)
) STRICT;

-- Who was opened on a kit. Kept as it came until it stands in the log.
CREATE TABLE pack_opening (
  area   TEXT    NOT NULL,
  device BLOB    NOT NULL,
  n      INTEGER NOT NULL,                -- the kit's number
  state  INTEGER NOT NULL,                -- 1 came, 2 stands in the log, 3 cannot be read
  body   BLOB    NOT NULL,                -- sealed by the kit
  at     INTEGER NOT NULL,                -- when it came
  PRIMARY KEY (area, device, n)
) STRICT;

CREATE INDEX pack_opening_new ON pack_opening (at) WHERE state = 1;

-- How often a kit asked for somebody, by the hour.
CREATE TABLE pack_lookup (
  area   TEXT    NOT NULL,
  device BLOB    NOT NULL,
  hour   INTEGER NOT NULL,                -- hours since 1970
  times  INTEGER NOT NULL,
  PRIMARY KEY (area, device, hour)
) STRICT;

-- Who was taken out of all packs: nobody carries what is held of them.
CREATE TABLE pack_withdrawn (
  area   TEXT    NOT NULL,                -- home of the person
  person BLOB    NOT NULL,
  at     INTEGER NOT NULL,
  PRIMARY KEY (area, person)
) STRICT;

-- People are found by the office that they spoke to.
CREATE INDEX registry_said_office ON registry_said (office, area, person);
