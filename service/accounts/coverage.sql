-- name: lock_coverage!
-- Servers that start together wait for each other: any row that is always there will do.
UPDATE migrations SET name = name WHERE number = 10;

-- name: all_logins
SELECT login FROM people ORDER BY login;

-- name: rows_without_leaf
SELECT 'access_log', count(*) FROM access_log WHERE salt IS NULL
UNION ALL SELECT 'messages', count(*) FROM messages WHERE salt IS NULL
UNION ALL SELECT 'deliveries', count(*) FROM deliveries WHERE id IS NULL
UNION ALL SELECT 'delivery_reports', count(*) FROM delivery_reports WHERE id IS NULL
UNION ALL SELECT 'links', count(*) FROM links WHERE salt IS NULL
UNION ALL SELECT 'door_confirmations', count(*) FROM door_confirmations WHERE id IS NULL
UNION ALL SELECT 'received_files', count(*) FROM received_files WHERE sent_at IS NOT NULL AND id IS NULL
UNION ALL SELECT 'quarantine', count(*) FROM quarantine WHERE salt IS NULL
UNION ALL SELECT 'decisions', count(*) FROM quarantine WHERE decision IS NOT NULL AND decision_id IS NULL
UNION ALL SELECT 'link_otps', count(*) FROM link_otps WHERE passed_at IS NOT NULL AND passed_event IS NULL;
