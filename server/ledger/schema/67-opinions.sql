-- What reviewers said of a question that needs two of them. `area` is the
-- office of the registration. Times are seconds since 1970 UTC.
CREATE TABLE review_opinion (
  area         TEXT    NOT NULL,
  registration BLOB    NOT NULL,
  subject      TEXT    NOT NULL,
  reviewer     TEXT    NOT NULL,
  answer       TEXT    NOT NULL,            -- same, other, twin
  home         TEXT    NOT NULL DEFAULT '', -- whom it is, for same
  person       BLOB,
  note         BLOB    NOT NULL,            -- the reason, sealed
  at           INTEGER NOT NULL,
  PRIMARY KEY (area, registration, subject, reviewer)
) STRICT;
