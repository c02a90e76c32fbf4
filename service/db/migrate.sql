-- name: applied
-- Numbers of the migrations that this database has.
SELECT number FROM migrations ORDER BY number;

-- name: note_migration!
INSERT INTO migrations (number, name) VALUES (:number, :name);
