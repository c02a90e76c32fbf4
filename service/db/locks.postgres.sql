-- name: locked_visit^
-- The board's row is the one that changes: after waiting it is read again as the other writer left it.
SELECT v.id, v.sha256, v.body, v.type, b.technician, b.crew, v.area, v.checklist, v.checklist_version,
    v.window_from, v.window_to, v.created_at, v.created_by, v.salt, b.revision,
    b.state, b.flags, b.reviews
FROM visits v JOIN visit_summaries b ON b.visit = v.id WHERE v.id = :id FOR UPDATE OF b;

-- name: lock_active_person^
-- Whoever sends him away, or takes a role from him, waits until this transaction ends; others who read him so do not.
SELECT login, name, roles, areas FROM people WHERE login = :login AND left_at IS NULL FOR SHARE;

-- name: lock_sequencer^
-- 1 when this transaction is now the only sequencer of this schema.
SELECT CASE WHEN pg_try_advisory_xact_lock(hashtextextended('doorstep sequencer ' || current_schema(), 0))
    THEN 1 ELSE 0 END;

-- name: lock_sync_counter
-- The lock of an agenda without a number of it. (Whoever goes has an agenda.)
SELECT last FROM sync_counters WHERE login = :login FOR UPDATE;
