-- Who may speak to the centre: kits, the codes that enrol them, and staff.
-- `area` is the office; it is the first column of every key. Times are seconds
-- since 1970 UTC, 0 means never. Secrets stand here only hashed or sealed.

-- Things of the whole centre, one row a name: the bundle's serial, the address
-- serve last listened on, the backup's watermark. A global table.
CREATE TABLE access_setting (
  name  TEXT   NOT NULL PRIMARY KEY,
  value TEXT   NOT NULL
) STRICT;

-- A code that enrols one kit, once. Looked up by its hash, so a global table:
-- the code is all that a new kit knows.
CREATE TABLE access_invite (
  code_hash  BLOB    NOT NULL PRIMARY KEY, -- SHA-256 of the one-time secret
  area       TEXT    NOT NULL,             -- the office the kit will belong to
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at    INTEGER NOT NULL DEFAULT 0,
  request    BLOB,                         -- SHA-256 of the two keys that used it
  answer     BLOB                          -- the words it was answered with
) STRICT;

-- A kit. Its id is derived from its signing key, so no two offices share one.
CREATE TABLE access_device (
  area        TEXT    NOT NULL,
  device      BLOB    NOT NULL,            -- 16 bytes
  name        TEXT    NOT NULL,            -- what people call it
  sign_key    BLOB    NOT NULL,            -- Ed25519, signs batches and receipts
  transport   BLOB    NOT NULL,            -- Ed25519, of its client certificate
  kit_secret  BLOB    NOT NULL,            -- sealed by age to the registry
  enrolled_at INTEGER NOT NULL,
  revoked_at  INTEGER NOT NULL DEFAULT 0,
  revoked_up_to INTEGER NOT NULL DEFAULT 0, -- last counter whose receipts count
  wipe        INTEGER NOT NULL DEFAULT 0,  -- 1: told to hand over and destroy
  seen_at     INTEGER NOT NULL DEFAULT 0,  -- last contact
  clock_drift INTEGER NOT NULL DEFAULT 0,  -- seconds the kit's clock is ahead
  journal_length INTEGER NOT NULL DEFAULT 0,
  journal_hash BLOB,                       -- head of the kit's journal, anchored here
  down_seq    INTEGER NOT NULL DEFAULT 0,  -- last message to the kit
  cursor      INTEGER NOT NULL DEFAULT 0,  -- last message the kit has taken in
  PRIMARY KEY (area, device)
) STRICT;

-- Which office a kit belongs to: found by the key it shows on the wire, or by
-- its id. Global tables.
CREATE TABLE access_transport (
  transport BLOB NOT NULL PRIMARY KEY,     -- Ed25519 public key
  area      TEXT NOT NULL,
  device    BLOB NOT NULL
) STRICT;

CREATE TABLE access_device_area (
  device BLOB NOT NULL PRIMARY KEY,
  area   TEXT NOT NULL
) STRICT;

-- People who work at the centre. A global table: a name signs in before its
-- office is known; office '' means all.
CREATE TABLE access_staff (
  name       TEXT    NOT NULL PRIMARY KEY,
  area       TEXT    NOT NULL DEFAULT '',
  role       TEXT    NOT NULL,             -- administrator, reviewer, auditor
  password   TEXT    NOT NULL,             -- argon2id, PHC string
  created_at INTEGER NOT NULL,
  disabled_at INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Open sessions of the console, by the hash of the cookie. A global table.
CREATE TABLE access_session (
  token_hash BLOB    NOT NULL PRIMARY KEY, -- SHA-256
  staff      TEXT    NOT NULL,
  csrf       BLOB    NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

-- The key bundle as last signed by the root; one row. A change to the kits sets
-- stale, and whoever needs the bundle next signs a new one. A global table.
CREATE TABLE access_bundle (
  one       INTEGER NOT NULL PRIMARY KEY,  -- always 1
  serial    INTEGER NOT NULL,              -- grows
  issued_at INTEGER NOT NULL,
  stale     INTEGER NOT NULL DEFAULT 0,
  statement BLOB    NOT NULL
) STRICT;
