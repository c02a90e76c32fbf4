-- What is sent to customers, and the links and codes that they open. Times are ms UTC.

ALTER TABLE people ADD COLUMN badge TEXT NOT NULL DEFAULT '';   -- number on the ID card (工号)
ALTER TABLE people ADD COLUMN title TEXT NOT NULL DEFAULT '';

-- Keys of this house, made when first needed.
CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    value BYTEA NOT NULL
);

-- The outbox: a message is added in the transaction of what it announces, and delivered afterwards.
CREATE TABLE messages (
    id BYTEA NOT NULL PRIMARY KEY,
    visit BYTEA NOT NULL REFERENCES visits (id),
    about TEXT NOT NULL,            -- appointment, reschedule
    channel TEXT NOT NULL,          -- sms, wecom, email, file
    recipient TEXT NOT NULL,
    text TEXT NOT NULL,             -- as it is evidence: {link} and {word} stand for what only the customer gets
    private BYTEA,                  -- JSON: what stands for {link} and {word}; gone when the message is out
    entries BYTEA NOT NULL,         -- JSON: what its delivery proves
    sha256 BYTEA NOT NULL,          -- of what the dispatcher sent
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    give_up_at BIGINT NOT NULL,
    state TEXT NOT NULL,            -- waiting, delivered, refused, given_up
    tries BIGINT NOT NULL,
    next_at BIGINT                  -- when to try (again); while a worker has it: when its lease ends
);
CREATE INDEX messages_visit ON messages (visit, created_at, id);
CREATE INDEX messages_next ON messages (next_at, id) WHERE next_at IS NOT NULL;

-- Each attempt and what came of it.
CREATE TABLE deliveries (
    message BYTEA NOT NULL REFERENCES messages (id),
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    outcome TEXT NOT NULL,          -- delivered, failed, refused
    detail TEXT NOT NULL,
    PRIMARY KEY (message, number)
);

-- The customer's link. The token itself is nowhere; one living link a visit.
CREATE TABLE links (
    id BYTEA NOT NULL PRIMARY KEY,
    visit BYTEA NOT NULL REFERENCES visits (id),
    digest BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE UNIQUE INDEX links_living ON links (visit) WHERE ended_at IS NULL;

-- Doorstep codes that a customer confirmed: each once.
CREATE TABLE scans (
    code BYTEA NOT NULL PRIMARY KEY,
    visit BYTEA NOT NULL REFERENCES visits (id),
    login TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX scans_visit ON scans (visit, at);
