-- name: events_naming
SELECT id, body FROM events WHERE CAST(body AS TEXT) LIKE :login;
