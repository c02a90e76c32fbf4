-- Files that entries name: who sent which bytes, what is in the store, and what will never come. Times are ms UTC.
-- `sender` is a login, or `visit ID` for what comes by a visit's link.

-- Which bytes somebody sent, or is expected to send. Both sides take the row's lock, so that neither misses the other.
CREATE TABLE files (
    sha256 BYTEA NOT NULL,
    sender TEXT NOT NULL,
    sent_at BIGINT,
    PRIMARY KEY (sha256, sender)
);

-- Which visits name a file in a batch of that sender.
CREATE TABLE named (
    visit BYTEA NOT NULL REFERENCES visits (id),
    sha256 BYTEA NOT NULL,
    sender TEXT NOT NULL,
    PRIMARY KEY (visit, sha256, sender)
);
CREATE INDEX named_file ON named (sha256, sender);

-- What is in the store. The bytes are there before the row is.
CREATE TABLE stored (
    sha256 BYTEA NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    kind TEXT NOT NULL,             -- media type, by content
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    stored_at BIGINT NOT NULL
);

-- Files that will never come, as somebody said of a record.
CREATE TABLE lost (
    id BYTEA NOT NULL PRIMARY KEY,
    visit BYTEA NOT NULL REFERENCES visits (id),
    record BYTEA NOT NULL,         -- id of its batch
    file BYTEA NOT NULL,            -- SHA-256
    at BIGINT NOT NULL,
    writer TEXT NOT NULL,           -- login
    sha256 BYTEA NOT NULL,
    body BYTEA NOT NULL,            -- JSON: record, file, writer, reason
    salt BYTEA NOT NULL,
    UNIQUE (record, file)
);
CREATE INDEX lost_visit ON lost (visit);

-- Visits that already name files are worked out anew at the next start, which also fills `named`.
UPDATE board SET state = '' WHERE flags LIKE '%awaiting_evidence%';
