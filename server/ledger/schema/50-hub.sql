-- A hub is a regional office's machine that stores and forwards. It is
-- enrolled like a kit, by a code made for a hub, and is no kit: it seals
-- nothing, and its key stands in no bundle.
ALTER TABLE access_invite ADD COLUMN hub INTEGER NOT NULL DEFAULT 0;
ALTER TABLE access_device ADD COLUMN hub INTEGER NOT NULL DEFAULT 0;
