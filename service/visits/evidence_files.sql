-- name: lock_received_file!
-- Locks an existing row without changing it: adding a file and referring to it exclude each other.
INSERT INTO received_files (sha256, sender, sent_at) VALUES (:sha256, :sender, NULL)
ON CONFLICT (sha256, sender) DO UPDATE SET sender = excluded.sender;

-- name: add_file_reference!
INSERT INTO file_references (visit, sha256, sender) VALUES (:visit, :sha256, :sender) ON CONFLICT DO NOTHING;

-- name: received_file^
SELECT sent_at FROM received_files WHERE sha256 = :sha256 AND sender = :sender;

-- name: receive_file!
INSERT INTO received_files (sha256, sender, sent_at, id, salt) VALUES (:sha256, :sender, :at, :id, :salt)
ON CONFLICT (sha256, sender) DO UPDATE SET sent_at = coalesce(received_files.sent_at, excluded.sent_at),
    id = coalesce(received_files.id, excluded.id), salt = coalesce(received_files.salt, excluded.salt);

-- name: received_file_of_leaf^
SELECT f.sender, f.sent_at, f.salt, b.sha256, b.size, b.kind, b.width, b.height, b.stored_at, b.whole
FROM received_files f JOIN blobs b ON b.sha256 = f.sha256 WHERE f.id = :id;

-- name: unnamed_size^
-- The total size of files sent since a time that no batch of the sender refers to.
SELECT CAST(coalesce(sum(s.size), 0) AS BIGINT) FROM received_files f JOIN blobs s ON s.sha256 = f.sha256
WHERE f.sender = :sender AND f.sent_at > :since
AND NOT EXISTS (SELECT 1 FROM file_references n WHERE n.sha256 = f.sha256 AND n.sender = f.sender);

-- name: visits_referring_to
-- In lock order.
SELECT visit FROM file_references WHERE sha256 = :sha256 AND sender = :sender ORDER BY visit;

-- name: files_of_visit
-- Received files (file, sender) and given-up files (file, record) of a visit.
SELECT n.sha256, n.sender, NULL FROM file_references n JOIN received_files f ON f.sha256 = n.sha256 AND f.sender = n.sender
WHERE n.visit = :visit AND f.sent_at IS NOT NULL
UNION ALL
SELECT file, '', record FROM given_up_files WHERE visit = :visit;

-- name: references_of_file
-- The visits through which a file may be read: those that refer to it in a batch of its sender.
SELECT n.visit, n.sender, b.technician, b.crew, b.area
FROM file_references n
JOIN received_files f ON f.sha256 = n.sha256 AND f.sender = n.sender
JOIN visit_summaries b ON b.visit = n.visit
WHERE n.sha256 = :sha256 AND f.sent_at IS NOT NULL;

-- name: add_blob!
INSERT INTO blobs (sha256, size, kind, width, height, stored_at, whole)
VALUES (:sha256, :size, :kind, :width, :height, :stored_at, :whole) ON CONFLICT DO NOTHING;

-- name: stored_blob^
SELECT sha256, size, kind, width, height, stored_at, whole FROM blobs WHERE sha256 = :sha256;

-- name: truncated_images_of_visit
SELECT s.sha256 FROM file_references n JOIN blobs s ON s.sha256 = n.sha256 WHERE n.visit = :visit AND s.whole = 0;

-- name: add_given_up_file!
INSERT INTO given_up_files (id, visit, record, file, at, writer, sha256, body, salt)
VALUES (:id, :visit, :record, :file, :at, :writer, :sha256, :body, :salt) ON CONFLICT DO NOTHING;

-- name: given_up_file_of_record^
SELECT id, visit, record, file, at, writer, sha256, body, salt FROM given_up_files WHERE record = :record AND file = :file;

-- name: given_up_file^
SELECT id, visit, record, file, at, writer, sha256, body, salt FROM given_up_files WHERE id = :id;

-- name: given_up_files_of_visit
SELECT id, visit, record, file, at, writer, sha256, body, salt FROM given_up_files WHERE visit = :visit ORDER BY at, id;

-- name: add_photo_copy!
INSERT INTO photo_copies (id, file, edition, sha256, at, salt) VALUES (:id, :file, :edition, :sha256, :at, :salt)
ON CONFLICT DO NOTHING;

-- name: photo_copy^
SELECT 1 FROM photo_copies WHERE file = :file AND edition = :edition AND sha256 = :sha256;

-- name: photo_copy_of_leaf^
SELECT file, edition, sha256, at, salt FROM photo_copies WHERE id = :id;
