-- name: open_duties
-- What is owed, by due date, after (:after_at, :after_visit, :after_duty).
SELECT d.visit, d.duty, d.item, d.thing, d.label, d.owner, d.technician, d.area, d.since, d.due_at, d.closed_at,
    d.dropped_by, d.dropped_reason, s.plan, v.checklist, v.checklist_version
FROM duties d JOIN visit_summaries s ON s.visit = d.visit JOIN visits v ON v.id = d.visit
WHERE d.closed_at IS NULL AND (d.due_at, d.visit, d.duty) > (:after_at, :after_visit, :after_duty)
    AND d.due_at < :due_before AND (:owner = '' OR d.owner = :owner)
    AND (:technician = '' OR d.technician = :technician)
ORDER BY d.due_at, d.visit, d.duty LIMIT :size;

-- name: open_duties_of_area
SELECT d.visit, d.duty, d.item, d.thing, d.label, d.owner, d.technician, d.area, d.since, d.due_at, d.closed_at,
    d.dropped_by, d.dropped_reason, s.plan, v.checklist, v.checklist_version
FROM duties d JOIN visit_summaries s ON s.visit = d.visit JOIN visits v ON v.id = d.visit
WHERE d.closed_at IS NULL AND d.area = :area
    AND (d.due_at, d.visit, d.duty) > (:after_at, :after_visit, :after_duty)
    AND d.due_at < :due_before AND (:owner = '' OR d.owner = :owner)
    AND (:technician = '' OR d.technician = :technician)
ORDER BY d.due_at, d.visit, d.duty LIMIT :size;

-- name: closed_duties
SELECT d.visit, d.duty, d.item, d.thing, d.label, d.owner, d.technician, d.area, d.since, d.due_at, d.closed_at,
    d.dropped_by, d.dropped_reason, s.plan, v.checklist, v.checklist_version
FROM duties d JOIN visit_summaries s ON s.visit = d.visit JOIN visits v ON v.id = d.visit
WHERE d.closed_at IS NOT NULL AND (d.due_at, d.visit, d.duty) > (:after_at, :after_visit, :after_duty)
    AND d.due_at < :due_before AND (:owner = '' OR d.owner = :owner)
    AND (:technician = '' OR d.technician = :technician) AND (:every_area = 1 OR d.area = :area)
ORDER BY d.due_at, d.visit, d.duty LIMIT :size;

-- name: duty_people
-- Of which technicians something is owed.
SELECT DISTINCT area, technician FROM duties WHERE closed_at IS NULL;
