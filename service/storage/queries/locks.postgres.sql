-- name: locked_visit^
SELECT id, sha256, body, type, technician, crew, area, checklist, checklist_version,
    window_from, window_to, created_at, created_by, salt
FROM visits WHERE id = :id FOR UPDATE;

-- name: lock_sequencer^
-- 1 when this transaction is now the only sequencer of this schema.
SELECT CASE WHEN pg_try_advisory_xact_lock(hashtextextended('doorstep sequencer ' || current_schema(), 0))
    THEN 1 ELSE 0 END;
