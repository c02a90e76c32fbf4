-- Erasures: who erased what, when and why. Each has a leaf in the log, which commits to all rows that are gone.
CREATE TABLE erasures (
    id BYTEA NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    sha256 BYTEA NOT NULL,
    body BYTEA NOT NULL,            -- JSON: what, whose, by whom, why, how many rows, and a digest of their ids
    salt BYTEA NOT NULL
);

-- The fingerprint of an address changes daily: those of the day before and after, to be compared.
ALTER TABLE link_otps ADD COLUMN passed_near BYTEA;
DELETE FROM sightings;  -- with fingerprints that had no key
DELETE FROM attempts;

-- What is gone: ids of rows that have leaves, digests of links and of files. Those who ask for one learn that it was erased.
CREATE TABLE erased_rows (
    id BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,             -- of its leaf, or where it was
    erasure BYTEA NOT NULL REFERENCES erasures (id)
);
CREATE INDEX erased_rows_erasure ON erased_rows (erasure, id);

-- What remains of an erased visit, for statistics: nothing that leads to a person.
CREATE TABLE erased_visits (
    visit BYTEA NOT NULL PRIMARY KEY,
    erasure BYTEA NOT NULL REFERENCES erasures (id),
    type TEXT NOT NULL,
    area TEXT NOT NULL,
    day TEXT NOT NULL,              -- YYYY-MM-DD, in the utility's zone
    checklist TEXT NOT NULL,
    checklist_version TEXT NOT NULL,
    state TEXT NOT NULL,
    verdict TEXT NOT NULL
);
CREATE INDEX erased_visits_day ON erased_visits (day, visit);

-- Which phones have to delete a visit that was erased: part of the sync feed.
CREATE TABLE erased_feed (
    login TEXT NOT NULL,
    visit BYTEA NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (login, visit)
);
CREATE INDEX erased_feed_number ON erased_feed (login, number);

-- Legal holds: nothing of a visit that is held is erased. A row that names another one in `ends` ends that hold.
CREATE TABLE legal_holds (
    id BYTEA NOT NULL PRIMARY KEY,
    visit BYTEA NOT NULL REFERENCES visits (id),
    at BIGINT NOT NULL,
    until_at BIGINT,                -- until when (ms UTC); NULL: until it is ended
    ends BYTEA UNIQUE REFERENCES legal_holds (id),
    sha256 BYTEA NOT NULL,
    body BYTEA NOT NULL,            -- JSON: what is held or ended, by whom, why, until when
    salt BYTEA NOT NULL
);
CREATE INDEX legal_holds_visit ON legal_holds (visit, at);

-- The nightly deletion: one row a day, which decides what server does it, and what it deleted.
CREATE TABLE retention_runs (
    day TEXT NOT NULL PRIMARY KEY,  -- YYYY-MM-DD, in the utility's zone
    lease BIGINT NOT NULL,          -- while a server works on it, until when
    ended_at BIGINT,
    positions_until BIGINT NOT NULL,   -- the positions of records received before (ms UTC) are reduced
    counts BYTEA NOT NULL           -- JSON: how many, by kind
);

-- Records whose positions were reduced to a grid of some 100 metres. The row keeps the digest of what was received; here
-- is that of what is left.
CREATE TABLE reduced_records (
    id BYTEA NOT NULL PRIMARY KEY,
    sha256 BYTEA NOT NULL,
    erasure BYTEA NOT NULL REFERENCES erasures (id)
);
CREATE INDEX batches_received ON batches (received_at, id);
CREATE INDEX visit_summaries_ended ON visit_summaries (ends_at, visit) WHERE state IN ('closed', 'cancelled');
