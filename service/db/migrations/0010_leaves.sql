-- Events by person and by what happened, for lists: they repeat the body. `event_number` counts a person's events.
ALTER TABLE events ADD COLUMN what TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN person TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN author TEXT NOT NULL DEFAULT '';
CREATE INDEX events_at ON events (at, id);
CREATE INDEX events_person ON events (person, at, id);
CREATE INDEX events_what ON events (what, at, id);
ALTER TABLE people ADD COLUMN event_number BIGINT NOT NULL DEFAULT 0;

-- The salts of leaves of rows that had none. NULL: the row is older than its kind of leaf (see `coverage`).
ALTER TABLE access_log ADD COLUMN salt BYTEA;
ALTER TABLE messages ADD COLUMN salt BYTEA;
ALTER TABLE links ADD COLUMN salt BYTEA;
ALTER TABLE quarantine ADD COLUMN salt BYTEA;

-- Rows without an id of their own get one for their leaf; a decision has its own leaf.
ALTER TABLE deliveries ADD COLUMN id BYTEA;
ALTER TABLE deliveries ADD COLUMN salt BYTEA;
CREATE UNIQUE INDEX deliveries_id ON deliveries (id) WHERE id IS NOT NULL;
ALTER TABLE delivery_reports ADD COLUMN id BYTEA;
ALTER TABLE delivery_reports ADD COLUMN salt BYTEA;
CREATE UNIQUE INDEX delivery_reports_id ON delivery_reports (id) WHERE id IS NOT NULL;
ALTER TABLE door_confirmations ADD COLUMN id BYTEA;
ALTER TABLE door_confirmations ADD COLUMN salt BYTEA;
CREATE UNIQUE INDEX door_confirmations_id ON door_confirmations (id) WHERE id IS NOT NULL;
ALTER TABLE received_files ADD COLUMN id BYTEA;
ALTER TABLE received_files ADD COLUMN salt BYTEA;
CREATE UNIQUE INDEX received_files_id ON received_files (id) WHERE id IS NOT NULL;
ALTER TABLE sightings ADD COLUMN id BYTEA;
ALTER TABLE sightings ADD COLUMN salt BYTEA;
CREATE UNIQUE INDEX sightings_id ON sightings (id) WHERE id IS NOT NULL;
ALTER TABLE quarantine ADD COLUMN decision_id BYTEA;
ALTER TABLE quarantine ADD COLUMN decision_salt BYTEA;
CREATE UNIQUE INDEX quarantine_decision ON quarantine (decision_id) WHERE decision_id IS NOT NULL;

-- Who made the code that enrolled a device.
CREATE INDEX one_time_codes_device ON one_time_codes (device) WHERE device IS NOT NULL;

-- The message that carried a browser's last code, the event of its being right, and the message of that code.
ALTER TABLE link_otps ADD COLUMN message BYTEA;
ALTER TABLE link_otps ADD COLUMN passed_event BYTEA;
ALTER TABLE link_otps ADD COLUMN passed_message BYTEA;

-- Copies of photos, as they were made: what is served is held to their digests.
CREATE TABLE photo_copies (
    id BYTEA NOT NULL PRIMARY KEY,
    file BYTEA NOT NULL,            -- SHA-256 of the photo
    edition TEXT NOT NULL,          -- of the copy: its version and size
    sha256 BYTEA NOT NULL,
    at BIGINT NOT NULL,
    salt BYTEA NOT NULL,
    UNIQUE (file, edition, sha256)
);
