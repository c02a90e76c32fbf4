-- name: force_custom_plan^
-- SQLite always plans a statement as it is written.
SELECT 1;

-- name: automatic_plan^
SELECT 1;
