-- name: people_who_work
-- Those who have not left.
SELECT login, name, roles, password_hash IS NOT NULL FROM people WHERE left_at IS NULL;

-- name: newest_leaf^
-- Leaves are numbered in the order of time, but for those that were written at almost the same moment.
SELECT max(at) FROM (
    SELECT at FROM (SELECT at FROM log_leaves WHERE number IS NOT NULL ORDER BY number DESC LIMIT 1000) AS numbered
    UNION ALL SELECT max(at) FROM log_leaves WHERE number IS NULL
) AS newest;
