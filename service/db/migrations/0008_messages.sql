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

-- Messages: what the customer is informed of, the values of the registered template (JSON), until when the
-- message waits, and the link that it carries. New states: taken (by a gateway that will report), failed (reported).
ALTER TABLE messages ADD COLUMN occasion TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN variables BYTEA;
ALTER TABLE messages ADD COLUMN not_before BIGINT;
ALTER TABLE messages ADD COLUMN link BYTEA;

-- What gateways report about messages, each state once.
CREATE TABLE delivery_reports (
    message BYTEA NOT NULL REFERENCES messages (id),
    state TEXT NOT NULL,            -- taken, delivered, failed
    at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (message, state)
);

-- A link that a message carries is handed out when the message is delivered: then the one handed out before ends. The
-- link that a code at the door opens is another one, and ends none.
ALTER TABLE links ADD COLUMN handed_out_at BIGINT;
ALTER TABLE links ADD COLUMN purpose TEXT NOT NULL DEFAULT 'page';   -- page, door
UPDATE links SET handed_out_at = created_at;
UPDATE links SET purpose = 'door' WHERE created_by LIKE 'door %' OR created_by LIKE 'door, %';
DROP INDEX links_living;
CREATE UNIQUE INDEX links_living ON links (visit, purpose) WHERE ended_at IS NULL AND handed_out_at IS NOT NULL;

-- How often something was written about the visit, and up to where somebody has looked whether its customer has to know.
ALTER TABLE visit_summaries ADD COLUMN news BIGINT NOT NULL DEFAULT 0;
ALTER TABLE visit_summaries ADD COLUMN news_checked BIGINT NOT NULL DEFAULT 0;
CREATE INDEX visit_summaries_news ON visit_summaries (visit) WHERE news > news_checked;
