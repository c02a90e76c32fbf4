-- Events for other systems (Standard Webhooks): what the last event of each visit said.
CREATE TABLE webhook_snapshots (
    visit BYTEA NOT NULL PRIMARY KEY REFERENCES visits (id),
    body BYTEA NOT NULL             -- JSON: the data of its last event
);

CREATE TABLE webhook_events (
    id BYTEA NOT NULL PRIMARY KEY,
    visit BYTEA,                    -- NULL: a test
    type TEXT NOT NULL,             -- visit.planned, visit.updated, test
    at BIGINT NOT NULL,
    body BYTEA NOT NULL             -- the exact bytes that are sent
);
CREATE INDEX webhook_events_at ON webhook_events (at, id);
CREATE INDEX webhook_events_visit ON webhook_events (visit) WHERE visit IS NOT NULL;

-- One row for each event and receiver.
CREATE TABLE webhook_deliveries (
    event BYTEA NOT NULL REFERENCES webhook_events (id) ON DELETE CASCADE,
    receiver TEXT NOT NULL,         -- its name in the settings
    since BIGINT NOT NULL,          -- when the event happened
    state TEXT NOT NULL,            -- waiting, delivered, refused, given_up
    tries BIGINT NOT NULL,          -- since it was last put into the queue
    next_at BIGINT,                 -- when the next attempt is due; while a worker has it, the end of its lease
    PRIMARY KEY (event, receiver)
);
CREATE INDEX webhook_deliveries_next ON webhook_deliveries (next_at, event, receiver) WHERE next_at IS NOT NULL;
CREATE INDEX webhook_deliveries_state ON webhook_deliveries (state, since, event);

CREATE TABLE webhook_attempts (
    event BYTEA NOT NULL REFERENCES webhook_events (id) ON DELETE CASCADE,
    receiver TEXT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    outcome TEXT NOT NULL,          -- delivered, failed, refused
    detail TEXT NOT NULL,           -- the status of the answer, or the kind of failure
    PRIMARY KEY (event, receiver, number)
);
CREATE INDEX webhook_attempts_at ON webhook_attempts (receiver, at);
