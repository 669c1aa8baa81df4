-- Who may reuse what: agencies, agreements with every revision, and what
-- citizens chose. Times are seconds since 1970 UTC, 0 means never.

-- An agency that may ask. A global table: an agency is known before any office
-- is.
CREATE TABLE share_agency (
  agency     TEXT    NOT NULL PRIMARY KEY,
  name       TEXT    NOT NULL,
  level      TEXT    NOT NULL,             -- federal, state, municipal
  callback   TEXT    NOT NULL DEFAULT '',  -- where answers may be sent: a URL or the beginning of one
  per_minute INTEGER NOT NULL,             -- requests
  per_day    INTEGER NOT NULL,             -- persons handed out
  unsigned   INTEGER NOT NULL DEFAULT 0,   -- 1: a named sender of old, whose requests carry no signature
  purpose    TEXT    NOT NULL DEFAULT '',  -- what such a sender asks for when it names no purpose
  made_by    TEXT    NOT NULL,
  made_at    INTEGER NOT NULL,
  ended_at   INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The keys an agency signs with, by their JWK thumbprint. A global table.
CREATE TABLE share_key (
  kid        TEXT    NOT NULL PRIMARY KEY,
  agency     TEXT    NOT NULL,
  jwk        TEXT    NOT NULL,             -- the public key
  added_at   INTEGER NOT NULL,
  revoked_at INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What an agency's programs sign in with. A global table.
CREATE TABLE share_client (
  client     TEXT    NOT NULL PRIMARY KEY,
  agency     TEXT    NOT NULL,
  secret     BLOB    NOT NULL,             -- SHA-256 of 32 random bytes
  made_at    INTEGER NOT NULL,
  revoked_at INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The tokens they were given, by their hash. A global table.
CREATE TABLE share_token (
  token      BLOB    NOT NULL PRIMARY KEY, -- SHA-256
  client     TEXT    NOT NULL,
  agency     TEXT    NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

-- Agreements, revision by revision. What was written is never changed; each
-- names the digest of the one before. A global table: agreements are public.
CREATE TABLE share_revision (
  agreement  TEXT    NOT NULL,
  revision   INTEGER NOT NULL,
  digest     BLOB    NOT NULL,             -- SHA-256 of body
  agency     TEXT    NOT NULL,
  purpose    TEXT    NOT NULL,
  body       BLOB    NOT NULL,             -- the agreement, JSON
  state      INTEGER NOT NULL,             -- 1 drafted, 2 approved, 3 turned down
  drafted_by TEXT    NOT NULL,
  drafter    TEXT    NOT NULL,             -- the role
  drafted_at INTEGER NOT NULL,
  decided_by TEXT    NOT NULL DEFAULT '',
  decider    TEXT    NOT NULL DEFAULT '',
  decided_at INTEGER NOT NULL DEFAULT 0,
  statement  BLOB,                         -- the registry's signature over body, once approved
  PRIMARY KEY (agreement, revision)
) STRICT;

CREATE INDEX share_revision_asked ON share_revision (agency, purpose, state);

-- Which revision a kit was told last. `area` is the kit's office.
CREATE TABLE share_told (
  area      TEXT    NOT NULL,
  device    BLOB    NOT NULL,
  agreement TEXT    NOT NULL,
  revision  INTEGER NOT NULL,
  PRIMARY KEY (area, device, agreement)
) STRICT;

-- The services a registration was for: whose answers it holds.
CREATE TABLE share_visit (
  area         TEXT NOT NULL,
  registration BLOB NOT NULL,
  services     TEXT NOT NULL,              -- separated by spaces
  PRIMARY KEY (area, registration)
) STRICT;

-- What a citizen chose, in the words of ISO/IEC TS 27560. Rows are only added.
-- A choice belongs to a registration, as a receipt names one; the person is
-- whoever that registration is, after every merge and split.
CREATE TABLE share_choice (
  area         TEXT    NOT NULL,
  registration BLOB    NOT NULL,
  n            INTEGER NOT NULL,           -- 1, 2, 3 … within the registration
  record       BLOB    NOT NULL,           -- 16 bytes: the record's own number
  state        TEXT    NOT NULL,           -- requested, given, refused, withdrawn, expired
  source       TEXT    NOT NULL DEFAULT '',-- the service that was told, '' any
  target       TEXT    NOT NULL DEFAULT '',-- the service that would use it, '' any
  agency       TEXT    NOT NULL DEFAULT '',
  purpose      TEXT    NOT NULL DEFAULT '',
  language     TEXT    NOT NULL DEFAULT '',-- in which it was explained
  read_aloud   INTEGER NOT NULL DEFAULT 0,
  notice       TEXT    NOT NULL DEFAULT '',-- which words, and the SHA-256 of them
  made_by      TEXT    NOT NULL DEFAULT '',-- individual, guardian, introducer, interpreter
  channel      TEXT    NOT NULL,           -- kit, receipt, counter
  actor        TEXT    NOT NULL,           -- kit and officer, or staff
  said_at      INTEGER NOT NULL,           -- the clock of who took it down
  counts_from  INTEGER NOT NULL,           -- a yes from when it was said, a no from when it came
  until        INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (area, registration, n)
) STRICT;

-- Objections that hold data back until they are answered.
CREATE TABLE share_objection (
  area         TEXT    NOT NULL,
  registration BLOB    NOT NULL,
  agency       TEXT    NOT NULL,           -- '' every agency
  purpose      TEXT    NOT NULL,           -- '' every purpose
  stands       INTEGER NOT NULL,           -- 1 raised or upheld, 0 turned down or taken back
  at           INTEGER NOT NULL,
  PRIMARY KEY (area, registration, agency, purpose)
) STRICT;
