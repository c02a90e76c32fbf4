-- name: add_checklist!
INSERT INTO checklists (id, version, sha256, body, published_at, published_by, reason, leaf, salt)
VALUES (:id, :version, :sha256, :body, :published_at, :published_by, :reason, :leaf, :salt)
ON CONFLICT DO NOTHING;

-- name: checklist^
SELECT id, version, sha256, body, published_at, published_by, reason, leaf, salt
FROM checklists WHERE id = :id AND version = :version;

-- name: checklist_of_leaf^
SELECT id, version, sha256, body, published_at, published_by, reason, leaf, salt FROM checklists WHERE leaf = :leaf;

-- name: newest_checklist^
-- By number, not by time: versions are consecutive whole numbers.
SELECT id, version, sha256, body, published_at, published_by, reason, leaf, salt
FROM checklists WHERE id = :id ORDER BY length(version) DESC, version DESC LIMIT 1;

-- name: all_checklists
SELECT id, version, sha256, body, published_at, published_by, reason, leaf, salt
FROM checklists ORDER BY id, published_at, version;
