-- How many questions an interview put, as its kit counted them, and what the
-- centre holds against it. `area` is the office of the registration.
CREATE TABLE meter (
  area         TEXT    NOT NULL,
  registration BLOB    NOT NULL,
  asked        INTEGER NOT NULL,
  confirmed    INTEGER NOT NULL,
  reused       INTEGER NOT NULL,
  -- Questions to which the registry held a fresh answer that might be reused
  -- when it was asked; -1 until that was looked up.
  held         INTEGER NOT NULL DEFAULT -1,
  at           INTEGER NOT NULL,           -- when the kit told it
  PRIMARY KEY (area, registration)
) STRICT;

CREATE INDEX meter_waits ON meter (area, registration) WHERE held = -1;
