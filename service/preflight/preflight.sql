-- name: people_who_work
-- Those who have not left.
SELECT login, name, roles, password_hash IS NOT NULL FROM people WHERE left_at IS NULL;

-- name: newest_leaf^
SELECT max(at) FROM log_leaves;
