-- name: announce_blob!
-- No row changes while the sweeper deletes the file (since :left_before).
INSERT INTO pending_blobs (sha256, at, leaving) VALUES (:sha256, :at, 0)
ON CONFLICT (sha256) DO UPDATE SET at = excluded.at, leaving = 0
WHERE pending_blobs.leaving = 0 OR pending_blobs.at < :left_before;

-- name: delete_pending_blob!
DELETE FROM pending_blobs WHERE sha256 = :sha256 AND leaving = 0;

-- name: stale_pending_blobs
SELECT sha256 FROM pending_blobs
WHERE sha256 > :after AND ((leaving = 0 AND at < :came_before) OR (leaving = 1 AND at < :left_before))
ORDER BY sha256 LIMIT :size;

-- name: mark_blob_for_deletion!
-- No row changes when the file may be about to be stored.
UPDATE pending_blobs SET leaving = 1, at = :at
WHERE sha256 = :sha256 AND ((leaving = 0 AND at < :came_before) OR (leaving = 1 AND at < :left_before));

-- name: clear_deletion_mark!
-- Only our own mark: after an hour another process may have set one.
DELETE FROM pending_blobs WHERE sha256 = :sha256 AND leaving = 1 AND at = :at;
