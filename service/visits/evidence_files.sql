-- name: expect_file!
-- Changes nothing of a row that is there, but takes its lock: who sends the file and who names it take turns.
INSERT INTO files (sha256, sender, sent_at) VALUES (:sha256, :sender, NULL)
ON CONFLICT (sha256, sender) DO UPDATE SET sender = excluded.sender;

-- name: name_file!
INSERT INTO named (visit, sha256, sender) VALUES (:visit, :sha256, :sender) ON CONFLICT DO NOTHING;

-- name: file^
SELECT sent_at FROM files WHERE sha256 = :sha256 AND sender = :sender;

-- name: send_file!
INSERT INTO files (sha256, sender, sent_at) VALUES (:sha256, :sender, :at)
ON CONFLICT (sha256, sender) DO UPDATE SET sent_at = coalesce(files.sent_at, excluded.sent_at);

-- name: unnamed_size^
-- The bytes that somebody sent since a time and that no batch of theirs names.
SELECT CAST(coalesce(sum(s.size), 0) AS BIGINT) FROM files f JOIN stored s ON s.sha256 = f.sha256
WHERE f.sender = :sender AND f.sent_at > :since
AND NOT EXISTS (SELECT 1 FROM named n WHERE n.sha256 = f.sha256 AND n.sender = f.sender);

-- name: visits_naming
-- In the order in which their rows are locked.
SELECT visit FROM named WHERE sha256 = :sha256 AND sender = :sender ORDER BY visit;

-- name: files_of_visit
-- What was sent for a visit (file, sender), and what was given up (file, record).
SELECT n.sha256, n.sender, NULL FROM named n JOIN files f ON f.sha256 = n.sha256 AND f.sender = n.sender
WHERE n.visit = :visit AND f.sent_at IS NOT NULL
UNION ALL
SELECT file, '', record FROM lost WHERE visit = :visit;

-- name: ways_to_file
-- The visits through which a file may be read: those that name it in a batch of who sent its bytes.
SELECT n.visit, n.sender, b.technician, b.crew, b.area
FROM named n
JOIN files f ON f.sha256 = n.sha256 AND f.sender = n.sender
JOIN board b ON b.visit = n.visit
WHERE n.sha256 = :sha256 AND f.sent_at IS NOT NULL;

-- name: add_blob!
INSERT INTO stored (sha256, size, kind, width, height, stored_at, whole)
VALUES (:sha256, :size, :kind, :width, :height, :stored_at, :whole) ON CONFLICT DO NOTHING;

-- name: stored^
SELECT sha256, size, kind, width, height, stored_at, whole FROM stored WHERE sha256 = :sha256;

-- name: damaged_of_visit
SELECT s.sha256 FROM named n JOIN stored s ON s.sha256 = n.sha256 WHERE n.visit = :visit AND s.whole = 0;

-- name: add_lost!
INSERT INTO lost (id, visit, record, file, at, writer, sha256, body, salt)
VALUES (:id, :visit, :record, :file, :at, :writer, :sha256, :body, :salt) ON CONFLICT DO NOTHING;

-- name: lost_file^
SELECT id, visit, record, file, at, writer, sha256, body, salt FROM lost WHERE record = :record AND file = :file;

-- name: lost_by_id^
SELECT id, visit, record, file, at, writer, sha256, body, salt FROM lost WHERE id = :id;

-- name: lost_of_visit
SELECT id, visit, record, file, at, writer, sha256, body, salt FROM lost WHERE visit = :visit ORDER BY at, id;
