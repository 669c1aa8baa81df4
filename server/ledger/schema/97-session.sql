-- When a session was last used, to the minute: an idle one ends.
ALTER TABLE access_session ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;
