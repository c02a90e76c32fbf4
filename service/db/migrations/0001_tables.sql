-- Times are ms UTC. Ids are UUIDs in 16 bytes. SQLite gives BYTEA the affinity NUMERIC, which leaves bytes as they are.

CREATE TABLE people (
    login TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    roles TEXT NOT NULL,            -- separated by spaces
    areas TEXT NOT NULL,            -- one a line
    password_hash TEXT,
    created_at BIGINT NOT NULL,
    left_at BIGINT
);

CREATE TABLE tokens (
    digest BYTEA NOT NULL PRIMARY KEY,   -- SHA-256 of the token; the token itself is nowhere
    login TEXT NOT NULL REFERENCES people (login),
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX tokens_login ON tokens (login);

CREATE TABLE checklists (
    id TEXT NOT NULL,
    version TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    body BYTEA NOT NULL,
    published_at BIGINT NOT NULL,
    published_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (id, version)
);

CREATE TABLE visits (
    id BYTEA NOT NULL PRIMARY KEY,
    sha256 BYTEA NOT NULL,
    body BYTEA NOT NULL,            -- the dispatcher's exact bytes
    type TEXT NOT NULL,
    technician TEXT NOT NULL,
    crew TEXT NOT NULL,             -- one login a line
    area TEXT NOT NULL,             -- '' when the visit has none
    checklist TEXT NOT NULL,
    checklist_version TEXT NOT NULL,
    window_from BIGINT,
    window_to BIGINT,
    planned_at BIGINT NOT NULL,     -- window_from, or created_at without a window: lists are in this order
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    salt BYTEA NOT NULL
);
CREATE INDEX visits_planned ON visits (planned_at, id);
CREATE INDEX visits_area ON visits (area, planned_at, id);

-- Who goes: the technician and the crew, so that a technician's list is read from one index.
CREATE TABLE assignments (
    login TEXT NOT NULL,
    planned_at BIGINT NOT NULL,
    visit BYTEA NOT NULL REFERENCES visits (id),
    PRIMARY KEY (login, planned_at, visit)
);

-- What was written about a visit, by anyone: exact bytes, insert only.
CREATE TABLE batches (
    id BYTEA NOT NULL PRIMARY KEY,
    visit BYTEA NOT NULL REFERENCES visits (id),
    kind TEXT NOT NULL,             -- record, office
    writer TEXT NOT NULL,           -- login
    received_at BIGINT NOT NULL,
    checklist_version TEXT NOT NULL,
    sha256 BYTEA NOT NULL,
    body BYTEA NOT NULL,
    salt BYTEA NOT NULL
);
CREATE INDEX batches_visit ON batches (visit, received_at, id);

-- What a device sent and nobody could take.
CREATE TABLE quarantine (
    id BYTEA NOT NULL PRIMARY KEY,
    device BYTEA NOT NULL,
    sha256 BYTEA NOT NULL,
    path_id TEXT NOT NULL,
    code TEXT NOT NULL,
    body BYTEA NOT NULL,
    received_at BIGINT NOT NULL,
    received_from TEXT NOT NULL,
    decision TEXT,
    decided_by TEXT,
    decided_at BIGINT,
    reason TEXT,
    UNIQUE (device, sha256)
);
CREATE INDEX quarantine_received ON quarantine (received_at, id);

-- Who looked at what, and why.
CREATE TABLE accesses (
    id BYTEA NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX accesses_what ON accesses (what, at);

-- The log. A leaf comes without a number, in the transaction of what it is about; the sequencer numbers it.
CREATE TABLE leaves (
    id BYTEA NOT NULL PRIMARY KEY,
    leaf BYTEA NOT NULL,
    at BIGINT NOT NULL,
    number BIGINT
);
CREATE UNIQUE INDEX leaves_number ON leaves (number) WHERE number IS NOT NULL;
CREATE INDEX leaves_unnumbered ON leaves (at, id) WHERE number IS NULL;
