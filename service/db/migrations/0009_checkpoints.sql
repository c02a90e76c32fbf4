-- The hashes of the log as tiles of 256 (C2SP `tlog-tiles`): what there is of each. They are filled by the sequencer.
CREATE TABLE log_tiles (
    level BIGINT NOT NULL,
    number BIGINT NOT NULL,
    hashes BYTEA NOT NULL,
    PRIMARY KEY (level, number)
);

-- Signed checkpoints. `published_at`: when it was appended to the file of checkpoints; before that it is not shown.
CREATE TABLE log_checkpoints (
    size BIGINT NOT NULL PRIMARY KEY,
    note BYTEA NOT NULL,            -- a signed note (C2SP `tlog-checkpoint`)
    signed_at BIGINT NOT NULL,
    published_at BIGINT
);
CREATE INDEX log_checkpoints_unpublished ON log_checkpoints (size) WHERE published_at IS NULL;

-- Signature lines of witnesses, which are shown with the checkpoint.
CREATE TABLE log_cosignatures (
    size BIGINT NOT NULL REFERENCES log_checkpoints (size),
    line TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (size, line)
);

-- How far each target (`DOORSTEP_CHECKPOINTS`) is. `size` 0: nothing was sent yet. `next_at` is also a lease.
CREATE TABLE log_pushes (
    target TEXT NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    pushed_at BIGINT,
    next_at BIGINT NOT NULL,
    tries BIGINT NOT NULL,          -- failed ones since the last success
    error TEXT NOT NULL
);
