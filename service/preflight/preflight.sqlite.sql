-- name: engine_version^
SELECT sqlite_version();
