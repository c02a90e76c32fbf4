-- name: tables_there^
-- Whether a database has our tables, and whether it has none at all.
SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'migrations'), NOT EXISTS (SELECT 1 FROM sqlite_master);
