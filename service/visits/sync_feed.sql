-- name: next_sync_number^
-- The row stays locked until the transaction ends: numbers become visible in order.
UPDATE sync_counters SET last = last + 1 WHERE login = :login RETURNING last;

-- name: add_sync_counter^
INSERT INTO sync_counters (login, last) VALUES (:login, 1)
ON CONFLICT (login) DO UPDATE SET last = sync_counters.last + 1
RETURNING last;

-- name: last_sync_number^
SELECT last FROM sync_counters WHERE login = :login;

-- name: bump_sync_feed!
UPDATE sync_feed SET number = :number WHERE login = :login AND visit = :visit;

-- name: bump_sync_feed_active!
UPDATE sync_feed SET number = :number, active = :active WHERE login = :login AND visit = :visit;

-- name: set_sync_feed!
INSERT INTO sync_feed (login, visit, planned_at, is_assigned, active, number)
VALUES (:login, :visit, :planned_at, :is_assigned, :active, :number)
ON CONFLICT (login, visit) DO UPDATE
SET planned_at = excluded.planned_at, is_assigned = excluded.is_assigned, active = excluded.active, number = excluded.number;

-- name: sync_feed_of_visit
SELECT login, is_assigned FROM sync_feed WHERE visit = :visit AND login = :login;

-- name: sync_feed_after
-- Also the visits that were erased.
SELECT visit, number, is_assigned FROM sync_feed WHERE login = :login AND number > :since
UNION ALL
SELECT visit, number, CAST(0 AS BIGINT) FROM erased_feed WHERE login = :login AND number > :since
ORDER BY 2 LIMIT :size;

-- name: add_erased_feed!
INSERT INTO erased_feed (login, visit, number) VALUES (:login, :visit, :number);

-- name: sync_feed_at^
SELECT visit, number, is_assigned FROM sync_feed WHERE login = :login AND number = :number;

-- name: sync_feed_snapshot
-- For a phone without any visit: active ones, and those planned from :recent on.
SELECT visit, number FROM sync_feed WHERE login = :login AND active = 1 AND number > :since
UNION
SELECT visit, number FROM sync_feed WHERE login = :login AND is_assigned = 1 AND planned_at >= :recent AND number > :since
ORDER BY 2 LIMIT :size;

-- name: returned_visits_of
SELECT f.visit FROM sync_feed f JOIN visit_summaries s ON s.visit = f.visit
WHERE f.login = :login AND f.active = 1 AND f.is_assigned = 1 AND s.state = 'returned' ORDER BY f.visit;
