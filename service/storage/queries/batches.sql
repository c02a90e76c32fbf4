-- name: add_batch!
INSERT INTO batches (id, visit, kind, writer, received_at, checklist_version, sha256, body, salt)
VALUES (:id, :visit, :kind, :writer, :received_at, :checklist_version, :sha256, :body, :salt)
ON CONFLICT DO NOTHING;

-- name: batch^
SELECT id, visit, kind, writer, received_at, checklist_version, sha256, body, salt
FROM batches WHERE id = :id;

-- name: batches_of
SELECT id, visit, kind, writer, received_at, checklist_version, sha256, body, salt
FROM batches WHERE visit = :visit ORDER BY received_at, id;
