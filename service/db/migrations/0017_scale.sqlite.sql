
-- A deletion of a visit would read all tokens to see that none refers to it: erasing a visit took seconds. To drop the
-- reference changes nothing on the disk but the text of the table (https://sqlite.org/lang_altertable.html, section 7);
-- PostgreSQL never had it.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, ' REFERENCES visits (id)', '')
WHERE type = 'table' AND name = 'search_tokens';
PRAGMA writable_schema = RESET;
