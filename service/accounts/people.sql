-- name: add_person!
INSERT INTO people (login, login_key, name, roles, areas, created_at)
VALUES (:login, :login_key, :name, :roles, :areas, :created_at)
ON CONFLICT DO NOTHING;

-- name: login_alike^
SELECT login FROM people WHERE login_key = :key ORDER BY login LIMIT 1;

-- name: person^
SELECT login, name, roles, areas FROM people WHERE login = :login AND left_at IS NULL;

-- name: person_ever^
SELECT login, name, roles, areas, left_at, badge, title FROM people WHERE login = :login;

-- name: people_page
SELECT login, name, roles, areas, left_at, badge, title FROM people WHERE login > :after ORDER BY login LIMIT :size;

-- name: active_technicians
SELECT login, name, roles, areas FROM people
WHERE left_at IS NULL AND ' ' || roles || ' ' LIKE '% technician %' ORDER BY login;

-- name: lock_person!
-- Locks what belongs to a person until the transaction ends; 0 rows when they have left.
UPDATE people SET login = login WHERE login = :login AND left_at IS NULL;

-- name: password_hash^
SELECT password_hash FROM people WHERE login = :login AND left_at IS NULL;

-- name: set_password_hash!
UPDATE people SET password_hash = :password_hash WHERE login = :login;

-- name: deactivate_person!
UPDATE people SET left_at = :at WHERE login = :login AND left_at IS NULL;

-- name: rename_person!
UPDATE people SET name = :name WHERE login = :login AND left_at IS NULL;

-- name: set_roles!
UPDATE people SET roles = :roles, areas = :areas WHERE login = :login AND left_at IS NULL;

-- name: areas_in_use
SELECT DISTINCT areas FROM people WHERE left_at IS NULL;
