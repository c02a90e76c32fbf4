
-- What a visit's grams are of, as it is compared: one a line. Apart from the board, so that records do not rewrite it.
CREATE TABLE texts (
    visit BYTEA NOT NULL PRIMARY KEY REFERENCES visits (id),
    area TEXT NOT NULL,
    text TEXT NOT NULL
) WITHOUT ROWID;
