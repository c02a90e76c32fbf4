-- What a visit is found by. Ranges of grams need the order of bytes, whatever the database's language.
CREATE TABLE grams (
    gram TEXT COLLATE "C" NOT NULL,
    visit BYTEA NOT NULL,
    PRIMARY KEY (gram, visit)
);

-- A guard against slips, as for the rest.
CREATE TRIGGER changes_no_change BEFORE UPDATE OR DELETE ON changes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER changes_no_truncate BEFORE TRUNCATE ON changes EXECUTE FUNCTION refuse_change();
