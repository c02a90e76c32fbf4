-- What a visit is found by. Without a rowid the key is the table: half the size.
CREATE TABLE grams (
    gram TEXT NOT NULL,
    visit BYTEA NOT NULL REFERENCES visits (id),
    PRIMARY KEY (gram, visit)
) WITHOUT ROWID;

-- A guard against slips, as for the rest.
CREATE TRIGGER changes_no_update BEFORE UPDATE ON changes
BEGIN SELECT RAISE(ABORT, 'changes are only ever added'); END;
CREATE TRIGGER changes_no_delete BEFORE DELETE ON changes
BEGIN SELECT RAISE(ABORT, 'changes are only ever added'); END;
