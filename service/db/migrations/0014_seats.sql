-- A code belongs to the browser that asked for it: nobody else's tries or new codes touch it. What was open until now
-- is opened again by a new code. Times are ms UTC.
DROP TABLE link_codes;

CREATE TABLE link_codes (
    link BYTEA NOT NULL REFERENCES links (id),
    seat BYTEA NOT NULL,            -- SHA-256 of the browser's cookie, or of its address
    digest BYTEA NOT NULL,          -- the code itself is nowhere
    expires_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    passed_at BIGINT,
    passed_from BYTEA,              -- SHA-256 of the address that the right code came from
    PRIMARY KEY (link, seat)
);
