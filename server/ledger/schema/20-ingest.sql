-- What kits sent, what stands between arrival and decision, and what is to be
-- told to them. Sealed files stay as they came. `area` is the office of the
-- kit that made the file, '' when that kit is not known. Times are seconds
-- since 1970 UTC, 0 means never.

-- How far an office has come. taken numbers its files in the order they became
-- durable; safe is the last number that an off-host copy covers.
CREATE TABLE ingest_area (
  area  TEXT    NOT NULL PRIMARY KEY,
  taken INTEGER NOT NULL,
  safe  INTEGER NOT NULL DEFAULT 0
) STRICT;

-- One file: a day key's header, a batch, an attachment. Its name is the SHA-256
-- of its bytes.
CREATE TABLE ingest_file (
  area        TEXT    NOT NULL,
  digest      BLOB    NOT NULL,
  kind        INTEGER NOT NULL,            -- 1 key, 2 batch, 3 attachment
  device      BLOB    NOT NULL,            -- who made it, as far as it says
  sender      BLOB    NOT NULL,            -- who brought it
  key_id      BLOB    NOT NULL,            -- the day key
  size        INTEGER NOT NULL,
  taken       INTEGER NOT NULL,
  first       INTEGER NOT NULL DEFAULT 0,  -- of a batch: counter of its first registration
  count       INTEGER NOT NULL DEFAULT 0,  -- of a batch: how many
  received_at INTEGER NOT NULL,
  state       INTEGER NOT NULL,            -- 1 waits, 2 waits for its key, 3 done, 4 quarantined
  reason      TEXT    NOT NULL DEFAULT '', -- of quarantine: a problem's code
  words       TEXT    NOT NULL DEFAULT '', -- what fills its sentence
  done_at     INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (area, digest)
) STRICT;

CREATE INDEX ingest_file_waits ON ingest_file (received_at, area, taken) WHERE state = 1;

CREATE INDEX ingest_file_device ON ingest_file (area, device, state);

-- The bytes of keys and batches; attachments lie in the folder of files.
CREATE TABLE ingest_bytes (
  area   TEXT NOT NULL,
  digest BLOB NOT NULL,
  bytes  BLOB NOT NULL,
  PRIMARY KEY (area, digest)
) STRICT;

-- In which office a file lies, found by its name alone. A global table.
CREATE TABLE ingest_digest (
  digest BLOB NOT NULL PRIMARY KEY,
  area   TEXT NOT NULL
) STRICT;

-- The day keys at hand.
CREATE TABLE ingest_key (
  area   TEXT NOT NULL,
  device BLOB NOT NULL,
  key_id BLOB NOT NULL,
  digest BLOB NOT NULL,                    -- the header file
  PRIMARY KEY (area, device, key_id)
) STRICT;

-- Each registration that was let through, as a link of its kit's chain.
CREATE TABLE ingest_registration (
  area         TEXT    NOT NULL,
  device       BLOB    NOT NULL,
  counter      INTEGER NOT NULL,
  registration BLOB    NOT NULL,
  digest       BLOB    NOT NULL,           -- salted
  previous     BLOB    NOT NULL,
  batch        BLOB    NOT NULL,
  PRIMARY KEY (area, device, counter)
) STRICT;

-- Which file holds a photo or scan that a registration names by its content.
CREATE TABLE ingest_attachment (
  area    TEXT NOT NULL,
  content BLOB NOT NULL,
  file    BLOB NOT NULL,
  PRIMARY KEY (area, content)
) STRICT;

-- Single registrations set aside out of a batch that was otherwise taken.
CREATE TABLE ingest_quarantine (
  area         TEXT    NOT NULL,
  batch        BLOB    NOT NULL,
  counter      INTEGER NOT NULL,
  device       BLOB    NOT NULL,
  registration BLOB    NOT NULL,
  digest       BLOB    NOT NULL,
  reason       TEXT    NOT NULL,
  at           INTEGER NOT NULL,
  resolved_at  INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (area, batch, counter)
) STRICT;

-- Messages to a kit by the server's number, sealed to it.
CREATE TABLE ingest_down (
  area   TEXT    NOT NULL,
  device BLOB    NOT NULL,
  seq    INTEGER NOT NULL,
  kind   INTEGER NOT NULL,
  body   BLOB    NOT NULL,
  at     INTEGER NOT NULL,
  PRIMARY KEY (area, device, seq)
) STRICT;
