-- What agencies ask over the wire. Times are seconds since 1970 UTC.

-- Messages taken in, so that none is taken twice. A global table: senders are
-- known by their id.
CREATE TABLE agency_message (
  agency     TEXT    NOT NULL,
  message    BLOB    NOT NULL,             -- SHA-256 of the sender's id of it
  at         INTEGER NOT NULL,
  PRIMARY KEY (agency, message)
) STRICT;

CREATE INDEX agency_message_at ON agency_message (at);

-- How many persons an agency was given on a day (UTC). A global table.
CREATE TABLE agency_day (
  agency  TEXT    NOT NULL,
  day     INTEGER NOT NULL,                -- 20260131
  persons INTEGER NOT NULL,
  PRIMARY KEY (agency, day)
) STRICT;

-- Work whose answer goes out later. What was asked is sealed; the answer is
-- made, decided and logged when it is sent, never kept. A global table.
CREATE TABLE agency_job (
  job         BLOB    NOT NULL PRIMARY KEY, -- 16 random bytes, the correlation id
  agency      TEXT    NOT NULL,
  api         TEXT    NOT NULL,            -- crvs, social
  kind        TEXT    NOT NULL,            -- search, subscribe, unsubscribe, txn-status, notify
  txn         TEXT    NOT NULL,            -- the sender's transaction id
  callback    TEXT    NOT NULL,
  body        BLOB    NOT NULL,            -- sealed
  state       INTEGER NOT NULL,            -- 1 waits, 2 done, 3 given up
  tries       INTEGER NOT NULL DEFAULT 0,
  next_at     INTEGER NOT NULL,
  status      TEXT    NOT NULL DEFAULT '', -- rcvd, pdng, succ, rjct, as last told
  made_at     INTEGER NOT NULL,
  done_at     INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX agency_job_waits ON agency_job (next_at) WHERE state = 1;

CREATE INDEX agency_job_txn ON agency_job (agency, txn);

-- Events an agency wants to hear of. A global table.
CREATE TABLE agency_subscription (
  code      BLOB    NOT NULL PRIMARY KEY,  -- 16 random bytes
  agency    TEXT    NOT NULL,
  api       TEXT    NOT NULL,
  event     TEXT    NOT NULL,
  purpose   TEXT    NOT NULL,
  callback  TEXT    NOT NULL,
  body      BLOB    NOT NULL,              -- the request, sealed
  starts_at INTEGER NOT NULL,
  ends_at   INTEGER NOT NULL,              -- 0 for never
  made_at   INTEGER NOT NULL,
  ended_at  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX agency_subscription_event ON agency_subscription (event) WHERE ended_at = 0;
