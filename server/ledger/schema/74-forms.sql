-- The forms of this centre, beside those that ship with the programs.

-- What the centre published, told about or took out of use, in the order it
-- happened. Processes and kits notice what is new by the number. One row: a
-- global table.
CREATE TABLE forms_count (
  name  TEXT    NOT NULL PRIMARY KEY, -- 'order'
  value INTEGER NOT NULL
) STRICT;

-- A version of a form, packed with its files. It stays for ever: registrations
-- are read by the version they name. A form's id and version mean the same form
-- in every office, so a global table.
CREATE TABLE forms_version (
  form      TEXT    NOT NULL,
  version   TEXT    NOT NULL,
  added     INTEGER NOT NULL,          -- order in which it came, for processes that look for new ones
  packed    BLOB    NOT NULL,
  workbook  BLOB    NOT NULL,          -- as it was given, for whoever wants to change it
  title     TEXT    NOT NULL,
  questions INTEGER NOT NULL,
  at        INTEGER NOT NULL,          -- seconds since 1970 UTC
  PRIMARY KEY (form, version)
) STRICT;

-- Where new interviews take a version: an office, or all of them ('').
CREATE TABLE forms_offer (
  area     TEXT    NOT NULL,
  form     TEXT    NOT NULL,
  version  TEXT    NOT NULL,
  ord      INTEGER NOT NULL,           -- of the last change of this row
  retired  INTEGER NOT NULL DEFAULT 0, -- 1: nothing new takes it
  actor    TEXT    NOT NULL,           -- who published or retired it
  at       INTEGER NOT NULL,
  PRIMARY KEY (area, form, version)
) STRICT;
CREATE INDEX forms_offer_ord ON forms_offer (area, ord);

-- The last change each kit was told of.
CREATE TABLE forms_told (
  area    TEXT    NOT NULL,
  device  BLOB    NOT NULL,            -- 16 bytes
  ord     INTEGER NOT NULL,
  PRIMARY KEY (area, device)
) STRICT;

-- Which versions a kit was sent whole, so that nothing travels twice.
CREATE TABLE forms_sent (
  area    TEXT    NOT NULL,
  device  BLOB    NOT NULL,
  form    TEXT    NOT NULL,
  version TEXT    NOT NULL,
  bytes   INTEGER NOT NULL,            -- of the messages it took
  PRIMARY KEY (area, device, form, version)
) STRICT;

-- Workbooks that staff are looking at before they publish them, for a day.
CREATE TABLE forms_desk (
  area     TEXT    NOT NULL,           -- office of the member of staff, '' for all
  staff    TEXT    NOT NULL,
  digest   BLOB    NOT NULL,           -- SHA-256 of the workbook
  name     TEXT    NOT NULL,           -- of the file, as it was given
  workbook BLOB    NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (area, staff, digest)
) STRICT;
