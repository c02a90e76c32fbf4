-- What customers confirm by their link: the code that shows whose device it is. Times are ms UTC.

-- The last code that was sent for a link. The code itself is nowhere.
CREATE TABLE link_codes (
    link BYTEA NOT NULL PRIMARY KEY REFERENCES links (id),
    digest BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    passed_at BIGINT,
    passed_from BYTEA               -- SHA-256 of the address that the right code came from
);

-- From where a technician's phone was last seen (SHA-256 of the address): his own device is not the customer's.
ALTER TABLE devices ADD COLUMN seen_from BYTEA;
CREATE INDEX devices_seen_from ON devices (seen_from, login) WHERE seen_from IS NOT NULL;
