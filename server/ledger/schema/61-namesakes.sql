-- How many registrations of a day met a name so common that not everybody who
-- shares it was compared: nothing is lost, and a person may stand twice.
CREATE TABLE search_cut (
  area          TEXT    NOT NULL,
  day           INTEGER NOT NULL,          -- days since 1970 UTC
  registrations INTEGER NOT NULL,
  PRIMARY KEY (area, day)
) STRICT;
