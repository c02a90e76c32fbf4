-- With which keys, which are kept elsewhere, the database was written: the id of a sealing key, the public signing key.
CREATE TABLE known_keys (
    purpose TEXT NOT NULL,   -- sealing, log
    id TEXT NOT NULL,
    number BIGINT NOT NULL,  -- of those for a purpose, from 0
    first_used_at BIGINT NOT NULL,
    PRIMARY KEY (purpose, id)
);
