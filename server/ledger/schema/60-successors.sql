-- A kit whose backup was released to a spare kit has that one as its
-- successor: what is decided of its registrations is told to both.
ALTER TABLE access_device ADD COLUMN successor BLOB;

-- Day keys are asked for by their id, by whoever carries files sealed under
-- them: couriers, hubs, a spare kit with a lost one's backup.
CREATE INDEX ingest_file_key ON ingest_file (key_id) WHERE kind = 1;
