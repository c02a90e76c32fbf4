-- name: tables_there^
-- Whether a database has our tables, and whether its schema exists and is empty.
SELECT to_regclass('migrations') IS NOT NULL,
    current_schema() IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema());
