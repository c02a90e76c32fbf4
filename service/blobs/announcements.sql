-- name: announce_file!
-- Somebody is about to put a file into the store; no row while the sweep is just taking it out (since :left_before).
INSERT INTO arriving (sha256, at, leaving) VALUES (:sha256, :at, 0)
ON CONFLICT (sha256) DO UPDATE SET at = excluded.at, leaving = 0
WHERE arriving.leaving = 0 OR arriving.at < :left_before;

-- name: land_file!
DELETE FROM arriving WHERE sha256 = :sha256 AND leaving = 0;

-- name: waiting_files
SELECT sha256 FROM arriving
WHERE sha256 > :after AND ((leaving = 0 AND at < :came_before) OR (leaving = 1 AND at < :left_before))
ORDER BY sha256 LIMIT :size;

-- name: condemn_file!
-- The sweep is about to take a file out of the store; no row when somebody may be just putting it there.
UPDATE arriving SET leaving = 1, at = :at
WHERE sha256 = :sha256 AND ((leaving = 0 AND at < :came_before) OR (leaving = 1 AND at < :left_before));

-- name: forget_file!
-- Only one's own mark: after an hour the file may be somebody else's.
DELETE FROM arriving WHERE sha256 = :sha256 AND leaving = 1 AND at = :at;
