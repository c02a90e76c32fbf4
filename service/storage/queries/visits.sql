-- name: add_visit!
INSERT INTO visits (id, sha256, body, type, technician, crew, area, checklist, checklist_version,
    window_from, window_to, planned_at, created_at, created_by, salt)
VALUES (:id, :sha256, :body, :type, :technician, :crew, :area, :checklist, :checklist_version,
    :window_from, :window_to, :planned_at, :created_at, :created_by, :salt)
ON CONFLICT DO NOTHING;

-- name: assign!
INSERT INTO assignments (login, planned_at, visit) VALUES (:login, :planned_at, :visit) ON CONFLICT DO NOTHING;

-- name: visit^
SELECT id, sha256, body, type, technician, crew, area, checklist, checklist_version,
    window_from, window_to, created_at, created_by, salt
FROM visits WHERE id = :id;

-- name: visits_of_all
-- A page of all visits from (:after_at, :after_id) on.
SELECT id, sha256, body, type, technician, crew, area, checklist, checklist_version,
    window_from, window_to, created_at, created_by, salt
FROM visits
WHERE (planned_at, id) > (:after_at, :after_id) AND planned_at >= :from_at AND planned_at < :to_at
    AND (:type = '' OR type = :type)
ORDER BY planned_at, id LIMIT :size;

-- name: visits_of_area
SELECT id, sha256, body, type, technician, crew, area, checklist, checklist_version,
    window_from, window_to, created_at, created_by, salt
FROM visits
WHERE area = :area
    AND (planned_at, id) > (:after_at, :after_id) AND planned_at >= :from_at AND planned_at < :to_at
    AND (:type = '' OR type = :type)
ORDER BY planned_at, id LIMIT :size;

-- name: visits_of_person
-- A page of the visits of one person. :every_area is 1, or 0 for those of :area only.
SELECT v.id, v.sha256, v.body, v.type, v.technician, v.crew, v.area, v.checklist, v.checklist_version,
    v.window_from, v.window_to, v.created_at, v.created_by, v.salt
FROM assignments a JOIN visits v ON v.id = a.visit
WHERE a.login = :login
    AND (a.planned_at, a.visit) > (:after_at, :after_id) AND a.planned_at >= :from_at AND a.planned_at < :to_at
    AND (:type = '' OR v.type = :type) AND (:every_area = 1 OR v.area = :area)
ORDER BY a.planned_at, a.visit LIMIT :size;
