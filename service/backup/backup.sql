-- name: photos_after
SELECT sha256, size FROM blobs WHERE sha256 > :after ORDER BY sha256 LIMIT :size;
