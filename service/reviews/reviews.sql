-- name: queue_of_all
-- Visits that call for a person, the most urgent first, from (:after_at, :after_id) on.
SELECT visit, type, technician, area, planned_at, state, flags, verdict, plan, reasons, urgent_at, since, assignee
FROM visit_summaries
WHERE reasons <> '' AND (urgent_at, visit) > (:after_at, :after_id)
    AND (:reason = '' OR ' ' || reasons || ' ' LIKE '% ' || CAST(:reason AS TEXT) || ' %')
    AND (:technician = '' OR technician = :technician) AND (:any_assignee = 1 OR assignee = :assignee)
ORDER BY urgent_at, visit LIMIT :size;

-- name: queue_of_area
SELECT visit, type, technician, area, planned_at, state, flags, verdict, plan, reasons, urgent_at, since, assignee
FROM visit_summaries
WHERE reasons <> '' AND area = :area AND (urgent_at, visit) > (:after_at, :after_id)
    AND (:reason = '' OR ' ' || reasons || ' ' LIKE '% ' || CAST(:reason AS TEXT) || ' %')
    AND (:technician = '' OR technician = :technician) AND (:any_assignee = 1 OR assignee = :assignee)
ORDER BY urgent_at, visit LIMIT :size;

-- name: next_of_all^
-- The most urgent visit but one that nobody else looks at.
SELECT urgent_at, visit FROM visit_summaries
WHERE reasons <> '' AND visit <> :current AND assignee IN ('', :login) ORDER BY urgent_at, visit LIMIT 1;

-- name: next_of_area^
SELECT urgent_at, visit FROM visit_summaries
WHERE reasons <> '' AND area = :area AND visit <> :current AND assignee IN ('', :login)
ORDER BY urgent_at, visit LIMIT 1;

-- name: queue_counts
SELECT area, reasons, count(*) FROM visit_summaries WHERE reasons <> '' GROUP BY area, reasons;

-- name: queue_people
-- Which areas, technicians and supervisors the queue can be narrowed to.
SELECT DISTINCT area, technician, assignee FROM visit_summaries WHERE reasons <> '';

-- name: commented
-- Visits that nobody has to decide about, with words of the customer that nobody has read, the oldest first.
SELECT visit, type, technician, area, planned_at, plan FROM visit_summaries
WHERE flags LIKE '%comment%' AND reasons = '' AND (:every_area = 1 OR area = :area)
ORDER BY planned_at, visit LIMIT :size;

-- name: summaries_to_refresh
-- Visits whose status can change by itself and may have done so.
SELECT visit FROM visit_summaries WHERE valid_until <= :now ORDER BY valid_until LIMIT :size;

-- name: postpone_refresh!
UPDATE visit_summaries SET valid_until = :at WHERE visit = :visit;

-- name: quarantined_as
-- What was kept in quarantine under the id of a record.
SELECT id FROM quarantine WHERE path_id = :path_id;

-- name: looks_at
SELECT at, who, reason FROM access_log WHERE what = :what ORDER BY at;
