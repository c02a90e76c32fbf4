-- name: next_number^
-- The row stays locked until the end of the transaction: numbers appear in their order.
UPDATE feeds SET last = last + 1 WHERE login = :login RETURNING last;

-- name: first_number^
INSERT INTO feeds (login, last) VALUES (:login, 1)
ON CONFLICT (login) DO UPDATE SET last = feeds.last + 1
RETURNING last;

-- name: last_of_feed^
SELECT last FROM feeds WHERE login = :login;

-- name: touch!
UPDATE feed SET number = :number WHERE login = :login AND visit = :visit;

-- name: touch_live!
UPDATE feed SET number = :number, live = :live WHERE login = :login AND visit = :visit;

-- name: enlist!
INSERT INTO feed (login, visit, planned_at, his, live, number)
VALUES (:login, :visit, :planned_at, :his, :live, :number)
ON CONFLICT (login, visit) DO UPDATE
SET planned_at = excluded.planned_at, his = excluded.his, live = excluded.live, number = excluded.number;

-- name: feed_of_visit
SELECT login, his FROM feed WHERE visit = :visit AND login = :login;

-- name: changed_since
SELECT visit, number, his FROM feed WHERE login = :login AND number > :since ORDER BY number LIMIT :size;

-- name: at_number^
SELECT visit, number, his FROM feed WHERE login = :login AND number = :number;

-- name: all_of_agenda
-- What a phone without anything needs: what is live, and what is planned from :recent on.
SELECT visit, number FROM feed WHERE login = :login AND live = 1 AND number > :since
UNION
SELECT visit, number FROM feed WHERE login = :login AND his = 1 AND planned_at >= :recent AND number > :since
ORDER BY 2 LIMIT :size;

-- name: set_calendar!
INSERT INTO calendars (login, digest, created_at) VALUES (:login, :digest, :at)
ON CONFLICT (login) DO UPDATE SET digest = excluded.digest, created_at = excluded.created_at;

-- name: drop_calendar!
DELETE FROM calendars WHERE login = :login;

-- name: calendar^
SELECT c.login FROM calendars c JOIN people p ON p.login = c.login WHERE c.digest = :digest AND p.left_at IS NULL;
