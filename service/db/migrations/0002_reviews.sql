-- Reviews: decisions of supervisors and answers of technicians, numbered for each visit, insert only.
CREATE TABLE reviews (
    id BYTEA NOT NULL PRIMARY KEY,
    visit BYTEA NOT NULL REFERENCES visits (id),
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,             -- review, correction, withdrawal, explanation, inquiry, assignment
    at BIGINT NOT NULL,
    author TEXT NOT NULL,           -- login
    batches BIGINT NOT NULL,        -- how many batches the visit had
    sha256 BYTEA NOT NULL,
    body BYTEA NOT NULL,            -- JSON
    salt BYTEA NOT NULL,
    UNIQUE (visit, number)
);

-- What is or was owed. The key is the item, with its thing in brackets.
CREATE TABLE duties (
    visit BYTEA NOT NULL REFERENCES visits (id),
    duty TEXT NOT NULL,
    item TEXT NOT NULL,
    thing TEXT NOT NULL,
    label TEXT NOT NULL,
    owner TEXT NOT NULL,            -- technician, office
    technician TEXT NOT NULL,
    area TEXT NOT NULL,
    since BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    closed_at BIGINT,
    PRIMARY KEY (visit, duty)
);
CREATE INDEX duties_open ON duties (due_at, visit, duty) WHERE closed_at IS NULL;
CREATE INDEX duties_area ON duties (area, due_at, visit, duty) WHERE closed_at IS NULL;
CREATE INDEX duties_closed ON duties (due_at, visit, duty) WHERE closed_at IS NOT NULL;

ALTER TABLE visit_summaries ADD COLUMN reasons TEXT NOT NULL DEFAULT '';    -- what calls for a person
ALTER TABLE visit_summaries ADD COLUMN urgent_at BIGINT;                    -- the order of the queue
ALTER TABLE visit_summaries ADD COLUMN since BIGINT;
ALTER TABLE visit_summaries ADD COLUMN assignee TEXT NOT NULL DEFAULT '';
ALTER TABLE visit_summaries ADD COLUMN reviews BIGINT NOT NULL DEFAULT 0;   -- how many rows there are in `reviews`
CREATE INDEX visit_summaries_queue ON visit_summaries (urgent_at, visit) WHERE reasons <> '';
CREATE INDEX visit_summaries_area_queue ON visit_summaries (area, urgent_at, visit) WHERE reasons <> '';
CREATE INDEX visit_summaries_reasons ON visit_summaries (area, reasons) WHERE reasons <> '';
CREATE INDEX visit_summaries_stale ON visit_summaries (valid_until) WHERE valid_until IS NOT NULL;
UPDATE visit_summaries SET state = '';  -- the status is computed again at the next start

CREATE INDEX quarantine_path ON quarantine (path_id);
