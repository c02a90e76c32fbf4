-- What became of people and devices, each with a leaf in the log. Times are ms UTC.
CREATE TABLE events (
    id BYTEA NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,             -- of its leaf: access, key
    at BIGINT NOT NULL,
    sha256 BYTEA NOT NULL,
    body BYTEA NOT NULL,            -- JSON: what, by whom, of whom
    salt BYTEA NOT NULL
);

-- The device that a code enrolled, so that the phone may ask again when the answer was lost.
ALTER TABLE codes ADD COLUMN device BYTEA;

-- Visits with something to be seen to: few among all.
CREATE INDEX board_flagged ON board (planned_at, visit) WHERE flags <> '';

-- Whether a customer waits for an answer is worked out anew for what has not begun.
UPDATE board SET state = '' WHERE state = 'planned';
