-- name: keep!
INSERT INTO quarantine (id, device, sha256, path_id, code, body, received_at, received_from)
VALUES (:id, :device, :sha256, :path_id, :code, :body, :received_at, :received_from)
ON CONFLICT DO NOTHING;

-- name: kept_as^
SELECT id FROM quarantine WHERE device = :device AND sha256 = :sha256;

-- name: kept^
SELECT id, device, sha256, path_id, code, body, received_at, received_from, decision, decided_by, decided_at, reason
FROM quarantine WHERE id = :id;

-- name: kept_page
SELECT id, device, sha256, path_id, code, body, received_at, received_from, decision, decided_by, decided_at, reason
FROM quarantine WHERE (received_at, id) > (:after_at, :after_id) ORDER BY received_at, id LIMIT :size;

-- name: decide!
UPDATE quarantine SET decision = :decision, decided_by = :by, decided_at = :at, reason = :reason
WHERE id = :id AND decision IS NULL;
