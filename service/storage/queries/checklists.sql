-- name: add_checklist!
INSERT INTO checklists (id, version, sha256, body, published_at, published_by, reason)
VALUES (:id, :version, :sha256, :body, :published_at, :published_by, :reason)
ON CONFLICT DO NOTHING;

-- name: checklist^
SELECT id, version, sha256, body, published_at, published_by, reason
FROM checklists WHERE id = :id AND version = :version;

-- name: newest_checklist^
SELECT id, version, sha256, body, published_at, published_by, reason
FROM checklists WHERE id = :id ORDER BY published_at DESC, version DESC LIMIT 1;

-- name: all_checklists
SELECT id, version, sha256, body, published_at, published_by, reason
FROM checklists ORDER BY id, published_at, version;
