-- name: close_duties!
UPDATE duties SET closed_at = :closed_at WHERE visit = :visit AND closed_at IS NULL;

-- name: open_duty!
INSERT INTO duties (visit, duty, item, thing, label, owner, technician, area, since, due_at, closed_at)
VALUES (:visit, :duty, :item, :thing, :label, :owner, :technician, :area, :since, :due_at, NULL)
ON CONFLICT (visit, duty) DO UPDATE SET label = excluded.label, owner = excluded.owner, technician = excluded.technician,
    due_at = excluded.due_at, closed_at = NULL, dropped_by = '', dropped_reason = '';

-- name: drop_duty!
UPDATE duties SET dropped_by = :dropped_by, dropped_reason = :dropped_reason
WHERE visit = :visit AND duty = :duty AND closed_at IS NOT NULL;
