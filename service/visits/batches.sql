-- name: add_batch!
INSERT INTO batches (id, visit, number, revision, kind, writer, received_at, checklist_version, sha256, body, salt,
    device, signature, signed, taken_in_by)
VALUES (:id, :visit, :number, :revision, :kind, :writer, :received_at, :checklist_version, :sha256, :body, :salt,
    :device, :signature, :signed, :taken_in_by)
ON CONFLICT DO NOTHING;

-- name: batch^
SELECT id, visit, number, revision, kind, writer, received_at, checklist_version, sha256, body, salt,
    device, signature, signed, taken_in_by
FROM batches WHERE id = :id;

-- name: batches_of
SELECT id, visit, number, revision, kind, writer, received_at, checklist_version, sha256, body, salt,
    device, signature, signed, taken_in_by
FROM batches WHERE visit = :visit ORDER BY number;

-- name: last_batch^
SELECT max(number) FROM batches WHERE visit = :visit;
