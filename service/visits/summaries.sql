-- name: post!
INSERT INTO board (visit, type, technician, crew, area, planned_at, state, flags, verdict, until, revision, follows, plan)
VALUES (:visit, :type, :technician, :crew, :area, :planned_at, :state, :flags, :verdict, :until, :revision, :follows,
    :plan)
ON CONFLICT DO NOTHING;

-- name: repost!
-- After a change of the plan.
UPDATE board SET technician = :technician, crew = :crew, planned_at = :planned_at, revision = :revision, plan = :plan
WHERE visit = :visit;

-- name: stand!
-- What the judge makes of it now.
UPDATE board SET state = :state, flags = :flags, verdict = :verdict, until = :until WHERE visit = :visit;

-- name: reflag!
UPDATE board SET flags = :flags WHERE visit = :visit;

-- name: live_of
SELECT visit FROM feed WHERE login = :login AND live = 1 ORDER BY visit;

-- name: posted^
SELECT visit, type, technician, crew, area, planned_at, state, flags, verdict, until, revision, plan
FROM board WHERE visit = :visit;

-- name: unposted
-- Visits from before there was a board, or after it was emptied.
SELECT visit FROM board WHERE state = '' ORDER BY planned_at, visit LIMIT :size;

-- name: followers
SELECT visit FROM board WHERE follows = :visit ORDER BY planned_at, visit;

-- name: board_of_all
-- A page from (:after_at, :after_id) on.
SELECT visit, type, technician, crew, area, planned_at, state, flags, verdict, until, revision, plan
FROM board
WHERE (planned_at, visit) > (:after_at, :after_id) AND planned_at < :to_at
    AND (:type = '' OR type = :type)
ORDER BY planned_at, visit LIMIT :size;

-- name: board_of_area
SELECT visit, type, technician, crew, area, planned_at, state, flags, verdict, until, revision, plan
FROM board
WHERE area = :area
    AND (planned_at, visit) > (:after_at, :after_id) AND planned_at < :to_at
    AND (:type = '' OR type = :type)
ORDER BY planned_at, visit LIMIT :size;

-- name: board_of_state
SELECT visit, type, technician, crew, area, planned_at, state, flags, verdict, until, revision, plan
FROM board
WHERE state = :state AND (:every_area = 1 OR area = :area)
    AND (planned_at, visit) > (:after_at, :after_id) AND planned_at < :to_at
    AND (:type = '' OR type = :type)
ORDER BY planned_at, visit LIMIT :size;

-- name: board_of_flag
-- Few visits have flags: they have an index of their own.
SELECT visit, type, technician, crew, area, planned_at, state, flags, verdict, until, revision, plan
FROM board
WHERE flags <> '' AND ' ' || flags || ' ' LIKE '% ' || CAST(:flag AS TEXT) || ' %'
    AND (:state = '' OR state = :state) AND (:every_area = 1 OR area = :area)
    AND (planned_at, visit) > (:after_at, :after_id) AND planned_at < :to_at
    AND (:type = '' OR type = :type)
ORDER BY planned_at, visit LIMIT :size;

-- name: rare_type^
-- How many visits are of a type, and how many in a state, as far as one counts; all, where none is given.
SELECT (SELECT count(*) FROM (SELECT 1 AS one FROM board WHERE type = :type LIMIT :most) AS few),
    CASE WHEN :state = '' THEN :most
    ELSE (SELECT count(*) FROM (SELECT 1 AS one FROM board WHERE state = :state LIMIT :most) AS few) END;

-- name: one_of_type^
SELECT visit FROM board WHERE type = :type LIMIT 1;

-- name: board_of_type
SELECT visit, type, technician, crew, area, planned_at, state, flags, verdict, until, revision, plan
FROM board
WHERE type = :type AND (:every_area = 1 OR area = :area) AND (:state = '' OR state = :state)
    AND (planned_at, visit) > (:after_at, :after_id) AND planned_at < :to_at
ORDER BY planned_at, visit LIMIT :size;

-- name: board_of_person
SELECT b.visit, b.type, b.technician, b.crew, b.area, b.planned_at, b.state, b.flags, b.verdict, b.until, b.revision,
    b.plan
FROM feed f JOIN board b ON b.visit = f.visit
WHERE f.login = :login AND f.his = 1
    AND (f.planned_at, f.visit) > (:after_at, :after_id) AND f.planned_at < :to_at
    AND (:type = '' OR b.type = :type) AND (:state = '' OR b.state = :state) AND (:every_area = 1 OR b.area = :area)
    AND (CAST(:flag AS TEXT) = '' OR ' ' || b.flags || ' ' LIKE '% ' || CAST(:flag AS TEXT) || ' %')
ORDER BY f.planned_at, f.visit LIMIT :size;
