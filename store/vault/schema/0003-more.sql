-- Pieces of what the centre tells of the people around (outer key over what is
-- sealed already): n is the number of the whole, then that of the piece.
CREATE TABLE w (n INTEGER PRIMARY KEY, v INTEGER NOT NULL, e INTEGER NOT NULL, s BLOB NOT NULL) STRICT;

-- What the centre is to be told beside the outbox (outer key over what is
-- sealed already), numbered without gaps.
CREATE TABLE o (n INTEGER PRIMARY KEY, v INTEGER NOT NULL, e INTEGER NOT NULL, s BLOB NOT NULL) STRICT;
