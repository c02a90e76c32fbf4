-- name: events_naming
-- Those from before events were found by person have no columns but their body.
SELECT id, body FROM events WHERE person = :person
UNION ALL SELECT id, body FROM events WHERE what = '' AND CAST(body AS TEXT) LIKE :mention;
