-- name: locked_visit^
-- SQLite has one writer: whoever writes has the lock already.
SELECT v.id, v.sha256, v.body, v.type, b.technician, b.crew, v.area, v.checklist, v.checklist_version,
    v.window_from, v.window_to, v.created_at, v.created_by, v.salt, b.revision,
    b.state, b.flags
FROM visits v JOIN board b ON b.visit = v.id WHERE v.id = :id;

-- name: staying_person^
SELECT login, name, roles, areas FROM people WHERE login = :login AND left_at IS NULL;

-- name: lock_sequencer^
SELECT 1;

-- name: lock_feed
SELECT last FROM feeds WHERE login = :login;
