-- name: add_person!
INSERT INTO people (login, name, roles, areas, created_at)
VALUES (:login, :name, :roles, :areas, :created_at)
ON CONFLICT DO NOTHING;

-- name: person^
SELECT login, name, roles, areas FROM people WHERE login = :login AND left_at IS NULL;

-- name: password_hash^
SELECT password_hash FROM people WHERE login = :login AND left_at IS NULL;

-- name: set_password_hash!
UPDATE people SET password_hash = :password_hash WHERE login = :login;

-- name: leave!
UPDATE people SET left_at = :at WHERE login = :login AND left_at IS NULL;

-- name: add_token!
INSERT INTO tokens (digest, login, created_at) VALUES (:digest, :login, :at);

-- name: revoke_token!
UPDATE tokens SET revoked_at = :at WHERE digest = :digest AND revoked_at IS NULL;

-- name: person_of_token^
SELECT p.login, p.name, p.roles, p.areas
FROM tokens t JOIN people p ON p.login = t.login
WHERE t.digest = :digest AND t.revoked_at IS NULL AND p.left_at IS NULL;
