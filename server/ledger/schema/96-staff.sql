-- The second factor of staff: a code by the clock (TOTP). The secret stands
-- sealed under the registry's key; next is one that is being set up, step the
-- last time step a code was taken for, so that none counts twice.
ALTER TABLE access_staff ADD COLUMN second BLOB;
ALTER TABLE access_staff ADD COLUMN second_next BLOB;
ALTER TABLE access_staff ADD COLUMN second_step INTEGER NOT NULL DEFAULT 0;
-- 0 while the second factor of a session is still to come.
ALTER TABLE access_session ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 1;

-- Why somebody looks at a person, said once and good for some minutes. A global
-- table, like the sessions it belongs to.
CREATE TABLE access_look (
  token_hash BLOB    NOT NULL,             -- of the session
  object     BLOB    NOT NULL,             -- the id of what is looked at
  reason     TEXT    NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (token_hash, object)
) STRICT;

-- Looks of people whose role does not allow them, each to be reviewed by
-- somebody else. `area` is the home of the person.
CREATE TABLE access_glass (
  area        TEXT    NOT NULL,
  id          BLOB    NOT NULL,            -- 16 random bytes
  person      BLOB    NOT NULL,
  staff       TEXT    NOT NULL,
  reason      TEXT    NOT NULL,
  at          INTEGER NOT NULL,
  until       INTEGER NOT NULL,            -- how long it lets look
  due         INTEGER NOT NULL,            -- when the review is overdue
  reviewed_at INTEGER NOT NULL DEFAULT 0,
  reviewer    TEXT    NOT NULL DEFAULT '',
  justified   INTEGER NOT NULL DEFAULT 0,  -- of a review: 1 justified, 0 not
  remark      TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (area, id)
) STRICT;

CREATE INDEX access_glass_open ON access_glass (area, reviewed_at, due);
