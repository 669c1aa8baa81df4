-- Rows of the log of looks that kits will be told of when their date has come:
-- those under investigation. `area` is the home of the person that the row is
-- about.
CREATE TABLE citizen_kept_back (
  area  TEXT    NOT NULL,
  leaf  INTEGER NOT NULL,                 -- the row's place in the log
  until INTEGER NOT NULL,                 -- seconds since 1970 UTC
  PRIMARY KEY (area, leaf)
) STRICT;

CREATE INDEX citizen_kept_back_due ON citizen_kept_back (until);
