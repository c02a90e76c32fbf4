-- name: last_known_key^
SELECT id FROM known_keys WHERE purpose = :purpose ORDER BY number DESC LIMIT 1;

-- name: add_known_key!
INSERT INTO known_keys (purpose, id, number, first_used_at)
SELECT CAST(:purpose AS TEXT), CAST(:id AS TEXT), count(*), CAST(:at AS BIGINT) FROM known_keys WHERE purpose = :purpose
ON CONFLICT DO NOTHING;

-- name: known_keys
SELECT id FROM known_keys WHERE purpose = :purpose ORDER BY number;

-- name: installation^
SELECT value FROM installation WHERE name = :name;

-- name: set_installation!
INSERT INTO installation (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value;
