-- name: add_visit!
INSERT INTO visits (id, sha256, body, type, technician, crew, area, checklist, checklist_version,
    window_from, window_to, planned_at, created_at, created_by, salt)
VALUES (:id, :sha256, :body, :type, :technician, :crew, :area, :checklist, :checklist_version,
    :window_from, :window_to, :planned_at, :created_at, :created_by, :salt)
ON CONFLICT DO NOTHING;

-- name: visit^
-- The visit as planned, with current columns of its summary.
SELECT v.id, v.sha256, v.body, v.type, b.technician, b.crew, v.area, v.checklist, v.checklist_version,
    v.window_from, v.window_to, v.created_at, v.created_by, v.salt, b.revision,
    b.state, b.flags, b.reviews, b.departures
FROM visits v JOIN visit_summaries b ON b.visit = v.id WHERE v.id = :id;
