-- Certificates that an intake, which lacks the root's key, asks the opener to
-- sign: its own and those of hubs. A global table: its rows are named by what
-- is asked for, belong to no office and live for a day.
CREATE TABLE opener_certificate (
  request  BLOB    NOT NULL PRIMARY KEY,   -- SHA-256 of key and names
  public   BLOB    NOT NULL,               -- the key, PKIX DER
  names    TEXT    NOT NULL,               -- hosts and addresses, one a line
  asked_at INTEGER NOT NULL,
  signed   BLOB                            -- the certificate, DER, once signed
) STRICT;
