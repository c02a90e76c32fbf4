-- name: photos_after
SELECT sha256, size FROM blobs WHERE sha256 > :after ORDER BY sha256 LIMIT :size;

-- name: forget_cursor_key!
-- The name is that of `accounts/secrets`.
DELETE FROM secrets WHERE name = 'agenda';
