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

-- Where a technician's phone or browser was seen in the last day (SHA-256 of the address): his own device is not the
-- customer's.
CREATE TABLE sightings (
    login TEXT NOT NULL REFERENCES people (login),
    place BYTEA NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (login, place)
);
