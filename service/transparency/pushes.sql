-- name: push^
SELECT target, size, pushed_at, next_at, tries, error FROM log_pushes WHERE target = :target;

-- name: add_push!
INSERT INTO log_pushes (target, size, next_at, tries, error) VALUES (:target, 0, 0, 0, '') ON CONFLICT DO NOTHING;

-- name: claim_push!
UPDATE log_pushes SET next_at = :lease WHERE target = :target AND next_at = :previous AND size = :size;

-- name: record_push!
UPDATE log_pushes SET size = :size, pushed_at = :pushed_at, next_at = :next_at, tries = 0, error = '' WHERE target = :target;

-- name: record_failed_push!
UPDATE log_pushes SET next_at = :next_at, tries = tries + 1, error = :error WHERE target = :target;
