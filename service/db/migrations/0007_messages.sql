-- Departures: a technician says that they are on the way. Numbered for each visit, insert only.
CREATE TABLE departures (
    id BYTEA NOT NULL PRIMARY KEY,
    visit BYTEA NOT NULL REFERENCES visits (id),
    number BIGINT NOT NULL,
    revision BIGINT NOT NULL,       -- how many changes of the visit came before
    at BIGINT NOT NULL,
    writer TEXT NOT NULL,           -- login
    sha256 BYTEA NOT NULL,
    body BYTEA NOT NULL,            -- exact bytes
    salt BYTEA NOT NULL,
    UNIQUE (visit, number)
);
ALTER TABLE visit_summaries ADD COLUMN departures BIGINT NOT NULL DEFAULT 0;   -- how many rows there are in `departures`
