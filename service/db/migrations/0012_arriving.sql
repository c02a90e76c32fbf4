-- Files on their way into the store, and those that the sweep takes out of it. Times are ms UTC.

-- Who puts a file there says so first, and its row in `stored` takes this one's place: what stays here is what was left
-- behind. The sweep looks at nothing else.
CREATE TABLE arriving (
    sha256 BYTEA NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    leaving BIGINT NOT NULL         -- 1: the sweep takes it out, and nobody puts it there meanwhile
);
CREATE INDEX arriving_at ON arriving (at);

-- Whether the picture's bytes go on to its end; 0: it was cut off before it was sent.
ALTER TABLE stored ADD COLUMN whole BIGINT NOT NULL DEFAULT 1;

-- Which leaf a version has, and the salt of it; NULL for those published before.
ALTER TABLE checklists ADD COLUMN leaf BYTEA;
ALTER TABLE checklists ADD COLUMN salt BYTEA;
