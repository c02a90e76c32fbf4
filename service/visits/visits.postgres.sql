-- name: visits_with_ids
-- Visits by their ids, which follow each other in :ids: a list needs one round trip.
SELECT v.id, v.sha256, v.body, v.type, b.technician, b.crew, v.area, v.checklist, v.checklist_version,
    v.window_from, v.window_to, v.created_at, v.created_by, v.salt, b.revision,
    b.state, b.flags, b.reviews, b.departures
FROM visits v JOIN visit_summaries b ON b.visit = v.id
WHERE v.id = ANY(ARRAY(
    SELECT substr(CAST(:ids AS BYTEA), 16 * place + 1, 16)
    FROM generate_series(0, length(CAST(:ids AS BYTEA)) / 16 - 1) AS place
));
