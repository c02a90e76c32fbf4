-- name: add_erasure!
INSERT INTO erasures (id, at, sha256, body, salt) VALUES (:id, :at, :sha256, :body, :salt);

-- name: add_erased_row!
INSERT INTO erased_rows (id, kind, erasure) VALUES (:id, :kind, :erasure) ON CONFLICT DO NOTHING;

-- name: erased_row^
SELECT kind FROM erased_rows WHERE id = :id;

-- name: erasure^
SELECT id, at, sha256, body, salt FROM erasures WHERE id = :id;

-- name: reduced_record^
SELECT sha256 FROM reduced_records WHERE id = :id;

-- name: older_than_leaves
-- The tables of the rows that go with an id and have no leaf (compare `rows_without_leaf` in accounts/coverage.sql).
SELECT 'access_log' FROM access_log WHERE id = :id AND salt IS NULL
UNION ALL SELECT 'messages' FROM messages WHERE id = :id AND salt IS NULL
UNION ALL SELECT 'deliveries' FROM deliveries WHERE message = :id AND id IS NULL
UNION ALL SELECT 'delivery_reports' FROM delivery_reports WHERE message = :id AND id IS NULL
UNION ALL SELECT 'links' FROM links WHERE id = :id AND salt IS NULL
UNION ALL SELECT 'link_otps' FROM link_otps WHERE link = :id AND passed_at IS NOT NULL AND passed_event IS NULL
UNION ALL SELECT 'door_confirmations' FROM door_confirmations WHERE visit = :id AND id IS NULL
UNION ALL SELECT 'received_files' FROM received_files WHERE sha256 = :id AND sent_at IS NOT NULL AND id IS NULL
UNION ALL SELECT 'quarantine' FROM quarantine WHERE id = :id AND salt IS NULL
UNION ALL SELECT 'decisions' FROM quarantine WHERE id = :id AND decision IS NOT NULL AND decision_id IS NULL;
