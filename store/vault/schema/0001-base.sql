-- Comments stand between the statements, never inside: SQLite keeps a
-- statement's text in the file, and the file must not tell what it holds.
-- Every sealed table has n (row), v (version), e (the key it is sealed with:
-- a row of k, or 0 for the outer key) and s (the sealed bytes).

-- The keys: t is 1 for a kit key, 2 for a day key; d is the day since 1970;
-- w is the age file that holds the key. A number is never used twice.
CREATE TABLE k (n INTEGER PRIMARY KEY AUTOINCREMENT, t INTEGER NOT NULL, d INTEGER NOT NULL, w BLOB NOT NULL) STRICT;

-- Officers: f is the age scrypt file of the officer's identity, r the recipient
-- that belongs to it; s (kit key) holds the name.
CREATE TABLE p (n INTEGER PRIMARY KEY, v INTEGER NOT NULL, e INTEGER NOT NULL, s BLOB NOT NULL, f BLOB NOT NULL, r TEXT NOT NULL) STRICT;

-- Single things, by the numbers of docs/store.md. Row 1 is the outer key.
CREATE TABLE m (n INTEGER PRIMARY KEY, v INTEGER NOT NULL, e INTEGER NOT NULL, s BLOB NOT NULL) STRICT;

-- Drafts (day key); x is when one was thrown away, 0 if it was not.
CREATE TABLE a (n INTEGER PRIMARY KEY, v INTEGER NOT NULL, e INTEGER NOT NULL, s BLOB NOT NULL, x INTEGER NOT NULL DEFAULT 0) STRICT;

-- Registrations, the readable copy (day key).
CREATE TABLE b (n INTEGER PRIMARY KEY, v INTEGER NOT NULL, e INTEGER NOT NULL, s BLOB NOT NULL) STRICT;

-- Stubs of registrations (kit key); h is what the search knows, sealed with the
-- day key g; o is the row of f that carries the registration, 0 if none yet.
CREATE TABLE c (n INTEGER PRIMARY KEY, v INTEGER NOT NULL, e INTEGER NOT NULL, s BLOB NOT NULL, g INTEGER NOT NULL DEFAULT 0, h BLOB, o INTEGER NOT NULL DEFAULT 0) STRICT;

-- Attachments (day key); o is the row of f that carries it sealed, 0 if none.
CREATE TABLE d (n INTEGER PRIMARY KEY, v INTEGER NOT NULL, e INTEGER NOT NULL, s BLOB NOT NULL, o INTEGER NOT NULL DEFAULT 0) STRICT;

-- The outbox (outer key): i names the file by its digest, t its kind, q its
-- transport key; z is its size, b 1 when its sending was begun, y what the centre
-- said of it, u why, x 1 when safe.
CREATE TABLE f (n INTEGER PRIMARY KEY, v INTEGER NOT NULL, e INTEGER NOT NULL, i BLOB NOT NULL UNIQUE, t INTEGER NOT NULL, q BLOB NOT NULL, z INTEGER NOT NULL, b INTEGER NOT NULL DEFAULT 0, y INTEGER NOT NULL DEFAULT 0, u TEXT NOT NULL DEFAULT '', x INTEGER NOT NULL DEFAULT 0, s BLOB NOT NULL) STRICT;

-- The inbox (outer key): n is the centre's number, t the kind, y how often it
-- could not be taken in.
CREATE TABLE g (n INTEGER PRIMARY KEY, v INTEGER NOT NULL, e INTEGER NOT NULL, t INTEGER NOT NULL, y INTEGER NOT NULL DEFAULT 0, s BLOB NOT NULL) STRICT;

-- The journal (day key); h is the head of the hash chain after this row.
CREATE TABLE j (n INTEGER PRIMARY KEY, v INTEGER NOT NULL, e INTEGER NOT NULL, s BLOB NOT NULL, h BLOB NOT NULL) STRICT;

-- Documents by name: settings (outer key), forms (kit key).
CREATE TABLE l (n INTEGER PRIMARY KEY, v INTEGER NOT NULL, e INTEGER NOT NULL, s BLOB NOT NULL) STRICT;

-- Set aside as evidence: the row r of table t as it was found at w.
CREATE TABLE z (n INTEGER PRIMARY KEY, t TEXT NOT NULL, r INTEGER NOT NULL, v INTEGER NOT NULL, e INTEGER NOT NULL, s BLOB NOT NULL, w INTEGER NOT NULL) STRICT;
