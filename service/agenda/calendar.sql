-- One secret address a person, stored as the SHA-256 of its token.

-- name: set_calendar!
INSERT INTO calendars (login, digest, created_at) VALUES (:login, :digest, :at)
ON CONFLICT (login) DO UPDATE SET digest = excluded.digest, created_at = excluded.created_at;

-- name: calendar_of^
SELECT 1 FROM calendars WHERE login = :login;

-- name: delete_calendar!
DELETE FROM calendars WHERE login = :login;

-- name: calendar_owner^
SELECT c.login FROM calendars c JOIN people p ON p.login = c.login WHERE c.digest = :digest AND p.left_at IS NULL;
