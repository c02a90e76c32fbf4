-- name: events_naming
SELECT id, body FROM events WHERE convert_from(body, 'UTF8') LIKE :login;
