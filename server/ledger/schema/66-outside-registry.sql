-- What outside registries are to be told of persons, and what they know.
-- A row a person and registry: writing it again asks for one more telling, so
-- that a person that changed five times while the other side was down is told
-- once, as it then is. No answer of anybody lies here. Times are seconds since
-- 1970 UTC, 0 means never. `area` is the person's home.

CREATE TABLE registry_outbox (
  area     TEXT    NOT NULL,
  registry TEXT    NOT NULL,            -- the name of the outside registry
  person   BLOB    NOT NULL,
  n        INTEGER NOT NULL,            -- how often the person changed
  sent     INTEGER NOT NULL DEFAULT 0,  -- the last change the registry has
  outside  TEXT    NOT NULL DEFAULT '', -- the person's number over there
  version  TEXT    NOT NULL DEFAULT '', -- what the registry calls its last state
  adopted  INTEGER NOT NULL DEFAULT 0,  -- 1: the registry knew the person before us
  doubt    INTEGER NOT NULL DEFAULT 0,  -- 1: a try ended without an answer
  tries    INTEGER NOT NULL DEFAULT 0,  -- since the last success
  next_at  INTEGER NOT NULL DEFAULT 0,  -- not before
  taken_until INTEGER NOT NULL DEFAULT 0, -- a worker has it in hand until then
  since    INTEGER NOT NULL,            -- when it began to wait
  code     TEXT    NOT NULL DEFAULT '', -- why the registry refused it; '' waits
  PRIMARY KEY (area, registry, person)
) STRICT;

CREATE INDEX registry_outbox_waits ON registry_outbox (registry, next_at) WHERE n > sent;

-- Which person a number of an outside registry is. A global table: the
-- number is all that is known of somebody found over there.
CREATE TABLE registry_outside (
  registry TEXT NOT NULL,
  outside  TEXT NOT NULL,
  home     TEXT NOT NULL,
  person   BLOB NOT NULL,
  PRIMARY KEY (registry, outside)
) STRICT;
