-- name: backlog^
-- What waits, each from the index of what waits. Times are ms UTC.
SELECT
    (SELECT count(*) FROM messages WHERE next_at IS NOT NULL),
    (SELECT min(created_at) FROM messages WHERE next_at IS NOT NULL),
    (SELECT count(*) FROM duty_mails WHERE next_at IS NOT NULL),
    (SELECT count(*) FROM webhook_deliveries WHERE next_at IS NOT NULL),
    (SELECT min(since) FROM webhook_deliveries WHERE next_at IS NOT NULL),
    (SELECT count(*) FROM quarantine WHERE decision IS NULL),
    (SELECT min(received_at) FROM quarantine WHERE decision IS NULL),
    (SELECT count(*) FROM log_leaves WHERE number IS NULL),
    (SELECT min(at) FROM log_leaves WHERE number IS NULL),
    (SELECT max(number) FROM log_leaves WHERE number IS NOT NULL),
    (SELECT signed_at FROM log_checkpoints ORDER BY size DESC LIMIT 1),
    (SELECT count(*) FROM duties WHERE closed_at IS NULL),
    (SELECT count(*) FROM duties WHERE closed_at IS NULL AND due_at < :now),
    (SELECT min(due_at) FROM duties WHERE closed_at IS NULL),
    (SELECT count(*) FROM visit_summaries WHERE reasons <> ''),
    (SELECT min(urgent_at) FROM visit_summaries WHERE reasons <> '');
