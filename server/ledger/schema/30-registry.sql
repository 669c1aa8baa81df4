-- The embedded registry: persons, what registrations said of them, and every
-- change of who is who. What was said is sealed under the registry's key; a
-- reader of the database sees counts, offices and times. Times are seconds
-- since 1970 UTC. `area` of a person is its home: the office that met it first.

CREATE TABLE registry_person (
  area       TEXT    NOT NULL,
  person     BLOB    NOT NULL,            -- 16 bytes
  state      INTEGER NOT NULL,            -- 1 known, 2 waits for a reviewer, 3 emptied by links away from it
  created_at INTEGER NOT NULL,
  PRIMARY KEY (area, person)
) STRICT;

-- What one registration said of one of its subjects, with the person it is
-- linked to. Never overwritten; a link away moves the row to another person
-- and leaves an event behind.
CREATE TABLE registry_said (
  area         TEXT    NOT NULL,          -- home of the person
  person       BLOB    NOT NULL,
  registration BLOB    NOT NULL,
  subject      TEXT    NOT NULL,          -- '' the one it is about, 'mother', 'members[2]'
  office       TEXT    NOT NULL,          -- where it was said
  said_at      INTEGER NOT NULL,          -- the kit's clock
  said         BLOB    NOT NULL,          -- claims and source row, sealed
  PRIMARY KEY (area, person, registration, subject)
) STRICT;

-- Which person each subject of a registration is.
CREATE TABLE registry_link (
  area         TEXT    NOT NULL,          -- the office of the registration
  registration BLOB    NOT NULL,
  subject      TEXT    NOT NULL,
  home         TEXT    NOT NULL,          -- area of the person
  person       BLOB    NOT NULL,
  PRIMARY KEY (area, registration, subject)
) STRICT;

-- Every change of who is who, in order for each subject. Undoing one is a
-- further event.
CREATE TABLE registry_event (
  area         TEXT    NOT NULL,          -- the office of the registration
  registration BLOB    NOT NULL,
  subject      TEXT    NOT NULL,
  n            INTEGER NOT NULL,          -- 1, 2, 3 … for this subject
  kind         INTEGER NOT NULL,          -- 1 link, 2 unlink, 3 split
  home         TEXT    NOT NULL,          -- the person it belongs to now
  person       BLOB    NOT NULL,
  was_home     TEXT    NOT NULL DEFAULT '', -- the person it belonged to before
  was_person   BLOB,
  undoes       INTEGER NOT NULL DEFAULT 0,  -- n of the event that this one takes back
  actor        TEXT    NOT NULL,          -- 'match' or the name of a member of staff
  detail       BLOB    NOT NULL,          -- model, weight, evidence or reason, sealed
  at           INTEGER NOT NULL,
  PRIMARY KEY (area, registration, subject, n)
) STRICT;

-- What left a person: few rows, since most events have nothing before them.
CREATE INDEX registry_event_left ON registry_event (was_home, was_person) WHERE was_person IS NOT NULL;

-- Under which blinded keys a person is found. A global table, because people
-- move between offices; its first column spreads it evenly.
CREATE TABLE registry_key (
  key    INTEGER NOT NULL,
  person BLOB    NOT NULL,
  home   TEXT    NOT NULL,
  PRIMARY KEY (key, person)
) STRICT, WITHOUT ROWID;
