-- name: insert_quarantine!
INSERT INTO quarantine (id, device, sha256, path_id, code, body, received_at, received_from, sent_by,
    signature, salt)
VALUES (:id, :device, :sha256, :path_id, :code, :body, :received_at, :received_from, :sent_by, :signature, :salt)
ON CONFLICT DO NOTHING;

-- name: find_quarantine^
SELECT id FROM quarantine WHERE device = :device AND sha256 = :sha256;

-- name: count_undecided_quarantine^
-- `length` does not read the bytes.
SELECT count(*), CAST(coalesce(sum(length(body)), 0) AS BIGINT) FROM quarantine WHERE decision IS NULL;

-- name: undecided_quarantine
SELECT id, path_id, sha256 FROM quarantine WHERE decision IS NULL;

-- name: accepted_record^
SELECT coalesce(taken_in_by, writer), received_at FROM batches WHERE id = :id AND sha256 = :sha256;

-- name: quarantine^
SELECT id, device, sha256, path_id, code, body, received_at, received_from, decision, decided_by, decided_at, reason,
    sent_by, signature
FROM quarantine WHERE id = :id;

-- name: quarantine_salt^
SELECT salt FROM quarantine WHERE id = :id;

-- name: quarantine_decision^
SELECT id, decision, decided_by, decided_at, reason, decision_salt FROM quarantine WHERE decision_id = :id;

-- name: quarantine_page
-- Without the bodies, which may be a hundred MiB for a page.
SELECT id, device, sha256, path_id, code, substr(body, 1, 0), received_at, received_from, decision, decided_by,
    decided_at, reason, sent_by, signature, length(body)
FROM quarantine WHERE (received_at, id) > (:after_at, :after_id) AND (:decided = 1 OR decision IS NULL)
ORDER BY received_at, id LIMIT :size;

-- name: quarantine_edges^
-- The first and the last bytes of an input.
SELECT substr(body, 1, :edge),
    substr(body, CASE WHEN length(body) > :edge THEN length(body) - :edge + 1 ELSE 1 END)
FROM quarantine WHERE id = :id;

-- name: decide_quarantine!
UPDATE quarantine SET decision = :decision, decided_by = :by, decided_at = :at, reason = :reason,
    decision_id = :decision_id, decision_salt = :salt
WHERE id = :id AND decision IS NULL;
