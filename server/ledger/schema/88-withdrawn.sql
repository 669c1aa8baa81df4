-- Claims an agency took back through its API. The claim stays where it is; it
-- is no longer handed out. `area` is the office of the registration.
CREATE TABLE share_withdrawn (
  area         TEXT    NOT NULL,
  registration BLOB    NOT NULL,
  agency       TEXT    NOT NULL,
  at           INTEGER NOT NULL,
  PRIMARY KEY (area, registration)
) STRICT;

-- Registrations an agency made through its API. `area` is their office.
CREATE TABLE share_written (
  area         TEXT    NOT NULL,
  registration BLOB    NOT NULL,
  agency       TEXT    NOT NULL,
  at           INTEGER NOT NULL,
  PRIMARY KEY (area, registration)
) STRICT;
