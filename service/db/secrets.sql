-- name: add_secret!
INSERT INTO secrets (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING;

-- name: delete_secret!
DELETE FROM secrets WHERE name = :name AND value = :value;

-- name: secret^
SELECT value FROM secrets WHERE name = :name;
