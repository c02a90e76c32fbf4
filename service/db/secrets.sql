-- name: add_secret!
INSERT INTO secrets (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING;

-- name: delete_secret!
DELETE FROM secrets WHERE name = :name AND value = :value;

-- name: secrets
SELECT name, value FROM secrets;

-- name: replace_secret!
UPDATE secrets SET value = :new WHERE name = :key AND value = :old;

-- name: secret^
SELECT value FROM secrets WHERE name = :name;
