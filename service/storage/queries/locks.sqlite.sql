-- name: locked_visit^
-- SQLite has one writer: whoever writes has the lock already.
SELECT id, sha256, body, type, technician, crew, area, checklist, checklist_version,
    window_from, window_to, created_at, created_by, salt
FROM visits WHERE id = :id;

-- name: lock_sequencer^
SELECT 1;
