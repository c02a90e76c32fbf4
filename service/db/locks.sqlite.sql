-- name: locked_visit^
-- SQLite has one writer, which holds the lock already.
SELECT v.id, v.sha256, v.body, v.type, b.technician, b.crew, v.area, v.checklist, v.checklist_version,
    v.window_from, v.window_to, v.created_at, v.created_by, v.salt, b.revision,
    b.state, b.flags, b.reviews, b.departures
FROM visits v JOIN visit_summaries b ON b.visit = v.id WHERE v.id = :id;

-- name: lock_active_person^
SELECT login, name, roles, areas FROM people WHERE login = :login AND left_at IS NULL;

-- name: lock_sequencer^
SELECT 1;

-- name: lock_sync_counter
SELECT last FROM sync_counters WHERE login = :login;

-- name: lock_keys^
SELECT 1;

-- name: lock_login^
SELECT 1;

-- name: lock_webhook_event^
SELECT 1 FROM webhook_events WHERE id = :id;

-- name: lock_attempts^
SELECT 1;

-- name: lock_hold^
SELECT 1;
