-- name: visits_with_ids
-- Visits by their ids, which follow each other in :ids: a list needs one round trip.
WITH RECURSIVE wanted (place, id) AS (
    SELECT 1, substr(:ids, 1, 16)
    UNION ALL SELECT place + 16, substr(:ids, place + 16, 16) FROM wanted WHERE place + 16 < length(:ids)
)
SELECT v.id, v.sha256, v.body, v.type, b.technician, b.crew, v.area, v.checklist, v.checklist_version,
    v.window_from, v.window_to, v.created_at, v.created_by, v.salt, b.revision,
    b.state, b.flags, b.reviews, b.departures
FROM wanted w CROSS JOIN visits v ON v.id = w.id JOIN visit_summaries b ON b.visit = v.id;
