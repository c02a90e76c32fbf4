-- name: locked_visit^
-- The summary is the row that changes: after waiting for its lock it is read as the other writer left it.
SELECT v.id, v.sha256, v.body, v.type, b.technician, b.crew, v.area, v.checklist, v.checklist_version,
    v.window_from, v.window_to, v.created_at, v.created_by, v.salt, b.revision,
    b.state, b.flags, b.reviews, b.departures
FROM visits v JOIN visit_summaries b ON b.visit = v.id WHERE v.id = :id FOR UPDATE OF b;

-- name: lock_active_person^
-- Transactions that deactivate a person or change their roles wait until this one ends; other readers do not.
SELECT login, name, roles, areas FROM people WHERE login = :login AND left_at IS NULL FOR SHARE;

-- name: lock_sequencer^
-- 1 when this transaction has become the only sequencer of this schema.
SELECT CASE WHEN pg_try_advisory_xact_lock(hashtextextended('doorstep sequencer ' || current_schema(), 0))
    THEN 1 ELSE 0 END;

-- name: lock_sync_counter
-- Locks a sync counter without increasing it. (Every assigned technician has one.)
SELECT last FROM sync_counters WHERE login = :login FOR UPDATE;

-- name: lock_keys^
-- One server at a time compares its keys with those that the database knows.
SELECT pg_advisory_xact_lock(hashtextextended('doorstep keys ' || current_schema(), 0));

-- name: lock_login^
-- Locks a login in all its spellings, also one that nobody has yet, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('doorstep login ' || current_schema() || ' ' || CAST(:key AS TEXT), 0));

-- name: lock_webhook_event^
-- Nobody deletes the event until the transaction ends; none if it was deleted.
SELECT 1 FROM webhook_events WHERE id = :id FOR KEY SHARE;

-- name: lock_attempts^
-- Locks a counter, also one that is not there yet, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('doorstep attempts ' || current_schema() || CAST(:key AS TEXT), 0));

-- name: lock_hold^
-- Two who end a hold of an account wait for each other; of a visit they have the lock of the visit.
SELECT 1 FROM account_holds WHERE id = :id FOR UPDATE;
