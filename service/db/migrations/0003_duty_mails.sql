-- The mail about duties to each address of the office: a row for each day, also where nothing was due.
CREATE TABLE duty_mails (
    id BYTEA NOT NULL PRIMARY KEY,
    day TEXT NOT NULL,              -- YYYY-MM-DD, in the utility's zone
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,            -- nothing (was due), waiting, delivered, refused, given_up
    tries BIGINT NOT NULL,
    next_at BIGINT,                 -- when the next attempt is due; while a worker has it, the end of its lease
    detail TEXT NOT NULL,           -- the gateway's answer to the last attempt
    UNIQUE (day, recipient)
);
CREATE INDEX duty_mails_next ON duty_mails (next_at, id) WHERE next_at IS NOT NULL;
